"""A UPS behind NUT's daemon, as far as a monitor asks it: written from NUT's developer guide.

Lines of text over TCP. `GET VAR <ups> <name>` is answered by the value in quotes or by
`ERR VAR-NOT-SUPPORTED`; another UPS by `ERR UNKNOWN-UPS`; while `is_stale` by `ERR DATA-STALE`, as
when the driver has lost the device. `is_mute` takes questions and answers none.
"""

import asyncio
from contextlib import suppress

_MOST_QUESTIONS = 100


class Ups:
    """One UPS; change `variables` and the faults as it runs."""

    def __init__(self, name: str = "ups", status: str = "OL CHRG") -> None:
        self.name = name
        self.variables = {"ups.status": status, "battery.charge": "100"}
        self.is_stale = False
        self.is_mute = False
        self.asked = 0
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on the loopback; raises OSError."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be gone."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            for _ in range(_MOST_QUESTIONS):
                words = (await reader.readline()).decode("utf-8", "replace").split()
                if not words:
                    break
                if not self.is_mute:
                    writer.write(self._answer(words).encode() + b"\n")
                    await writer.drain()
                if words == ["LOGOUT"]:
                    break
        writer.close()

    def _answer(self, words: list[str]) -> str:
        match words:
            case ["VER"]:
                return "Network UPS Tools upsd, simulated"
            case ["LOGOUT"]:
                return "OK Goodbye"
            case ["LIST", "UPS"]:
                return f'BEGIN LIST UPS\nUPS {self.name} "simulated"\nEND LIST UPS'
            case ["GET", "VAR", ups, name]:
                self.asked += 1
                return self._value(ups, name)
            case _:
                return "ERR UNKNOWN-COMMAND"

    def _value(self, ups: str, name: str) -> str:
        if ups != self.name:
            return "ERR UNKNOWN-UPS"
        if self.is_stale:
            return "ERR DATA-STALE"
        if name not in self.variables:
            return "ERR VAR-NOT-SUPPORTED"
        return f'VAR {ups} {name} "{self.variables[name]}"'
