"""Families whose gateways publish objects or lines: fields by name, words by meaning."""

import json

import pytest

from sensors.errors import DecodeError
from sensors.families import chirpstack, discover, rflink, rtl_433, theengs
from sensors.framing.textline import TextLineFramer
from sensors.reading import Decoded, Flag, Kind, Replay
from simulators.devices import chirpstack as lora
from simulators.devices import rflink as rf
from simulators.devices import rtl_433 as radio
from simulators.devices import theengs as ble

GATEWAY = ble.Gateway()


def said(decoded: Decoded) -> dict[str, object]:
    """Values by kind, and by `kind[flag]` where there are flags; without the heartbeat."""
    return {
        f"{r.kind}[{','.join(r.flags)}]" if r.flags else f"{r.kind}": r.value
        for r in decoded.readings
        if r.kind is not Kind.HEARTBEAT
    }


def read(family: str, message: tuple[str, bytes] | bytes) -> dict[str, object]:
    """What the first device of a message says."""
    address, payload = message if isinstance(message, tuple) else ("", message)
    return said(discover()[family].read(address, payload)[0])


# --- theengs --------------------------------------------------------------------------------------


def test_a_climate_sensor_by_its_fields() -> None:
    """Whatever its model is called; volts become millivolts."""
    message = GATEWAY.climate("58:2D:34:33:AA:DF", 21.5, 40, 90)
    expected = {"temperature": 21.5, "humidity": 40, "battery": 90, "voltage": 2900}
    assert expected == read("theengs", message)
    assert "theengs-582d3433aadf" == theengs.FAMILY.read(*message)[0].device_id


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"open": True}, {"contact": True}),
        ({"open": False}, {"contact": False}),
        ({"open": 30, "position": 30}, {}),
        ({"contact": "timeout not closed"}, {"contact": True}),
        ({"contact": "close"}, {"contact": False}),
        ({"motion": True}, {"motion": True}),
        ({"motion": False}, {}),
        ({"tempc": None, "hum": 127.5}, {"humidity[invalid]": 127.5}),
        ({"button": 1, "track": True}, {}),
        ({"bpm": 70, "steps": 9101}, {"heart_rate": 70, "steps": 9101}),
        ({"leak": "wet"}, {"water_leak": True}),
    ],
)
def test_fields_of_advertisements(fields: dict[str, object], expected: dict[str, object]) -> None:
    """A curtain is no door, a button no alarm."""
    assert expected == read("theengs", GATEWAY.hears("58:2D:34:33:AA:DF", **fields))


def test_a_probe_is_not_the_room() -> None:
    """A roast at 115 °C is no fire: the heat rule leaves out what is suspect."""
    _, payload = GATEWAY.hears("58:2D:34:33:AA:DF", type="BBQ", tempc=90, tempc2=115)
    [decoded] = theengs.FAMILY.read("", payload)
    suspect = (Flag.SUSPECT,)
    assert [("probe2", 115, suspect), ("", 90, suspect)] == [
        (r.part, r.value, r.flags) for r in decoded.readings[:-1]
    ]


def test_who_was_heard() -> None:
    """By the object, else by the topic."""
    topic = "home/omg/BTtoMQTT/"
    read_id = {
        name: theengs.FAMILY.read(name, b"{}")[0].device_id
        for name in (f"{topic}AABBCCDDEEFF", f"{topic}fda5-0693", "")
    }
    assert ["theengs-aabbccddeeff", "theengs-fda5-0693", "theengs-unknown"] == [*read_id.values()]
    with pytest.raises(DecodeError, match="bad_id"):
        theengs.FAMILY.read(topic, b"{}")


# --- rflink ---------------------------------------------------------------------------------------


def test_lines_of_an_rflink() -> None:
    """Tenths in hexadecimal, the top bit for below zero; a head that never clears."""
    gateway = rf.Gateway()
    warm = gateway.climate("2801", 17.5, 53, is_low=False)
    cold = gateway.climate("2801", -3.2, 53, is_low=True)
    assert {"temperature": 17.5, "humidity": 53, "battery_low": False} == read("rflink", warm)
    assert {"temperature": -3.2, "humidity": 53, "battery_low": True} == read("rflink", cold)
    assert {"smoke[no_clear]": True} == read("rflink", gateway.smoke("123456"))
    assert {"motion": True} == read("rflink", gateway.motion("aa66"))
    switch = gateway.hears("NewKaku", "05", "SWITCH=2", "CMD=ON")
    assert {} == read("rflink", switch)
    assert "rflink-newkaku_05" == rflink.FAMILY.read("", switch)[0].device_id


@pytest.mark.parametrize(
    "line",
    [
        rf.Gateway().greeting(),
        b"20;D3;OK;",
        b"10;REBOOT;",
        b"10;NewKaku;00c142;1;ON;",
        b"11;20;0B;NewKaku;ID=000005;SWITCH=2;CMD=ON;",
    ],
)
def test_the_gateway_and_its_orders_are_no_device(line: bytes) -> None:
    """Nobody has spoken."""
    assert () == rflink.FAMILY.read("", line)


@pytest.mark.parametrize("line", [b"", b"21;00;x;ID=1;", b"\x00\xff", b"20;00;" + b"x" * 600])
def test_other_lines_are_refused(line: bytes) -> None:
    """By name."""
    with pytest.raises(DecodeError):
        rflink.FAMILY.read("", line)


def test_lines_are_bounded() -> None:
    """However long it babbles without an end."""
    framer = TextLineFramer(100)
    for _ in range(1000):
        assert [] == framer.feed(b"x" * 1000)
    assert [b"20;OK"] == framer.feed(b"\n20;OK\r\n\r\n")
    assert {"too_long": 1} == framer.skipped


# --- rtl_433 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (radio.smoke_gs558(3403), {"smoke[no_clear]": True}),
        (radio.smoke_gs558(3403, is_learning=True), {}),
        (radio.door_x10("f58e", is_open=True), {"contact": True, "battery_low": False}),
        (radio.door_x10("f58e", is_open=False), {"contact": False, "battery_low": False}),
        (radio.panic_x10("f5"), {"help_call": "press"}),
        (radio.cavius(7, 0x80), {"battery_low": False}),
        (radio.cavius(7, 0x20), {"smoke[no_clear]": True, "battery_low": False}),
        (radio.cavius(7, 0x44), {"smoke[no_clear,test,silenced]": True, "battery_low": False}),
        (
            radio.climate(5, 21.5, 40, 0.8),
            {"temperature": 21.5, "humidity": 40, "battery_low": False, "battery": 80},
        ),
        (radio.heard(model="Generic-Motion", code="800c2"), {"motion": True}),
        (radio.heard(model="Generic-Motion", code="80008"), {}),
        (radio.heard(model="Honeywell-Security", id=7, contact_open=1), {"contact": True}),
        (radio.heard(model="X", id=7, temperature_F=212.0), {"temperature": 100.0}),
    ],
)
def test_transmissions(lines: list[bytes], expected: dict[str, object]) -> None:
    """Each of the repeats says the same; being taught or paired is no fire."""
    assert [expected] * len(lines) == [read("rtl_433", line) for line in lines]


@pytest.mark.parametrize(
    ("switches", "raw", "expected"),
    [
        ("OCOOO", "e91528", {"motion": True, "tamper": True}),
        ("CO" + "COO", "e11528", {"tamper": False}),
    ],
)
def test_a_pir_of_interlogix_moves_by_its_latch(
    switches: str, raw: str, expected: dict[str, object]
) -> None:
    """The hourly report has the same levels as a motion: it must not hold off no sign of life."""
    words = {"O": "OPEN", "C": "CLOSED"}
    levels = {f"switch{n}": words[letter] for n, letter in enumerate(switches, 1)}
    line = {"model": "Interlogix-Security", "subtype": "motion", "id": "4", "raw_message": raw}
    assert expected == read("rtl_433", json.dumps(line | levels).encode())


@pytest.mark.parametrize("payload", [b"{}", b'{"model":""}', b'{"model":"X"}', b"[]", b"x"])
def test_a_transmission_of_nobody_is_refused(payload: bytes) -> None:
    """Without a model or an id nobody is there to be claimed."""
    with pytest.raises(DecodeError):
        rtl_433.FAMILY.read("", payload)


# --- chirpstack -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "told", "expected"),
    [
        ("WS202", {"pir": "trigger", "battery": 16}, {"motion": True, "battery": 16}),
        ("WS202", {"pir": "normal"}, {}),
        ("WS203", {"occupancy": "occupied"}, {"presence": "still", "motion": True}),
        ("VS370", {"occupancy": "occupied"}, {"presence": "still"}),
        ("EM300-ZLD", {"leakage_status": "leak"}, {"water_leak": True}),
        ("WS301", {"magnet_status": "open", "tamper_status": "removed"},
         {"contact": True, "tamper": True}),
        ("LDS02", {"DOOR_OPEN_STATUS": 0, "BAT_V": 3.1}, {"contact": False, "voltage": 3100}),
        ("LWL02", {"WATER_LEAK_STATUS": "TRUE"}, {"water_leak": True}),
        ("TrackerD", {"ALARM_status": "TRUE"}, {"help_call": "press"}),
        ("TrackerD", {"ALARM_status": "FALSE"}, {}),
        ("WS101", {"press": "short"}, {}),
        ("WS101-SOS", {"press": "short"}, {"help_call": "press"}),
        ("WS101-SOS", {"button_event": {"status": "long press"}}, {"help_call": "long"}),
        ("GS524N", {"type": "smoke sensor", "event": "alarm"}, {"smoke": True}),
        ("GS524N", {"type": "smoke sensor", "event": "normal"}, {"smoke": False}),
        ("GS524N", {"type": "smoke sensor", "event": "silent"}, {"smoke[silenced]": True}),
        ("GS524N", {"type": "smoke sensor", "event": "testing alarm with low battery"},
         {"smoke[test]": True, "battery_low": True}),
        ("GS524N", {"type": "smoke sensor", "event": "low battery"}, {"battery_low": True}),
    ],
)  # fmt: skip
def test_uplinks(profile: str, told: dict[str, object], expected: dict[str, object]) -> None:
    """Words of Milesight, "TRUE" of Dragino; a button calls where its profile says so."""
    assert expected == read("chirpstack", lora.Device("24e124", profile).up(**told))


def test_who_and_when() -> None:
    """The EUI, the frame counter, and the server's time; from the topic where that is all."""
    topic, payload = lora.Device("24E124", "EM300").up(temperature=20)
    [decoded] = chirpstack.FAMILY.read(topic, payload)
    assert ("chirpstack-24e124", 1) == (decoded.device_id, decoded.seq)
    assert decoded.device_time is not None
    assert "2030-01-01T00:00:00.500000+00:00" == decoded.device_time.isoformat()
    assert "chirpstack-24e124" == chirpstack.FAMILY.read(topic, b"{}")[0].device_id
    with pytest.raises(DecodeError, match="bad_id"):
        chirpstack.FAMILY.read("", b"{}")


def test_history_is_old_news() -> None:
    """What a device tells of yesterday is a report of its own, marked as history."""
    told = {"battery": 90, "history": [{"smoke_status": "alarm"}, {"temperature": 4}, 5]}
    live, *old = chirpstack.FAMILY.read(*lora.Device("1", "EM300").up(**told))
    assert {"battery": 90} == said(live)
    assert [{"smoke": True}, {"temperature": 4}] == [said(each) for each in old]
    assert {Replay.HISTORY} == {each.replay for each in old}


def test_a_status_says_the_battery() -> None:
    """A powered device has no battery that could be low."""
    device = lora.Device("1", "EM300")
    assert {"battery": 80} == read("chirpstack", device.status(80))
    assert {} == read("chirpstack", device.status(0, is_powered=True))
    assert Flag.INVALID in discover()["chirpstack"].read(*device.status(300))[0].readings[0].flags
