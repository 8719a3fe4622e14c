"""`smartcare explain`: why an alarm was raised, with a small picture of the day before it."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gateway import day_picture
from gateway.cli_alarms import AlarmName
from gateway.cli_reach import (
    CONFIG,
    USAGE,
    AsJson,
    ConfigFile,
    Reach,
    ending,
    out,
    say,
    write_json,
)
from gateway.cli_words import KINDS, VERBS, both, plain
from gateway.explained import Explained
from gateway.request import Explain

Png = Annotated[
    Path | None,
    typer.Option("--png", metavar="FILE", help="把图存成文件 write the picture to a file."),
]


def explain(
    alarm: AlarmName, *, config: ConfigFile = CONFIG, png: Png = None, as_json: AsJson = False
) -> None:
    """说明为什么报警 Say in a sentence why an alarm was raised, and show the day before it."""
    with ending():
        reach = Reach(config)
        rows: list[bytes] = []
        reach.show(Explain(alarm), rows.append)
        story = msgspec.json.decode(rows[0], type=Explained)
        if as_json:
            write_json(rows[0])
        else:
            _tell(story, reach)
        if png is not None:
            _write(png, day_picture.png(story, reach.zone))


def _tell(story: Explained, reach: Reach) -> None:
    at = f"{story.at.astimezone(reach.zone):%m-%d %H:%M}"
    head = (at, both(KINDS, story.kind), both(VERBS, story.verb), plain(story.address), story.id)
    out().print("  ".join(part for part in head if part))
    out().print(plain(story.zh))
    out().print(plain(story.en))
    for line in day_picture.terminal(story, reach.zone):
        out().print(line)


def _write(file: Path, picture: bytes) -> None:
    try:
        file.write_bytes(picture)
    except OSError as error:
        say(f"写不进去 cannot write {file}: {error.strerror}")
        raise typer.Exit(USAGE) from None
