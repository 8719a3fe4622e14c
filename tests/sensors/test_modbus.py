"""Modbus: replies by the map of their registers, and silence said explicitly."""

import pytest

from sensors.errors import DecodeError
from sensors.families.modbus import decode
from sensors.reading import Kind
from simulators.devices import modbus as wire

CLIMATE = "rs485/1/temperature*0.1,humidity*0.1"
AT = {"availability": "online", "fault": False}


def said(address: str, payload: bytes) -> dict[str, object]:
    """Values by kind; without the heartbeat."""
    [decoded] = decode(address, payload)
    return {str(r.kind): r.value for r in decoded.readings if r.kind is not Kind.HEARTBEAT}


@pytest.mark.parametrize(
    ("address", "payload", "expected"),
    [
        ("", wire.registers(1, 215, 455), {"temperature": 21.5, "humidity": 45.5}),
        ("", wire.registers(1, 215), {}),
        ("", wire.bits(2, True), {"smoke": True}),  # noqa: FBT003 - a bit
        ("", wire.bits(2, False), {"smoke": False}),  # noqa: FBT003 - a bit
        (CLIMATE, wire.registers(1, -35, 455), AT | {"temperature": -3.5, "humidity": 45.5}),
        (CLIMATE, wire.registers(1, 215, 455, function=3),
         AT | {"temperature": 21.5, "humidity": 45.5}),
        ("b/2/gas,-,tamper", wire.bits(2, True, True, False),  # noqa: FBT003 - bits
         AT | {"gas": True, "tamper": False}),
        ("b/2/help_call,motion", wire.bits(2, True, True),  # noqa: FBT003 - bits
         AT | {"help_call": "press", "motion": True}),
        ("b/2/help_call,motion", wire.bits(2, False, False), AT),  # noqa: FBT003 - bits
        ("b/3/battery:u16,-,co", wire.registers(3, 90, 7, 1), AT | {"battery": 90, "co": True}),
        (CLIMATE, b"", {"availability": "offline", "fault": True}),
    ],
)  # fmt: skip
def test_registers_by_their_map(address: str, payload: bytes, expected: dict[str, object]) -> None:
    """Signed unless said otherwise; a reply that did not come is a fault."""
    assert expected == said(address, payload)


def test_a_broken_probe_is_not_cold() -> None:
    """0x8000 is no temperature."""
    [decoded] = decode(CLIMATE, wire.registers(1, -0x8000, 455))
    assert ("invalid",) == decoded.readings[2].flags


def test_who_answers() -> None:
    """Units have the same numbers on every bus."""
    assert "modbus-rs485-1" == decode(CLIMATE, wire.registers(1, 1, 1))[0].device_id
    assert "modbus-1" == decode("", wire.registers(1, 1, 1))[0].device_id
    assert () == decode("", wire.request(1, 4, 0, 2))


@pytest.mark.parametrize(
    ("address", "payload", "code"),
    [
        ("", b"", "short"),
        ("", wire.registers(1, 215)[:-1], "bad_checksum"),
        ("", wire.refusal(1, 4, 2), "illegal data address .exception 2."),
        ("", wire.refusal(1, 4, 99), "unknown .exception 99."),
        (CLIMATE, wire.registers(2, 1, 1), "bad_id"),
        ("", wire.request(1, 16, 0, 2), "bad_reply"),
        ("nonsense", b"", "bad_map"),
        ("b/1/dance", b"", "bad_map"),
        ("b/1/temperature*", b"", "bad_map"),
        ("b/1/" + ",".join(["-"] * 126), b"", "bad_map"),
    ],
)
def test_what_is_refused(address: str, payload: bytes, code: str) -> None:
    """By name, an exception with its words."""
    with pytest.raises(DecodeError, match=code):
        decode(address, payload)
