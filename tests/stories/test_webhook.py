"""What another system is told of an alarm, from its first state to its last."""

from alerting.effect import Medium, Submit
from alerting.event import Answer, Outcome, Verb
from alerting.settings import Settings
from tests.stories.world import World

SETTINGS = Settings(has_webhook=True)


def told(world: World) -> list[str]:
    """The states that were told, in their order."""
    return [s.template.value.removeprefix("state_") for s in webhooks(world)]


def webhooks(world: World) -> list[Submit]:
    """The orders for the webhook."""
    return [s for s in world.asked if s.medium is Medium.WEBHOOK]


def arrive(world: World) -> None:
    """Let everything arrive, the webhook's too."""
    for submit in webhooks(world):
        world.report(submit, Outcome.DELIVERED)
    world.waiting = [s for s in world.waiting if s.medium is not Medium.WEBHOOK]
    world.deliver()


def test_every_state_is_told_once() -> None:
    """Raised, acknowledged, attended, closed; and no climb of the ladder."""
    world = World(settings=SETTINGS)
    world.smoke()
    arrive(world)
    world.wait(31)
    arrive(world)
    world.says("n01", Answer.GOING)
    arrive(world)
    world.says("n01", Answer.ARRIVED)
    arrive(world)
    world.says("n01", Answer.SAFE)
    assert ["raised", "acknowledged", "attended", "closed"] == told(world)
    assert {"webhook"} == {s.person_id for s in webhooks(world)}


def test_a_promise_that_ran_out_is_told() -> None:
    """It is raised again, under another id."""
    world = World(settings=SETTINGS)
    world.smoke()
    arrive(world)
    world.says("n01", Answer.GOING)
    arrive(world)
    world.wait(301)
    assert ["raised", "acknowledged", "raised"] == told(world)
    assert 3 == len({s.key for s in webhooks(world)})


def test_what_was_not_taken_is_told_again() -> None:
    """By the ordinary table, also of an alarm that is closed, until it is too late."""
    world = World(settings=SETTINGS)
    world.smoke()
    world.operator(Verb.CLOSE, "false_alarm")
    for _ in range(400):
        for submit in [s for s in world.waiting if s.medium is Medium.WEBHOOK]:
            world.waiting.remove(submit)
            world.report(submit, Outcome.UNKNOWN)
        world.wait(1)
    tries = [s.key.rsplit(".", 1) for s in webhooks(world) if "closed" in s.key]
    assert len(tries) > 10
    assert 1 == len({key for key, _ in tries})
    assert [str(n + 1) for n in range(len(tries))] == [attempt for _, attempt in tries]


def test_a_dead_webhook_hurries_nobody() -> None:
    """It is no person: its failure moves no ladder."""
    world = World(settings=SETTINGS)
    world.smoke()
    world.report(webhooks(world)[0], Outcome.CHANNEL_FAULT)
    arrive(world)
    world.quiet()


def test_without_one_nothing_is_told() -> None:
    """Where no other system is configured."""
    world = World()
    world.smoke()
    assert [] == webhooks(world)
