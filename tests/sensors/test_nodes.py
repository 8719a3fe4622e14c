"""Tasmota, Shelly and ESPHome: devices that publish for themselves."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sensors.errors import DecodeError
from sensors.families import discover, esphome
from sensors.family import Listener, Message
from sensors.reading import Decoded, Kind
from simulators.devices import esphome as node
from simulators.devices import shelly as wifi
from simulators.devices import tasmota as bridge

AT = datetime(2030, 1, 1, tzinfo=UTC)
BRIDGE = bridge.Bridge("hall")
SHELLY = wifi.Device("shellyplussmoke-1")
NODE = node.Node("bedroom")


def said(decoded: Decoded) -> dict[str, object]:
    """Values by kind, and by `kind[flag]` where there are flags; without the heartbeat."""
    return {
        f"{r.kind}[{','.join(r.flags)}]" if r.flags else f"{r.kind}": r.value
        for r in decoded.readings
        if r.kind is not Kind.HEARTBEAT
    }


def read(family: str, message: tuple[str, bytes]) -> dict[str, object]:
    """What the first device of a message says."""
    return said(discover()[family].read(*message)[0])


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (BRIDGE.will(is_online=True), {"availability": "online"}),
        (BRIDGE.will(is_online=False), {"availability": "offline"}),
        (BRIDGE.received("0x5FA7", Contact=0), {"contact": False}),
        (BRIDGE.received("0x5FA7", Contact=1, BatteryPercentage=90),
         {"contact": True, "battery": 90}),
        (BRIDGE.received("0x5FA7", Occupancy=1), {"motion": True}),
        (BRIDGE.received("0x5FA7", Occupancy=0), {}),
        (BRIDGE.received("0x5FA7", Fire=1), {"smoke": True}),
        (BRIDGE.received("0x5FA7", Water=1, BatteryVoltage=2.9),
         {"water_leak": True, "voltage": 2900}),
        (BRIDGE.measures(AM2301={"Temperature": 21.5, "Humidity": 40}),
         {"temperature": 21.5, "humidity": 40}),
        (BRIDGE.measures(SHT3X={"Temperature": 21}, ESP32={"Temperature": 61}),
         {"temperature": 21, "temperature[suspect]": 61}),
        (BRIDGE.measures("F", AM2301={"Temperature": 212}), {"temperature": 100.0}),
    ],
)  # fmt: skip
def test_a_tasmota(message: tuple[str, bytes], expected: dict[str, object]) -> None:
    """1 is open, °F are turned into °C, and clear of motion says nothing."""
    assert expected == read("tasmota", message)


def test_who_speaks_behind_a_tasmota() -> None:
    """By the IEEE address where it is said; two probes of one device are its parts."""
    family = discover()["tasmota"]
    ieee = BRIDGE.received("0x5FA7", "0x00124B0001")
    assert "tasmota-0x00124b0001" == family.read(*ieee)[0].device_id
    assert "tasmota-hall-0x5fa7" == family.read(*BRIDGE.received("0x5FA7"))[0].device_id
    [own] = family.read(*BRIDGE.measures(DS1={"Temperature": 20}, DS2={"Temperature": 60}))
    assert ["", "DS2", ""] == [reading.part for reading in own.readings]
    with pytest.raises(DecodeError, match="bad_topic"):
        family.read("stat/hall/RESULT", b"{}")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (SHELLY.notify(smoke_0={"alarm": True}), {"smoke": True}),
        (SHELLY.notify(smoke_0={"alarm": True, "mute": True}), {"smoke[silenced]": True}),
        (SHELLY.notify(smoke_0={"mute": False}), {}),
        (SHELLY.notify(flood_0={"alarm": False}), {"water_leak": False}),
        (SHELLY.notify("NotifyFullStatus", temperature_0={"tC": 19.8}, humidity_0={"rh": 42.2}),
         {"temperature": 19.8, "humidity": 42.2}),
        (SHELLY.notify(devicepower_0={"battery": {"V": 2.9, "percent": 70}}),
         {"battery": 70, "voltage": 2900}),
        (SHELLY.notify(devicepower_0={"battery": {"percent": 0}, "external": {"present": True}}),
         {"battery[suspect]": 0, "battery_low": False}),
        (SHELLY.notify("NotifyEvent", events_0={"event": "single_push"}), {}),
        (SHELLY.notify(temperature_0={"tC": None}), {}),
        (SHELLY.online(is_online=False), {"availability": "offline"}),
    ],
)  # fmt: skip
def test_a_shelly(message: tuple[str, bytes], expected: dict[str, object]) -> None:
    """What changed, and no more; 0 % on external power is no weak battery."""
    assert expected == read("shelly", message)
    assert "shelly-shellyplussmoke-1" == discover()["shelly"].read(*message)[0].device_id


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (NODE.says("binary_sensor", "smoke", "ON"), {"smoke": True}),
        (NODE.says("binary_sensor", "front_door", "OFF"), {"contact": False}),
        (NODE.says("binary_sensor", "bedside_sos", "ON"), {"help_call": "press"}),
        (NODE.says("binary_sensor", "bedside_sos", "OFF"), {}),
        (NODE.says("binary_sensor", "motion", "ON"), {"motion": True}),
        (NODE.says("binary_sensor", "motion", "OFF"), {}),
        (NODE.says("sensor", "heart_rate", "61"), {"heart_rate": 61}),
        (NODE.says("sensor", "temperature", "nan"), {}),
        (NODE.says("sensor", "south_cupboard_temperature", "21"), {"temperature": 21}),
        (NODE.says("sensor", "cpu_temperature", "61"), {"temperature[suspect]": 61}),
        (NODE.says("binary_sensor", "x7", "ON"), {}),
        (NODE.status(is_online=False), {"availability": "offline"}),
    ],
)
def test_an_entity_by_its_name(message: tuple[str, bytes], expected: dict[str, object]) -> None:
    """Where nobody has described it."""
    assert expected == read("esphome", message)


def hear(listener: Listener, message: tuple[str, bytes]) -> dict[str, object]:
    """What the first device says."""
    return said(listener.hear(Message(*message, AT)).said[0])


def test_an_entity_by_its_description() -> None:
    """The discovery message counts, is a lesson, and is unlearned when it is taken back."""
    listener, taught = esphome.FAMILY.listener(), esphome.FAMILY.listener()
    described = NODE.describes("binary_sensor", "x7", "gas")
    heard = listener.hear(Message(*described, AT, is_retained=True))
    assert () == heard.said
    assert heard.lesson is not None
    taught.hear(Message(described[0], heard.lesson, AT))
    for each in (listener, taught):
        assert {"gas": True} == hear(each, NODE.says("binary_sensor", "x7", "ON"))
    listener.hear(Message(*NODE.describes("sensor", "u", "voltage", "V"), AT))
    assert {"voltage": 3100} == hear(listener, NODE.says("sensor", "u", "3.1"))
    assert b"" == listener.hear(Message(described[0], b"", AT)).lesson


def test_what_other_bridges_describe_is_theirs() -> None:
    """Their states have families of their own."""
    body = json.dumps({"state_topic": "zigbee2mqtt/x", "device_class": "smoke"}).encode()
    message = Message("homeassistant/binary_sensor/0x1/smoke/config", body, AT)
    assert ((), None) == esphome.FAMILY.listener().hear(message)[:2]


WORDS = {"contact": "open", "availability": "online"}


def test_what_the_field_reports(fixtures_dir: Path) -> None:
    """Payloads quoted in public issues mean what people found out that they mean."""
    text = (fixtures_dir / "data/devices/mqtt_field_reports.jsonl").read_text(encoding="utf-8")
    families = {"tasmota": "tasmota", "shelly_gen2": "shelly", "rtl_433_mqtt": "rtl_433"}
    rows = [row for row in map(json.loads, text.splitlines()) if row["family"] in families]
    assert rows
    for row in rows:
        told = row["payload"]
        payload = told.encode() if isinstance(told, str) else json.dumps(told).encode()
        found = read(families[row["family"]], (row["topic"], payload))
        values = {name.partition("[")[0]: value for name, value in found.items()}
        for fact in row["expected"]:
            kind = fact["kind"]
            if kind == "battery_ok":
                assert values["battery_low"] is False
                continue
            wanted = fact.get(WORDS.get(kind, "value"))
            online = {True: "online", False: "offline"}
            assert values[kind] == (online[wanted] if kind == "availability" else wanted)
