"""From a receipt to an event: decode the bytes and find whose they are.

What cannot be decoded, comes from a device nobody claimed, or speaks for another home than its
own is quarantined with a reason; it is kept, shown and acknowledged, and never acts.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from alerting.event import ReportReceived
from alerting.freshness import BELIEVED
from gateway.entries import Lesson, Quarantined
from gateway.link import Receipt
from sensors.errors import DecodeError
from sensors.family import Family, Heard, Listener, Message, Note
from sensors.reading import Decoded, Kind, Reading, Replay, Report, Source, TimeQuality

RAW = 4096
"""Bytes of a payload that are kept."""

FIELDS = 500
"""Undescribed fields that are counted apart."""

CLOCKS_APART = timedelta(seconds=120)
"""So far a device's clock may be from ours and still be believed."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Claims(Protocol):
    """Who knows which home a device belongs to."""

    def home_of(self, device_id: str) -> str | None:
        """Give the home a device is claimed to, or None."""

    def is_help_button(self, device_id: str) -> bool:
        """Say whether a claimed device is there to call for help."""


Taken = ReportReceived | Quarantined | Lesson


class Intake:
    """Decodes by family; `counts` says how often each reason for quarantine occurred.

    Each link has a listener for each family it carries.
    """

    def __init__(
        self,
        families: Mapping[str, Family],
        claims: Claims,
        tell: Callable[[str, Quarantined], object] = lambda *_: None,
        note: Callable[[Note], object] = lambda _: None,
    ) -> None:
        """Take the families found, the registry's claims, and who hears of what is wrong.

        `tell` is called with the home that the device is claimed to, `note` with what a family
        has for the operator.
        """
        self._families = families
        self._claims = claims
        self._tell = tell
        self._note = note
        self._listeners: dict[tuple[str, str], Listener] = {}
        self.counts: Counter[str] = Counter()
        self.unread: Counter[str] = Counter()
        """How often fields came that nobody has described, by `family.field`."""

    def learn(self, lessons: Iterable[Lesson]) -> None:
        """Teach what earlier starts have learned; what cannot be read any more is forgotten."""
        for lesson in lessons:
            if lesson.family in self._families:
                message = Message(lesson.address, lesson.body, _LONG_AGO, is_retained=True)
                try:
                    self._listener(lesson.link, lesson.family).hear(message)
                except DecodeError as error:
                    self.counts[error.code] += 1

    def take(self, receipt: Receipt) -> list[Taken]:
        """Turn a receipt into events for homes, or say why not; nothing where it says nothing."""
        link = receipt.token.link
        try:
            heard = self._heard(receipt)
        except DecodeError as error:
            return [self._refuse(receipt, error.code, error.detail)]
        for note in heard.notes:
            self._note(note)
        self._count(receipt.family, heard.unread)
        taken: list[Taken] = [
            self._claimed(receipt, decoded, nth) for nth, decoded in enumerate(heard.said)
        ]
        if heard.lesson is not None:
            taken.append(Lesson(link, receipt.family, receipt.address, heard.lesson))
        return taken

    def _heard(self, receipt: Receipt) -> Heard:
        at, address, payload = receipt.received_at, receipt.address, receipt.payload
        listener = self._listener(receipt.token.link, receipt.family)
        return listener.hear(Message(address, payload, at, receipt.is_retained))

    def _count(self, family: str, unread: tuple[str, ...]) -> None:
        for name in unread:
            key = f"{family}.{name}"
            self.unread[key if key in self.unread or len(self.unread) < FIELDS else "…"] += 1

    def _listener(self, link: str, family: str) -> Listener:
        found = self._listeners.get((link, family))
        if found is None:
            found = self._listeners[link, family] = self._families[family].listener()
        return found

    def _claimed(
        self, receipt: Receipt, decoded: Decoded, nth: int
    ) -> ReportReceived | Quarantined:
        """Find whose the facts are; `nth` counts within the receipt."""
        home_id = self._claims.home_of(decoded.device_id)
        if home_id is None:
            return self._refuse(receipt, "unclaimed_device", decoded.device_id)
        if decoded.home_id is not None and decoded.home_id != home_id:
            found = self._refuse(receipt, "wrong_home", f"{decoded.device_id} at {decoded.home_id}")
            self._tell(home_id, found)
            return found
        if decoded.press and self._claims.is_help_button(decoded.device_id):
            decoded = _as_call(decoded)
        return ReportReceived(home_id, _report(receipt, decoded, nth))

    def _refuse(self, receipt: Receipt, code: str, detail: str) -> Quarantined:
        self.counts[code] += 1
        return Quarantined(
            receipt.received_at,
            receipt.token.link,
            receipt.address[:RAW],
            code,
            detail,
            receipt.payload[:RAW],
        )


def _as_call(decoded: Decoded) -> Decoded:
    """Take a press of any button for the call it is there for; one that says so is one already."""
    if any(reading.kind is Kind.HELP_CALL for reading in decoded.readings):
        return decoded
    call = Reading(Kind.HELP_CALL, decoded.press)
    return msgspec.structs.replace(decoded, readings=(call, *decoded.readings))


def _quality(received_at: datetime, device_time: datetime | None, replay: Replay) -> TimeQuality:
    """Say whose clock tells when it was: the device's own only where it is not far from ours.

    What is said again may be days old; what is older has no clock.
    """
    if device_time is None:
        return TimeQuality.GATEWAY
    age = received_at - device_time
    oldest = BELIEVED if replay is not Replay.LIVE else CLOCKS_APART
    return TimeQuality.DEVICE if -CLOCKS_APART <= age <= oldest else TimeQuality.SUSPECT


def _report(receipt: Receipt, decoded: Decoded, nth: int) -> Report:
    """Put the envelope around what was decoded.

    Two reports of one device in one frame are not one said twice: `nth` goes into the digest.
    """
    token = receipt.token
    replay = Replay.RETAINED if receipt.is_retained else decoded.replay or Replay.LIVE
    return Report(
        device_id=decoded.device_id,
        received_at=receipt.received_at,
        readings=decoded.readings,
        source=Source(
            transport=receipt.transport,
            family=receipt.family,
            link=token.link,
            address=receipt.address,
            qos=token.qos,
            replay=replay,
            connection=token.connection,
            is_dup=receipt.is_dup or decoded.is_repeat,
        ),
        digest=zlib.crc32(receipt.payload, nth),
        boot=decoded.boot,
        seq=decoded.seq,
        device_time=decoded.device_time,
        time_quality=_quality(receipt.received_at, decoded.device_time, replay),
        raw=receipt.payload[:RAW],
        is_merged=decoded.is_merged,
    )
