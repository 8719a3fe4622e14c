"""The modem at work on a simulated module of each make, and what goes wrong with it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from alerting.channels.desk import Spoken
from alerting.effect import Medium
from alerting.event import Outcome
from simulators.modem.network import Phone
from tests.channels.fake_twilio import MOBILE, OTHER
from tests.channels.modem_rig import WORDS, ModemRig, modem

VOICE = {"medium": Medium.VOICE}
LONG = Phone(rings_seconds=60.0)


@pytest.fixture(name="rig", params=["simcom", "quectel"])
async def _rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ModemRig]:
    async with modem(tmp_path, make=request.param) as rig:
        yield rig


# --- texts ----------------------------------------------------------------------------------------


async def test_a_text_arrives(rig: ModemRig) -> None:
    """Accepted by the network, then reported as delivered."""
    submitted = await rig.channel.submit(rig.order())
    assert (Outcome.ACCEPTED, "modem-a1") == submitted[:2]
    await rig.until(rig.outcomes)
    assert [(MOBILE, WORDS)] == rig.network.arrived
    assert [Outcome.DELIVERED] == rig.outcomes()


@pytest.mark.parametrize(
    ("said", "outcome", "seconds"),
    [
        ("+CMS ERROR: 42", Outcome.RETRY, 5.0),
        ("+CMS ERROR: 1", Outcome.RECIPIENT_FAULT, None),
        ("+CMS ERROR: 10", Outcome.CHANNEL_FAULT, None),
        ("+CMS ERROR: 21", Outcome.UNDELIVERED, None),
        ("ERROR", Outcome.UNDELIVERED, None),
    ],
)
async def test_a_refusal_says_what_follows(
    rig: ModemRig, said: str, outcome: Outcome, seconds: float | None
) -> None:
    """A busy network is tried again; a barred card is a fault of the channel until it can send."""
    rig.network.refuses.append(said)
    submitted = await rig.channel.submit(rig.order())
    assert (outcome, seconds) == (submitted.outcome, submitted.retry_after_seconds)
    assert rig.channel.health().is_up is (outcome is not Outcome.CHANNEL_FAULT)
    await rig.channel.submit(rig.order("a2"))
    assert rig.channel.health().is_up


async def test_an_answer_is_deleted_only_when_it_is_kept(rig: ModemRig) -> None:
    """The desk could not commit: the text stays in the memory, and is read again."""
    rig.desk.is_failing = True
    rig.there.module.receive(MOBILE, "去" * 80)
    await rig.clock.sleep(0.2)
    assert 2 == len(rig.there.module.memory.places)
    rig.desk.is_failing = False
    rig.there.module.receive(OTHER, "1")
    await rig.until(lambda: len(rig.desk.texts) == 2 and not rig.there.module.memory.places)
    assert {(MOBILE, "去" * 80), (OTHER, "1")} == {one[:2] for one in rig.desk.texts}


async def test_what_is_no_text_is_left_alone(rig: ModemRig) -> None:
    """An unreadable PDU keeps nobody else's text from being read."""
    rig.there.module.store("0791FFFF")
    rig.there.module.receive(MOBILE, "1")
    await rig.until(lambda: rig.desk.texts)
    assert ["1"] == [one.text for one in rig.desk.texts]


async def test_fires_are_told_one_after_the_other(rig: ModemRig) -> None:
    """Of those that wait, each alarm's first text goes before any alarm's second."""
    rig.network.text_seconds = 0.02
    orders = [rig.order(f"{alarm}{n}", alarm_id=alarm) for alarm in "ab" for n in range(2)]
    orders.append(rig.order("soft", alarm_id="c", kind="no_motion", is_urgent=False))
    orders.append(rig.order("help", alarm_id="d", kind="help_call"))
    numbered = [
        msgspec.structs.replace(order, to=f"+861380000{n:04}") for n, order in enumerate(orders)
    ]
    await asyncio.gather(*(rig.channel.submit(order) for order in numbered))
    went = [int(one.to[-4:]) for one in rig.network.arrived]
    assert [0, 2, 1, 3, 5, 4] == went


# --- calls ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", ["simcom", "quectel"])
async def test_a_key_in_a_call_reaches_the_desk(make: str, tmp_path: Path) -> None:
    """The words are spoken, the key is told, and its confirmation is said before we hang up."""
    async with modem(tmp_path, make=make, key_seconds=3.0) as rig:
        rig.network.phones[MOBILE] = Phone(keys="1", key_after_seconds=11.0)
        await rig.channel.submit(rig.order(**VOICE))
        await rig.until(lambda: rig.desk.keys)
        await rig.until(lambda: rig.there.module.calls.state is None)
        assert [("a1", "1")] == rig.desk.keys
        said = [words for _, words in rig.network.spoken]
        assert (WORDS, "好的，1。") == (said[0], said[-1])
        assert [Outcome.RINGING, Outcome.ANSWERED] == rig.outcomes()


async def test_a_key_at_once_is_a_phone_menus(rig: ModemRig) -> None:
    """Within the first second it means nothing."""
    rig.network.phones[MOBILE] = Phone(keys="1", key_after_seconds=0.5, talks_seconds=8.0)
    await rig.channel.submit(rig.order(**VOICE))
    await rig.until(lambda: Outcome.VOICEMAIL in rig.outcomes())
    assert [] == rig.desk.keys


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        (Phone(answers=False, ends="BUSY"), Outcome.BUSY),
        (Phone(answers=False, ends="NO ANSWER"), Outcome.NO_ANSWER),
        (Phone(answers=False, rings_seconds=2.0), Outcome.DECLINED),
        (Phone(is_on=False), Outcome.UNDELIVERED),
        (LONG, Outcome.NO_ANSWER),
        (Phone(talks_seconds=2.0), Outcome.VOICEMAIL),
    ],
)
async def test_how_a_call_ends(tmp_path: Path, phone: Phone, expected: Outcome) -> None:
    """Each end is its own outcome, and the line is free afterwards."""
    async with modem(tmp_path, ring_seconds=0.3) as rig:
        rig.network.phones[MOBILE] = phone
        await rig.channel.submit(rig.order(**VOICE))
        await rig.until(lambda: expected in rig.outcomes())
        await rig.until(lambda: rig.there.module.calls.state is None)


async def test_a_fire_pushes_a_ringing_call_aside(rig: ModemRig) -> None:
    """The lesser call is to be tried again; the fire is called now."""
    rig.network.phones[OTHER] = LONG
    soft = rig.order("soft", OTHER, kind="no_motion", is_urgent=False, **VOICE)
    await rig.channel.submit(soft)
    await rig.until(lambda: Outcome.RINGING in rig.outcomes("soft"))
    await rig.channel.submit(rig.order("fire", **VOICE))
    assert [OTHER, MOBILE] == rig.network.dialled
    assert Outcome.RETRY is rig.outcomes("soft")[-1]


async def test_an_equal_call_waits(rig: ModemRig) -> None:
    """One line is one call; a fourth that would wait is put off, for another channel to make."""
    rig.network.phones[OTHER] = LONG
    await rig.channel.submit(rig.order("a0", OTHER, **VOICE))
    waiting = [asyncio.create_task(rig.channel.submit(rig.order(f"a{n}", **VOICE))) for n in (1, 2)]
    await rig.clock.sleep(0)
    put_off = await rig.channel.submit(rig.order("a3", **VOICE))
    assert (Outcome.RETRY, 15.0) == (put_off.outcome, put_off.retry_after_seconds)
    assert [OTHER] == rig.network.dialled
    assert Outcome.CANCELLED is (await rig.channel.cancel(rig.order("a2", **VOICE))).outcome
    assert Outcome.CANCELLED is (await waiting[1]).outcome
    assert Outcome.CANCELLED is (await rig.channel.cancel(rig.order("a0", **VOICE))).outcome
    await waiting[0]
    assert [OTHER, MOBILE] == rig.network.dialled


async def test_a_caller_hears_their_alarm(tmp_path: Path) -> None:
    """They are picked up, hear the words, and their key is told under the desk's name for it."""
    async with modem(tmp_path, key_seconds=3.0) as rig:
        rig.desk.known.add("alarm.n01.callback")
        rig.desk.greeting = Spoken("3栋着火", wants_key=True, attempt_id="alarm.n01.callback")
        rig.network.phones[MOBILE] = Phone(keys="1", key_after_seconds=11.0)
        rig.there.module.calls.ring(MOBILE, 20.0)
        await rig.until(lambda: rig.desk.keys)
        assert [("alarm.n01.callback", "1")] == rig.desk.keys
        assert (MOBILE, "3栋着火") == rig.network.spoken[0]


async def test_a_caller_while_the_line_is_taken_is_told_of(rig: ModemRig) -> None:
    """They rang in vain: the desk answers by text."""
    rig.network.phones[OTHER] = LONG
    await rig.channel.submit(rig.order("a0", OTHER, **VOICE))
    rig.there.module.say(f'+CCWA: "{MOBILE[3:]}",129,1')
    await rig.until(lambda: rig.inbound)
    assert ("call", MOBILE) == rig.inbound[0][:2]


# --- what goes wrong ------------------------------------------------------------------------------


async def test_lines_between_a_command_and_its_answer(rig: ModemRig) -> None:
    """Each command of a text and a call is interrupted once."""
    other = [*rig.there.module.make.boot, '+CMTI: "SM",9', "+CREG: 1"]
    rig.there.module.interjects = other * 4
    rig.network.phones[MOBILE] = Phone(talks_seconds=8.0)
    assert Outcome.ACCEPTED is (await rig.channel.submit(rig.order())).outcome
    await rig.channel.submit(rig.order("a2", **VOICE))
    await rig.until(lambda: Outcome.VOICEMAIL in rig.outcomes("a2"))


async def test_a_module_pulled_out_in_a_call(rig: ModemRig) -> None:
    """The call has ended, health says so, and put back under a new device it works again."""
    rig.network.phones[MOBILE] = LONG
    await rig.channel.submit(rig.order(**VOICE))
    rig.there.pull()
    await rig.until(lambda: not rig.channel.health().is_up)
    assert Outcome.UNDELIVERED is rig.outcomes()[-1]
    assert Outcome.NOT_SENT is (await rig.channel.submit(rig.order("a2"))).outcome
    rig.there.plug()
    await rig.until(lambda: rig.channel.health().is_up)
    assert Outcome.ACCEPTED is (await rig.channel.submit(rig.order("a3"))).outcome


async def test_a_module_that_resets_in_a_call(rig: ModemRig) -> None:
    """It says its boot words and knows of no call: the call has ended, the next is made."""
    rig.network.phones[MOBILE] = LONG
    await rig.channel.submit(rig.order(**VOICE))
    await rig.until(lambda: Outcome.RINGING in rig.outcomes())
    rig.there.module.boot()
    await rig.until(lambda: Outcome.DECLINED in rig.outcomes())
    assert Outcome.ACCEPTED is (await rig.channel.submit(rig.order("a2"))).outcome


async def test_a_module_pulled_out_in_a_text(rig: ModemRig) -> None:
    """The PDU was out: whether it left nobody knows. What waited behind it was not sent."""
    rig.network.text_seconds = 5.0
    first = asyncio.create_task(rig.channel.submit(rig.order()))
    await rig.clock.sleep(0.05)
    second = asyncio.create_task(rig.channel.submit(rig.order("a2")))
    await rig.clock.sleep(0.05)
    rig.there.pull()
    assert Outcome.UNKNOWN is (await first).outcome
    assert Outcome.NOT_SENT is (await second).outcome


@pytest.mark.parametrize(
    ("what", "value", "reason"),
    [
        ("pin", "SIM PIN", "the card is not ready: SIM PIN"),
        ("pin", "", "the card is not ready: none"),
        ("registration", 2, "not registered with a network"),
        ("registration", 3, "denied by the network"),
        ("signal", 1, "hardly any signal (1 of 31)"),
    ],
)
async def test_health_says_what_is_wrong(
    rig: ModemRig, what: str, value: object, reason: str
) -> None:
    """In the words an installer can act on."""
    setattr(rig.there.module, what, value)
    rig.there.pull()
    rig.there.plug()
    await rig.until(lambda: rig.channel.health().reason == reason)
    assert not rig.channel.health().is_up


async def test_a_module_of_an_unknown_make_is_named(tmp_path: Path) -> None:
    """Its family must then be written into the configuration."""
    async with modem(tmp_path, family="quectel") as rig:
        assert rig.channel.health().is_up
