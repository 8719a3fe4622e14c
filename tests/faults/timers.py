"""No-motion timers over a kill: all fire, none early, none late.

Three kinds of homes, told apart by their last motion and by when the gateway is killed and started:
`passed`, whose deadline comes while the gateway is down; `armed`, whose deadline comes after the
restart; and `heard`, in which somebody moves while the gateway is down.

When a timer is due is reckoned from the wire: the last motion published plus the limit is the
earliest. A reading that waited at the broker bears no time that can be trusted, so for `heard`
homes the gateway may count from its delivery; nobody's timer may be later than two seconds after
that deadline or, where it passed while the backlog was coming, after the backlog was drained.
"""

from collections import defaultdict
from pathlib import Path

import aiomqtt
import msgspec

from alerting.event import HoldSet
from gateway.tables import to_us
from simulators.devices.own import MotionSensor
from tests.kill import books
from tests.kill.daemon import CLOCK, now_us
from tests.kill.installation import Installation, installed
from tests.kill.outside import Login
from tests.kill.verdict import SECOND, Verdict
from tests.kill.village import tables

HOMES = 100
LIMIT_SECONDS = 9.0
LATE = 2 * SECOND
EARLY = SECOND // 20
"""How far two clocks of one machine may be apart here."""

_HOLD = msgspec.json.Decoder(HoldSet)


def configuration() -> dict[str, object]:
    """Let no motion be an alarm after some seconds, by day and by night."""
    hours = LIMIT_SECONDS / 3600
    day = {"day_from_hour": 0.0, "day_to_hour": 24.0}
    return {"rules": {"no_motion": {"day_hours": hours, "night_hours": hours, **day}}}


async def run(broker: str, folder: Path, conditions: tuple[str, ...] = ()) -> Verdict:
    """Arm the timers, kill the gateway, let some homes move meanwhile, start it, and judge."""
    rows = tables(HOMES)
    async with installed(
        broker, folder, rows, conditions=conditions, tables=configuration()
    ) as installation:
        login = installation.site.login()
        sensors = [MotionSensor(f"pir-h{n:04}", f"h{n:04}") for n in range(1, HOMES + 1)]
        passed, armed, heard = sensors[0::3], sensors[1::3], sensors[2::3]
        moved = await _move(login, passed)
        await CLOCK.sleep(4.0)
        moved |= await _move(login, [*armed, *heard])
        await CLOCK.sleep(0.5)
        installation.daemon.kill()
        await CLOCK.sleep(1.5)
        moved |= await _move(login, heard)
        await CLOCK.sleep(max(0.0, LIMIT_SECONDS - 5.5))
        installation.daemon.start()
        started = now_us()
        await installation.daemon.ready()
        await CLOCK.sleep(LIMIT_SECONDS + 4.0)
        await installation.daemon.stop()
        kinds = {"passed": passed, "armed": armed, "heard": heard}
        homes = {sensor.home: kind for kind, these in kinds.items() for sensor in these}
        return _judge(installation, homes, moved, started)


async def _move(login: Login, sensors: list[MotionSensor]) -> dict[str, int]:
    """Publish a motion of each, acknowledged one after the other; gives when, by home."""
    moved = {}
    async with aiomqtt.Client(
        "127.0.0.1", login.port, username=login.username, password=login.password
    ) as client:
        for sensor in sensors:
            message = sensor.report("motion", value=True)
            moved[sensor.home] = now_us()
            await client.publish(message.topic, message.payload, qos=1)
    return moved


def _judge(
    installation: Installation, homes: dict[str, str], moved: dict[str, int], started: int
) -> Verdict:
    with books.opened(installation.place.journal) as connection:
        fired: dict[str, list[int]] = defaultdict(list)
        for alarm in books.alarms(connection, "no_motion", "pre_alarm"):
            fired[alarm.home].append(alarm.at)
        received: dict[str, int] = {}
        for row in books.reports(connection):
            received[row.topic.split("/")[2]] = row.received
        holds = connection.execute(
            "SELECT at, body FROM journal WHERE kind = 'hold' AND at > ? ORDER BY seq", (started,)
        ).fetchall()
    drained = next((at for at, body in holds if to_us(_HOLD.decode(body).until) <= at), 0)
    limit = int(LIMIT_SECONDS * SECOND)
    verdict = Verdict()
    verdict.counts["homes"] = len(homes)
    verdict.counts["backlog drained, s after the restart"] = round((drained - started) / SECOND, 3)
    verdict.blame("not fired", [h for h in homes if not fired[h]], "timers did not fire")
    verdict.blame("fired twice", [h for h in homes if len(fired[h]) > 1], "timers fired twice")
    verdict.blame(
        "fired early",
        [h for h in homes if fired[h] and fired[h][0] < moved[h] + limit - EARLY],
        "timers fired early",
    )
    lateness = {
        h: fired[h][0] - max(received.get(h, 0) + limit, drained) for h in homes if fired[h]
    }
    verdict.blame(
        "fired late", [h for h, late in lateness.items() if late > LATE], "timers fired late"
    )
    if not drained:
        verdict.violations.append("the backlog was never said to be drained")
    for kind in sorted(set(homes.values())):
        late = [lateness[h] for h in lateness if homes[h] == kind]
        verdict.counts[f"{kind}: fired"] = len(late)
        verdict.counts[f"  {kind}: worst s late"] = round(max(late, default=0) / SECOND, 3)
        delay = [fired[h][0] - moved[h] - limit for h in homes if fired[h] and homes[h] == kind]
        verdict.counts[f"  {kind}: worst s after publication and limit"] = round(
            max(delay, default=0) / SECOND, 3
        )
    return verdict
