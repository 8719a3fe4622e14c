"""The HTTP server, inside our own event loop, on the loopback only.

Whoever reaches it from outside does so through a front that ends TLS. Signals stay ours: the
server stops when its task is cancelled, lets requests under way finish, and only then ends.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Generator

import uvicorn
from fastapi import FastAPI, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

GRACE_SECONDS = 3
PATIENCE_TICKS = 50
"""In tenths of a second: a connection without a request is closed after one to two of these."""

MOST_CONNECTIONS = 64
MOST_HEADER_BYTES = 16 * 1024


def application() -> FastAPI:
    """Make an application with one route, which says that the process answers."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    async def healthz() -> Response:
        return Response("ok", media_type="text/plain")

    app.add_api_route("/healthz", healthz, methods=["GET"], response_model=None)
    return app


class Web:
    """One listening socket. `port` is the real one, also where 0 was asked for.

    Raises:
        ValueError: `host` is not a loopback address.
        OSError: the port is taken.
    """

    def __init__(self, app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"{host} is reachable from outside; listen on the loopback")
        self._host = host
        self._socket: socket.socket | None = self._listen(port)
        self.port: int = self._socket.getsockname()[1]
        self._config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            h11_max_incomplete_event_size=MOST_HEADER_BYTES,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )

    async def run(self) -> None:
        """Serve until cancelled; requests under way have 3 s to finish. May be run again."""
        listening = self._socket or self._listen(self.port)
        self._socket = None
        server = _Server(self._config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = True
            await serving
            listening.close()

    def _listen(self, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        return socket.create_server((self._host, port), family=family)


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone, and waits for nobody for ever.

    Its own limit of time begins after a request; whoever never makes one would keep a place that
    the carrier's callbacks need.
    """

    _was_idle: frozenset[object] = frozenset()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take no signal."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Close, now and then, connections that bring no whole request head."""
        if counter % PATIENCE_TICKS == 0:
            idle = {
                connection
                for connection in self.server_state.connections
                if isinstance(connection, H11Protocol)
                and (connection.cycle is None or connection.cycle.response_complete)
            }
            for connection in idle & self._was_idle:
                connection.transport.abort()
            self._was_idle = frozenset(idle)
        return await super().on_tick(counter)
