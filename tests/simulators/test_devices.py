"""The wire that simulated devices speak, against expectations written by hand."""

import pytest

from simulators.devices import own
from simulators.devices.own import Device, Message, Value

BODY = b'{"home":"h0001","device":"a","kind":"smoke","v":1,"value":true}'


def device(device_class: str = "smoke", *, salt: str = "") -> Device:
    """A device of home h0001 with the native id `a`."""
    return own.CLASSES[device_class]("a", "h0001", salt=salt)


@pytest.mark.parametrize(
    ("device_class", "kind", "value", "payload"),
    [
        ("smoke", "smoke", True, b'{"v":1,"value":true,"seq":1,"boot":"0badcafe","battery":100}'),
        (
            "smoke",
            "temperature",
            58.5,
            b'{"v":1,"value":58.5,"unit":"\xc2\xb0C","seq":1,"boot":"0badcafe","battery":100}',
        ),
        ("pir", "motion", True, b'{"v":1,"value":true,"seq":1,"boot":"0badcafe","battery":100}'),
        (
            "help_button",
            "help_call",
            "press",
            b'{"v":1,"value":"press","seq":1,"boot":"0badcafe","battery":100}',
        ),
        (
            "wristband",
            "heart_rate",
            71,
            b'{"v":1,"value":71,"unit":"1/min","seq":1,"boot":"0badcafe","battery":100}',
        ),
        (
            "contact",
            "contact",
            False,
            b'{"v":1,"value":false,"seq":1,"boot":"0badcafe","battery":100}',
        ),
        (
            "temperature",
            "battery",
            7,
            b'{"v":1,"value":7,"unit":"%","seq":1,"boot":"0badcafe","battery":100}',
        ),
    ],
)
def test_a_report_has_the_fields_of_the_wire_page(
    device_class: str, kind: str, value: Value, payload: bytes
) -> None:
    """Topic and payload are those of the schema's table, byte for byte."""
    sensor = device(device_class)
    sensor.boot = "0badcafe"
    message = sensor.report(kind, value)
    assert (f"care/v1/h0001/a/{kind}", payload) == (message.topic, message.payload)


def test_a_press_of_the_test_button_says_so() -> None:
    """A drill is a smoke that carries `test`; `level` goes along."""
    body = device().report("smoke", value=True, test=True, level=0.2).body
    assert (True, 0.2) == (body["test"], body["level"])


def test_a_device_reports_only_what_it_has() -> None:
    """A motion sensor knows nothing of smoke."""
    with pytest.raises(KeyError):
        device("pir").report("smoke", value=True)


def test_the_counter_counts_and_a_reboot_begins_again_under_another_id() -> None:
    """After a restart the counter is 1 again, and only the boot id tells the two apart."""
    sensor = device("pir")
    before = [sensor.heartbeat().body for _ in range(2)]
    sensor.reboot()
    after = sensor.heartbeat().body
    assert [1, 2, 1] == [body["seq"] for body in (*before, after)]
    assert [True, False] == [before[0]["boot"] == body["boot"] for body in (before[1], after)]


def test_two_plays_differ_in_the_boot_id() -> None:
    """Or the second play of a village would be nothing but duplicates."""
    assert device(salt="monday").boot != device(salt="tuesday").boot


def test_the_battery_runs_down() -> None:
    """A thousand reports cost two per cent."""
    sensor = device("pir")
    for _ in range(1000):
        message = sensor.heartbeat()
    assert 98 == message.body["battery"]


def test_a_bare_report_is_the_same_bytes_each_time() -> None:
    """The poorest hardware has no counter: tomorrow's smoke is today's payload."""
    head = device()
    payloads = {head.bare("smoke", value=True).payload for _ in range(3)}
    assert {b'{"v":1,"value":true}'} == payloads


@pytest.mark.parametrize(
    ("is_summed", "ending", "line"),
    [
        (False, b"\n", BODY + b"\n"),
        (False, b"\r\n", BODY + b"\r\n"),
        (True, b"\n", BODY + b"*6E\n"),
    ],
)
def test_a_serial_line_carries_its_place(is_summed: bool, ending: bytes, line: bytes) -> None:  # noqa: FBT001
    """The same object on one line, with home, device and kind, and a checksum if asked for."""
    message = Message("h0001", "a", "smoke", {"v": 1, "value": True})
    assert line == message.line(summed=is_summed, ending=ending)


@pytest.mark.parametrize(
    ("text", "expected"), [(b"", b"00"), (b"A", b"41"), (b"AB", b"03"), (b"{}", b"06")]
)
def test_the_checksum_is_the_xor_of_the_bytes(text: bytes, expected: bytes) -> None:
    """Two upper-case hex digits; 0x41 ^ 0x42 = 0x03, 0x7b ^ 0x7d = 0x06."""
    assert expected == own.checksum(text)
