"""What a storm does to a home besides its alarms: away reports and installation tests."""

from datetime import timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from alerting.event import AwayEnded, AwayReported, WalkTestBegun, WalkTestEnded
from tests.stories.world import World


class Leave(NamedTuple):
    """Somebody reports that nobody, or a resident, is at home for a while."""

    home: str
    person: str
    in_minutes: float
    minutes: float
    via: str
    text_id: str

    def take(self, world: World) -> None:
        """Report it."""
        since = world.now + timedelta(minutes=self.in_minutes)
        until = since + timedelta(minutes=self.minutes)
        event = AwayReported(
            self.home, since, until, "f-h0001", self.person, self.via, self.text_id
        )
        world.do(event)


class Return(NamedTuple):
    """Somebody reports that they are back."""

    home: str
    person: str
    via: str

    def take(self, world: World) -> None:
        """Report it."""
        world.do(AwayEnded(self.home, "d01", self.person, self.via))


class Test(NamedTuple):
    """An installer begins to test a home, or ends it."""

    home: str
    minutes: float | None

    def take(self, world: World) -> None:
        """Begin, or end."""
        if self.minutes is None:
            world.do(WalkTestEnded(self.home, "i01"))
        else:
            until = world.now + timedelta(minutes=self.minutes)
            world.do(WalkTestBegun(self.home, "i01", until, "i01"))


def modes(
    home: st.SearchStrategy[str],
) -> list[st.SearchStrategy[Leave] | st.SearchStrategy[Return] | st.SearchStrategy[Test]]:
    """Give what can come of each, at these homes."""
    away = st.sampled_from(["", "", "", "r-h0001", "nobody"])
    via = st.sampled_from(["command", "sms"])
    leave = st.builds(
        Leave,
        home,
        away,
        st.sampled_from([0.0, 0.0, -60.0, 20.0]),
        st.sampled_from([0.0, 15.0, 60.0, 600.0, 1e6]),
        via,
        st.sampled_from(["", "t1"]),
    )
    back = st.builds(Return, home, away, via)
    test = st.builds(Test, home, st.sampled_from([None, 0.5, 10.0, 30.0, 31.0]))
    return [leave, back, test]
