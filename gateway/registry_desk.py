"""The registry as an operator asks for it: a file, a row, a device's code.

Whatever changes it is one job with the core's events, the rows and a line of the alarm log that
says who and when. One change at a time: each is planned on the registry it is committed to.
"""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from functools import partial

from gateway import claiming, registry_edit, registry_file
from gateway.door import Door, NotDoneError
from gateway.enrolment import assembled, put_in_force
from gateway.entries import CommitFailedError, LogLine
from gateway.mistake import MistakesError
from gateway.registry import Registry
from gateway.registry_gaps import has_desk
from gateway.registry_rows import DeviceRow, ResidentRow
from gateway.request import (
    ClaimDevice,
    DeviceView,
    ExportRegistry,
    Imported,
    ImportRegistry,
    ListUnclaimed,
    RemoveRow,
    ReplaceDevice,
    SetRow,
    Wrong,
)
from gateway.tables import to_us

PIECE_CHARS = 64 * 1024

Asked = (
    ImportRegistry
    | ExportRegistry
    | SetRow
    | RemoveRow
    | ListUnclaimed
    | ClaimDevice
    | ReplaceDevice
)
Rows = AsyncGenerator[object, None]


class RegistryDesk:
    """Does what is asked, through one door."""

    def __init__(self, door: Door, operator: Callable[[str], str]) -> None:
        """Take the door, and what gives an operator's id."""
        self._door = door
        self._operator = operator
        self.changing = asyncio.Lock()

    def perform(self, ask: Asked, body: AsyncIterable[bytes]) -> Rows:
        """Do it, giving rows; raises NotDoneError."""
        match ask:
            case ImportRegistry():
                rows = self._import(ask, body)
            case ExportRegistry():
                rows = self._export()
            case SetRow():
                rows = self._set(ask)
            case RemoveRow():
                rows = self._remove(ask)
            case ListUnclaimed():
                rows = self._unclaimed()
            case ClaimDevice():
                rows = self._claim(ask)
            case ReplaceDevice():
                rows = self._replace(ask)
        return rows

    # --- files ----------------------------------------------------------------------------------

    async def _import(self, ask: ImportRegistry, body: AsyncIterable[bytes]) -> Rows:
        """Put a file in force, or say for each row why not."""
        file = await assembled(body)
        line = self._line("imported", self._by(ask.by))
        rows = self._change(lambda: file, line, is_whole=ask.is_whole, is_dry_run=ask.is_dry_run)
        async for row in rows:
            yield row

    async def _export(self) -> Rows:
        """Write the file in a thread: it takes seconds for a county."""
        file = await asyncio.to_thread(registry_file.dump, self._door.registry)
        text = file.decode()
        for start in range(0, len(text), PIECE_CHARS):
            yield text[start : start + PIECE_CHARS]

    def _by(self, by: str) -> str:
        """Give who did it; a program that says nothing is nobody."""
        return self._operator(by) if by else ""

    async def _change(
        self,
        file: Callable[[], Registry],
        line: LogLine,
        *,
        is_whole: bool = False,
        is_dry_run: bool = False,
    ) -> Rows:
        """Plan and commit what a file changes; `file` is asked for when it is its turn."""
        mistakes = []
        try:
            async with self.changing:
                was_staffed = has_desk(self._door.registry)
                asked = await asyncio.to_thread(file)
                change = await put_in_force(
                    self._door, asked, line, is_whole=is_whole, is_dry_run=is_dry_run
                )
            figures = (change.added, change.changed, change.removed, is_dry_run, change.people)
            yield Imported(*figures, is_unstaffed=was_staffed and not has_desk(change.after))
        except CommitFailedError as error:
            raise NotDoneError("commit_failed", f"没有存下来 could not be kept: {error}") from error
        except MistakesError as error:
            mistakes = list(error.mistakes)
        for mistake in mistakes:
            yield Wrong(mistake.path, mistake.text("zh"), mistake.text("en"))
        if mistakes:
            sentence = f"{len(mistakes)} 处错误，没有导入 mistakes; nothing has changed"
            raise NotDoneError("rejected", sentence)

    # --- rows -----------------------------------------------------------------------------------

    def _set(self, ask: SetRow) -> Rows:
        facts = {"table": ask.table, "row": ask.row, "keys": " ".join(sorted(ask.changes))}
        line = self._line("edited", self._operator(ask.by), **facts)
        registry = self._door.registry
        file = partial(registry_edit.with_row, registry, ask.table, ask.row, ask.changes)
        return self._change(file, line)

    def _remove(self, ask: RemoveRow) -> Rows:
        def file() -> Registry:
            row = registry_edit.find(self._door.registry, ask.table, ask.row)
            if row is None:
                raise registry_edit.not_there(ask.table, ask.row)
            return registry_edit.without_row(self._door.registry, ask.table, row)

        facts = {"table": ask.table, "row": ask.row}
        line = self._line("taken_out", self._operator(ask.by), **facts)
        return self._change(file, line, is_whole=True)

    # --- devices --------------------------------------------------------------------------------

    async def _unclaimed(self) -> Rows:
        """List who spoke and belongs to nobody, the last heard first."""
        for view in await claiming.unclaimed(self._door.journal, self._door.registry):
            yield view

    async def _claim(self, ask: ClaimDevice) -> Rows:
        """Bind a device to a home by its code."""
        family, native = await self._meant(ask.code, ask.family)
        row: registry_edit.Raw = {
            "id": native,
            "family": family,
            "home": ask.home,
            "class": ask.device_class,
            "room": ask.room,
        }
        if ask.resident:
            row["resident"] = ask.resident
        line = self._line(
            "claimed", self._operator(ask.by), device=f"{family}-{native}", at=ask.home
        )
        registry = self._door.registry
        if ask.home not in registry.households:
            raise NotDoneError("unknown_home", f"没有 {ask.home} 这一户 no such home")
        async for found in self._change(
            partial(registry_edit.put, registry, "devices", None, row), line
        ):
            yield self._shown(f"{family}-{native}") if isinstance(found, Imported) else found

    async def _replace(self, ask: ReplaceDevice) -> Rows:
        """Put a new device in the place of one that is broken: its home, room and wearer stay."""
        family, native = await self._meant(ask.code, ask.family)
        registry = self._door.registry
        before = registry_edit.find(registry, "devices", ask.device)
        if not isinstance(before, DeviceRow):
            raise NotDoneError("unknown_device", f"没有 {ask.device} 这件设备 no such device here")
        after = dataclasses.replace(before, id=native, family=family, secret=None)
        (row,) = registry_edit.raw("devices", [after])
        facts = {"device": after.device_id, "before": before.device_id, "at": before.home}
        line = self._line("replaced", self._operator(ask.by), **facts)
        async for found in self._change(
            partial(registry_edit.put, registry, "devices", before, row), line
        ):
            yield self._shown(after.device_id) if isinstance(found, Imported) else found

    async def _meant(self, code: str, family: str) -> tuple[str, str]:
        """Find the family and native id that a code means, of a device that nobody has."""
        heard = await claiming.unclaimed(self._door.journal, self._door.registry)
        return claiming.meant(code, family, heard, self._door.registry)

    def _shown(self, device_id: str) -> DeviceView:
        row = self._door.registry.devices[device_id]
        called = self._door.registry.device_called(device_id)
        address = self._door.registry.address_of(row.home)
        return DeviceView(device_id, row.home, address, called, row.resident or "")

    def _line(self, verb: str, by: str, **facts: str) -> LogLine:
        """Write down who changed what, and when; no values, for they may be personal."""
        now = self._door.clock.now()
        row = facts.get("row", "")
        is_resident = isinstance(self._door.registry.residents.get(row), ResidentRow)
        words = {"operator": by, **facts}
        return LogLine(
            key=f"registry.{verb}.{to_us(now)}",
            at=now,
            home_id=facts.get("at", ""),
            alarm_id="",
            kind="registry",
            verb=verb,
            priority="trouble",
            facts={name: word for name, word in words.items() if word},
            private="",
            person_ids=(row,) if is_resident else (),
        )
