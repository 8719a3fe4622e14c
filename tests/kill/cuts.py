"""Power cuts: the gateway is killed and what it had not synced is taken back from its disk.

The broker stands on another machine, as it were, and goes on: what the gateway has acknowledged
the broker has forgotten, and only the journal can still have it.
"""

from tests.kill import books, power
from tests.kill.daemon import CLOCK, now_us
from tests.kill.installation import Installation
from tests.kill.verdict import Verdict, is_smoke, without_row

RATE, SMOKES = 60.0, 20.0
BETWEEN_SECONDS = 2.0
SETTLE_SECONDS = 15.0


async def run(installation: Installation, cuts: int) -> Verdict:
    """Cut the power some times under readings; `recorded_writes` must be among the conditions."""
    daemon, village, journal = installation.daemon, installation.village, installation.place.journal
    await installation.carrier.calm()
    village.start(installation.site.login(), rate=RATE, smokes=SMOKES, seconds=100_000.0)
    taken = []
    for _ in range(cuts):
        await daemon.ready()
        await CLOCK.sleep(BETWEEN_SECONDS)
        daemon.kill()
        taken.append(power.cut(installation.place.state))
        daemon.start()
    await daemon.ready()
    await CLOCK.sleep(BETWEEN_SECONDS)
    await village.stop()
    verdict, published = Verdict(), village.published()
    end = now_us() + SETTLE_SECONDS * 1e6
    while True:
        with books.opened(journal) as connection:
            missing = without_row(published, books.reports(connection))
        if not missing or now_us() > end:
            break
        await CLOCK.sleep(0.5)
    await daemon.stop()
    with books.opened(journal) as connection:
        is_sound = books.check_log(connection).is_sound
    verdict.counts["power cuts"] = cuts
    verdict.counts["  bytes written and not synced, taken back"] = sum(taken)
    verdict.counts["readings acknowledged by the broker"] = len(published)
    verdict.blame(
        "  of them missing from the journal",
        [one.topic for one in missing],
        "acknowledged readings did not survive a power cut",
    )
    verdict.counts["  of these smokes"] = sum(is_smoke(one.topic) for one in missing)
    if not is_sound:
        verdict.violations.append("the alarm log does not verify")
    return verdict
