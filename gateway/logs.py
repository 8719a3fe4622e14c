"""The daemon's own log: fields, one line an event, and no telephone number in clear.

Masking stands in one place, behind every other processor, so that no part of the gateway has to
think of it. Personal text belongs into the alarm log's erasable half, never here.
"""

import logging
import queue
import re
import sys
import threading
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

_NUMBER = re.compile(r"\+?\d[\d -]{7,}\d")
_KEPT = 3


class Writer:
    """A stream that never raises and never makes its user wait.

    A terminal may be stopped and a pipe's reader gone; neither may stop the gateway. Lines wait
    for a thread of their own, up to `most`; what comes then is dropped and counted.
    """

    def __init__(self, stream: TextIO, most: int = 10_000) -> None:
        """Start the thread; it ends with the process."""
        self.dropped = 0
        self._stream = stream
        self._lines: queue.Queue[str] = queue.Queue(most)
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def write(self, text: str) -> int:
        """Take text in."""
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            self.dropped += 1
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def say(self, line: str) -> None:
        """Take a whole line in."""
        self.write(f"{line}\n")

    def drain(self, seconds: float = 1.0) -> None:
        """Give what waits a moment to be written, at the end."""
        waiting = threading.Thread(target=self._lines.join, daemon=True)
        waiting.start()
        waiting.join(seconds)

    def _run(self) -> None:
        while True:
            text = self._lines.get()
            with suppress(OSError, ValueError):  # the reader has gone, or the stream is closed
                self._stream.write(text)
                self._stream.flush()
            self._lines.task_done()


def _mask(text: str) -> str:
    """Leave the first and last digits of anything that may be a number."""
    return _NUMBER.sub(lambda found: f"{found[0][:_KEPT]}…{found[0][-2:]}", text)


def _mask_all(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Mask numbers in every text field except the instant."""
    for key, value in event.items():
        if isinstance(value, str) and key != "timestamp":
            event[key] = _mask(value)
    return event


def configure(level: str, form: str) -> Writer:
    """Set up the log once a start; `form` is `text` or `json`, to standard error."""
    writer = Writer(sys.stderr)
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr)
    renderer: structlog.typing.Processor = structlog.dev.ConsoleRenderer(colors=False)
    if form == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            _mask_all,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", writer)),
        cache_logger_on_first_use=False,
    )
    return writer
