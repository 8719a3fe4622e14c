"""The link to a serial port: lines of readings, and an adapter that may be pulled out.

Theory of operation. The family's framer finds the frames in the bytes; each becomes a receipt. What
the family answers to a frame leaves after the commit; most lines keep nothing for us and want no
answer. When the adapter goes, reading fails; we then try
to open the port again, at first often and later every few seconds. A path may be a pattern
(`/dev/serial/by-id/usb-1a86_*`): the first match that opens is read, so that an adapter which was
exchanged for another of its make is found. A port that somebody else has opened is not shared.

Each opening begins with a new framer, so that half a frame from before is not joined to half a
frame from after.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from glob import glob
from itertools import count
from random import Random
from types import MappingProxyType

import serial_asyncio_fast

from gateway.clock import Clock
from gateway.inbox import Inbox
from gateway.link import Drained, LinkDown, LinkUp, Receipt, Token
from gateway.supervisor import Backoff
from sensors.family import Family

UNKNOWN_SINCE = datetime.min.replace(tzinfo=UTC)
_READ_BYTES = 4096
_UNCOMMITTED = 1024


class SerialLink:
    """One port, by its path. `profiles` says by device id how a sender's frames are to be read.

    `was_heard` says that an earlier start has read from it.

    What was said on a line while nobody listened is lost: since the last start, if there was one.
    """

    def __init__(  # noqa: PLR0913 -- what an installation knows of its port, and three ports of ours
        self,
        name: str,
        path: str,
        family: Family,
        *,
        inbox: Inbox,
        clock: Clock,
        rng: Random,
        baud: int = 115200,
        profiles: Mapping[str, str] = MappingProxyType({}),
        was_heard: bool = False,
    ) -> None:
        self.name = name
        self.is_up = False
        self.connection = 0
        self.reason = ""
        """Why the port was lost, or could not be opened, last."""
        self.lost = 0
        """Frames for which the inbox had no room."""
        self._path = path
        self.path = path
        """Where it was opened last."""
        assert family.stream is not None, family.name
        self._family = family
        self._stream = family.stream
        self._framer = self._stream.framer()
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, bytes] = {}
        self._mids = count(1)
        self._skipped: Counter[str] = Counter()
        self._inbox = inbox
        self._clock = clock
        self._backoff = Backoff(rng, first_seconds=0.1, longest_seconds=3.0)
        self._baud = baud
        self._profiles = profiles
        self._lost_since = UNKNOWN_SINCE if was_heard else None
        self._is_loss_told = False

    @property
    def skipped(self) -> Counter[str]:
        """Bytes that were no frame, by code, since the start."""
        return self._skipped + self._framer.skipped

    async def run(self) -> None:
        """Keep the port open until cancelled; never raise for what a cable does."""
        while True:
            self.reason = await self._listen()
            now = self._clock.now()
            if self.is_up:
                self._lost_since = now
            self.is_up = False
            if not self._is_loss_told:
                self._is_loss_told = True
                self._inbox.put(LinkDown(self.name, now, self.reason))
            await self._clock.sleep(self._backoff.next_seconds())

    def acknowledge(self, tokens: list[Token]) -> None:
        """Answer the frames that want one, unless the port was lost meanwhile."""
        for token in tokens:
            frame = self._waiting.pop(token.mid, None)
            if frame is not None and token.connection == self.connection and self._writer:
                self._writer.write(self._stream.answer(frame, self._clock.now()))

    def drop(self) -> None:
        """Do nothing: what was said on the line is not said again."""

    async def _listen(self) -> str:
        """Read until it fails, and say why it did."""
        try:
            reader, writer = await self._open()
        except OSError as error:
            return f"cannot open: {error}"
        self._go_up()
        self._writer = writer
        try:
            while data := await reader.read(_READ_BYTES):
                self._backoff.reset()
                for frame in self._framer.feed(data):
                    self._take(frame)
        except OSError as error:
            return f"lost: {error}"
        finally:
            self._writer = None
            writer.close()
            with suppress(OSError):  # the reason for which it was lost
                await writer.wait_closed()
        return "lost: end of line"

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open the port, or the first that the pattern finds and that opens; raises OSError."""
        refusal = OSError(f"no port at {self._path}")
        for path in sorted(glob(self._path)) or [self._path]:  # noqa: PTH207 -- an absolute pattern
            try:
                opened = await serial_asyncio_fast.open_serial_connection(
                    url=path, baudrate=self._baud, exclusive=True
                )
            except OSError as error:
                refusal = error
            else:
                self.path = path
                return opened
        raise refusal

    def _take(self, frame: bytes) -> None:
        """Put a frame into the inbox, and remember it where its device waits for an answer."""
        mid = next(self._mids)
        is_awaited = bool(self._stream.answer(frame, self._clock.now()))
        if not self._inbox.put(self._receipt(frame, mid if is_awaited else 0)):
            self.lost += 1
        elif is_awaited:
            self._waiting[mid] = frame
            while len(self._waiting) > _UNCOMMITTED:
                self._waiting.pop(next(iter(self._waiting)))

    def _receipt(self, frame: bytes, mid: int) -> Receipt:
        """Stamp a frame; one that is awaited an answer for will come again (`qos` 1)."""
        return Receipt(
            received_at=self._clock.now(),
            family=self._family.name,
            address=self._profiles.get(self._stream.sender(frame), ""),
            payload=frame,
            is_retained=False,
            is_dup=False,
            token=Token(self.name, self.connection, mid, qos=1 if mid else 0),
            transport="serial",
        )

    def _go_up(self) -> None:
        self._skipped += self._framer.skipped
        self._framer = self._stream.framer()
        self._waiting.clear()
        self.is_up = True
        self._is_loss_told = False
        self.connection += 1
        now = self._clock.now()
        self._inbox.put(LinkUp(self.name, now, self.connection, self._lost_since))
        self._inbox.put(Drained(self.name, now, self.connection))  # a line has no backlog
