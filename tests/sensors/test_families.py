"""The contract that every device family keeps, run against all of them."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sensors.errors import DecodeError
from sensors.families import discover
from sensors.reading import Decoded, Family, Kind

FAMILIES = list(discover().values())
DEVICE_ID = re.compile(r"[A-Za-z0-9_-]+")

every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)

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


def outcome(family: Family, address: str, payload: bytes) -> Decoded | str:
    """What decoding gives: the facts, or the code of the refusal."""
    try:
        return family.decode(address, payload)
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
    assert outcome(family, address, payload)


@every_family
@given(address=st.text() | st.just("") | st.sampled_from(ADDRESSES), payload=st.binary())
@example(address="care/v1/h/d/motion", payload=b'{"v":1}')
def test_any_bytes_give_facts_or_a_refusal(family: Family, address: str, payload: bytes) -> None:
    """Any bytes from any address; the same bytes always give the same."""
    found = outcome(family, address, payload)
    assert found == outcome(family, address, payload)
    if isinstance(found, Decoded):
        assert Kind.HEARTBEAT in {reading.kind for reading in found.readings}
        assert DEVICE_ID.fullmatch(found.device_id)
        assert found.device_id.startswith(f"{family.name}-")
