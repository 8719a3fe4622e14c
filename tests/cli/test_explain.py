"""`smartcare explain`: the sentence and the picture of the day, for one who was just called."""

import json
import struct
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alerting.event import ReportReceived
from gateway import day_picture
from gateway.explained import DayRow, Explained
from gateway.job import Job
from gateway.png import Canvas
from gateway.request import Drill
from sensors.reading import Kind, Reading, Report, Source
from tests.cli.rig import Yard

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 3, 2, 5, 10, tzinfo=UTC)  # 13:10 in Shanghai


async def burn(yard: Yard, times: int = 1) -> None:
    """Let the smoke detector of the first home cry."""
    for n in range(times):
        now = yard.clock.now()
        readings = (Reading(Kind.SMOKE, value=True), Reading(Kind.HEARTBEAT))
        source = Source("mqtt", "own", "mqtt")
        report = Report("own-smoke-h0001", now, readings, source, n, boot="a", seq=n)
        await yard.door().commit(Job(events=(ReportReceived("h0001", report),)))


def story(**changes: object) -> Explained:
    """A silent morning, as the gateway would tell it."""
    counts = [0] * 30 + [1, 3, 9, 40] + [0] * 14
    plain = {
        "id": "h0001-no_motion-x",
        "home": "h0001",
        "address": "3栋2单元502",
        "kind": "no_motion",
        "verb": "pre_alarm",
        "at": AT,
        "zh": "没有动静。",
        "en": "nothing.",
        "evidence": {},
        "begin": AT - timedelta(hours=23, minutes=40),
        "usual": [n / 48 for n in range(48)],
        "rows": [DayRow("own-pir", "客厅 pir", "pir", counts)],
    }
    return Explained(**{**plain, **changes})  # type: ignore[arg-type]


async def test_an_operator_reads_why(yard: Yard) -> None:
    """By the home's id: when, what, where, why in both languages, and which device spoke."""
    await burn(yard, 3)
    result = await yard.type("explain", "h0001")
    assert 0 == result.exit_code, result.output
    head, zh, en, *picture = result.stdout.splitlines()
    assert "烟雾 smoke" in head
    assert "3栋2单元502" in head
    assert "smoke：烟雾报警。" == zh
    assert "smoke: smoke." == en
    assert "平时 usual" in picture[1]
    assert picture[2].startswith("smoke ")
    assert picture[2].rstrip()[-1] in day_picture.BLOCKS
    assert "▲ 烟雾 smoke" in picture[-1]


async def test_a_program_gets_all_of_it(yard: Yard) -> None:
    """One object: 48 half hours of what is usual, and of each device."""
    await burn(yard, 3)
    result = await yard.type("explain", "h0001", "--json")
    found = json.loads(result.stdout)
    assert {"device": "own-smoke-h0001"} == found["evidence"]
    assert 48 == len(found["usual"])
    (row,) = found["rows"]
    assert [0] * 47 + [1] == row["counts"]


async def test_a_closed_alarm_is_explained_by_its_whole_id(yard: Yard) -> None:
    """As long as the log has it."""
    (alarm,) = await yard.ask(Drill("h0002", "smoke", "d01"))
    name = str(alarm["id"])
    yard.pump.engine.homes["h0002"].alarms.clear()
    result = await yard.type("explain", name)
    assert "演练触发 drill_raised" in result.stdout
    assert 1 == (await yard.type("explain", name + "x")).exit_code


async def test_the_picture_is_written_to_a_file(yard: Yard, tmp_path: Path) -> None:
    """A PNG that is whole; and a place that cannot be written is said."""
    await burn(yard)
    file = tmp_path / "day.png"
    assert 0 == (await yard.type("explain", "h0001", "--png", str(file))).exit_code
    assert 722 == dots(file.read_bytes())[0]
    result = await yard.type("explain", "h0001", "--png", str(tmp_path / "no" / "day.png"))
    assert 2 == result.exit_code
    assert "cannot write" in result.stderr


def dots(png: bytes) -> tuple[int, int, bytes]:
    """Read a PNG's width, height and unpacked rows, checking every chunk."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, size, data = 8, (0, 0), b""
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (crc,) = struct.unpack_from(">I", png, at + 8 + length)
        assert zlib.crc32(kind + body) == crc
        if kind == b"IHDR":
            size = struct.unpack_from(">II", body)
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    return size[0], size[1], zlib.decompress(data)


def test_a_canvas_says_what_was_painted() -> None:
    """A dot where it was filled, white elsewhere; what lies outside is left out."""
    canvas = Canvas(8, 4)
    canvas.fill(6, 2, (9, 9), (1, 2, 3))
    width, height, rows = dots(canvas.png())
    assert (8, 4) == (width, height)
    assert 4 * (1 + 3 * 8) == len(rows)
    assert b"\x01\x02\x03\x01\x02\x03" == rows[-6:]
    assert 4 == rows.count(b"\x01\x02\x03")


def test_the_terminal_has_a_column_a_half_hour() -> None:
    """The hours stand over their columns; more is taller; nothing is a dot."""
    axis, usual, room, mark = day_picture.terminal(story(), SHANGHAI)
    left = room.index("·")
    cells = room[left:]
    assert "·" * 30 + "▁▃██" + "·" * 14 == cells
    # the row's own columns, for Chinese takes two of the terminal's
    assert 48 == len(usual.split("  ")[-1])
    first = AT.astimezone(SHANGHAI) - timedelta(hours=23, minutes=40)
    assert "13:30" == f"{first:%H:%M}"
    assert ["15", "18", "21", "00", "03", "06", "09", "12"] == axis.split()
    assert mark.rstrip().endswith("▲ 长时间无活动 no_motion")


def test_control_characters_stay_out_of_the_terminal() -> None:
    """A room's name is the registry's, and who knows who wrote it."""
    lines = day_picture.terminal(
        story(rows=[DayRow("d", "\x1b[2Jkitchen", "pir", [0] * 48)]), SHANGHAI
    )
    assert not any("\x1b" in line for line in lines)
