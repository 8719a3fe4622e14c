"""The port for those who watch over the gateway: `/metrics` and `/healthz`, on the loopback.

A port of its own, so that no front which forwards the carrier's callbacks shows it to the world.
What cannot be had of the journal is left out: a page with less on it is better than none.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

import msgspec
from fastapi import FastAPI, Response

from alerting.channels.contract import Channel
from gateway.clock import SystemClock
from gateway.health import oldest_seconds, reasons
from gateway.inbox import Inbox
from gateway.journal import Journal
from gateway.link import Link
from gateway.log_port import JournalFailedError, Stats
from gateway.metrics import CONTENT_TYPE, Figures, exposition
from gateway.pump import Pump
from gateway.registry import Registry
from gateway.troubles import Troubles


class Watched(Protocol):
    """The parts of a running gateway that are looked at; `gateway.assembly.Gateway` has them."""

    @property
    def pump(self) -> Pump:
        """What turns."""

    @property
    def inbox(self) -> Inbox:
        """Where everything waits."""

    @property
    def journal(self) -> Journal:
        """What is kept."""

    @property
    def registry(self) -> Registry:
        """The one in force."""

    @property
    def clock(self) -> SystemClock:
        """What time it is."""

    @property
    def links(self) -> Mapping[str, Link]:
        """Ways in, by name."""

    @property
    def channels(self) -> Mapping[str, Channel]:
        """Ways to people, by name."""

    @property
    def troubles(self) -> Troubles:
        """What is wrong."""


class Monitor:
    """Looks at the parts when it is asked."""

    def __init__(self, watched: Watched, refused: Mapping[str, int]) -> None:
        """Take the parts, and the counts of what was put into quarantine."""
        self._watched = watched
        self._refused = refused

    def application(self) -> FastAPI:
        """Make the application."""
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.add_api_route("/metrics", self._metrics, methods=["GET"], response_model=None)
        app.add_api_route("/healthz", self._healthz, methods=["GET"], response_model=None)
        return app

    async def _healthz(self) -> Response:
        """Answer 200, or 503 with everything that is wrong."""
        parts = self._watched
        now = parts.clock.now()
        found = list(
            reasons(parts.pump, parts.inbox, parts.journal.meter, parts.links, parts.channels, now)
        )
        body = msgspec.json.encode({"ok": not found, "reasons": found})
        return Response(body, 503 if found else 200, media_type="application/json")

    async def _metrics(self) -> Response:
        """Answer with every figure."""
        parts = self._watched
        stats: Stats | None = None
        with suppress(JournalFailedError):  # told by failed commits and by /healthz
            stats = await parts.journal.stats()
        now = parts.clock.now()
        figures = Figures(
            now=now,
            counts=parts.pump.counts,
            refused=self._refused,
            drops={str(worth): count for worth, count in parts.inbox.drops.items()},
            waiting=len(parts.inbox),
            oldest_seconds=oldest_seconds(parts.pump, parts.inbox, now),
            commits=parts.journal.meter,
            engine=parts.pump.engine,
            devices=len(parts.registry.devices),
            links={name: bool(getattr(link, "is_up", True)) for name, link in parts.links.items()},
            channels={name: channel.health().is_up for name, channel in parts.channels.items()},
            troubles=Counter(parts.troubles.codes()),
            stats=stats,
            wall_offset_seconds=parts.clock.wall_offset().total_seconds(),
        )
        return Response(exposition(figures), media_type=CONTENT_TYPE)
