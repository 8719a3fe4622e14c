"""What an explanation of an alarm holds."""

from datetime import datetime

import msgspec


class DayRow(msgspec.Struct, frozen=True):
    """One device's day: how many reports that say something came in each half hour."""

    device: str
    name: str
    type: str
    counts: list[int]


class Explained(msgspec.Struct, frozen=True):
    """Why an alarm was raised, and the 24 hours before it.

    `begin` is when the first of the 48 half hours begins; the last holds the alarm. `usual` says on
    what share of days each is lively in this home, by all that it has taught until now.
    """

    id: str
    home: str
    address: str
    kind: str
    verb: str
    at: datetime
    zh: str
    en: str
    evidence: dict[str, str]
    begin: datetime
    usual: list[float]
    rows: list[DayRow]
