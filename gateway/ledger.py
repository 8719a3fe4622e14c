"""What has come over one connection and is not acknowledged yet, and when that is too much.

Theory of operation. A broker hands out more than anybody can commit; what it may not be told to
hold back it is made to hold back by a socket that is not read. Reading stops at `high` messages or
`high_bytes` of payload and goes on below half of both, so that it does not flutter.
"""


class Ledger:
    """Packet ids in hand, with the size of each payload in bytes."""

    def __init__(self, high: int, high_bytes: int) -> None:
        self._high = high
        self._high_bytes = high_bytes
        self._sizes: dict[int, int] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._sizes)

    def __contains__(self, mid: int) -> bool:
        return mid in self._sizes

    def enter(self, mid: int, size_bytes: int) -> None:
        """Note a message; one under the same packet id is replaced by it."""
        self.strike(mid)
        self._sizes[mid] = size_bytes
        self._bytes += size_bytes

    def strike(self, mid: int) -> bool:
        """Forget a message; False where there is none of this packet id."""
        size = self._sizes.pop(mid, None)
        self._bytes -= size or 0
        return size is not None

    def clear(self) -> None:
        """Forget everything."""
        self._sizes.clear()
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether reading must stop."""
        return len(self._sizes) >= self._high or self._bytes >= self._high_bytes

    @property
    def is_low(self) -> bool:
        """Whether reading may go on."""
        return 2 * len(self._sizes) < self._high and 2 * self._bytes < self._high_bytes
