"""What a broker of the user's own says it has thrown away (mosquitto's `$SYS` tree).

A queue that is full drops what comes, and its sender has been told that all is well: only this
counter knows. It counts from the broker's start, for all clients; a broker that has no such topic,
or shows it to nobody, says nothing.
"""

from collections.abc import Callable

TOPIC = "$SYS/broker/publish/messages/dropped"

_MOST_DIGITS = 18


class DropWatch:
    """Follows the counter; `tell` hears how many there are whenever there are more."""

    def __init__(self, tell: Callable[[int], object] = lambda _: None) -> None:
        self.dropped = 0
        self._tell = tell

    def hear(self, payload: bytes) -> None:
        """Take in what the broker says; a counter that fell is another start of the broker's."""
        if not (payload.isdigit() and len(payload) <= _MOST_DIGITS):
            return
        before, self.dropped = self.dropped, int(payload)
        if self.dropped > before:
            self._tell(self.dropped)
