"""Away reports and installation tests, as an operator asks for them.

What is asked goes the way of every operator's word: an event through the door, decided by the core.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta

from alerting import away, walk_test
from alerting.event import AwayEnded, AwayReported, Event, WalkTestBegun, WalkTestEnded
from alerting.home import HomeState
from gateway.door import Door, NotDoneError
from gateway.request import (
    AwayView,
    BeginWalkTest,
    EndAway,
    EndWalkTest,
    ListAway,
    ListWalkTests,
    ReportAway,
    WalkTestView,
)

Asked = ReportAway | EndAway | ListAway | BeginWalkTest | EndWalkTest | ListWalkTests

REFUSALS = {
    "an alarm is open at this home: close it first": (
        "这一户有没办结的报警，先办结 an alarm is open at this home; close it first"
    ),
    "an installation test runs already at this home": (
        "这一户已在安装测试 an installation test runs already at this home"
    ),
    "an installation test runs at this home": (
        "这一户在安装测试 an installation test runs at this home"
    ),
    "no installation test runs at this home": (
        "这一户没有在安装测试 no installation test runs at this home"
    ),
    "nobody is reported away from this home": (
        "这一户没有外出报备 nobody is reported away from this home"
    ),
    "an away report ends after it begins, and after now": (
        "外出的结束要晚于开始，也要晚于现在 an away report ends after it begins, and after now"
    ),
}
"""What the core refuses, in both languages."""


class Modes:
    """Does what is asked, by `commit`, which raises NotDoneError where the core refuses."""

    def __init__(
        self,
        door: Door,
        commit: Callable[[Event], Awaitable[None]],
        operator: Callable[[str], str],
    ) -> None:
        """Take the door, how an event is committed, and what gives an operator's id."""
        self._door = door
        self._commit = commit
        self._operator = operator

    async def perform(self, ask: Asked) -> AsyncGenerator[object, None]:
        """Do it, giving what is in force afterwards."""
        match ask:
            case ReportAway():
                by = self._operator(ask.by)
                since = ask.since or self._door.clock.now()
                await self._commit(AwayReported(ask.home, since, ask.until, by, ask.resident))
            case EndAway():
                await self._commit(AwayEnded(ask.home, self._operator(ask.by), ask.resident))
            case BeginWalkTest():
                await self._commit(self._begin(ask))
            case EndWalkTest():
                await self._commit(WalkTestEnded(ask.home, self._operator(ask.by)))
            case ListAway() | ListWalkTests():
                self._must_know(ask.home)
        show = self._tests if isinstance(ask, BeginWalkTest | EndWalkTest | ListWalkTests) else None
        homes = self._door.engine.homes
        for home in [homes[ask.home]] if ask.home else list(homes.values()):
            for view in show(home) if show else self._aways(home):
                yield view

    def _must_know(self, home_id: str) -> None:
        if home_id and home_id not in self._door.engine.homes:
            raise NotDoneError("unknown_home", f"没有 {home_id} 这一户 no such home")

    def _begin(self, ask: BeginWalkTest) -> WalkTestBegun:
        """Check what the core cannot: that the installer can be reached."""
        person = self._door.registry.person_of(ask.installer)
        if person is None or person.phone is None:
            sentence = f"{ask.installer} 没有登记电话，收不到短信 is nobody here with a telephone"
            raise NotDoneError("unknown_installer", f"{sentence}; enter them as a responder")
        until = self._door.clock.now() + timedelta(minutes=ask.minutes)
        return WalkTestBegun(ask.home, ask.installer, until, self._operator(ask.by))

    def _named(self, person_id: str) -> str:
        person = self._door.registry.person_of(person_id)
        return person_id if person is None else person.name

    def _aways(self, home: HomeState) -> list[object]:
        """Show a home's away reports."""
        now = self._door.clock.now()
        is_empty = away.empty_since(home, now) is not None
        return [
            AwayView(
                home=home.record.id,
                address=self._door.registry.address_of(home.record.id),
                resident=resident_id,
                name=self._named(resident_id) if resident_id else "",
                since=report.since,
                until=report.until,
                by=report.by,
                by_name=self._named(report.by),
                is_empty=is_empty,
            )
            for resident_id, report in home.away.items()
        ]

    def _tests(self, home: HomeState) -> list[object]:
        """Show a home's installation test."""
        test = home.walk_test
        if test is None:
            return []
        registry = self._door.registry
        silent = walk_test.silent(test, home)
        return [
            WalkTestView(
                home=home.record.id,
                address=registry.address_of(home.record.id),
                installer=test.installer_id,
                installer_name=self._named(test.installer_id),
                since=test.since,
                until=test.until,
                heard=[
                    registry.device_called(device.id)
                    for device in home.record.devices
                    if device.id not in silent
                ],
                silent=[registry.device_called(device_id) for device_id in silent],
                crying=[
                    registry.device_called(device_id) for device_id in walk_test.crying(test, home)
                ],
            )
        ]
