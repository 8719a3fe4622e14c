"""Who texts or calls is known by the number, and what they say acts on the alarm they mean."""

import asyncio
from datetime import timedelta
from pathlib import Path

from structlog.testing import capture_logs

from alerting.alarm import State
from alerting.channels import Inbound
from alerting.effect import Medium
from alerting.event import Answer, AnswerGiven
from tests.delivery.rig import N1, N2, R1, Life, site

STRANGER = "+8613999999999"


async def burn(life: Life) -> None:
    """Let it burn, and wait until it is committed."""
    life.smoke()
    await life.until(lambda: bool(life.pump.engine.homes["h1"].alarms))
    await life.until(lambda: bool(life.pump.seq))


def state(life: Life) -> State:
    """The alarm's state."""
    return next(iter(life.pump.engine.homes["h1"].alarms.values())).state


async def test_a_text_from_before_the_alarm_does_not_take_it(tmp_path: Path) -> None:
    """It is told back by a text; one sent since is taken."""
    async with site(tmp_path) as place, place.life() as life:
        before = life.clock.now() - timedelta(minutes=10)
        await burn(life)
        await life.desk.texted(N1, "1", "SM1", before)
        assert State.RAISED is state(life)
        await life.until(
            lambda: any(to == N1 and "报警前发的" in text for to, text in place.texts()), 5.0
        )
        await life.desk.texted(N1, "1", "SM2", life.clock.now())
        assert State.ACKNOWLEDGED is state(life)


async def test_a_neighbour_who_calls_back_hears_what_it_is_about(tmp_path: Path) -> None:
    """And takes the alarm with a key."""
    async with site(tmp_path) as place, place.life() as life:
        await burn(life)
        spoken = await life.desk.called(N2)
        assert "3栋2单元501" in spoken.text
        assert "烟雾报警" in spoken.text
        assert spoken.wants_key
        assert spoken.attempt_id
        said = await life.desk.keyed(spoken.attempt_id, "1")
        assert "谢谢" in said
        assert State.ACKNOWLEDGED is state(life)
        assert "" == await life.desk.keyed(spoken.attempt_id, "7")


async def test_of_two_alarms_a_caller_hears_the_one_nobody_goes_to(tmp_path: Path) -> None:
    """The other, though newer, is taken care of."""
    async with site(tmp_path) as place, place.life() as life:
        await burn(life)
        life.smoke("h2")
        await life.until(lambda: bool(life.pump.engine.homes["h2"].alarms))
        assert "3栋2单元502" in (await life.desk.called(N1)).text
        newer = next(iter(life.pump.engine.homes["h2"].alarms))
        await life.hear(AnswerGiven("h2", newer, "n1", Answer.GOING))
        assert "3栋2单元501" in (await life.desk.called(N1)).text


async def test_of_two_alarms_a_key_is_said_back_with_the_digits_of_its_own(tmp_path: Path) -> None:
    """A bare 3 would mean the other fire: that one would be attended, with nobody there."""
    async with site(tmp_path) as place, place.life() as life:
        await burn(life)
        life.smoke("h2")
        await life.until(lambda: bool(life.pump.engine.homes["h2"].alarms))
        older, newer = (next(iter(life.pump.engine.homes[h].alarms.values())) for h in ("h1", "h2"))
        said = await life.desk.keyed(f"{newer.id}.n1.callback", "1")
        _, _, digits = said.partition("请发短信回")
        await life.desk.texted(N1, digits.rstrip("。"), "SM1")
        assert (State.RAISED, State.ATTENDED) == (older.state, newer.state)


async def test_a_resident_who_calls_back_is_heard(tmp_path: Path) -> None:
    """They hear that help is coming, and 9 wants people, also where the desk already has it."""
    async with site(tmp_path) as place, place.life() as life:
        await burn(life)
        spoken = await life.desk.called(R1)
        assert "邻居正在赶来" in spoken.text
        assert spoken.attempt_id
        assert "别急，我们马上叫人来。" == await life.desk.keyed(spoken.attempt_id, "9")


async def test_a_stranger_is_logged_and_answered_nothing(tmp_path: Path) -> None:
    """A text from an unknown number gets no text; a call hears whose number this is, no more."""
    async with site(tmp_path) as place, place.life() as life:
        await burn(life)
        with capture_logs() as lines:
            await life.desk.texted(STRANGER, "1", "SM1")
            spoken = await life.desk.called(STRANGER)
        await life.clock.sleep(2.0)
        assert State.RAISED is state(life)
        assert STRANGER not in {to for to, _ in place.texts()}
        assert ("501" in spoken.text, spoken.wants_key) == (False, False)
    said = [str(line["event"]) for line in lines]
    assert ["text_from_stranger", "call_from_stranger"] == said
    assert not any(STRANGER in str(line) for line in lines)


async def test_a_call_that_only_spoke_is_over_when_it_is_completed(tmp_path: Path) -> None:
    """The resident heard it; ninety seconds later nothing has "expired"."""
    moods = ("asleep", "asleep", "asleep", "willing")
    async with site(tmp_path, *moods) as place, place.life() as life:
        await burn(life)
        call = life.notification("r1", Medium.VOICE)
        await life.until(lambda: call.is_done, 60.0)
        assert "delivered" == call.outcome


async def test_a_call_back_that_cannot_be_answered_is_answered_by_text(tmp_path: Path) -> None:
    """Behind a router we only see that there was one: it holds nothing, and they hear so."""
    async with site(tmp_path) as place, place.life() as life:
        await burn(life)
        queue: asyncio.Queue[Inbound] = asyncio.Queue()
        reading = asyncio.create_task(life.desk.read(queue))
        queue.put_nowait(Inbound("call", N1, "", "CA1", life.clock.now()))
        queue.put_nowait(Inbound("call", STRANGER, "", "CA2", life.clock.now()))
        await life.until(
            lambda: any(to == N1 and "没回1" in text for to, text in place.texts()), 5.0
        )
        assert State.RAISED is state(life)
        assert STRANGER not in {to for to, _ in place.texts()}
        reading.cancel()


async def test_a_resident_reports_herself_away_and_back(tmp_path: Path) -> None:
    """By texts from her own number, each answered by one; a neighbour's is an answer like any."""
    async with site(tmp_path) as place, place.life() as life:
        home = life.pump.engine.homes["h1"]
        await life.desk.texted(R1, "外出3天", "SM1")
        length = home.away[""].until - home.away[""].since
        assert timedelta(days=3) == round(length / timedelta(minutes=1)) * timedelta(minutes=1)
        assert "r1" == home.away[""].by
        await life.until(
            lambda: any(to == R1 and "到时自动恢复" in t for to, t in place.texts()), 5
        )
        await life.desk.texted(N1, "回来了", "SM2")
        assert [""] == list(home.away)
        await life.desk.texted(R1, "回来了", "SM3")
        assert {} == home.away
        await life.until(lambda: any("照常守着" in text for _, text in place.texts()), 5)
        assert {R1} == {to for to, text in place.texts() if "记下了" in text}
