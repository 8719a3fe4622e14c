"""What Prometheus reads, and whether all is well: true figures, nothing personal."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from alerting.event import Verb
from gateway.app import built, serve
from gateway.assembly import Gateway
from gateway.commit_meter import CommitMeter
from gateway.config import parse
from gateway.entries import Batch, LogLine
from gateway.health import Reason, oldest_seconds, reasons
from gateway.job import Job
from gateway.memory_journal import MemoryJournal
from gateway.request import Act, BeginWalkTest, Drill
from tests.brokers import VILLAGE
from tests.cli.rig import CONFIG, HastyClock, Yard, running
from tests.links.rig import until
from tests.links.test_installation import gateway, publish

DEAD_BROKER = '[mqtt]\nurl = "mqtt://127.0.0.1:1"\n'
PERSONAL = re.compile(r"桂|李明|王|h000\d|smoke-h|d01|r0001|\d{7,}1\b|1600000")

Samples = dict[str, float]


async def page(opened: Gateway, path: str = "/metrics") -> httpx.Response:
    """Ask the monitor's port."""
    assert opened.monitor is not None
    async with httpx.AsyncClient() as client:
        return await client.get(f"http://127.0.0.1:{opened.monitor.port}{path}")


def samples(text: str) -> Samples:
    """Read a page as Prometheus does: `name{label=value}` -> value."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{key}={sample.labels[key]}" for key in sorted(sample.labels))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


@asynccontextmanager
async def lonely(folder: Path, more: str = "[monitor]\nport = 0\n") -> AsyncIterator[Gateway]:
    """A gateway whose broker is not there."""
    config = parse(CONFIG + DEAD_BROKER + more, {}, folder)
    async with built(config, lambda _: None) as opened:
        serving = asyncio.create_task(serve(opened))
        yield opened
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def test_the_figures_are_those_of_what_happened(tmp_path: Path) -> None:
    """A reading, one of no use, a rehearsal taken over: counted where it belongs."""
    async with gateway(tmp_path, "[monitor]\nport = 0\n") as opened:
        await publish(opened, "care/v1/h0001/smoke-h0001/motion", *VILLAGE)
        await publish(opened, "care/v1/h0009/nobody/motion", *VILLAGE)
        assert opened.operations is not None
        for request in (Drill("h0001", "smoke", "d01"), Act("h0001", Verb.ACKNOWLEDGE, "d01")):
            async for _ in opened.operations.perform(request):
                pass
        await until(lambda: opened.pump.counts["received"] == 2)
        response = await page(opened)
        health = await page(opened, "/healthz")
    found = samples(response.text)
    expected = {
        "smartcare_received_total": 2,
        "smartcare_quarantined_total{code=unclaimed_device}": 1,
        "smartcare_open_alarms{drill=true,kind=smoke,priority=life,state=acknowledged}": 1,
        "smartcare_link_up{link=mqtt}": 1,
        "smartcare_channel_up{channel=console}": 1,
        "smartcare_homes": 2,
        "smartcare_failed_commits_total": 0,
        "smartcare_oldest_unacknowledged_seconds": 0,
    }
    assert expected == {name: found[name] for name in expected}
    assert (
        found["smartcare_commit_seconds_count"] == found["smartcare_commit_seconds_bucket{le=+Inf}"]
    )
    assert found["smartcare_commit_seconds_count"] > 2
    assert found["smartcare_journal_seq"] >= 5
    assert found["process_resident_memory_bytes"] > 1e6
    assert (200, {"ok": True, "reasons": []}) == (health.status_code, health.json())


async def test_an_alert_on_what_nobody_takes_can_leave_out_what_nobody_must(tmp_path: Path) -> None:
    """The runbook's: neither for a low battery, which is open for days, nor for an installer."""
    topic = "care/v1/h0001/smoke-h0001"
    async with gateway(tmp_path, "[monitor]\nport = 0\n") as opened:
        await publish(opened, f"{topic}/battery_low", *VILLAGE, b'{"v": 1, "value": true}')
        assert opened.operations is not None
        async for _ in opened.operations.perform(BeginWalkTest("h0001", "d01", "d01")):
            pass
        await publish(opened, f"{topic}/smoke", *VILLAGE, b'{"v": 1, "value": true}')
        await until(lambda: opened.pump.counts["received"] == 2)
        text = (await page(opened)).text
    found = {
        (labels["kind"], labels["priority"] != "trouble" and labels["drill"] == "false")
        for family in text_string_to_metric_families(text)
        for name, labels, value, *_ in family.samples
        if name == "smartcare_open_alarms" and labels["state"] == "raised" and value
    }
    assert {("low_battery", False), ("smoke", False)} == found


async def test_nothing_personal_is_on_the_page(tmp_path: Path) -> None:
    """No name, number, home or device, whatever a device calls itself."""
    async with gateway(tmp_path, "[monitor]\nport = 0\n") as opened:
        await publish(opened, "care/v1/h0001/smoke-h0001/smoke", *VILLAGE)
        await publish(opened, "care/v1/13812345678/李明/rain", *VILLAGE)
        await until(lambda: opened.pump.counts["received"] == 2)
        text = (await page(opened)).text
    assert None is PERSONAL.search(re.sub(r"^process_.*$", "", text, flags=re.MULTILINE))
    assert len(text.splitlines()) < 200


async def test_a_link_that_is_down_is_a_reason(tmp_path: Path) -> None:
    """503, with what is wrong, for programs and people."""
    async with lonely(tmp_path) as opened:
        response = await page(opened, "/healthz")
    assert 503 == response.status_code
    assert ["link_down mqtt"] == [f"{r['code']} {r['subject']}" for r in response.json()["reasons"]]


async def test_a_taken_port_keeps_nothing_from_starting(tmp_path: Path) -> None:
    """It is a trouble; the gateway runs."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with lonely(tmp_path, f"[monitor]\nport = {port}\n") as opened:
            assert None is opened.monitor
            assert ["monitor_port_taken"] == opened.troubles.codes()


async def test_without_a_port_nothing_listens(tmp_path: Path) -> None:
    """It has to be asked for."""
    async with lonely(tmp_path, "") as opened:
        assert "monitor" not in opened.runs


def wrong(yard: Yard, after: timedelta = timedelta(0)) -> list[Reason]:
    """What is wrong after a while."""
    now = yard.clock.now() + after
    meter = yard.journal.meter
    return list(reasons(yard.pump, yard.inbox, meter, yard.links, yard.channels, now))


async def test_a_disk_that_takes_nothing_is_a_reason_until_it_does(tmp_path: Path) -> None:
    """Told from the first commit that fails to the next that is kept."""
    journal = MemoryJournal(HastyClock())
    async with running(tmp_path, journal) as yard:
        assert [] == wrong(yard)
        journal.is_full = True
        yard.inbox.put(Job(events=(), lines=(), statements=(("SELECT 1", ()),)))
        await until(lambda: journal.meter.is_failing)
        assert ["commit_failing"] == [reason.code for reason in wrong(yard)]
        journal.is_full = False
        await until(lambda: not journal.meter.is_failing)
        assert [] == wrong(yard)
        assert journal.meter.failed >= 1


async def test_a_turn_that_hangs_is_a_reason(tmp_path: Path) -> None:
    """A disk that never answers is neither full nor broken; only time tells."""
    journal = MemoryJournal(HastyClock(), hop_seconds=0.0)
    async with running(tmp_path, journal) as yard:
        journal._memory._hop_seconds = 1e4  # noqa: SLF001 -- the simulated disk hangs
        yard.inbox.put(Job())
        await until(lambda: yard.pump.is_mid_turn)
        assert [] == wrong(yard, timedelta(seconds=50))
        assert ["pump_stuck"] == [reason.code for reason in wrong(yard, timedelta(seconds=70))]
        assert 0 == oldest_seconds(yard.pump, yard.inbox, yard.clock.now())


def test_attempts_are_counted_as_they_end() -> None:
    """By medium and outcome, in commits that were kept."""
    meter, lines = CommitMeter(), []
    for outcome in ("answered", "answered", "busy"):
        facts = {"medium": "voice", "outcome": outcome, "person": "n1"}
        at = HastyClock().now()
        lines.append(LogLine("k", at, "h1", "a1", "smoke", "attempt_ended", "life", facts))
    meter.kept(Batch(lines=lines), 0.003)
    assert {("voice", "answered"): 2, ("voice", "busy"): 1} == meter.attempts
    assert 1 == meter.buckets[2]
