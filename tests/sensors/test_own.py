"""Our own wire schema: what it accepts, what it leaves out and what it refuses."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.errors import DecodeError
from sensors.families.own import FAMILY, decode, unknown_fields
from sensors.kinds import KINDS
from sensors.reading import Decoded, Flag, Kind, Reading
from simulators.devices.own import CLASSES

HEARTBEAT = Reading(Kind.HEARTBEAT)
IDS = st.text("abcXYZ019_-", min_size=1, max_size=64)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def topic(kind: str, home: str = "h0001", device: str = "d1") -> str:
    """Give the topic of a kind."""
    return f"care/v1/{home}/{device}/{kind}"


def said(kind: str, **body: object) -> Decoded:
    """Decode an MQTT message of version 1."""
    return decode(topic(kind), json.dumps({"v": 1, **body}).encode())


def refusal(address: str, payload: bytes) -> str:
    """Give the code with which a message is refused."""
    with pytest.raises(DecodeError) as caught:
        decode(address, payload)
    return caught.value.code


def test_a_whole_message() -> None:
    """Every field that is used arrives where it belongs."""
    payload = (
        b'{"v":1,"value":true,"unit":"dB/m","level":0.31,"seq":118,"boot":"5f0c","battery":87,'
        b'"ts":"2026-03-01T08:00:00+08:00","test":true,"rssi":-67}'
    )
    assert (
        Decoded(
            "own-smoke-1",
            (
                Reading(Kind.SMOKE, value=True, unit="dB/m", flags=(Flag.TEST,), level=0.31),
                Reading(Kind.BATTERY, 87, "%"),
                HEARTBEAT,
            ),
            home_id="h0001",
            boot="5f0c",
            seq=118,
            device_time=datetime(2026, 3, 1, tzinfo=UTC),
        )
    ) == decode(topic("smoke", device="smoke-1"), payload)


def test_the_barest_message() -> None:
    """The poorest hardware sends a version and a value."""
    assert (
        Decoded("own-d1", (Reading(Kind.MOTION, value=True), HEARTBEAT), home_id="h0001")
    ) == said("motion", value=True)


def test_a_serial_line_says_the_same_as_a_topic() -> None:
    """The three words of the topic move into the object."""
    line = b'{"home":"h0001","device":"d1","kind":"help_call","v":1,"value":"press","seq":4}'
    assert said("help_call", value="press", seq=4) == decode("", line)


def test_a_serial_line_may_still_carry_its_checksum() -> None:
    """Lines that come from a capture have not been through the framer."""
    line = b'{"home":"h","device":"d","kind":"motion","v":1}'
    assert decode("", line) == decode("", line + b"*60")
    assert "bad_checksum" == refusal("", line + b"*61")


@pytest.mark.parametrize("kind", list(Kind))
def test_a_heartbeat_alone_has_no_twin(kind: Kind) -> None:
    """Every message is one heartbeat and at most one reading of its own kind."""
    values: dict[Kind, object] = {
        Kind.BLOOD_PRESSURE: {"systolic": 120, "diastolic": 80},
        Kind.LOCATION: {"lat": 31.2, "lon": 121.5, "valid": True},
    }
    value: object = values.get(kind)
    for candidate in (None, True, 50, *getattr(KINDS[kind].shape, "words", ())):
        try:
            found = said(kind, value=candidate if value is None else value)
        except DecodeError:
            continue
        expected = [kind] if kind is Kind.HEARTBEAT else [kind, Kind.HEARTBEAT]
        assert expected == [reading.kind for reading in found.readings]
        return
    pytest.fail(f"no value was good enough for {kind}")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("temperature", -327.68),
        ("temperature", -3276.8),
        ("temperature", -327.7),
        ("temperature", -100),
        ("temperature", 0x8000),
        ("temperature", 1e6),
        ("temperature", -127),
        ("heart_rate", 0),
        ("humidity", 655.35),
        ("blood_pressure", {"systolic": 0, "diastolic": 0}),
        ("location", {"lat": 181.0, "lon": 0, "valid": False}),
    ],
)
def test_a_sentinel_is_kept_and_not_believed(kind: str, value: object) -> None:
    """Sensors spell "no probe" and "not worn" as numbers; the device is alive all the same."""
    reading, heartbeat = said(kind, value=value).readings
    assert (value, (Flag.INVALID,), HEARTBEAT) == (reading.value, reading.flags, heartbeat)


def test_a_sentinel_in_a_drill_is_both() -> None:
    """One flag does not hide the other."""
    reading, _ = said("temperature", value=-100, test=True).readings
    assert (Flag.TEST, Flag.INVALID) == reading.flags


@pytest.mark.parametrize(
    "body",
    [
        {"battery": 101},
        {"battery": -1},
        {"battery": True},
        {"battery": "87"},
        {"battery": 10**400},
        {"level": "high"},
        {"level": True},
        {"level": 1e12},
        {"seq": -1},
        {"seq": 1.5},
        {"seq": True},
        {"seq": 2**53},
        {"boot": ""},
        {"boot": "x" * 65},
        {"boot": True},
        {"boot": [1]},
        {"ts": "yesterday"},
        {"ts": "2026-03-01T08:00:00"},
        {"ts": "0001-01-01T00:00:00+08:00"},
        {"ts": 1.7e15},
        {"ts": True},
        {"ts": {}},
        {"test": 1},
        {"test": "true"},
        {"test": None},
        {"rssi": "loud"},
        {"home": "elsewhere"},
        {"firmware": "1.0"},
    ],
)
def test_what_only_comes_along_never_costs_the_reading(body: dict[str, object]) -> None:
    """A field that cannot be used is left out; a doubtful drill is an emergency."""
    assert said("smoke", value=True) == said("smoke", value=True, **body)


@pytest.mark.parametrize(
    ("ts", "expected"),
    [
        ("2026-03-01T08:00:00Z", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("2026-03-01T08:00:00.25+08:00", datetime(2026, 3, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1_772_352_000.5, datetime(2026, 3, 1, 8, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_device_time_is_utc(ts: object, expected: datetime) -> None:
    """Both spellings of an instant; 1970 is recorded, and judged elsewhere."""
    found = said("motion", value=True, ts=ts).device_time
    assert expected == found
    assert found is not None
    assert UTC == found.tzinfo


def test_a_counted_boot_is_a_word() -> None:
    """Hardware may number its restarts."""
    assert "17" == said("motion", boot=17).boot


def test_the_battery_is_not_said_twice() -> None:
    """A battery report that also carries the field gives one reading."""
    assert (Reading(Kind.BATTERY, 40, "%"), HEARTBEAT) == said(
        "battery", value=40, battery=40
    ).readings


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("smoke", 1),
        ("smoke", "true"),
        ("smoke", None),
        ("motion", False),
        ("motion", 1),
        ("help_call", True),
        ("help_call", "Press"),
        ("contact", "open"),
        ("temperature", True),
        ("temperature", "21.5"),
        ("temperature", None),
        ("temperature", 1e300),
        ("temperature", 10**400),
        ("heart_rate", 72.5),
        ("steps", False),
        ("blood_pressure", 120),
        ("blood_pressure", {"systolic": 120}),
        ("blood_pressure", {"systolic": 120, "diastolic": True}),
        ("location", {"lat": 1, "lon": 1, "valid": 1}),
        ("location", {"lat": None, "lon": None, "valid": False}),
    ],
)
def test_a_value_of_another_shape_is_refused(kind: str, value: object) -> None:
    """No bool for a number, no number for a state, no word of one's own."""
    payload = json.dumps({"v": 1, "value": value}).encode()
    assert "bad_value" == refusal(topic(kind), payload)


@pytest.mark.parametrize(
    ("kind", "unit"),
    [("temperature", "°F"), ("temperature", ""), ("motion", "%"), ("smoke", "°C"), ("co", "mV")],
)
def test_another_unit_is_refused(kind: str, unit: str) -> None:
    """A number in an unknown unit would be believed to be what it is not."""
    value = 70 if kind == "temperature" else True
    payload = json.dumps({"v": 1, "value": value, "unit": unit}).encode()
    assert "bad_unit" == refusal(topic(kind), payload)


def test_the_kinds_unit_need_not_be_said() -> None:
    """A reading has its unit either way."""
    assert said("temperature", value=21.5, unit="°C") == said("temperature", value=21.5)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"true",
        b"[]",
        b'{"value":true}',
        b'{"v":2,"value":true}',
        b'{"v":"1","value":true}',
        b'{"v":true,"value":true}',
        b'{"v":1.0,"value":true}',
        b'{"v":1,"value":NaN}',
        b'{"v":1,"value":-1e999}',
        b'{"v":1,"value":[true]}',
        b'{"v":1,"value":true,"unit":5}',
        b'{"v":1,"value":true}}',
        b'{"v":1,"value":tru',
        b'{"v":1,"value":"\xff"}',
    ],
)
def test_what_is_no_message_of_version_1_is_malformed(payload: bytes) -> None:
    """Broken JSON, another version, a wrong type."""
    assert "malformed_payload" == refusal(topic("smoke"), payload)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("care/v1/h/d", "bad_topic"),
        ("care/v2/h/d/smoke", "bad_topic"),
        ("care/v1/h/d/smoke/", "bad_topic"),
        ("/care/v1/h/d/smoke", "bad_topic"),
        ("care/v1//d/smoke", "bad_topic"),
        ("care/v1/h/二楼/smoke", "bad_topic"),
        ("care/v1/h/d/smoke\n", "unknown_kind"),
        ("care/v1/h h/d/smoke", "bad_topic"),
        (f"care/v1/h/{'d' * 65}/smoke", "bad_topic"),
        ("care/v1/h/d/Smoke", "unknown_kind"),
        ("care/v1/h/d/toString", "unknown_kind"),
        ("care/v1/gateway/d/smoke", "reserved_home"),
        ("care/v1/gateway/main/status", "reserved_home"),
    ],
)
def test_an_address_of_another_form_is_refused(address: str, code: str) -> None:
    """Where a message comes from must be certain before it is believed."""
    assert code == refusal(address, b'{"v":1,"value":true}')


@pytest.mark.parametrize(
    ("home", "device", "code"),
    [("gateway", "d", "reserved_home"), ("", "d", "bad_topic"), ("h/x", "d", "bad_topic")],
)
def test_a_line_has_to_stand_for_a_topic(home: str, device: str, code: str) -> None:
    """On serial the words are checked as they are in a topic."""
    line = {"home": home, "device": device, "kind": "motion", "v": 1}
    assert code == refusal("", json.dumps(line).encode())


def test_limits_are_the_longest_that_passes() -> None:
    """4,096 bytes over MQTT, 1,024 on a serial line."""
    message, line = b'{"v":1}', b'{"home":"h","device":"d","kind":"motion","v":1}'
    assert decode(topic("motion"), message) == decode(topic("motion"), message.ljust(4096))
    assert decode("", line) == decode("", line.ljust(1024))
    assert "too_long" == refusal(topic("motion"), message.ljust(4097))
    assert "too_long" == refusal("", line.ljust(1025))


def test_unknown_fields_can_be_counted() -> None:
    """What was ignored has a name, for whoever wants to know."""
    assert ("firmware", "Battery") == tuple(
        sorted(unknown_fields(b'{"v":1,"firmware":2,"Battery":3,"rssi":4}'), reverse=True)
    )
    assert () == unknown_fields(b"{")


@given(home=IDS, device=IDS, kind=st.sampled_from(list(Kind)), body=st.data())
def test_any_object_gives_facts_or_a_refusal(
    home: str, device: str, kind: Kind, body: st.DataObject
) -> None:
    """Any JSON in any known field never breaks the decoder, and what comes out can be stored."""
    fields = ["value", "unit", "seq", "boot", "ts", "test", "level", "battery", "rssi"]
    drawn = body.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(fields, JSON)))
    try:
        found = decode(topic(kind, home, device), json.dumps({"v": 1, **drawn}).encode())
    except DecodeError:
        return
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=Decoded)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_what_the_simulators_say_is_understood(name: str) -> None:
    """Both spellings of every kind a simulated device has, written without our code."""
    device = CLASSES[name](f"{name}-1", "h0001", salt="a")
    words: dict[str, str] = {"help_call": "wearable", "fall": "suspected"}
    for kind, unit in device.kinds.items():
        value = words.get(kind, 36 if unit or kind == "steps" else True)
        message = device.report(kind, value)
        over_mqtt = decode(message.topic, message.payload)
        assert Kind(kind) is over_mqtt.readings[0].kind
        assert (device.boot, device.seq) == (over_mqtt.boot, over_mqtt.seq)
        assert over_mqtt == decode("", message.line(summed=True).rstrip())


def test_the_family_lives_on_its_topics() -> None:
    """The gateway subscribes to these."""
    assert ("own", ("care/v1/+/+/+",)) == (FAMILY.name, FAMILY.topics)


@pytest.mark.parametrize("odd", ["NaN", "-Infinity", '"\\ud800"', '{"x":NaN}'])
@pytest.mark.parametrize("field", ["battery", "level", "ts", "boot", "seq", "rssi", "other"])
def test_what_is_no_json_costs_its_own_field_alone(field: str, odd: str) -> None:
    """A broken number or half a character must not cost a fire."""
    payload = f'{{"v":1,"value":true,"{field}":{odd}}}'.encode()
    assert decode(topic("smoke"), b'{"v":1,"value":true}') == decode(topic("smoke"), payload)


@pytest.mark.parametrize(
    "needed", ['"v":NaN,"value":1', '"v":1,"value":NaN', '"v":1,"value":1,"unit":"\\ud800"']
)
def test_what_is_no_json_where_it_counts_is_malformed(needed: str) -> None:
    """What makes the report must be right."""
    assert "malformed_payload" == refusal(topic("temperature"), f"{{{needed}}}".encode())
