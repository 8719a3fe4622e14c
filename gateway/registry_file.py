"""The registry as a file: read with every mistake named, and written again.

A file is complete in itself: whoever it names stands in it. The types of the rows judge each value;
what only shows between rows (an id given twice, a home nobody has described) is found here on the
raw tables, so that one bad value hides no other and invents none.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import tomli_w
from pydantic import TypeAdapter, ValidationError

from gateway.mistake import Mistake, MistakesError, Words, mistakes_of, read_toml, show, spell
from gateway.registry import Registry
from gateway.registry_rows import Rows

MOST_BYTES = 256 * 1024 * 1024
MOST_IN_A_HOME = 100
"""Residents, and devices, and responders, of one home: more is another sort of house."""

TABLES = ("homes", "residents", "devices", "responders", "pairings")

_ROWS = TypeAdapter(Rows)
_HEADER = re.compile(rb"^[ \t]*\[\[[ \t]*(\w+)[ \t]*\]\]", re.MULTILINE)
_PATH = re.compile(r"(\w+)\[(\d+)\]")

Row = dict[str, object]
Tables = Mapping[str, list[tuple[int, Row]]]


def parse(data: bytes) -> Registry:
    """Read a registry file; raises MistakesError with every mistake in it."""
    raw = read_toml(data, MOST_BYTES)
    try:
        return judge(raw)
    except MistakesError as error:
        raise MistakesError(_with_lines(error.mistakes, data, raw)) from None


def judge(raw: Mapping[str, object]) -> Registry:
    """Make a registry of the tables of a file; raises MistakesError with every mistake in them."""
    rows, found = Rows(), []
    try:
        rows = _ROWS.validate_python(raw)
    except ValidationError as error:
        found = mistakes_of(error, Rows)
    known = {mistake.path for mistake in found}
    found += [mistake for mistake in _between(_tables(raw)) if mistake.path not in known]
    if "version" not in raw:
        found.insert(0, _NO_VERSION)
    if found:
        raise MistakesError(found)
    return Registry(rows)


def dump(registry: Registry) -> bytes:
    """Write a registry as a file, device secrets included; `parse` gives the same again."""
    tables = _ROWS.dump_python(
        registry.rows, mode="json", by_alias=True, exclude_defaults=True, exclude_none=True
    )
    parts = ["version = 1\n"]
    for name in TABLES:
        parts += [f"\n[[{name}]]\n{tomli_w.dumps(row)}" for row in tables.get(name, [])]
    return "".join(parts).encode()


_NO_VERSION = Mistake(
    "version",
    "",
    Words("缺少这一项", "is missing"),
    Words("在第一行写 version = 1", "write version = 1 on the first line"),
)


def _tables(raw: Mapping[str, object]) -> Tables:
    """Give what are rows among whatever was written, with their numbers."""
    tables: dict[str, list[tuple[int, Row]]] = {}
    for name in TABLES:
        found = raw.get(name)
        rows = found if isinstance(found, list) else []
        tables[name] = [(at, row) for at, row in enumerate(rows) if isinstance(row, dict)]
    return tables


def _between(tables: Tables) -> Iterator[Mistake]:
    """Find what is wrong between rows."""
    yield from _twice("homes", tables["homes"], {})
    people: dict[str, str] = {}
    yield from _twice("residents", tables["residents"], people)
    yield from _twice("devices", tables["devices"], {})
    yield from _twice("responders", tables["responders"], people)
    homes, responders = _ids(tables["homes"]), _ids(tables["responders"])
    homes_of = {
        resident: row.get("home")
        for _, row in tables["residents"]
        if isinstance(resident := row.get("id"), str)
    }
    for name in ("residents", "devices", "pairings"):
        yield from _dangling(name, tables[name], "home", "homes", homes)
        yield from _crowded(name, tables[name])
    yield from _dangling("devices", tables["devices"], "resident", "residents", set(homes_of))
    yield from _dangling("pairings", tables["pairings"], "responder", "responders", responders)
    yield from _strangers(tables["devices"], homes_of)
    yield from _paired_twice(tables["pairings"])


def _ids(rows: Iterable[tuple[int, Row]]) -> set[str]:
    return {row_id for _, row in rows if isinstance(row_id := row.get("id"), str)}


def _twice(name: str, rows: Iterable[tuple[int, Row]], first: dict[str, str]) -> Iterator[Mistake]:
    """Find ids that were given before; `first` says where, and goes on from table to table."""
    for at, row in rows:
        row_id, place = row.get("id"), f"{name}[{at}]"
        if not isinstance(row_id, str):
            continue
        if row_id in first:
            yield Mistake(
                f"{place}.id",
                show(row_id),
                Words(f"编号与 {first[row_id]} 重复", f"is the id of {first[row_id]} too"),
                Words("换一个编号，或删掉重复的一行", "choose another id, or take one row out"),
            )
        first.setdefault(row_id, place)


def _dangling(
    name: str, rows: Iterable[tuple[int, Row]], key: str, table: str, known: set[str]
) -> Iterator[Mistake]:
    """Find references to rows that are not there."""
    for at, row in rows:
        target = row.get(key)
        if isinstance(target, str) and target not in known and (target or name != "residents"):
            yield Mistake(
                spell((name, at, key)),
                show(target),
                Words(f"[[{table}]] 里没有这个编号", f"is the id of no row of [[{table}]]"),
                Words("改成已有的编号，或补上那一行", "correct it, or add the row"),
            )


def _crowded(name: str, rows: Iterable[tuple[int, Row]]) -> Iterator[Mistake]:
    """Find the row with which a home has more than it may."""
    counts: Counter[str] = Counter()
    for at, row in rows:
        home = row.get("home")
        if isinstance(home, str) and home:
            counts[home] += 1
            if counts[home] == MOST_IN_A_HOME + 1:
                most = f"{MOST_IN_A_HOME}"
                yield Mistake(
                    spell((name, at)),
                    show(home),
                    Words(f"这一户超过 {most} 行", f"is more than {most} rows for one home"),
                    Words("分成几户登记", "divide it into several homes"),
                )


def _strangers(
    devices: Iterable[tuple[int, Row]], homes_of: Mapping[str, object]
) -> Iterator[Mistake]:
    """Find what is worn by somebody of another home."""
    for at, row in devices:
        resident = row.get("resident")
        if not isinstance(resident, str) or resident not in homes_of:
            continue
        if homes_of[resident] != row.get("home"):
            home = show(homes_of[resident])
            yield Mistake(
                spell(("devices", at, "resident")),
                show(resident),
                Words(f"这位老人住在 {home}，不在这一户", f"lives at {home}, not in this home"),
                Words("改设备的 home 或 resident", "correct the device's home or resident"),
            )


def _paired_twice(pairings: Iterable[tuple[int, Row]]) -> Iterator[Mistake]:
    first: dict[tuple[str, str], int] = {}
    for at, row in pairings:
        home, responder = row.get("home"), row.get("responder")
        if isinstance(home, str) and isinstance(responder, str):
            before = first.setdefault((home, responder), at)
            if before != at:
                yield Mistake(
                    spell(("pairings", at)),
                    f"{show(home)}, {show(responder)}",
                    Words(f"与 pairings[{before}] 重复", f"is the same as pairings[{before}]"),
                    Words("删掉一行", "take one of them out"),
                )


def _with_lines(
    found: Iterable[Mistake], data: bytes, raw: Mapping[str, object]
) -> Iterator[Mistake]:
    """Add the line on which the row of a mistake begins, where it can be told."""
    lines: dict[str, list[int]] = {name: [] for name in TABLES}
    line, last = 1, 0
    for header in _HEADER.finditer(data):
        line += data.count(b"\n", last, header.start(1))
        last = header.start(1)
        lines.setdefault(header[1].decode(), []).append(line)
    yield from located(found, lines, raw)


def located(
    found: Iterable[Mistake], lines: Mapping[str, list[int]], raw: Mapping[str, object]
) -> Iterator[Mistake]:
    """Add lines to mistakes; `lines` has that of each row of each table."""
    for mistake in found:
        place = _PATH.match(mistake.path)
        rows = raw.get(place[1]) if place else None
        # Were the headers counted wrongly (one inside a text, say), no line is better than a lie.
        if place and isinstance(rows, list) and len(rows) == len(lines.get(place[1], ())):
            yield mistake._replace(line=lines[place[1]][int(place[2])])
        else:
            yield mistake
