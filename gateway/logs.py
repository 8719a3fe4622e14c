"""The daemon's own log: fields, one line an event, and no telephone number in clear.

Masking stands in one place, behind every other processor, so that no part of the gateway has to
think of it. Personal text belongs into the alarm log's erasable half, never here.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_NUMBER = re.compile(r"\+?\d[\d -]{7,}\d")
_KEPT = 3


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


def configure(level: str, form: str) -> None:
    """Set up the log once a start; `form` is `text` or `json`, to standard error."""
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
