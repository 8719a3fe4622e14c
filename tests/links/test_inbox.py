"""What waits for the pump: order, room, and what is dropped when there is none."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.inbox import LOOK_BYTES, MOST_GATHERED, Inbox, Worth, worth
from gateway.link import Drained, Receipt, Token
from tests.links.rig import CLOCK, payloads

AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
TOKEN = Token("mqtt", 1, 1, 1)


def over_mqtt(kind: str, payload: bytes = b"{}", family: str = "own") -> Receipt:
    """Make a receipt from our own topic for a kind."""
    address = f"care/v1/h1/device/{kind}"
    return Receipt(AT, family, address, payload, is_retained=False, is_dup=False, token=TOKEN)


def over_serial(payload: bytes) -> Receipt:
    """Make a receipt from a line."""
    return Receipt(AT, "own", "", payload, is_retained=False, is_dup=False, token=TOKEN)


async def left(inbox: Inbox) -> list[bytes]:
    """Take everything, as payloads."""
    taken = await inbox.take(len(inbox))
    return payloads(item for item in taken if isinstance(item, Receipt))


def fill(inbox: Inbox, *texts: str) -> list[bool]:
    """Put receipts whose payload is their name, as in `motion 1`."""
    return [inbox.put(over_mqtt(text.split()[0], text.encode())) for text in texts]


class TestOrder:
    """First in, first out."""

    async def test_it_gives_what_is_there_in_order(self) -> None:
        """Receipts and other things alike."""
        inbox = Inbox(CLOCK)
        items = [over_mqtt("smoke"), Drained("mqtt", AT, 1), over_mqtt("motion"), "a job"]
        assert [True] * 4 == [inbox.put(item) for item in items]
        assert items == await inbox.take(10)

    async def test_no_more_than_asked(self) -> None:
        """The rest stays."""
        inbox = Inbox(CLOCK)
        fill(inbox, "motion 1", "motion 2", "motion 3")
        assert 2 == len(await inbox.take(2))
        assert [b"motion 3"] == await left(inbox)

    async def test_it_waits_for_the_first(self) -> None:
        """And wakes at once."""
        inbox = Inbox(CLOCK)
        taking = asyncio.create_task(inbox.take(10))
        await CLOCK.sleep(0)
        inbox.put("a job")
        assert ["a job"] == await taking

    async def test_it_waits_no_longer_than_asked(self) -> None:
        """Then there is nothing."""
        assert [] == await Inbox(CLOCK).take(10, timeout_seconds=0.01)

    async def test_it_waits_again_when_empty(self) -> None:
        """What was taken is gone."""
        inbox = Inbox(CLOCK)
        inbox.put("a job")
        await inbox.take(10)
        assert [] == await inbox.take(10, timeout_seconds=0.01)


class TestGathering:
    """One commit for several readings, and no delay where a life may hang on it."""

    LONG, SHORT = 5.0, 0.05

    async def test_what_can_wait_is_joined(self) -> None:
        """For so long and no longer."""
        inbox = Inbox(CLOCK, gather_seconds=self.SHORT)
        fill(inbox, "motion 1")
        taking = asyncio.create_task(inbox.take(10))
        await CLOCK.sleep(self.SHORT / 5)
        fill(inbox, "contact 2", "temperature 3")
        began = CLOCK.now()
        assert 3 == len(await taking)
        assert CLOCK.now() - began < timedelta(seconds=10 * self.SHORT)

    @pytest.mark.parametrize("pressing", ["smoke", "help_call", "fall", "made_up"])
    async def test_what_may_save_a_life_takes_all_along(self, pressing: str) -> None:
        """Whether it comes first or last, and in order."""
        for order in (("motion 1", pressing), (pressing, "motion 1")):
            inbox = Inbox(CLOCK, gather_seconds=self.LONG)
            taking = asyncio.create_task(inbox.take(10))
            await CLOCK.sleep(0)
            fill(inbox, *order)
            async with CLOCK.timeout(self.LONG / 2):
                assert 2 == len(await taking)

    async def test_what_is_awaited_does_not_wait(self) -> None:
        """A job of the gateway's own has somebody behind it."""
        inbox = Inbox(CLOCK, gather_seconds=self.LONG)
        inbox.put("a job")
        async with CLOCK.timeout(self.LONG / 2):
            assert ["a job"] == await inbox.take(10)

    async def test_a_crowd_does_not_wait(self) -> None:
        """Nor what a full turn has left."""
        inbox = Inbox(CLOCK, gather_seconds=self.LONG)
        fill(inbox, *(f"motion {number}" for number in range(MOST_GATHERED + 10)))
        async with CLOCK.timeout(self.LONG / 2):
            assert MOST_GATHERED == len(await inbox.take(MOST_GATHERED))
            assert 9 == len(await inbox.take(9))


class TestOverflow:
    """When more comes than is taken."""

    async def test_the_oldest_motion_goes_first(self) -> None:
        """Before any sample, wherever it stands."""
        inbox = Inbox(CLOCK, limit=3)
        fill(inbox, "temperature 1", "motion 1", "motion 2", "smoke 1")
        assert [b"temperature 1", b"motion 2", b"smoke 1"] == await left(inbox)

    async def test_then_the_oldest_sample(self) -> None:
        """Where no motion waits."""
        inbox = Inbox(CLOCK, limit=2)
        fill(inbox, "smoke 1", "temperature 1", "temperature 2")
        assert [b"smoke 1", b"temperature 2"] == await left(inbox)

    async def test_a_new_motion_does_not_drive_out_a_sample(self) -> None:
        """It is worth less, and is dropped itself; that is settled for its source."""
        inbox = Inbox(CLOCK, limit=1)
        assert [True, True] == fill(inbox, "temperature 1", "motion 1")
        assert [b"temperature 1"] == await left(inbox)

    async def test_an_alarm_is_never_dropped(self) -> None:
        """Beyond twice the limit it is refused, so that its source keeps it."""
        inbox = Inbox(CLOCK, limit=2)
        took = fill(inbox, "smoke 1", "smoke 2", "smoke 3", "smoke 4", "smoke 5")
        assert [True, True, True, True, False] == took
        assert [b"smoke 1", b"smoke 2", b"smoke 3", b"smoke 4"] == await left(inbox)
        assert {} == inbox.drops

    async def test_an_alarm_drives_out_a_motion(self) -> None:
        """Also when the inbox is full of other alarms."""
        inbox = Inbox(CLOCK, limit=2)
        fill(inbox, "smoke 1", "motion 1", "smoke 2", "motion 2", "smoke 3")
        assert [b"smoke 1", b"smoke 2", b"smoke 3"] == await left(inbox)

    async def test_drops_are_counted_and_told(self) -> None:
        """By worth; and which ones, so that a broker stops offering them."""
        told: list[Receipt] = []
        inbox = Inbox(CLOCK, limit=1)
        inbox.tell_drops("mqtt", told.append)
        fill(inbox, "motion 1", "motion 2", "temperature 1", "temperature 2")
        assert {Worth.MOTION: 2, Worth.SAMPLE: 1} == inbox.drops
        assert [b"motion 1", b"motion 2", b"temperature 1"] == payloads(told)

    async def test_room_comes_back(self) -> None:
        """What was taken no longer counts."""
        inbox = Inbox(CLOCK, limit=2)
        fill(inbox, "motion 1", "motion 2")
        await inbox.take(2)
        fill(inbox, "motion 3", "motion 4")
        assert [b"motion 3", b"motion 4"] == await left(inbox)

    async def test_what_is_no_receipt_always_gets_in(self) -> None:
        """Somebody waits for it, and it takes no receipt's place."""
        inbox = Inbox(CLOCK, limit=1)
        assert [True] * 5 == [inbox.put(number) for number in range(5)]
        assert [True] == fill(inbox, "motion 1")
        assert 6 == len(inbox)

    async def test_a_flood_stays_bounded(self) -> None:
        """However long nothing is taken."""
        inbox = Inbox(CLOCK, limit=100)
        fill(inbox, *(f"motion {number}" for number in range(10_000)))
        assert (100, 9_900) == (len(inbox), inbox.drops[Worth.MOTION])


@pytest.mark.parametrize(
    ("expected", "receipt"),
    [
        (Worth.MOTION, over_mqtt("motion")),
        (Worth.SAMPLE, over_mqtt("temperature")),
        (Worth.KEPT, over_mqtt("smoke")),
        (Worth.KEPT, over_mqtt("help_call")),
        (Worth.STATE, over_mqtt("contact")),
        (Worth.KEPT, over_mqtt("no_such_kind")),
        (Worth.KEPT, over_mqtt("motion", family="zigbee2mqtt")),
        (Worth.MOTION, over_serial(b'{"v":1,"kind":"motion","value":true}')),
        (Worth.SAMPLE, over_serial(b'{"v":1,"kind" : "humidity","value":1}')),
        (Worth.KEPT, over_serial(b'{"v":1,"kind":"smoke","value":true}')),
        (Worth.KEPT, over_serial(b'{"v":1,"value":true}')),
        (Worth.KEPT, over_serial(b'{"kind":"motion","kind":"smoke"}')),
        (Worth.KEPT, over_serial(b'{"kind":"motion","\\u006bind":"smoke"}')),
        (Worth.KEPT, over_serial(b'{"kind":"motion"}' + b" " * LOOK_BYTES)),
        (Worth.KEPT, over_serial(b"\xff\x00")),
    ],
)
def test_worth(expected: Worth, receipt: Receipt) -> None:
    """Only what is known to be harmless may ever be dropped."""
    assert expected == worth(receipt)
