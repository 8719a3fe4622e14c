"""What has come over one connection and is not acknowledged yet, and when that is too much.

Theory of operation. A broker hands out more than anybody can commit; what it may not be told to
hold back it is made to hold back by a socket that is not read. Reading stops at `high` messages or
`high_bytes` of payload and goes on below half of both, so that it does not flutter.

A broker that repeated a message just before it had our acknowledgement may give the packet id to
another message while the repeat is still in hand here. Then two stand under one id, and it is the
second acknowledgement that counts: the first would acknowledge what is not committed.
"""

from collections import Counter


class Ledger:
    """Packet ids in hand, with the size of each payload in bytes."""

    def __init__(self, high: int, high_bytes: int) -> None:
        self._high = high
        self._high_bytes = high_bytes
        self._sizes: dict[int, int] = {}
        self._superseded: Counter[int] = Counter()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._sizes)

    def __contains__(self, mid: int) -> bool:
        return mid in self._sizes

    def enter(self, mid: int, size_bytes: int) -> None:
        """Note a message."""
        if mid in self._sizes:
            self._superseded[mid] += 1
            self._bytes -= self._sizes[mid]
        self._sizes[mid] = size_bytes
        self._bytes += size_bytes

    def strike(self, mid: int) -> bool:
        """Take a message off; False where its packet id must not be acknowledged (any more)."""
        if self._superseded[mid]:
            self._superseded[mid] -= 1
            return False
        size = self._sizes.pop(mid, None)
        self._bytes -= size or 0
        return size is not None

    def clear(self) -> None:
        """Forget everything."""
        self._sizes.clear()
        self._superseded.clear()
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether reading must stop."""
        return len(self._sizes) >= self._high or self._bytes >= self._high_bytes

    @property
    def is_low(self) -> bool:
        """Whether reading may go on."""
        return 2 * len(self._sizes) < self._high and 2 * self._bytes < self._high_bytes
