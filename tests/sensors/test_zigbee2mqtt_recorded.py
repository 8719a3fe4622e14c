"""Zigbee2MQTT: payloads nobody here wrote, and hostile ones."""

import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.errors import DecodeError
from sensors.families.zigbee2mqtt import FAMILY, Zigbee
from sensors.family import Message
from sensors.reading import Flag
from tests.sensors.zigbee import AT, HEARTBEAT, device, exposed, taught, tell
from tests.sensors.zigbee_records import score

# --- the recorded payloads ------------------------------------------------------------------------


def test_the_recorded_payloads_are_read_as_their_library_means_them(fixtures_dir: Path) -> None:
    """99.5 % of records in every fact that has a kind, and not one alarm that was not declared."""
    found = score(fixtures_dir / "data" / "devices")
    assert [] == found.extra
    assert found.records["equal"] >= 0.995 * found.records.total()
    assert 4661 == found.records.total()


WORDS = {"sos": "help_call", "bridge": "availability"}
NO_READING = {"button", "muted", "discovery"}


def test_what_people_have_reported_is_read(fixtures_dir: Path) -> None:
    """Payloads out of public issues, without a listing; of a muted siren the flag."""
    lines = (fixtures_dir / "data/devices/mqtt_field_reports.jsonl").read_text("utf-8").splitlines()
    ours = [row for row in map(json.loads, lines) if row["family"] == FAMILY.name]
    assert 12 == len(ours)
    for row in ours:
        payload = row["payload"]
        body = payload if isinstance(payload, str) else json.dumps(payload)
        (decoded,) = Zigbee().hear(Message(row["topic"], body.encode(), AT)).said
        values = {reading.kind.value: reading for reading in decoded.readings}
        for expected in row["expected"]:
            if expected["kind"] in NO_READING:
                continue
            reading = values[WORDS.get(expected["kind"], expected["kind"])]
            assert _reported(expected) in {reading.value, None}, row["topic"]
            if expected.get("invalid"):
                assert Flag.INVALID in reading.flags
            if expected.get("suspect"):
                assert Flag.SUSPECT in reading.flags
        if any(expected["kind"] == "muted" for expected in row["expected"]):
            assert Flag.SILENCED in values["smoke"].flags
        calls = {"sos", "smoke"} & {expected["kind"] for expected in row["expected"]}
        assert bool(calls) == any(kind in values for kind in ("help_call", "smoke"))


def _reported(expected: dict[str, Any]) -> object:
    if expected["kind"] == "sos":
        return "press"
    if "online" in expected:
        return "online" if expected["online"] else "offline"
    return expected.get("open", expected.get("value"))


# --- hostile input --------------------------------------------------------------------------------

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers()
NAMES = [
    "type",
    "property",
    "name",
    "features",
    "exposes",
    "definition",
    "state",
    "unit",
    "ieee_address",
    "config",
    "action",
    "friendly_name",
    "advanced",
    "values",
    "smoke",
    "temperature",
    "value_on",
    "devices",
    "last_seen",
    "data",
]
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
TOPICS = [
    "bridge/devices",
    "bridge/info",
    "bridge/groups",
    "bridge/state",
    "bridge/event",
    "d",
    "d/availability",
    "d/smoke",
    "x/bridge/devices",
]


@given(st.lists(st.tuples(st.sampled_from(TOPICS), JSON | st.lists(JSON, max_size=2)), max_size=5))
def test_any_json_is_read_or_refused(messages: list[tuple[str, object]]) -> None:
    """Whatever was learned from whom; the lesson teaches again."""
    listener = taught(device("d", exposed("smoke"), exposed("temperature", "numeric")))
    for topic, payload in messages:
        body = json.dumps(payload).encode()
        try:
            heard = listener.hear(Message(f"zigbee2mqtt/{topic}", body, AT))
        except DecodeError:
            continue
        if heard.lesson is not None:
            listener.hear(Message(f"zigbee2mqtt/{topic}", heard.lesson, AT, is_retained=True))


@given(st.dictionaries(st.text(max_size=30), JSON, max_size=6))
def test_any_fields_are_read_by_habit(payload: dict[str, object]) -> None:
    """Without a listing every field is looked at."""
    (decoded,) = tell(Zigbee(), "d", payload).said
    assert HEARTBEAT == decoded.readings[-1]


@pytest.mark.parametrize(
    "make",
    [
        lambda n: ("d", "{" + ",".join(f'"f{i}":{i}' for i in range(n)) + "}"),
        lambda n: ("bridge/devices", json.dumps([device(f"d{i}") for i in range(n)])),
        lambda n: (
            "bridge/devices",
            json.dumps([device("d", *(exposed(f"smoke_{i}") for i in range(n)))]),
        ),
        lambda n: (
            "bridge/info",
            json.dumps({"config": {"devices": {f"{i}": {} for i in range(n)}}}),
        ),
    ],
    ids=["fields", "devices", "exposes", "settings"],
)
def test_the_time_grows_with_the_input_and_no_faster(make: Any) -> None:  # noqa: ANN401 -- a case
    """Eight times as much takes no more than some forty times as long, noise included."""

    def seconds(n: int) -> float:
        topic, text = make(n)
        best = 1e9
        for _ in range(3):
            begin = process_time()
            tell(Zigbee(), topic, text)
            best = min(best, process_time() - begin)
        return best

    assert seconds(1600) < 40 * max(seconds(200), 1e-4)
