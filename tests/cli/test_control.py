"""The control socket: what comes over it is bounded, answered, and never fatal."""

import asyncio
import json
import stat
from pathlib import Path

import pytest

from gateway.control import MOST_CONNECTIONS, MOST_FOLLOWERS, Control, reachable
from gateway.control_client import rows
from gateway.operations import Operations
from gateway.request import ListAlarms, ReadLog, ReadStatus
from tests.cli.rig import HastyClock, Yard, idle_door, running

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

HOSTILE = [
    b"\n",
    b"[]\n",
    b"{}\n",
    b'{"do":"nothing"}\n',
    b'{"do":"alarms","more":1}\n',
    b'{"do":"act","alarm":7,"verb":"close","by":"x"}\n',
    b'{"do":"log","since":"yesterday"}\n',
    b"\xff\xfe\n",
    b"[" * 100_000 + b"\n",
    b'{"do":"alarms"',
    b"a" * 300_000 + b"\n",
    b'{"do":"import","lines":1}\nnothing\n',
    b'{"do":"import","lines":1}\n{"homes":[{"id":"h 1"}]}\n',
    b'{"do":"import","lines":-1}\n',
    b'{"do":"drill","home":"\\ud800","kind":"\\u0000","by":"\\ud800"}\n',
    b'{"do":"log","since":"0001-01-01T00:00:00+14:00"}\n',
    b'{"do":"log","after_seq":99999999999999999999999}\n',
]


async def connected(yard: Yard) -> Streams:
    """Open the socket."""
    return await asyncio.open_unix_connection(yard.folder / "control.sock")


async def said(yard: Yard, request: bytes) -> list[dict[str, object]]:
    """Send bytes and give every line of the answer."""
    reader, writer = await connected(yard)
    writer.write(request)
    if not request.endswith(b"\n"):
        writer.write_eof()
    answer = await reader.read()
    writer.close()
    return [json.loads(line) for line in answer.splitlines()]


async def test_only_the_gateways_user_can_open_it(yard: Yard) -> None:
    """The socket has mode 0600."""
    assert 0o600 == stat.S_IMODE((yard.folder / "control.sock").stat().st_mode)


async def test_an_answer_is_rows_and_an_end(yard: Yard) -> None:
    """A line for each row, then the end."""
    (status, end) = await said(yard, b'{"do":"status"}\n')
    assert ["row"] == list(status)
    assert {"end": {}} == end


@pytest.mark.parametrize("request_", HOSTILE, ids=lambda line: repr(line[:24]))
async def test_what_is_no_request_is_refused_in_words(yard: Yard, request_: bytes) -> None:
    """One line says so, and the next caller is served."""
    (answer,) = await said(yard, request_)
    if "end" not in answer:
        assert ["refused", "detail"] == list(answer)
    assert 2 == len(await said(yard, b'{"do":"status"}\n'))


async def test_who_says_nothing_is_sent_away(yard: Yard) -> None:
    """A request has ten seconds to come; the test's clock runs faster."""
    reader, writer = await connected(yard)
    assert "too_slow" == json.loads(await reader.read())["refused"]
    writer.close()


async def test_too_many_at_once_are_turned_away(yard: Yard) -> None:
    """One more than is served is closed without an answer."""
    streams = [await connected(yard) for _ in range(MOST_CONNECTIONS + 1)]
    assert b"" == await streams[-1][0].read()
    for _, writer in streams:
        writer.close()


async def test_followers_who_leave_make_room(yard: Yard) -> None:
    """A follower is missed by the next empty line, though no line of the log comes."""
    for _ in range(MOST_CONNECTIONS):
        _, writer = await connected(yard)
        writer.write(b'{"do":"log","is_followed":true}\n')
        await writer.drain()
        writer.close()
    await yard.clock.sleep(10.0)
    assert 1 == len(await yard.ask(ReadStatus()))


async def test_a_socket_left_by_a_crash_is_replaced(tmp_path: Path) -> None:
    """Whatever is in the way, a gateway that holds the lock listens."""
    state = tmp_path / "state"
    state.mkdir()
    (state / "control.sock").touch()
    control = Control(state, Operations(idle_door()), HastyClock())
    task = asyncio.create_task(control.run())
    while not (state / "control.sock").is_socket():
        await asyncio.to_thread(lambda: None)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not (state / "control.sock").exists()


async def test_a_deep_folder_is_no_obstacle(tmp_path: Path) -> None:
    """The address of a socket is short, the path of a folder need not be."""
    deep = tmp_path / ("深" * 30) / ("x" * 60)
    deep.mkdir(parents=True)
    async with running(deep) as yard:
        assert [] == await yard.ask(ListAlarms())


async def test_a_folder_that_cannot_have_a_socket_stops_nothing(tmp_path: Path) -> None:
    """The control ends and says so in the log; the gateway goes on."""
    control = Control(tmp_path / "nowhere", Operations(idle_door()), HastyClock())
    assert None is await control.run()  # type: ignore[func-returns-value]


async def test_a_gateway_that_ends_ends_its_followers(tmp_path: Path) -> None:
    """Nobody waits for a gateway that is gone."""
    async with running(tmp_path) as yard:
        reader, writer = await connected(yard)
        writer.write(b'{"do":"log","is_followed":true}\n')
        assert b"\n" == await reader.readline()
    assert b"" == (await reader.read()).strip()
    writer.close()


def test_a_short_path_is_used_as_it_is() -> None:
    """Only what is too long is reached by a detour."""
    with reachable(Path("state")) as address:
        assert "state/control.sock" == address


async def test_following_gives_lines_as_they_are_written(yard: Yard) -> None:
    """What is committed after the question is part of the answer."""
    lines = rows(yard.folder, ReadLog(is_followed=True))
    first = asyncio.ensure_future(anext(lines))
    await said(yard, b'{"do":"drill","home":"h0001","kind":"smoke","by":"d01"}\n')
    assert "drill_raised" == json.loads(await first)["verb"]
    await lines.aclose()


async def test_followers_lock_no_operator_out(yard: Yard) -> None:
    """However many follow the log; one too many of them is told so."""
    streams: list[Streams] = []
    for _ in range(MOST_FOLLOWERS):
        streams.append(await connected(yard))
        streams[-1][1].write(b'{"do":"log","is_followed":true}\n')
    for reader, _ in streams:
        assert b"\n" == await reader.readline()
    assert 1 == len(await yard.ask(ReadStatus()))
    (refusal,) = await said(yard, b'{"do":"log","is_followed":true}\n')
    assert "too_many_followers" == refusal["refused"]
    for _, writer in streams:
        writer.close()
