"""The table of kinds."""

import pytest

from sensors.errors import DecodeError
from sensors.kinds import KINDS, as_number
from sensors.reading import Kind


def test_every_kind_has_a_row() -> None:
    """A kind without a row would break the first decoder that meets it."""
    assert set(Kind) == set(KINDS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (-1.5, -1.5),
        (1e9, 1e9),
        (1.1e9, None),
        pytest.param(10**5000, None, id="giant"),
        (float("nan"), None),
        (float("-inf"), None),
        (True, None),
        ("1", None),
        (None, None),
    ],
)
def test_a_number_is_finite_and_no_bool(value: object, expected: float | None) -> None:
    """What calculations may be done with."""
    assert expected == as_number(value)


def test_a_whole_number_is_an_int() -> None:
    """72.0 beats are 72, in every reading alike."""
    value, is_believable = KINDS[Kind.HEART_RATE].shape.read(72.0)
    assert (72, int, True) == (value, type(value), is_believable)


def test_parts_that_are_not_named_are_left_out() -> None:
    """Only what the kind has goes into a reading."""
    value = {"systolic": 120, "diastolic": 80, "pulse": 70}
    assert ({"systolic": 120, "diastolic": 80}, True) == KINDS[Kind.BLOOD_PRESSURE].shape.read(
        value
    )


GIANTS: dict[str, object] = {
    "number": 10**5000,
    "list": ["x"] * 10**6,
    "text": "x" * 10**6,
    "object": {"a": {}},
    "bytes": b"x",
}


@pytest.mark.parametrize("value", GIANTS.values(), ids=GIANTS.keys())
@pytest.mark.parametrize("kind", [Kind.SMOKE, Kind.TEMPERATURE, Kind.FALL, Kind.LOCATION])
def test_a_refusal_says_briefly_what_was_found(kind: Kind, value: object) -> None:
    """No value is too big or too strange to be refused."""
    with pytest.raises(DecodeError) as caught:
        KINDS[kind].shape.read(value)
    assert "bad_value" == caught.value.code
