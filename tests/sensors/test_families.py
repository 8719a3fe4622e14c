"""The contract that every device family keeps, run against all of them."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.decode import decode_line
from sensors.errors import DecodeError
from sensors.families import discover
from sensors.family import Family, Message
from sensors.reading import Decoded, Kind
from tests.tree import ROOT

FAMILIES = list(discover().values())
AT = datetime(2030, 1, 1, tzinfo=UTC)
DEVICE_ID = re.compile(r"[A-Za-z0-9_-]+")

every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)

NOT_SIMULATED = {"zigbee2mqtt"}  # its bridge is recorded, and not yet simulated

HOSTILE = [
    b"",
    b"\x00\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"null",
    b"[]",
    b"{" * 4096,
    b'{"v":1,"value":' + b"[" * 4000,
    b'{"v":1,"x":' + b"[" * 2000 + b"]" * 2000 + b"}",
    b'{"v":1,"ts":' + b'{"a":' * 600 + b"1" + b"}" * 601,
    b'{"v":1,"value":' + b"9" * 4000 + b"}",
    b'{"v":1,"value":1e999}',
    b'{"v":1,"value":"\\ud800"}',
    b'{"v":1,"value":"\xed\xa0\x80"}',
    b"x" * 1_000_000,
]
ADDRESSES = ["", "/", "care/v1/h/d/temperature", "a" * 65_000, "care/v1/h/d/\udc80", "a/\x00/#"]


def outcome(family: Family, address: str, payload: bytes) -> tuple[Decoded, ...] | str:
    """What decoding gives: the facts, or the code of the refusal."""
    try:
        return family.read(address, payload)
    except DecodeError as error:
        return error.code


def test_our_own_schema_is_found() -> None:
    """Walking the package finds the families by their names."""
    assert "own" in discover()
    assert all(name == family.name for name, family in discover().items())


@every_family
@pytest.mark.parametrize("address", ADDRESSES, ids=range(len(ADDRESSES)))
@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_input_is_refused_by_name(family: Family, address: str, payload: bytes) -> None:
    """Nothing but DecodeError comes out of what is known to break decoders."""
    assert outcome(family, address, payload) is not None


@every_family
@given(address=st.text() | st.just("") | st.sampled_from(ADDRESSES), payload=st.binary())
@example(address="care/v1/h/d/motion", payload=b'{"v":1}')
def test_any_bytes_give_facts_or_a_refusal(family: Family, address: str, payload: bytes) -> None:
    """Any bytes from any address; the same bytes always give the same."""
    found = outcome(family, address, payload)
    assert found == outcome(family, address, payload)
    if isinstance(found, str):
        return
    for decoded in found:
        assert Kind.HEARTBEAT in {reading.kind for reading in decoded.readings}
        assert DEVICE_ID.fullmatch(decoded.device_id)
        assert decoded.device_id.startswith(f"{family.name}-")


@every_family
@given(messages=st.lists(st.tuples(st.sampled_from(ADDRESSES) | st.text(), st.binary())))
def test_a_listener_refuses_by_name(family: Family, messages: list[tuple[str, bytes]]) -> None:
    """Whatever it has heard before; and what it gives to be kept, it takes back."""
    listener, taught = family.listener(), family.listener()
    for address, payload in messages:
        try:
            heard = listener.hear(Message(address, payload, AT))
        except DecodeError:
            continue
        if heard.lesson is not None:
            taught.hear(Message(address, heard.lesson, AT, is_retained=True))


@every_family
@given(line=st.binary() | st.from_regex(r"[0-9a-f]{0,80}", fullmatch=True).map(str.encode))
def test_any_line_of_a_capture_gives_a_line(family: Family, line: bytes) -> None:
    """Digits that spell bytes, too."""
    output = decode_line(family.listener(), line, family.spelled)
    assert isinstance(json.loads(output), list | dict)


@every_family
def test_the_wire_has_a_page_and_a_simulated_device(family: Family) -> None:
    """What a family reads is written down, and spelled by somebody who shares no code with it."""
    assert (ROOT / "docs" / "wire" / f"{family.name}.md").is_file()
    spelled = [path.stem for path in (ROOT / "simulators" / "devices").glob("*.py")]
    assert family.name in spelled or family.name in NOT_SIMULATED
