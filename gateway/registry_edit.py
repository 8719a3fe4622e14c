"""One row of the registry changed by command: a small file of the homes it touches, judged as any.

So a command can do nothing that a file could not, and says what is wrong in the same words. A row
is named by its id, a device also by the hardware's own, a pairing as `home/responder`.
"""

import dataclasses
import re
import typing
from collections.abc import Iterable, Mapping

from pydantic import TypeAdapter

from gateway import registry_file
from gateway.mistake import Mistake, MistakesError, Words
from gateway.registry import Registry
from gateway.registry_rows import PairingRow, Rows
from gateway.registry_tables import KINDS, AnyRow

Cell = str | int | bool
Raw = dict[str, Cell]

_ROWS = TypeAdapter(Rows)
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_TRUE = frozenset({"true", "yes", "1", "是", "有", "对"})
_FALSE = frozenset({"false", "no", "0", "否", "无", "没有", "不"})


def columns(table: str) -> list[str]:
    """List the keys of a table's rows as a file spells them."""
    names = (field.name for field in dataclasses.fields(KINDS[table]))
    return ["class" if name == "device_class" else name for name in names]


def _kinds_of(table: str) -> dict[str, str]:
    """Say of each key what a cell may hold: `flag`, `number` or `text`."""
    hints = typing.get_type_hints(KINDS[table])
    fields = dataclasses.fields(KINDS[table])
    return {
        key: _kind(hints[field.name]) for key, field in zip(columns(table), fields, strict=True)
    }


def _kind(hint: object) -> str:
    parts = {hint, *typing.get_args(hint)}
    return "flag" if bool in parts else "number" if int in parts else "text"


CELLS = {table: _kinds_of(table) for table in KINDS}


REQUIRED = {
    table: frozenset(
        key
        for key, field in zip(columns(table), dataclasses.fields(kind), strict=True)
        if field.default is dataclasses.MISSING
    )
    for table, kind in KINDS.items()
}
"""Keys that each row must have; where they may be empty they are written so."""


def cell(table: str, key: str, text: str) -> Cell:
    """Read what a person wrote into a cell; what cannot be read stays text, and is judged so."""
    kind = CELLS[table].get(key, "text")
    folded = text.strip().lower()
    if kind == "flag" and folded in _TRUE | _FALSE:
        return folded in _TRUE
    if (
        kind == "number"
        and folded.removeprefix("-").isascii()
        and folded.removeprefix("-").isdigit()
    ):
        return int(folded)
    return text


def find(registry: Registry, table: str, name: str) -> AnyRow | None:
    """Find the row that a name means."""
    if table == "homes":
        household = registry.households.get(name)
        return None if household is None else household.home
    if table == "pairings":
        home, _, responder = name.partition("/")
        there = registry.households.get(home)
        pairings = [] if there is None else there.pairings
        return next((row for row in pairings if row.responder == responder), None)
    if table == "devices":
        found = [row for row in registry.rows.devices if name in {row.id, row.device_id}]
        return found[0] if len(found) == 1 else None
    return (registry.residents if table == "residents" else registry.responders).get(name)


def with_row(registry: Registry, table: str, name: str, changes: Mapping[str, str]) -> Registry:
    """Give the file that changes a row, or adds it; an empty text takes a key out.

    Raises MistakesError where the row cannot be so.
    """
    before = find(registry, table, name)
    row = _named(table, name) if before is None else raw(table, [before])[0]
    for key, text in changes.items():
        row.pop(key, None)
        if text or key in REQUIRED[table]:
            row[key] = cell(table, key, text)
    return put(registry, table, before, row)


def put(registry: Registry, table: str, before: AnyRow | None, row: Raw) -> Registry:
    """Give the file that puts a row in the place of another, or last; raises MistakesError."""
    old = None if before is None else raw(table, [before])[0]
    homes = {_home_of(table, one) for one in (row, old) if one is not None}
    tables = {name: list(rows) for name, rows in _file(registry, homes).items()}
    if table == "pairings":
        paired = registry.responders.get(str(row.get("responder")))
        known = {there["id"] for there in tables["responders"]}
        if paired is not None and paired.id not in known:
            tables["responders"] += raw("responders", [paired])
    if old in tables[table]:
        tables[table][tables[table].index(old)] = row
    else:
        tables[table].append(row)
    return registry_file.judge({"version": 1, **tables})


def without_row(registry: Registry, table: str, row: AnyRow) -> Registry:
    """Give the whole registry without a row and what hangs on it; to be imported as a whole."""
    rows = registry.rows
    gone = "" if isinstance(row, PairingRow) else row.id
    home = gone if table == "homes" else None
    worn = gone if table == "residents" else None
    paired = gone if table == "responders" else None
    return Registry(
        Rows(
            homes=tuple(r for r in rows.homes if r is not row),
            residents=tuple(r for r in rows.residents if r is not row and r.home != home),
            devices=tuple(
                dataclasses.replace(r, resident=None) if r.resident == worn is not None else r
                for r in rows.devices
                if r is not row and r.home != home
            ),
            responders=tuple(r for r in rows.responders if r is not row),
            pairings=tuple(
                r
                for r in rows.pairings
                if r is not row and r.home != home and r.responder != paired
            ),
        )
    )


def _file(registry: Registry, homes: Iterable[str]) -> dict[str, list[Raw]]:
    """Give the rows of these homes as a file has them, with the responders they name."""
    there = [registry.households[home] for home in homes if home in registry.households]
    paired = {p.responder: registry.responders[p.responder] for h in there for p in h.pairings}
    return {
        "homes": raw("homes", [h.home for h in there]),
        "residents": raw("residents", [row for h in there for row in h.residents]),
        "devices": raw("devices", [row for h in there for row in h.devices]),
        "responders": raw("responders", list(paired.values())),
        "pairings": raw("pairings", [row for h in there for row in h.pairings]),
    }


def raw(table: str, rows: Iterable[AnyRow]) -> list[Raw]:
    """Give rows as a file has them."""
    whole = Rows(**{table: tuple(rows)})  # type: ignore[arg-type]
    tables = _ROWS.dump_python(
        whole, mode="json", by_alias=True, exclude_defaults=True, exclude_none=True
    )
    return typing.cast("list[Raw]", tables.get(table, []))


def _named(table: str, name: str) -> Raw:
    """Begin a row that is not there."""
    if table != "pairings":
        return {"id": name}
    home, _, responder = name.partition("/")
    return {"home": home, "responder": responder}


def _home_of(table: str, row: Raw) -> str:
    """Give the home a row belongs to; a responder, and who has no home, belong to none."""
    return str(row.get("id" if table == "homes" else "home", ""))


def not_there(table: str, name: str) -> MistakesError:
    """Say that a row is not there."""
    reason = Words(f"登记册的 {table} 里没有", f"is not in the registry's {table}")
    mend = Words("用 smartcare registry export 看看", "look with smartcare registry export")
    return MistakesError([Mistake(table, f'"{name}"', reason, mend)])
