"""From a receipt to an event: decode the bytes and find whose they are.

What cannot be decoded, comes from a device nobody claimed, or speaks for another home than its
own is quarantined with a reason; it is kept, shown and acknowledged, and never acts.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from alerting.event import ReportReceived
from gateway.entries import Quarantined
from gateway.link import Receipt
from sensors.errors import DecodeError
from sensors.reading import Decoded, Family, Replay, Report, Source

RAW = 4096
"""Bytes of a payload that are kept."""


class Claims(Protocol):
    """Who knows which home a device belongs to."""

    def home_of(self, device_id: str) -> str | None:
        """Give the home a device is claimed to, or None."""


class Intake:
    """Decodes by family; `counts` says how often each reason for quarantine occurred."""

    def __init__(
        self,
        families: Mapping[str, Family],
        claims: Claims,
        tell: Callable[[str, Quarantined], object] = lambda *_: None,
    ) -> None:
        """Take the families found, the registry's claims, and who hears of a wrong home.

        `tell` is called with the home that the device is claimed to.
        """
        self._families = families
        self._claims = claims
        self._tell = tell
        self.counts: Counter[str] = Counter()

    def take(self, receipt: Receipt) -> ReportReceived | Quarantined:
        """Turn a receipt into an event for a home, or say why not."""
        try:
            decoded = self._families[receipt.family].decode(receipt.address, receipt.payload)
        except DecodeError as error:
            return self._refuse(receipt, error.code, error.detail)
        home_id = self._claims.home_of(decoded.device_id)
        if home_id is None:
            return self._refuse(receipt, "unclaimed_device", decoded.device_id)
        if decoded.home_id is not None and decoded.home_id != home_id:
            found = self._refuse(receipt, "wrong_home", f"{decoded.device_id} at {decoded.home_id}")
            self._tell(home_id, found)
            return found
        return ReportReceived(home_id, _report(receipt, decoded))

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


def _report(receipt: Receipt, decoded: Decoded) -> Report:
    """Put the envelope around what was decoded."""
    token = receipt.token
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
            replay=Replay.RETAINED if receipt.is_retained else Replay.LIVE,
            connection=token.connection,
            is_dup=receipt.is_dup,
        ),
        digest=zlib.crc32(receipt.payload),
        boot=decoded.boot,
        seq=decoded.seq,
        device_time=decoded.device_time,
        raw=receipt.payload[:RAW],
    )
