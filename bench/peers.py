"""What an afternoon's work gives: an MQTT loop that posts smoke, bare or with a commit a message.

`python -m bench.peers bare|commit MQTT_PORT USER SECRET SINK_PORT FOLDER` runs until it is ended.
Both
acknowledge on receipt, as aiomqtt does; the second commits each message to SQLite first.
"""

import asyncio
import json
import sqlite3
import sys
from pathlib import Path

import aiohttp
import aiomqtt


def _table(folder: Path) -> sqlite3.Connection:
    """Open a table that survives a power cut, as careful people set it."""
    table = sqlite3.connect(folder / "peer.db", isolation_level=None)
    table.execute("PRAGMA journal_mode=WAL")
    table.execute("PRAGMA synchronous=FULL")
    table.execute("CREATE TABLE IF NOT EXISTS said (topic TEXT, payload BLOB)")
    return table


async def _post(http: aiohttp.ClientSession, url: str, home: str) -> None:
    async with http.post(url, data=home.encode()) as answer:
        await answer.read()


async def run(kind: str, client: aiomqtt.Client, sink_port: int, folder: Path) -> None:
    """Listen and post until cancelled."""
    table = _table(folder) if kind == "commit" else None
    url = f"http://127.0.0.1:{sink_port}/"
    posts: set[asyncio.Task[None]] = set()
    async with aiohttp.ClientSession() as http, client:
        await client.subscribe("care/v1/#", qos=1)
        async for message in client.messages:
            payload = bytes(message.payload) if isinstance(message.payload, bytes) else b""
            if table is not None:
                table.execute("INSERT INTO said VALUES (?, ?)", (str(message.topic), payload))
            _, _, home, _, said = str(message.topic).split("/")
            if said == "smoke" and json.loads(payload).get("value"):
                post = asyncio.create_task(_post(http, url, home))
                posts.add(post)
                post.add_done_callback(posts.discard)


async def main(kind: str, port: str, user: str, secret: str, sink: str, folder: str) -> None:
    """Run one of them."""
    client = aiomqtt.Client("127.0.0.1", int(port), username=user, password=secret)
    await run(kind, client, int(sink), Path(folder))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
