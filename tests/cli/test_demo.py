"""`smartcare demo` for somebody who has never seen it: what is told, and how it ends."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.demo_tale import Display, Tale
from gateway.request import LineView
from tests.cli.rig import typed

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


def line(verb: str, seconds: float, alarm: str = "a1", **facts: str) -> LineView:
    """Make a line of the alarm log, of an alarm of home h0002."""
    at = NOON + timedelta(seconds=seconds)
    return LineView(1, at, "h0002", alarm, "smoke", verb, "life", facts, None, "")


@pytest.mark.parametrize("seconds", ["-1", "0", "inf", "nan", "86401", "1e308"])
def test_a_time_that_never_passes_is_refused(tmp_path: Path, seconds: str) -> None:
    """With a sentence that says what may be given."""
    result = typed(tmp_path / "config.toml", "demo", "--seconds", seconds)
    assert 2 == result.exit_code
    assert "86400" in result.output


def test_the_summary_tells_each_alarm_with_its_way_and_its_steps_once() -> None:
    """Two people who go are one step; what did not happen is not told."""
    tale = Tale()
    told = tale.take(line("raised", 0, device="own-smoke"), "serial0", ZONE)
    assert told.endswith("经串口 by serial line serial0")
    reached = {"medium": "sms", "outcome": "delivered", "person": "n1"}
    assert "通知到 notified" in tale.take(line("attempt_ended", 0.25, **reached), "", ZONE)
    assert "" == tale.take(line("attempt_ended", 0.5, **reached), "", ZONE)
    tale.take(line("acknowledged", 2, person="n1"), "", ZONE)
    tale.take(line("acknowledged", 3, person="n2"), "", ZONE)
    assert tale.summary(45).splitlines()[1:] == [
        "演示结束 the demo ends · 用时 after 45 s · 报警 alarms 1 · 办结 closed 0",
        "  烟雾 smoke  h0002  经串口 by serial line serial0",
        "      触发 raised 0.0 s → 通知到 notified 0.2 s → 有人去 acknowledged 2.0 s",
    ]


def test_a_failed_attempt_and_a_line_on_the_console_notify_nobody() -> None:
    """Only a person reached by telephone counts."""
    tale = Tale()
    for medium, outcome in (("voice", "busy"), ("console", "delivered")):
        attempt = line("attempt_ended", 1, medium=medium, outcome=outcome)
        assert "" == tale.take(attempt, "", ZONE)
    assert {} == tale.stories


def test_a_phone_tells_a_calls_words_once() -> None:
    """The carrier says them twice, and a gather says them again."""
    display = Display()
    heard = "李明 +8616000000001  听到：请去敲门。能去请按1。  请去敲门。能去请按1。"
    assert "李明 +8616000000001  听到 hears: 请去敲门。能去请按1。" == display.take(heard)
    assert ["", ""] == [display.take(heard), display.take("李明 +8616000000001  接通")]


def children(session: int) -> Iterator[str]:
    """Give the command lines of a session's processes that still live."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(") ", 1)[1].split()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue  # it has gone meanwhile
        if int(fields[3]) == session and fields[0] != "Z":
            yield command.replace(b"\0", b" ").decode()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.timeout(90)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_demo_with_its_children_and_a_true_summary(
    number: signal.Signals,
) -> None:
    """After the first fire, which came by MQTT, has been told."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "demo", "--homes", "2"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout is not None
    try:
        guard = threading.Timer(60, demo.kill)
        guard.start()
        for told in demo.stdout:
            if "通知到 notified" in told and "▌" in told:
                break
        demo.send_signal(number)
        rest = demo.stdout.read()
        assert 0 == demo.wait()
        assert [] == list(children(demo.pid))
    finally:
        guard.cancel()
        demo.kill()
        demo.stdout.close()
    summary = rest[rest.index("演示结束") :]
    assert "报警 alarms 1 · 办结 closed 0" in summary
    assert (
        "烟雾 smoke  h0001  经 MQTT by MQTT\n      触发 raised 0.0 s → 通知到 notified" in summary
    )
