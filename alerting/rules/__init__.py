"""Detection rules, one a module, each with a `RULE`; found by walking this package.

A rule looks at one home and says what it finds; it keeps nothing of its own. What it needs to
remember is derived from the home's state, so that replaying the journal finds the same again.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from alerting.home import HomeState
from alerting.policy import Policy
from sensors.reading import Kind, Report


class Params(BaseModel):
    """What `[rules.<name>]` of the configuration may hold; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Sign(Enum):
    """What a rule found."""

    DANGER = "danger"
    RESTORED = "restored"
    TESTED = "tested"


class Finding(NamedTuple):
    """One thing found; `subject` is the device where the alarm is the device's own.

    `evidence` is ids and words for the alarm log. `is_late` marks a danger known to be old: it
    is shown to the desk and wakes nobody. `is_proof` marks an end that ends a cancel window.
    `worsens` is the kind of a softer alarm of this subject: where one is open it becomes this one,
    so that one fall is one alarm. `confirms` is the kind of an alarm that this is another sign of:
    where one is open nothing new is raised, and its ladder moves on.
    """

    sign: Sign
    evidence: dict[str, str]
    subject: str = ""
    is_late: bool = False
    is_proof: bool = False
    worsens: str = ""
    confirms: str = ""


class View(NamedTuple):
    """What a rule sees besides the home: its parameters, the local zone, and the instant."""

    params: Params
    zone: ZoneInfo
    now: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `kinds` are the readings it wants to see; `name` is also the alarm's kind.

    `on_report(view, home, report)` finds things in a report that holds one of `kinds`;
    `on_time(view, home)` finds what silence means at `view.now`; `due(view, home)` is when
    `on_time` may next find something, None for never.
    """

    name: str
    params: type[Params]
    policy: Policy
    kinds: frozenset[Kind]
    on_report: Callable[[View, HomeState, Report], Iterator[Finding]]
    on_time: Callable[[View, HomeState], Iterator[Finding]] | None = None
    due: Callable[[View, HomeState], datetime | None] | None = None


def discover() -> dict[str, Rule]:
    """Find every rule of this package, by name."""
    rules = {}
    for module in pkgutil.iter_modules(__path__):
        rule = getattr(importlib.import_module(f"{__name__}.{module.name}"), "RULE", None)
        assert isinstance(rule, Rule), f"{module.name} has no RULE"
        rules[rule.name] = rule
    return dict(sorted(rules.items()))
