"""A socket in the event loop: who is called when it can be read or written.

For libraries that do their own reading and writing. A paused wire is not read, so that the other
side's buffers fill and hold it back. What is written in one go leaves as one: a library that sends
a thousand packets of four bytes would otherwise wake the other side a thousand times.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress


class Wire:
    """One socket at a time; every call is harmless while there is none."""

    def __init__(self, readable: Callable[[], object], writable: Callable[[], object]) -> None:
        self.is_paused = False
        self._readable = readable
        self._writable = writable
        self._sock: socket.socket | None = None

    @property
    def is_attached(self) -> bool:
        """Whether there is a socket."""
        return self._sock is not None

    def attach(self, sock: socket.socket) -> None:
        """Take a connected socket in."""
        self.detach()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        asyncio.get_running_loop().add_reader(sock, self._read)

    def detach(self) -> None:
        """Let the socket go; its owner closes it."""
        if self._sock is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._sock)
            loop.remove_writer(self._sock)
        self._sock = None
        self.is_paused = False

    def cut(self) -> None:
        """Break the connection for both sides, at once."""
        sock = self._sock
        self.detach()
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def pause(self) -> None:
        """Stop reading."""
        if self._sock is not None and not self.is_paused:
            self.is_paused = True
            asyncio.get_running_loop().remove_reader(self._sock)

    def resume(self) -> None:
        """Read again, beginning now."""
        if self._sock is not None and self.is_paused:
            self.is_paused = False
            asyncio.get_running_loop().add_reader(self._sock, self._read)
            self._read()

    def want_write(self, *, is_wanted: bool) -> None:
        """Call `writable` as soon as the socket takes bytes, or no longer."""
        if self._sock is not None:
            loop = asyncio.get_running_loop()
            if is_wanted:
                loop.add_writer(self._sock, self._write)
            else:
                loop.remove_writer(self._sock)

    def _read(self) -> None:
        """Let the owner read; what TLS has read ahead of us, no selector sees."""
        self._readable()
        if isinstance(self._sock, ssl.SSLSocket) and not self.is_paused and self._sock.pending():
            asyncio.get_running_loop().call_soon(self._read)

    def _write(self) -> None:
        """Let the owner write, corked (Linux)."""
        sock = self._sock
        assert sock is not None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self._writable()
        if self._sock is sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
