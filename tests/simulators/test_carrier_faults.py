"""Each fault as the SDK meets it, and what the log keeps of it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException

from simulators.carrier import Carrier, Fault, Settings
from simulators.clock import Clock
from tests.simulators.carrier_world import LI, PUBLIC, World, phone, until, world

CALLBACK = f"{PUBLIC}/twilio/sms-status?attempt=a1"


def last(here: World, event: str) -> dict[str, object]:
    """The newest log entry of an event."""
    return here.carrier.log.entries(event)[-1]


def accepted(here: World) -> int:
    """How many texts and calls were taken."""
    return len(here.carrier.log.entries("accepted"))


async def fails(here: World) -> TwilioRestException:
    """Send a text that is refused."""
    with pytest.raises(TwilioRestException) as caught:
        await here.send()
    return caught.value


async def test_http_503_takes_nothing() -> None:
    """Status 503, nothing accepted, and the log names the fault."""
    async with world(phone()) as here:
        here.carrier.switch_on(Fault("http_503"))
        error = await fails(here)
    assert (503, 0) == (error.status, accepted(here))
    assert "http_503" == last(here, "answered")["fault"]


async def test_http_503_may_have_processed() -> None:
    """The nasty half of UNKNOWN: 503 and yet accepted."""
    async with world(phone()) as here:
        here.carrier.switch_on(Fault("http_503", is_processed=True))
        error = await fails(here)
    assert (503, 1) == (error.status, accepted(here))


async def test_a_fault_ends_by_itself() -> None:
    """After its seconds the carrier answers again."""
    async with world(phone()) as here:
        here.carrier.switch_on(Fault("http_503", seconds=0.1))
        await fails(here)
        await Clock().wait(timedelta(seconds=0.12))
        assert (await here.send()).startswith("SM")


async def test_http_429_says_when_to_come_back() -> None:
    """Code 20429 and Retry-After."""
    async with world(phone()) as here, aiohttp.ClientSession() as session:
        here.carrier.switch_on(Fault("http_429", retry_after_seconds=3))
        url = f"{here.carrier.url}/2010-04-01/Accounts/{Settings().account_sid}/Messages.json"
        async with session.post(url, data={"To": LI}) as answer:
            body = await answer.json()
    assert (429, "3", 20429) == (answer.status, answer.headers["Retry-After"], body["code"])


async def test_a_fault_for_calls_only() -> None:
    """Texts go through."""
    async with world(phone()) as here:
        here.carrier.switch_on(Fault("http_503", only="call"))
        assert (await here.send()).startswith("SM")
        with pytest.raises(TwilioRestException):
            await here.ring()


async def test_hang_answers_nothing_until_it_is_over() -> None:
    """The client gives up; the request was never carried out and the log shows it open."""
    async with world(phone()) as here:
        here.carrier.switch_on(Fault("hang", seconds=5))
        with pytest.raises(TimeoutError):
            await Clock().within(timedelta(seconds=0.2), here.send())
        await until(lambda: bool(here.carrier.log.entries("answered")))
    assert (None, "hang", True) == tuple(
        last(here, "answered")[key] for key in ("status", "fault", "is_gone")
    )
    assert 0 == accepted(here)


async def test_hang_is_answered_when_cleared() -> None:
    """A client that waited gets its answer."""
    async with world(phone()) as here:
        here.carrier.switch_on(Fault("hang", seconds=0.15))
        assert (await here.send()).startswith("SM")


async def test_hang_may_have_processed() -> None:
    """The client gives up, and the text is delivered all the same."""
    async with world(phone(), is_polling=True) as here:
        here.carrier.switch_on(Fault("hang", seconds=5, is_processed=True))
        with pytest.raises(TimeoutError):
            await Clock().within(timedelta(seconds=0.3), here.send("hung"))
        await until(lambda: "收到短信：hung" in here.shown)


async def test_refuse_closes_the_socket_and_opens_it_again() -> None:
    """Connections, kept-alive ones too, are refused; afterwards the same port answers."""
    async with world(phone()) as here:
        await here.send()
        here.carrier.switch_on(Fault("refuse", seconds=0.3))
        await Clock().wait(timedelta(seconds=0.05))
        with pytest.raises(aiohttp.ClientConnectionError):
            await here.send()
        await Clock().wait(timedelta(seconds=0.4))
        assert (await here.send()).startswith("SM")


async def test_close_after_accept() -> None:
    """The connection is cut without an answer, and the call rings."""
    async with world(phone()) as here:
        here.carrier.switch_on(Fault("close_after_accept"))
        with pytest.raises(aiohttp.ClientConnectionError):
            await here.ring(status_callback=CALLBACK)
        await until(lambda: any(line.startswith("来电") for line in here.shown))
    assert ("a1", "call") == (last(here, "accepted")["attempt"], last(here, "accepted")["medium"])
    assert "close_after_accept" == last(here, "answered")["fault"]


async def test_a_client_that_dies_while_it_waits_is_logged() -> None:
    """`slow` answers late; the text was accepted before the client went."""
    async with world(phone()) as here:
        here.carrier.switch_on(Fault("slow", delay_ms=5000))
        with pytest.raises(TimeoutError):
            await Clock().within(timedelta(seconds=0.2), here.send())
        await until(lambda: bool(here.carrier.log.entries("answered")))
    assert (1, True) == (accepted(here), last(here, "answered")["is_gone"])


async def test_the_log_is_a_file_of_lines(tmp_path: Path) -> None:
    """A request is in the file before its answer, with attempt, number and text."""
    path = tmp_path / "carrier.jsonl"
    async with Carrier(Settings(log=path), Clock()) as carrier, aiohttp.ClientSession() as session:
        url = f"{carrier.url}/2010-04-01/Accounts/AC0/Messages.json"
        await session.post(url, data={"To": LI, "Body": "烟", "StatusCallback": CALLBACK})
        lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert ["request", "answered"] == [line["event"] for line in lines]
    assert (LI, "烟", "a1") == tuple(lines[0][key] for key in ("to", "text", "attempt"))


async def test_control_over_http() -> None:
    """Faults, phones, the log and inbound traffic are all at /_sim/, on a port of its own."""
    async with world(phone(), is_polling=True) as here, aiohttp.ClientSession() as session:
        base = f"{here.carrier.control_url}/_sim"

        async def ask(method: str, path: str, body: object = None) -> list[dict[str, object]]:
            async with session.request(method, base + path, json=body) as answer:
                return cast("list[dict[str, object]]", await answer.json())

        [fault] = await ask("POST", "/faults", {"kind": "http_503", "seconds": 60})
        assert "http_503" == fault["kind"]
        assert [] == await ask("DELETE", "/faults")
        await ask("POST", "/phones", {"number": LI, "temperament": "busy"})
        assert [{"number": LI, "name": "李明", "temperament": "busy"}] == await ask(
            "GET", "/phones"
        )
        await ask("POST", "/sms", {"from": LI, "body": "1"})
        [shown] = await ask("GET", "/log?event=display")
        assert "发短信：1" == shown["text"]


@pytest.mark.parametrize("body", [{"kind": "flood"}, {"what": 1}, []])
async def test_control_explains_a_mistake(body: object) -> None:
    """400, and the carrier goes on."""
    async with world() as here, aiohttp.ClientSession() as session:
        url = f"{here.carrier.control_url}/_sim/faults"
        async with session.post(url, json=body) as answer:
            assert 400 == answer.status
