"""Of two who live in one home: the texts name who it is about, and a call greets whom it rings."""

from zoneinfo import ZoneInfo

from alerting.effect import Medium, Submit, Template
from alerting.event import ReportReceived
from gateway.registry import Registry
from gateway.registry_file import parse
from gateway.scribe import Community, Scribe
from sensors.reading import Kind, Reading, Report, Source
from tests.registry.village import device, file, home, pairing, responder
from tests.stories.world import MORNING, World, patient

COUPLE = "".join(
    f'[[residents]]\nid = "{person}"\nhome = "h1"\nname = "{name}"\nphone = "{phone}"\n'
    for person, name, phone in (
        ("r1", "张桂芳", "+8613800000001"),
        ("r2", "王建国", "+8613800000002"),
    )
)
REGISTRY: Registry = parse(
    file(
        home("h1"),
        COUPLE,
        device("band-1", "h1", 'resident = "r2"', "wristband"),
        device("smoke-1", "h1"),
        responder("d1", "desk", "+8657184310000"),
        responder("n1"),
        pairing("h1", "n1"),
    )
)
SCRIBE = Scribe(
    REGISTRY, Community("昭觉社区", "84310000", ZoneInfo("Asia/Shanghai"), {"120": "120"})
)


def village() -> World:
    """The couple's home, as the registry has it."""
    record = REGISTRY.record("h1")
    assert record is not None
    return World(record, settings=patient())


def text(submit: Submit) -> str:
    """What is sent."""
    order = SCRIBE.order(submit, MORNING)
    assert order is not None
    return order.text


def report_of(device_id: str, kind: Kind, value: bool | str) -> ReportReceived:  # noqa: FBT001 -- a reading's
    """What a device of the home says."""
    readings = (Reading(kind, value), Reading(Kind.HEARTBEAT))
    return ReportReceived(
        "h1", Report(device_id, MORNING, readings, Source("mqtt", "own", "mqtt"), 1)
    )


def test_who_wears_it_is_named() -> None:
    """He fell, and not she: neighbours look for him, and both are greeted by their own names."""
    world = village()
    world.do(report_of("own-band-1", Kind.FALL, "confirmed"))
    world.wait(30)
    assert "王建国跌倒了" in text(world.sent("n1", Medium.SMS))
    assert text(world.sent("r1", Medium.VOICE, Template.RESIDENT_HEARD)).startswith("张桂芳您好")
    assert text(world.sent("r2", Medium.VOICE, Template.RESIDENT_HEARD)).startswith("王建国您好")


def test_what_nobody_wears_is_the_homes() -> None:
    """A smoke head is about the home, and its first resident names it."""
    world = village()
    world.do(report_of("own-smoke-1", Kind.SMOKE, value=True))
    assert "张桂芳家烟雾报警" in text(world.sent("n1", Medium.SMS))
