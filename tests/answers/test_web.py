"""The server inside our loop: on the loopback, gone when it is cancelled, deaf to signals."""

import asyncio
import signal

import httpx
import pytest
from fastapi import FastAPI, Response

from gateway import web as web_module
from gateway.clock import SystemClock
from gateway.web import MOST_CONNECTIONS, Web
from tests.channels.contract import ended

CLOCK = SystemClock()


def application() -> FastAPI:
    """A quick and a slow answer."""
    app = FastAPI()

    @app.get("/quick")
    async def quick() -> Response:
        return Response("quick")

    @app.get("/slow")
    async def slow() -> Response:
        await CLOCK.sleep(0.3)
        return Response("slow")

    return app


async def test_it_serves_until_it_is_cancelled() -> None:
    """Afterwards nobody listens."""
    web = Web(application())
    running = asyncio.create_task(web.run())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{web.port}") as client:
        assert "quick" == (await client.get("/quick")).text
        await ended(running)
        with pytest.raises(httpx.TransportError):
            await client.get("/quick")


async def test_a_request_under_way_is_finished() -> None:
    """Stopping cuts nobody off."""
    web = Web(application())
    running = asyncio.create_task(web.run())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{web.port}") as client:
        await client.get("/quick")
        answer = asyncio.create_task(client.get("/slow"))
        await CLOCK.sleep(0.1)
        await ended(running)
        assert "slow" == (await answer).text


async def test_it_can_be_started_again() -> None:
    """The supervisor restarts what has ended, on the same port."""
    web = Web(application())
    for _ in range(2):
        running = asyncio.create_task(web.run())
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{web.port}") as client:
            await CLOCK.sleep(0.05)
            assert "quick" == (await client.get("/quick")).text
        await ended(running)


async def test_signals_stay_ours() -> None:
    """The supervisor decides what SIGTERM means."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    web = Web(application())
    running = asyncio.create_task(web.run())
    await CLOCK.sleep(0.1)
    assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    await ended(running)


@pytest.mark.parametrize("said", [b"", b"POST /quick HTTP/1.1\r\nHost: x\r\n"])
async def test_those_who_say_nothing_keep_nobody_out(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All places taken by silence, or by half a head, are free again soon."""
    monkeypatch.setattr(web_module, "PATIENCE_TICKS", 2)
    web = Web(application())
    running = asyncio.create_task(web.run())
    silent = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(MOST_CONNECTIONS)]
    for _, writer in silent:
        writer.write(said)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{web.port}") as client:
        assert 503 == (await client.get("/quick")).status_code
        await CLOCK.sleep(0.8)
        assert 200 == (await client.get("/quick")).status_code
    for _, writer in silent:
        writer.close()
    await ended(running)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "care.example.org"])
def test_it_listens_on_the_loopback_only(host: str) -> None:
    """What faces the world is somebody else's work."""
    with pytest.raises(ValueError, match=host):
        Web(application(), host)


async def test_a_taken_port_is_an_error_one_can_catch() -> None:
    """Not the end of the process."""
    web = Web(application())
    with pytest.raises(OSError, match="in use"):
        Web(application(), port=web.port)
    running = asyncio.create_task(web.run())
    await CLOCK.sleep(0.1)
    await ended(running)
