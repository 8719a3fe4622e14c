"""The state of one home: all that rules and ladders know about it, and nothing of another home.

Status is derived from facts and `now`, never cached. The state is serialised as it stands, so
every field is plain data.
"""

from datetime import datetime, timedelta

import msgspec

from alerting.alarm import Alarm
from alerting.record import HomeRecord
from alerting.routine import Routine


class Seen(msgspec.Struct, array_like=True, gc=False):
    """One payload kept to tell a redelivery: its digest, when it came, and under which address."""

    digest: int
    at: datetime
    address: str = ""


class Boot(msgspec.Struct, array_like=True, gc=False):
    """Sequence numbers of one boot: the highest, and a bit mask of the 64 up to it."""

    id: str
    top: int
    window: int


class Samples(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The samples of one kind in one minute: the lowest, the highest, and how many."""

    at: datetime
    low: float
    high: float
    count: int


class Said(msgspec.Struct, array_like=True, gc=False):
    """A state a device says, and since when it has said nothing else."""

    value: bool | int | float | str | None
    since: datetime


class Pauses(msgspec.Struct, array_like=True, gc=False):
    """Pauses between reports, in seconds: the longest of this day and of the one before.

    `begun` is when watching began, `day` when this day did; `count` is of all pauses.
    """

    begun: datetime
    day: datetime
    longest: float = 0.0
    before: float = 0.0
    count: int = 0


class DeviceState(msgspec.Struct, omit_defaults=True, gc=False):
    """What was heard of one device: when, over which link, its last two boots, last payloads.

    Without a link it was never heard, and `heard_at` is when it was claimed. `samples` are by kind
    and minute, `is_worn` is the device's own last word, `off_since` is when it was taken off, and
    `standing` are the states of `memory.STANDING` that are so now. `said` is its last states where
    a bridge repeats them (`alerting.merging`), `pauses` how often it speaks (`alerting.intervals`),
    `cold_since` and `hot_since` since when its room is too cold or too hot.
    """

    heard_at: datetime
    link: str = ""
    boots: tuple[Boot, ...] = ()
    seen: tuple[Seen, ...] = ()
    samples: dict[str, list[Samples]] | None = None
    is_worn: bool = False
    off_since: datetime | None = None
    standing: tuple[str, ...] = ()
    said: dict[str, Said] | None = None
    pauses: Pauses | None = None
    cold_since: datetime | None = None
    hot_since: datetime | None = None

    def states(self) -> dict[str, Said]:
        """Give the states to be written; few devices have any, so the rest have no dict either."""
        if self.said is None:
            self.said = {}
        return self.said


_GAPS = 8


class Gap(msgspec.Struct, array_like=True, frozen=True):
    """Time in which readings of one link could be lost."""

    link: str
    since: datetime
    until: datetime


class Barred(msgspec.Struct, array_like=True, frozen=True):
    """A number that the network refuses for a medium, until the registry changes it."""

    person_id: str
    medium: str


class Away(msgspec.Struct, array_like=True, frozen=True):
    """An away report: who is not at home between two instants, and who said so."""

    since: datetime
    until: datetime
    by: str


class WalkTest(msgspec.Struct, omit_defaults=True):
    """An installation test that runs until an instant at the latest.

    `answered` is what the installer has heard of (a device, or a device and a danger), `crying`
    the devices that have said a danger and not yet its end, with its kind.
    """

    installer_id: str
    since: datetime
    until: datetime
    answered: list[str] = []
    crying: dict[str, str] = {}


class HomeState(msgspec.Struct, omit_defaults=True):
    """One home. `alive_at` is the last sign of life, `armed_at` when watching began.

    `away` has the away reports by resident, that of everybody under the empty id; `back_at` is
    when the last absence ended. `line` counts what was said of the home and of no alarm, and
    `gone_ids` are devices taken out whose troubles have still to end.
    """

    record: HomeRecord
    armed_at: datetime
    alive_at: datetime | None = None
    alive_link: str = ""
    devices: dict[str, DeviceState] = {}
    routine: Routine = msgspec.field(default_factory=Routine)
    gaps: tuple[Gap, ...] = ()
    alarms: dict[str, Alarm] = {}
    barred: tuple[Barred, ...] = ()
    away: dict[str, Away] = {}
    back_at: datetime | None = None
    walk_test: WalkTest | None = None
    line: int = 0
    gone_ids: list[str] = []

    def open_alarm(self, kind: str, subject: str = "") -> Alarm | None:
        """Find the open alarm of this kind (and of this device, where it is a device's own).

        A drill is not one: a fire during a drill is a fire.
        """
        for alarm in self.alarms.values():
            is_same = alarm.kind == kind and alarm.subject == subject
            if is_same and alarm.is_open and not alarm.is_drill:
                return alarm
        return None

    def is_drilling(self, kind: str) -> bool:
        """Say whether a drill of this kind is under way."""
        return any(a.is_open and a.is_drill and a.kind == kind for a in self.alarms.values())

    def closed_at(self, kind: str, subject: str) -> datetime | None:
        """Give when the last alarm of this kind and device that is still remembered was closed."""
        closings = (
            alarm.closed_at
            for alarm in self.alarms.values()
            if alarm.closed_at is not None and alarm.kind == kind and alarm.subject == subject
        )
        return max(closings, default=None)

    def lost_time(self, link: str, since: datetime) -> timedelta:
        """Add up the time after `since` in which readings of `link` (empty: any) could be lost.

        Time that two gaps share is lost once.
        """
        lost, counted = timedelta(), since
        if not self.gaps:  # nearly always, and asked after every event of the home
            return lost
        for gap in sorted(self.gaps, key=_begin):
            begin = max(gap.since, counted)
            if link in {gap.link, ""} and gap.until > begin:
                lost += gap.until - begin
                counted = gap.until
        return lost

    def links(self) -> set[str]:
        """List the links over which this home's devices were heard."""
        return {device.link for device in self.devices.values() if device.link}

    def add_gap(self, gap: Gap) -> None:
        """Remember a gap. Of more than eight, as of a loose plug, two become one of their length.

        What was heard between two gaps was not lost: joining them over it would let a link that
        flaps hold silence off for ever. The new one begins with the older, so that time counts
        as lost too early rather than too late.
        """
        gaps = [*self.gaps, gap]
        for n, older in enumerate(gaps[:-_GAPS]):
            newer = next((g for g in gaps[n + 1 :] if g.link == older.link), None)
            gaps.remove(older)
            if newer is not None:
                length = max(newer.until - max(newer.since, older.until), timedelta())
                joined = Gap(older.link, older.since, max(older.until, older.since) + length)
                gaps[gaps.index(newer)] = joined
        self.gaps = tuple(gaps)


def _begin(gap: Gap) -> datetime:
    """Give when a gap begins, to sort by."""
    return gap.since
