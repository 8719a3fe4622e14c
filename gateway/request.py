"""What can be asked of the gateway, and the rows it answers with: the control socket's contract.

A request is one of these as JSON, its name in `do`. Instants are RFC 3339 in UTC. The rows are
what `--json` prints.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from alerting.event import Verb

NEWEST = 20
"""Lines of the alarm log that are given where nothing else is said."""

Seq = Annotated[int, Meta(ge=0, le=2**53)]
Count = Annotated[int, Meta(ge=0, le=20_000)]
Instant = Annotated[datetime, Meta(tz=True)]


class Asked(msgspec.Struct, frozen=True, tag_field="do", forbid_unknown_fields=True):
    """Something asked for."""


class Act(Asked, frozen=True, tag="act"):
    """Take over, attend or close the alarm that `alarm` names: its id, a prefix, or its home.

    Gives the alarm as an AlarmView. `note` is personal text.
    """

    alarm: str
    verb: Verb
    by: str
    disposition: str = ""
    note: str = ""


class Drill(Asked, frozen=True, tag="drill"):
    """Rehearse an alarm of `kind` at a home; gives the alarm."""

    home: str
    kind: str
    by: str


class ReportAway(Asked, frozen=True, tag="away"):
    """Report nobody, or not this resident, at home from an instant (now) to another.

    Gives the home's reports, each as an AwayView.
    """

    home: str
    until: Instant
    by: str
    since: Instant | None = None
    resident: str = ""


class EndAway(Asked, frozen=True, tag="back"):
    """Report them back; of no resident means everybody. Gives what reports are left."""

    home: str
    by: str
    resident: str = ""


class ListAway(Asked, frozen=True, tag="list_away"):
    """Give the away reports of a home, or of all."""

    home: str = ""


class BeginWalkTest(Asked, frozen=True, tag="begin_walk_test"):
    """Begin the installation test of a home; gives a WalkTestView."""

    home: str
    installer: str
    by: str
    minutes: Annotated[float, Meta(gt=0, le=30)] = 30.0


class EndWalkTest(Asked, frozen=True, tag="end_walk_test"):
    """End it."""

    home: str
    by: str


class ListWalkTests(Asked, frozen=True, tag="list_walk_tests"):
    """Give the running installation test of a home, or of all, as WalkTestViews."""

    home: str = ""


class ListAlarms(Asked, frozen=True, tag="alarms"):
    """Give the open alarms, the worst first; with `is_all` those that are just over too."""

    is_all: bool = False


class Explain(Asked, frozen=True, tag="explain"):
    """Give an Explained; `alarm` as in Act, or the whole id of one that was closed long ago."""

    alarm: str


class ReadLog(Asked, frozen=True, tag="log"):
    """Give lines of the alarm log: after a seq, since an instant, else the newest.

    With `is_followed` it goes on as lines are written.
    """

    after_seq: Seq | None = None
    since: Instant | None = None
    is_followed: bool = False


class ReadStatus(Asked, frozen=True, tag="status"):
    """Give one object of figures."""


class VerifyLog(Asked, frozen=True, tag="verify"):
    """Give the verdict on the alarm log's hash chain, a Verified."""


class TakeSnapshot(Asked, frozen=True, tag="snapshot"):
    """Store the state as it stands in memory; gives the seq of its entry, of the last one stored.

    `seq` is 0 where none ever was. A stopped gateway stored its own when it stopped.
    """


class ReadQuarantine(Asked, frozen=True, tag="quarantine"):
    """Give what could not be used, the newest first."""

    limit: Count = 100


class ImportRegistry(Asked, frozen=True, tag="import"):
    """Put the rows of a registry file in force; gives an Imported, or a Wrong a mistake.

    After the request come `lines` lines, each a piece of the file as JSON: `{"homes": […]}`.
    """

    lines: Count
    is_whole: bool = False
    is_dry_run: bool = False
    by: str = ""


class ExportRegistry(Asked, frozen=True, tag="export"):
    """Give the registry as the text of a file, in pieces; with secrets and numbers."""


class ErasePerson(Asked, frozen=True, tag="erase_person"):
    """Erase a person from the registry and the alarm log's erasable half; gives an Erased."""

    person: str
    by: str


class ExportPerson(Asked, frozen=True, tag="export_person"):
    """Give a PersonView, then a LineView for each line of the alarm log about the person.

    Nothing is masked: it is for the person.
    """

    person: str


TableName = Literal["homes", "residents", "devices", "responders", "pairings"]
Cells = Annotated[
    dict[str, Annotated[str, Meta(max_length=400)]], Meta(min_length=1, max_length=40)
]


class SetRow(Asked, frozen=True, tag="set_row"):
    """Change a row of the registry, or add it; gives an Imported, or a Wrong a mistake.

    `changes` are cells as a person writes them, an empty one takes its key out. `row` is an id, a
    pairing's `home/responder`.
    """

    table: TableName
    row: str
    changes: Cells
    by: str


class RemoveRow(Asked, frozen=True, tag="remove_row"):
    """Take a row out, with what hangs on it; gives an Imported."""

    table: TableName
    row: str
    by: str


class ListUnclaimed(Asked, frozen=True, tag="unclaimed"):
    """Give the devices that spoke and belong to no home, as UnclaimedViews."""


class ClaimDevice(Asked, frozen=True, tag="claim"):
    """Bind the device that a code means to a home; gives a DeviceView, or a Wrong a mistake."""

    code: str
    home: str
    device_class: str
    by: str
    room: str = ""
    resident: str = ""
    family: str = ""


class ReplaceDevice(Asked, frozen=True, tag="replace"):
    """Put the device that a code means in the place of another; gives a DeviceView."""

    device: str
    code: str
    by: str
    family: str = ""


Request = (
    Act
    | Drill
    | ReportAway
    | EndAway
    | ListAway
    | BeginWalkTest
    | EndWalkTest
    | ListWalkTests
    | ListAlarms
    | Explain
    | ReadLog
    | ReadStatus
    | VerifyLog
    | TakeSnapshot
    | ReadQuarantine
    | ImportRegistry
    | ExportRegistry
    | ErasePerson
    | ExportPerson
    | SetRow
    | RemoveRow
    | ListUnclaimed
    | ClaimDevice
    | ReplaceDevice
)


class AlarmView(msgspec.Struct, frozen=True):
    """An alarm as an operator sees it; `next_due` is when the gateway acts again by itself.

    `is_test` says that it was raised in an installation test.
    """

    id: str
    home: str
    address: str
    residents: list[str]
    kind: str
    priority: str
    state: str
    is_drill: bool
    raised_at: datetime
    evidence: dict[str, str]
    holder: str
    on_scene: list[str]
    next_due: datetime | None
    closed_at: datetime | None
    disposition: str | None
    is_test: bool = False


class AwayView(msgspec.Struct, frozen=True):
    """An away report: of whom (nobody named: of everybody), from when to when, and by whom.

    `is_empty` says that by all reports nobody is at home now.
    """

    home: str
    address: str
    resident: str
    name: str
    since: datetime
    until: datetime
    by: str
    by_name: str
    is_empty: bool


class WalkTestView(msgspec.Struct, frozen=True):
    """A running installation test: devices that were heard, that were not, and that still cry."""

    home: str
    address: str
    installer: str
    installer_name: str
    since: datetime
    until: datetime
    heard: list[str]
    silent: list[str]
    crying: list[str]


class LineView(msgspec.Struct, frozen=True):
    """A line of the alarm log; `private` is None where it was erased or never was."""

    seq: int
    at: datetime
    home: str
    alarm: str
    kind: str
    verb: str
    priority: str
    facts: dict[str, str]
    private: str | None
    hash: str


class Verified(msgspec.Struct, frozen=True):
    """What a check of the hash chain found; `head_hash` is hex."""

    is_sound: bool
    lines: int
    erased: int
    head_seq: int
    head_hash: str
    broken_seq: int | None
    reason: str | None


class Imported(msgspec.Struct, frozen=True):
    """What an import has changed, or would: homes, and people without one.

    `is_unstaffed` where it takes the last duty desk out, so that every ladder lacks one.
    """

    added: int
    changed: int
    removed: int
    is_dry_run: bool
    people: int = 0
    is_unstaffed: bool = False


class UnclaimedView(msgspec.Struct, frozen=True):
    """A device that spoke and belongs to no home: how often, over which link, first and last."""

    device: str
    family: str
    link: str
    first_at: datetime
    last_at: datetime
    times: int


class DeviceView(msgspec.Struct, frozen=True):
    """A device of a home; `called` is what people call it (客厅红外)."""

    device: str
    home: str
    address: str
    called: str
    resident: str


class Wrong(msgspec.Struct, frozen=True):
    """Why a row of a file was not taken."""

    path: str
    zh: str
    en: str


class Erased(msgspec.Struct, frozen=True):
    """Who was erased: whether the registry had them, and how many lines of the log had text."""

    person: str
    was_registered: bool
    lines: int


class PersonView(msgspec.Struct, frozen=True):
    """What is kept about a person; `registered` is their row, None where there is none any more."""

    id: str
    registered: dict[str, object] | None
    address: str
    devices: list[str]
    called_for: list[str]
    log_lines: int
