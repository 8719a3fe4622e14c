"""What is in hand on one connection."""

from gateway.ledger import Ledger


def ledger(*mids: int, high: int = 4, high_bytes: int = 1000) -> Ledger:
    """Make one that holds a message of 10 bytes for each packet id."""
    made = Ledger(high, high_bytes)
    for mid in mids:
        made.enter(mid, 10)
    return made


def test_a_message_is_struck_off_once() -> None:
    """A second acknowledgement of the same message is none."""
    assert [True, False] == [held.strike(1) for held in [ledger(1)] for _ in range(2)]


def test_an_unknown_packet_id_is_none_of_ours() -> None:
    """It may be an older connection's."""
    assert not ledger(1).strike(2)


def test_an_acknowledgement_of_a_repeat_does_not_count_for_the_next_message() -> None:
    """The broker has given the packet id away while the repeat was in hand."""
    held = ledger(1, 1)
    assert [False, True, False] == [held.strike(1) for _ in range(3)]


def test_it_is_full_by_number() -> None:
    """At `high`, not before."""
    assert [False, True] == [ledger(*range(number)).is_full for number in (3, 4)]


def test_it_is_full_by_bytes() -> None:
    """At `high_bytes`, not before."""
    assert [False, True] == [ledger(1, 2, high_bytes=limit).is_full for limit in (21, 20)]


def test_it_is_low_below_half_of_both() -> None:
    """Between, it is neither full nor low."""
    assert [True, False] == [ledger(*range(number)).is_low for number in (1, 2)]
    assert [True, False] == [ledger(1, high_bytes=limit).is_low for limit in (21, 20)]


def test_cleared_it_holds_nothing() -> None:
    """Neither numbers nor bytes nor repeats are carried to the next connection."""
    held = ledger(1, 1, 2, high_bytes=21)
    held.clear()
    held.enter(1, 10)
    assert (1, True, True) == (len(held), held.is_low, held.strike(1))
