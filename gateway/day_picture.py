"""The day before an alarm as a small picture: a row a device, a column a half hour.

Pure. The first row is what is usual in this home; in it and below, a taller block is more. The last
column holds the alarm.
"""

from zoneinfo import ZoneInfo

from rich.cells import cell_len

from alerting.routine import SLOT
from gateway.cli_words import KINDS, both, plain
from gateway.explained import Explained
from gateway.png import Canvas, Colour

BLOCKS = " ▁▂▃▄▅▆▇█"
NOTHING = "·"
USUAL = "平时 usual"
HOURS_APART = 3
MOST_NAME_CELLS = 24

_CELL, _ROW, _LEFT, _TOP = 12, 18, 130, 44
_GREEN: Colour = (11, 110, 79)
_BLUE: Colour = (91, 95, 151)
_GREY: Colour = (232, 232, 232)
_RED: Colour = (200, 40, 40)
_ENOUGH = 8
"""So many reports in half an hour, and more, are a full block."""


def terminal(story: Explained, zone: ZoneInfo) -> list[str]:
    """Give the picture as lines of text."""
    rows = [(plain(row.name), _blocks(row.counts)) for row in story.rows]
    if story.usual:
        rows.insert(0, (USUAL, "".join(_block(share, 1.0) for share in story.usual)))
    width = max((cell_len(_short(name)) for name, _ in rows), default=0)
    columns = len(story.usual) or 48
    lines = [" " * (width + 2) + _axis(story, zone, columns)]
    lines += [f"{_padded(_short(name), width)}  {cells}" for name, cells in rows]
    lines.append(" " * (width + 2 + columns - 1) + f"▲ {both(KINDS, story.kind)}")
    return lines


def _axis(story: Explained, zone: ZoneInfo, columns: int) -> str:
    """Write the hour over every third one."""
    signs = [" "] * (columns + 1)
    for n in range(columns):
        local = (story.begin + n * SLOT).astimezone(zone)
        if local.minute == 0 and local.hour % HOURS_APART == 0 and n + 1 < columns:
            signs[n : n + 2] = list(f"{local:%H}")
    return "".join(signs).rstrip()


def _short(name: str) -> str:
    while cell_len(name) > MOST_NAME_CELLS:
        name = name[:-1]
    return name


def _padded(name: str, width: int) -> str:
    return name + " " * (width - cell_len(name))


def _blocks(counts: list[int]) -> str:
    return "".join(_block(count, _ENOUGH) if count else NOTHING for count in counts)


def _block(value: float, full: float) -> str:
    return BLOCKS[min(8, max(1, round(8 * value / full)))]


def png(story: Explained, zone: ZoneInfo) -> bytes:
    """Give the picture as a PNG; names that are no Latin letters are told by class and number."""
    columns = len(story.usual) or 48
    rows = [(f"{row.type or 'device'} {n}", row.counts) for n, row in enumerate(story.rows, 1)]
    height = _TOP + _ROW * (len(rows) + 1) + 24
    canvas = Canvas(_LEFT + _CELL * columns + 16, height)
    canvas.write(8, 8, f"{story.id}  {story.at.astimezone(zone):%Y-%m-%d %H:%M}")
    for n in range(columns):
        local = (story.begin + n * SLOT).astimezone(zone)
        if local.minute == 0 and local.hour % HOURS_APART == 0:
            canvas.write(_LEFT + _CELL * n, _TOP - 14, f"{local:%H}")
    _paint(canvas, 0, ("usual", [1.0 * share for share in story.usual], 1.0), _BLUE)
    for y, (name, counts) in enumerate(rows, 1):
        _paint(canvas, y, (name, [float(count) for count in counts], float(_ENOUGH)), _GREEN)
    canvas.fill(_LEFT + _CELL * (columns - 1), _TOP + _ROW * (len(rows) + 1), (_CELL - 2, 4), _RED)
    canvas.write(_LEFT + _CELL * (columns - 8), height - 14, story.kind[:11], _RED)
    return canvas.png()


def _paint(canvas: Canvas, y: int, row: tuple[str, list[float], float], colour: Colour) -> None:
    """Paint a row: its name, and a bar a half hour."""
    name, values, full = row
    top = _TOP + _ROW * y
    canvas.write(8, top + 3, name[:14])
    for n, value in enumerate(values):
        left = _LEFT + _CELL * n
        canvas.fill(left, top, (_CELL - 2, _ROW - 2), _GREY)
        tall = round((_ROW - 2) * min(1.0, value / full)) if value else 0
        tall = max(tall, 3) if value else 0
        canvas.fill(left, top + _ROW - 2 - tall, (_CELL - 2, tall), colour)
