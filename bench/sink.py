"""A carrier that only takes: it notes when each request arrived and accepts it at once.

A bare asyncio server, so that what is measured is the sender. A request names its home in the
callback's attempt id (the gateway) or as the whole body (the peers).
"""

import asyncio
import re
from contextlib import closing

from simulators.clock import Clock

CLOCK = Clock()

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_HOME = re.compile(rb"(h\d{4,5})-smoke-|^(h\d{4,5})$")
_ANSWER = (
    b'{"sid":"SM00000000000000000000000000000000","status":"queued","to":"+8616000000001",'
    b'"from":"+8616900000000","body":"","num_segments":"1","direction":"outbound-api"}'
)


def _spelled(status: bytes, body: bytes) -> bytes:
    """Spell an answer."""
    length = str(len(body)).encode()
    kind = b"Content-Type: application/json\r\nContent-Length: "
    return b"HTTP/1.1 " + status + b"\r\n" + kind + length + b"\r\n\r\n" + body


_TAKEN = _spelled(b"201 Created", _ANSWER)
_NO_TEXTS = _spelled(b"200 OK", b'{"messages":[]}')
_NO_CALLS = _spelled(b"200 OK", b'{"calls":[]}')


def _answer(head: bytes) -> bytes:
    """Take what is posted; who asks for a list gets an empty one."""
    if not head.startswith(b"GET"):
        return _TAKEN
    return _NO_CALLS if b"/Calls" in head.partition(b"\r\n")[0] else _NO_TEXTS


class Sink:
    """`arrivals[home]` are the microseconds since 1970 at which a request for it was read."""

    def __init__(self) -> None:
        self.arrivals: dict[str, list[int]] = {}
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port of the loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening."""
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while True:
                try:
                    head = await reader.readuntil(b"\r\n\r\n")
                    found = _LENGTH.search(head)
                    body = await reader.readexactly(int(found[1]) if found else 0)
                except (asyncio.IncompleteReadError, ConnectionError):
                    return
                at = round(CLOCK.now().timestamp() * 1_000_000)
                home = _HOME.search(body)
                if home is not None:
                    name = (home[1] or home[2]).decode()
                    self.arrivals.setdefault(name, []).append(at)
                writer.write(_answer(head))
