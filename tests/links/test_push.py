"""The door for pushed readings: signed, bounded, answered after the commit, taken once."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway import push_door
from gateway.inbox import Inbox
from gateway.link import LinkUp, Receipt
from gateway.push_door import MOST_BODY_BYTES, MOST_LINES, MOST_UNDER_WAY, PushDoor
from gateway.push_link import PushLink
from gateway.web import application
from tests.channels.fake_twilio import ShiftedClock

SECRET = "sixteen-characters-or-more"
SMOKE = b'{"home":"h1","device":"s1","kind":"smoke","v":1,"value":true,"seq":1,"boot":"a"}'
MOTION = b'{"home":"h1","device":"p1","kind":"motion","v":1,"value":true}'


class Bridge:
    """A source, and the pump it never sees."""

    def __init__(self, limit: int = 100) -> None:
        self.clock = ShiftedClock()
        self.inbox = Inbox(self.clock, limit=limit)
        self.link = PushLink("acme", SECRET, inbox=self.inbox, clock=self.clock)
        self.door = PushDoor([self.link], self.clock, self.clock.now)
        app = application()
        self.door.add_to(app)
        transport = httpx.ASGITransport(app)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://gateway")

    def headers(self, body: bytes, **changed: str) -> dict[str, str]:
        """Sign a body, now."""
        stamp = changed.pop("stamp", str(int(self.clock.now().timestamp())))
        secret = changed.pop("secret", SECRET)
        signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, "sha256").hexdigest()
        return {
            "X-Smartcare-Source": "acme",
            "X-Smartcare-Timestamp": stamp,
            "X-Smartcare-Signature": signature,
        } | changed

    async def post(self, body: bytes, **changed: str) -> httpx.Response:
        """Post it."""
        headers = self.headers(body, **changed)
        return await self.client.post("/v1/readings", content=body, headers=headers)

    async def taken(self, number: int) -> list[Receipt]:
        """Take receipts as the pump does."""
        receipts: list[Receipt] = []
        while len(receipts) < number:
            items = await self.inbox.take(number - len(receipts), timeout_seconds=2)
            assert items, "nothing came"
            receipts += [item for item in items if isinstance(item, Receipt)]
        return receipts

    def commit(self, receipts: list[Receipt]) -> None:
        """Hand back what is in the journal."""
        self.link.acknowledge([receipt.token for receipt in receipts])


@pytest.fixture(name="bridge")
async def _bridge() -> AsyncIterator[Bridge]:
    bridge = Bridge()
    async with bridge.client:
        yield bridge


async def test_it_is_answered_after_the_commit(bridge: Bridge) -> None:
    """Not a moment before, and only when all of it is in the journal."""
    posting = asyncio.create_task(bridge.post(SMOKE + b"\r\n" + MOTION + b"\n"))
    first, second = await bridge.taken(2)
    assert [SMOKE, MOTION] == [first.payload, second.payload]
    assert ("own", "", "http", 1) == (
        first.family,
        first.address,
        first.transport,
        first.token.qos,
    )
    bridge.commit([first])
    await bridge.clock.sleep(0.1)
    assert not posting.done()
    bridge.commit([second])
    answer = await posting
    assert (200, {"taken": 2}) == (answer.status_code, answer.json())
    assert {"taken": 1} == dict(bridge.link.counts)


async def test_a_failed_commit_is_to_be_sent_again(bridge: Bridge) -> None:
    """The pump breaks its links; the same request is then taken anew."""
    posting = asyncio.create_task(bridge.post(SMOKE))
    await bridge.taken(1)
    bridge.link.drop()
    answer = await posting
    assert (503, "2") == (answer.status_code, answer.headers["Retry-After"])
    posting = asyncio.create_task(bridge.post(SMOKE))
    bridge.commit(await bridge.taken(1))
    assert 200 == (await posting).status_code


async def test_a_slow_commit_is_to_be_sent_again(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for ever; what is committed late acknowledges nothing else."""
    monkeypatch.setattr(push_door, "COMMIT_SECONDS", 0.05)
    posting = asyncio.create_task(bridge.post(SMOKE))
    late = await bridge.taken(1)
    assert 503 == (await posting).status_code
    bridge.commit(late)
    assert 0 == bridge.link.unacknowledged


async def test_the_oldest_motion_is_dropped_and_said() -> None:
    """Its request is to be sent again; the smoke got in."""
    bridge = Bridge(limit=1)
    async with bridge.client:
        motion = asyncio.create_task(bridge.post(MOTION))
        await bridge.clock.sleep(0.05)
        smoke = asyncio.create_task(bridge.post(SMOKE))
        assert 503 == (await motion).status_code
        (kept,) = await bridge.taken(1)
        assert SMOKE == kept.payload
        bridge.commit([kept])
        assert 200 == (await smoke).status_code
        assert {"motion": 1} == dict(bridge.inbox.drops)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"secret": "another-secret-of-somebody"}, "bad_signature"),
        ({"X-Smartcare-Source": "nobody"}, "unknown_source"),
        ({"X-Smartcare-Signature": ""}, "bad_signature"),
        ({"X-Smartcare-Signature": "é"}, "bad_signature"),
        ({"stamp": "soon"}, "bad_timestamp"),
        ({"stamp": "٣"}, "bad_timestamp"),
        ({"stamp": "9" * 400}, "bad_timestamp"),
        ({"stamp": "1000000000"}, "stale"),
    ],
)
async def test_a_stranger_hears_nothing(
    bridge: Bridge, changed: dict[str, Any], reason: str
) -> None:
    """One answer for all reasons; they are counted."""
    headers = bridge.headers(SMOKE, **changed)
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    answer = await bridge.client.post("/v1/readings", content=SMOKE, headers=raw)
    assert (401, {"detail": "Unauthorized"}) == (answer.status_code, answer.json())
    assert {reason: 1} == dict(bridge.door.counts)
    assert 0 == len(bridge.inbox)


@pytest.mark.parametrize("shift", [timedelta(minutes=6), timedelta(minutes=-6)])
async def test_an_old_request_is_not_replayed(bridge: Bridge, shift: timedelta) -> None:
    """Signed rightly, and heard by somebody who sends it later."""
    headers = bridge.headers(SMOKE)
    bridge.clock.shift += shift
    answer = await bridge.client.post("/v1/readings", content=SMOKE, headers=headers)
    assert 401 == answer.status_code


async def test_the_same_request_is_taken_once(bridge: Bridge) -> None:
    """At the same time or later: the first one's answer."""
    headers = bridge.headers(SMOKE)
    posts = [
        asyncio.create_task(bridge.client.post("/v1/readings", content=SMOKE, headers=headers))
        for _ in range(3)
    ]
    bridge.commit(await bridge.taken(1))
    assert 3 * [{"taken": 1}] == [(await post).json() for post in posts]
    assert {"taken": 1} == (
        await bridge.client.post("/v1/readings", content=SMOKE, headers=headers)
    ).json()
    assert 0 == len(bridge.inbox)
    assert {"repeated": 3} == dict(bridge.door.counts)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b" \n\r\n", 400),
        (b"x" * (MOST_BODY_BYTES + 1), 413),
        (b"{}\n" * (MOST_LINES + 1), 413),
    ],
)
async def test_a_body_is_bounded(bridge: Bridge, body: bytes, status: int) -> None:
    """However rightly it is signed."""
    assert status == (await bridge.post(body)).status_code
    assert 0 == len(bridge.inbox)


async def test_there_is_an_end_to_what_is_under_way(bridge: Bridge) -> None:
    """The carrier's callbacks come through the same server."""
    posts = [
        asyncio.create_task(bridge.post(SMOKE[:-1] + b',"rssi":%d}' % number))
        for number in range(MOST_UNDER_WAY)
    ]
    receipts = await bridge.taken(MOST_UNDER_WAY)
    answer = await bridge.post(MOTION)
    assert (503, "2") == (answer.status_code, answer.headers["Retry-After"])
    bridge.commit(receipts)
    assert {200} == {(await post).status_code for post in posts}


async def test_time_without_a_push_is_no_gap(bridge: Bridge) -> None:
    """The source keeps what we did not take."""
    running = asyncio.create_task(bridge.link.run())
    (up,) = await bridge.inbox.take(1)
    assert isinstance(up, LinkUp)
    assert ("acme", None) == (up.link, up.lost_since)
    running.cancel()
    await asyncio.wait([running])
    assert not bridge.link.is_up
