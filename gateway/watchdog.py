"""Tells systemd that the gateway has started, and that it lives, as long as it does its work.

The protocol is one datagram a message to the socket in NOTIFY_SOCKET (sd_notify(3)); a name that
begins with @ is in Linux's abstract space. Without the variable nothing is sent. With
WATCHDOG_USEC systemd kills and starts anew a process that has not said WATCHDOG=1 for so long; it
is said from the event loop, and only while the pump makes progress, so that a loop that hangs and
a pump that hangs end the same way.
"""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

import structlog

from gateway.clock import Clock

READY, STOPPING = "READY=1", "STOPPING=1"
_ALIVE = "WATCHDOG=1"
_IDLE_SECONDS = 30.0
_PINGS = 3
"""So often within the time systemd waits: two may come late."""

_log = structlog.get_logger(__name__)


class Watchdog:
    """The line to systemd."""

    def __init__(
        self,
        is_turning: Callable[[], bool],
        clock: Clock,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Take who says whether the work is done, and where systemd listens."""
        self._is_turning = is_turning
        self._clock = clock
        self._address = environment.get("NOTIFY_SOCKET", "")
        usec = environment.get("WATCHDOG_USEC", "")
        is_ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._seconds = int(usec) / 1e6 / _PINGS if usec.isdigit() and is_ours else 0.0
        self._was_turning = True

    def say(self, message: str) -> None:
        """Send a message; where systemd does not listen, nothing happens."""
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address[0] == "@" else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)  # noqa: FBT003 -- the socket's own interface
            out.sendto(message.encode(), address)

    async def run(self) -> None:
        """Say that we are ready, then that we live as long as the work is done, then that we go."""
        self.say(READY)
        try:
            while True:
                await self._clock.sleep(self._seconds or _IDLE_SECONDS)
                self.look()
        finally:
            self.say(STOPPING)

    def look(self) -> None:
        """Say that we live, if we do."""
        is_turning = self._is_turning()
        if is_turning and self._seconds:
            self.say(_ALIVE)
        elif self._was_turning and not is_turning:
            _log.critical("pump_stuck", is_restarted_by_systemd=self._seconds > 0)
        self._was_turning = is_turning
