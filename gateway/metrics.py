"""The gateway's figures in Prometheus' words: nothing personal, and labels of our own making only.

A label takes its values from the configuration or from a list in the code (a link, a medium, a
kind, a reason for quarantine), never from a device, so there are some dozens of series however
many homes there are. Derived when asked for; only commits and attempts are counted as they happen.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from alerting.engine import Engine
from gateway.commit_meter import BUCKETS, CommitMeter
from gateway.log_port import Stats

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labelled = Mapping[Any, float]
"""By the labels' values, a tuple."""


class Figures(NamedTuple):
    """Everything that is told, as of `now`."""

    now: datetime
    counts: Mapping[str, int]
    refused: Mapping[str, int]
    drops: Mapping[str, int]
    waiting: int
    oldest_seconds: float
    commits: CommitMeter
    engine: Engine
    devices: int
    links: Mapping[str, bool]
    channels: Mapping[str, bool]
    troubles: Mapping[str, int]
    stats: Stats | None
    wall_offset_seconds: float


def exposition(figures: Figures) -> bytes:
    """Give the page that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(_Scrape(_families(figures)))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Scrape(Collector):
    """Families for a registry, once."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        """Give them."""
        return self._families


def _families(figures: Figures) -> Iterator[Metric]:
    yield from _intake(figures)
    yield from _commits(figures.commits)
    yield from _state(figures)
    if figures.stats is not None:
        yield from _journal(figures.stats)


def _intake(figures: Figures) -> Iterator[Metric]:
    """What came in, and what became of it before it could be decided on."""
    counts = figures.counts
    yield _counter("received", "Receipts taken in.", {(): counts.get("received", 0)})
    yield _counter("duplicates", "Reports said twice.", {(): counts.get("duplicates", 0)})
    yield _counter("crashed_events", "Events the core failed at.", {(): counts.get("crashed", 0)})
    yield _counter("quarantined", "Input that was of no use.", _one(figures.refused), "code")
    yield _counter("dropped", "Receipts an overflow dropped.", _one(figures.drops), "worth")
    yield _gauge("inbox_waiting", "Items waiting for a turn.", {(): figures.waiting})
    yield _gauge(
        "oldest_unacknowledged_seconds",
        "Age of the oldest reading not yet committed.",
        {(): figures.oldest_seconds},
    )
    yield _counter("gaps", "Times readings could be lost.", {(): counts.get("gaps", 0)})
    yield _gauge("link_up", "Whether a link works.", _one(figures.links), "link")
    yield _gauge("channel_up", "Whether a channel works.", _one(figures.channels), "channel")


def _commits(commits: CommitMeter) -> Iterator[Metric]:
    """How the journal commits, and how attempts to reach people ended."""
    cumulative = list(accumulate(commits.buckets))
    bounds = [*(str(bound) for bound in BUCKETS), "+Inf"]
    yield HistogramMetricFamily(
        "smartcare_commit_seconds",
        "How long a commit took, fsync included.",
        buckets=list(zip(bounds, map(float, cumulative), strict=True)),
        sum_value=commits.seconds,
    )
    yield _counter("failed_commits", "Commits of which nothing was kept.", {(): commits.failed})
    yield _counter(
        "attempts", "Attempts to reach a person that ended.", commits.attempts, "medium", "outcome"
    )


def _state(figures: Figures) -> Iterator[Metric]:
    """What is open and what is wrong.

    What an installer tries is no more real than a drill, and a trouble waits for the morning: an
    alert on what nobody has taken must be able to leave both out.
    """
    engine, alarms = figures.engine, Counter[tuple[str, ...]]()
    for home in engine.homes.values():
        for alarm in home.alarms.values():
            if alarm.is_open:
                is_drill = "true" if alarm.is_drill or alarm.is_test else "false"
                priority = alarm.policy.priority.value
                alarms[str(alarm.kind), alarm.state.value, is_drill, priority] += 1
    yield _gauge("open_alarms", "Open alarms.", alarms, "kind", "state", "drill", "priority")
    yield _gauge("homes", "Homes watched over.", {(): len(engine.homes)})
    yield _gauge("devices", "Devices claimed.", {(): figures.devices})
    yield _gauge("troubles", "What is wrong now.", _one(figures.troubles), "code")
    due = engine.next_deadline()
    late = 0.0 if due is None else max((figures.now - due).total_seconds(), 0.0)
    yield _gauge("deadline_late_seconds", "How late the next deadline is.", {(): late})
    yield _gauge(
        "wall_clock_offset_seconds",
        "How far the machine's clock is from the gateway's.",
        {(): figures.wall_offset_seconds},
    )


def _journal(stats: Stats) -> Iterator[Metric]:
    yield _gauge("journal_seq", "Number of the last entry.", {(): stats.last_seq})
    yield _gauge("journal_snapshot_seq", "Entry of the last snapshot.", {(): stats.snapshot_seq})
    yield _gauge("journal_bytes", "Size of the journal's file.", {(): stats.size_bytes})
    yield _gauge("outbox_open", "Orders not yet done.", {(): stats.open_orders})
    yield _gauge("alarm_log_lines", "Lines of the alarm log.", {(): stats.log_lines})


def _one(table: Mapping[str, float]) -> Labelled:
    return {(name,): value for name, value in table.items()}


def _counter(name: str, says: str, values: Labelled, *labels: str) -> Metric:
    family = CounterMetricFamily(f"smartcare_{name}", says, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _gauge(name: str, says: str, values: Labelled, *labels: str) -> Metric:
    family = GaugeMetricFamily(f"smartcare_{name}", says, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
