"""Policies that could end in silence are refused."""

from dataclasses import replace

import pytest

from alerting.effect import Medium
from alerting.policy import FIRE, HELP, LATE, LISTED, SOFT, Aim, Policy, Step, Whom, mistakes
from alerting.settings import RULES


@pytest.mark.parametrize("name", list(RULES))
def test_our_own_have_no_mistakes(name: str) -> None:
    """Every rule's policy is one that may be configured."""
    assert [] == mistakes(RULES[name].policy)


@pytest.mark.parametrize("policy", [FIRE, HELP, SOFT, LISTED])
def test_the_defaults_have_no_mistakes(policy: Policy) -> None:
    """Nor have those no rule uses yet."""
    assert [] == mistakes(policy)


def only(*whom: Whom, media: tuple[Medium, ...] = (Medium.SMS,), count: int = 9) -> Policy:
    """A fire's policy that reaches only these."""
    return replace(FIRE, steps=(Step(tuple(Aim(w, media, count) for w in whom), 30.0),))


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (replace(FIRE, steps=()), "has no step"),
        (replace(LISTED, steps=()), "has no step"),
        (replace(FIRE, hand_over="911"), "hands over to"),
        (replace(FIRE, repeat_seconds=0.0), "does not repeat"),
        (replace(SOFT, repeat_seconds=-1.0), "does not repeat"),
        (LATE, "does not repeat"),
        (replace(FIRE, repeat_seconds=1e-9), "repeats before anybody could have answered"),
        (replace(FIRE, cancel_window_seconds=60.0), "waits for the resident"),
        (replace(FIRE, lease_seconds=float("nan")), "not between 0 and a day"),
        (replace(FIRE, lease_seconds=float("inf")), "not between 0 and a day"),
        (replace(FIRE, outcome_seconds=-1.0), "not between 0 and a day"),
        (replace(FIRE, desk_lease_seconds=86_401.0), "not between 0 and a day"),
        (replace(FIRE, steps=(Step(FIRE.steps[0].aims, float("nan")),)), "not between 0 and a day"),
        (only(Whom.NEIGHBOURS), "nobody awake at a staffed place"),
        (only(Whom.FAMILY, Whom.RESIDENT), "reaches nobody who can go"),
        (only(Whom.EMERGENCY), "reaches nobody who can go"),
        (only(Whom.DESK, media=()), "reaches nobody who can go"),
        (only(Whom.DESK, count=0), "reaches nobody who can go"),
    ],
)
def test_a_mistake_is_named(policy: Policy, words: str) -> None:
    """In words an operator can act on."""
    assert [] != [mistake for mistake in mistakes(policy) if words in mistake]
