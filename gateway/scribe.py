"""Puts names to ids: the only place where the core's effects meet the registry's people.

Orders are rendered at the last moment, so that an edit of a number takes effect and the journal
of events holds no personal text. The readable half of an alarm-log line is written here too, to
be kept in the erasable side table.
"""

from datetime import datetime
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from alerting import hand_over, message
from alerting.channels.contract import Order
from alerting.effect import HandOver, Log, Medium, Submit, Template
from alerting.hand_over import Place
from alerting.message import Facts
from gateway.entries import LogLine

_WANTS_KEY = {Template.ALARM, Template.DRILL, Template.RESIDENT_CHECK, Template.SCRIPT}
_NO_PHONE = {Medium.CONSOLE, Medium.WEBHOOK}
_GIVE_A_DAY = {Template.AWAY_NOTED}
_ACTORS = ("person", "operator")


class Person(NamedTuple):
    """Somebody the registry knows; `called` is the form of address, `phone` E.164 or None."""

    name: str
    called: str
    phone: str | None


class Directory(Protocol):
    """Who knows names, numbers and addresses."""

    def person_of(self, person_id: str) -> Person | None:
        """Give a resident or a responder."""

    def address_of(self, home_id: str) -> str:
        """Give the short address people use, empty for an unknown home."""

    def residents_of(self, home_id: str) -> list[tuple[str, Person]]:
        """Give the residents of a home with their ids."""

    def device_called(self, device_id: str) -> str:
        """Give what people call a device (客厅红外), its id for an unknown one."""

    def place_of(self, home_id: str) -> Place | None:
        """Give where the home is, as a dispatcher asks it."""


class Community(NamedTuple):
    """What the configuration says of the community."""

    name: str
    landline: str
    zone: ZoneInfo
    numbers: dict[str, str]
    hears_keys: bool = True


class Scribe:
    """Renders orders and log lines."""

    def __init__(self, directory: Directory, community: Community) -> None:
        """Take the registry's directory and the community's facts."""
        self._directory = directory
        self._community = community
        self.zone = community.zone

    def order(self, submit: Submit, created_at: datetime) -> Order | None:
        """Render an attempt; None where there is nobody, or no number, to reach."""
        person = self._directory.person_of(submit.person_id)
        to = submit.person_id if submit.medium in _NO_PHONE else person and person.phone
        if not to:
            return None
        # A resident who is rung is greeted by name, whomever it is about.
        is_greeted = submit.template in message.TO_RESIDENT
        about_id = submit.person_id if is_greeted else submit.about_id
        facts = self.facts(submit.home_id, submit.raised_at, submit.actor_id, about_id)
        devices = tuple(self._directory.device_called(i) for i in submit.device_ids)
        if submit.template in _GIVE_A_DAY:
            facts = facts._replace(time=self._day(submit.raised_at))
        if submit.service:
            facts = self._dispatched(facts, submit)
        mates = tuple((code, self._directory.address_of(home)) for code, home in submit.mates)
        return Order(
            attempt_id=submit.key,
            medium=submit.medium,
            to=to,
            text=message.render(submit, facts._replace(mates=mates, devices=devices)),
            created_at=created_at,
            expires_at=submit.expires_at,
            wants_key=submit.template in _WANTS_KEY,
            home_id=submit.home_id,
            alarm_id=submit.alarm_id,
            kind=submit.kind,
            state=submit.template.removeprefix("state_"),
            is_drill=submit.is_drill,
            is_urgent=submit.is_urgent,
            raised_at=submit.raised_at,
        )

    def _dispatched(self, facts: Facts, submit: Submit) -> Facts:
        """Add what is read to a service, or when it was called and where its vehicle is met."""
        place = self._directory.place_of(submit.home_id)
        caller = f"{self._community.name}值班室"
        script = hand_over.script(place, facts, submit.kind, caller) if place else []
        at = submit.confirmed_at
        return facts._replace(
            script=tuple(script),
            number=self._community.numbers.get(submit.service, submit.service),
            called_at=at.astimezone(self._community.zone).strftime("%H:%M") if at else "",
            gate=place.gate if place else "",
        )

    def _day(self, at: datetime) -> str:
        """Spell an instant that is not today's: 3月5日18:00."""
        local = at.astimezone(self._community.zone)
        return f"{local.month}月{local.day}日{local:%H:%M}"

    def facts(
        self, home_id: str, at: datetime, actor_id: str | None = None, about_id: str = ""
    ) -> Facts:
        """Look up what a message may say; it names `about_id`, else the first who lives there."""
        residents = self._directory.residents_of(home_id)
        residents = [one for one in residents if one[0] == about_id] or residents
        actor = self._directory.person_of(actor_id) if actor_id else None
        return Facts(
            community=self._community.name,
            landline=self._community.landline,
            address=self._directory.address_of(home_id),
            resident=residents[0][1].called if residents else "",
            time=at.astimezone(self._community.zone).strftime("%H:%M"),
            actor=actor.called if actor else "",
            hears_keys=self._community.hears_keys,
        )

    def write(self, effect: Log, at: datetime) -> LogLine:
        """Render a line of the alarm log: words in public, people in the erasable half."""
        actor_id = next((effect.facts[key] for key in _ACTORS if key in effect.facts), "")
        person = self._directory.person_of(actor_id) if actor_id else None
        residents = self._directory.residents_of(effect.home_id)
        names = "、".join(resident.name for _, resident in residents)
        parts = (self._directory.address_of(effect.home_id), names, person.name if person else "")
        return LogLine(
            key=effect.key,
            at=at,
            home_id=effect.home_id,
            alarm_id=effect.alarm_id,
            kind=effect.kind,
            verb=effect.verb,
            priority=effect.priority,
            facts=effect.facts,
            private=" ".join(part for part in parts if part),
            person_ids=(*(i for i, _ in residents), *([actor_id] if person else [])),
        )

    def hand_over(self, effect: HandOver, at: datetime) -> tuple[LogLine, ...]:
        """Write the script a person reads to an emergency service; nothing dials (`dry_run`)."""
        place = self._directory.place_of(effect.home_id)
        if place is None:
            return ()
        facts = self.facts(effect.home_id, effect.raised_at)
        caller = f"{self._community.name}值班室"
        lines = hand_over.script(place, facts, effect.kind, caller)
        residents = self._directory.residents_of(effect.home_id)
        number = self._community.numbers.get(effect.service, effect.service)
        return (
            LogLine(
                key=f"{effect.key}.script",
                at=at,
                home_id=effect.home_id,
                alarm_id=effect.alarm_id,
                kind=effect.kind,
                verb="handed_over",
                priority="life",
                facts={"service": effect.service, "number": number, "mode": "dry_run"},
                private="演练，不拨打。" * effect.is_drill + "；".join(lines),
                person_ids=tuple(i for i, _ in residents),
            ),
        )
