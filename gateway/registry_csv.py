"""The registry as CSV: a folder with a file a table, for whoever keeps it in a spreadsheet.

A first line names the keys, as the TOML form does. Spreadsheets write UTF-8 with a mark at the
front, or GB18030; commas, semicolons or tabs; all are read. An empty cell is a key left out. What
a table holds is judged as any registry file, each mistake with the file's line.

A cell that a spreadsheet would take for a formula is written behind an apostrophe, and read
without it; a telephone number begins with a plus and stays as it is.
"""

import csv
import difflib
import io
import re
from collections.abc import Iterator, Mapping

from gateway.mistake import Mistake, MistakesError, Words, show
from gateway.registry import Registry
from gateway.registry_edit import REQUIRED, cell, columns
from gateway.registry_file import MOST_BYTES, TABLES, judge, located

_FORMULA = re.compile(r"'*[=+\-@]")
_NO_COLUMN = Words("没有这一列", "is not a column of this table")
_NUMBER = re.compile(r"\+?-?\d+")

Row = dict[str, object]


def parse(files: Mapping[str, bytes]) -> Registry:
    """Read tables by name; raises MistakesError with every mistake in all of them."""
    raw: dict[str, object] = {"version": 1}
    lines: dict[str, list[int]] = {}
    found: list[Mistake] = []
    for name in TABLES:
        if name in files:
            table = _Table(name)
            raw[name] = list(table.read(files[name]))
            lines[name] = table.lines
            found += table.mistakes
    try:
        registry = judge(raw)
    except MistakesError as error:
        found += located(error.mistakes, lines, raw)
    if found:
        raise MistakesError(found)
    return registry


class _Table:
    """One file on its way to rows; `lines` has that of each row."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.lines: list[int] = []
        self.mistakes: list[Mistake] = []

    def read(self, data: bytes) -> Iterator[Row]:
        """Give its rows."""
        text = self._text(data)
        first = text.split("\n", 1)[0]
        mark = max(",;\t", key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
        try:
            keys = self._keys([name.strip() for name in next(reader, [])])
            for cells in reader:
                if any(one.strip() for one in cells):
                    self.lines.append(reader.line_num)
                    yield self._row(keys, cells)
        except csv.Error as error:
            reason = Words(f"不是 CSV：{error}", f"is not CSV: {error}")
            mend = Words("检查这一行的引号", "look at the quotes of this line")
            self._wrong("", "", reason, mend, reader.line_num)

    def _text(self, data: bytes) -> str:
        """Read what a spreadsheet wrote."""
        if len(data) > MOST_BYTES:
            reason = Words(f"文件有 {len(data)} 字节，太大", f"{len(data)} bytes are too many")
            self._wrong("", "", reason, Words("请分成几个文件", "divide it"), 1)
            return ""
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
        reason = Words("不是 UTF-8，也不是 GB18030", "is neither UTF-8 nor GB18030")
        self._wrong("", "", reason, Words("另存为 CSV UTF-8", "save it as CSV UTF-8"), 1)
        return ""

    def _keys(self, names: list[str]) -> list[str]:
        """Judge the first line; a column nobody knows is told once and passed over."""
        known = columns(self._name)
        every = ", ".join(known)
        for name in names:
            if name and name not in known:
                near = difflib.get_close_matches(name[:60], known, n=1)
                mend = Words(f"删掉这一列；可以写 {every}", f"take it out; there are {every}")
                if near:
                    mend = Words(f"是不是想写 {near[0]}？", f"did you mean {near[0]}?")
                self._wrong("", show(name), _NO_COLUMN, mend, 1)
        for name in {name for name in names if name and names.count(name) > 1}:
            reason = Words("这一列写了两次", "is a column twice")
            self._wrong("", show(name), reason, Words("删掉一列", "take one out"), 1)
        return [name if name in known else "" for name in names]

    def _row(self, keys: list[str], cells: list[str]) -> Row:
        """Make a row of the cells of a line; what stands beyond the columns is a mistake."""
        if any(one.strip() for one in cells[len(keys) :]):
            reason = Words("这一行的格子比列多", "has more cells than there are columns")
            mend = Words(
                "检查逗号，带逗号的文字要用引号", "put a text that holds a comma in quotes"
            )
            at = f"[{len(self.lines) - 1}]"
            self._wrong(at, show(cells[len(keys)]), reason, mend, self.lines[-1])
        row: Row = {
            key: cell(self._name, key, _bare(text.strip()))
            for key, text in zip(keys, cells, strict=False)
            if key and text.strip()
        }
        for key in REQUIRED[self._name].intersection(keys):
            row.setdefault(key, "")
        return row

    def _wrong(self, at: str, value: str, reason: Words, mend: Words, line: int) -> None:
        self.mistakes.append(Mistake(f"{self._name}.csv{at}", value, reason, mend, line))


def _bare(text: str) -> str:
    """Take away the apostrophe before what a spreadsheet would take for a formula."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def dump(raw: Mapping[str, object]) -> dict[str, bytes]:
    """Write the tables of a registry file, each as CSV with a mark that spreadsheets know."""
    return {name: _written(name, raw.get(name)) for name in TABLES}


def _written(name: str, rows: object) -> bytes:
    sink = io.StringIO(newline="")
    writer = csv.writer(sink)
    keys = columns(name)
    writer.writerow(keys)
    for row in rows if isinstance(rows, list) else []:
        writer.writerow([_cell(row.get(key, "")) for key in keys])
    return sink.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    """Spell a value; a flag as a file spells it."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
