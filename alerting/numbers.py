"""Telephone numbers: one spelling, a mask for screens, and the gate before emergency numbers.

A number comes from a spreadsheet, a text or a person's fingers, so it is folded first: full-width
and Chinese digits become ASCII, separators and invisible signs go, and what follows a pause or an
extension is cut off. `is_emergency` then looks for an emergency code behind any prefix with which
one could be dialled. A prefix is only believed where the whole is too short to be an ordinary
number, so that no mobile and no landline is ever refused.

Every order to reach a telephone passes `admit`. What is refused there can pass only with an
`EmergencyToken`, which opens once, for one number, and is minted only where an alarm is handed
over to 119, 120 or 110.
"""

import re
import unicodedata
from typing import Protocol, TypeVar

_SERVICES = frozenset({"110", "112", "119", "120", "122", "911", "999"})
EMERGENCY = _SERVICES | {
    *("12110", "12119", "12120", "12122"),  # the same services by text or on the motorway
    *("12395", "95119"),  # rescue at sea, forest fire
}

_NUMERALS = str.maketrans("〇零一幺二两三四五六七八九", "0011223456789")
_SCHEME = re.compile(r"(?:tel|sips?|callto):(?://)?", re.IGNORECASE)
_ENDS = ",;@/"
_ANY, _SHORT = "|".join(sorted(EMERGENCY)), "|".join(sorted(_SERVICES))

_DANGEROUS = re.compile(
    rf"(?:{_ANY})"
    rf"|0+(?:[1-9]\d{{1,2}})?(?:{_ANY})"  # a trunk 0, perhaps an area code
    rf"|(?:\+|00+)(?:{_ANY})"
    rf"|(?:\+|00+)860*(?:[1-9]\d{{1,2}})?(?:{_ANY})"
    rf"|86(?:0+(?:[1-9]\d{{1,2}})?)?(?:{_SHORT})"
    rf"|(?:\+|00+)[1-9]\d{{0,2}}0?(?:{_SHORT})"  # abroad
    rf"|1\d{{4}}(?:{_SHORT})"  # behind the code of a long-distance carrier
)
_STARRED = re.compile(rf".*(?:{_ANY})[*#]*")

_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7}")
_SERVED = re.compile(r"[48]00\d{7}")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_LONGEST_NATIONAL = 12


class NumberError(ValueError):
    """Text that is not a telephone number a person could be reached at."""


class EmergencyNumberError(NumberError):
    """A number of an emergency service, without leave to dial it."""


class Addressed(Protocol):
    """Anything that goes to a number."""

    @property
    def to(self) -> str:
        """The number."""


Ordered = TypeVar("Ordered", bound=Addressed)


class EmergencyToken:
    """Leave to dial one emergency number once."""

    def __init__(self, number: str) -> None:
        self._number: str | None = _fold(number)

    def spend(self, number: str) -> bool:
        """Use the leave up; false where it is for another number or was used before."""
        is_good = self._number is not None and self._number == _fold(number)
        if is_good:
            self._number = None
        return is_good


def admit(order: Ordered, token: EmergencyToken | None = None) -> Ordered:
    """Let an order pass: the one place that decides about emergency numbers.

    Raises:
        EmergencyNumberError: it goes to an emergency service and `token` is not good for it.
    """
    if is_emergency(order.to) and not (token is not None and token.spend(order.to)):
        raise EmergencyNumberError("an emergency number is dialled only by the hand-over")
    return order


def is_emergency(number: str) -> bool:
    """Whether dialling this, however it is written, could reach an emergency service."""
    folded = _fold(number)
    pattern = _STARRED if set(folded) & {"*", "#"} else _DANGEROUS
    return pattern.fullmatch(folded) is not None


def is_e164(number: str) -> bool:
    """Whether this is spelled as the wire wants it: `+`, then 7 to 15 ASCII digits."""
    return number.isascii() and _E164.fullmatch(number) is not None


def normalise(number: str) -> str:
    """Give the E.164 spelling; a number without a country is Chinese and has its area code.

    Raises:
        EmergencyNumberError: it belongs to an emergency service.
        NumberError: it is not one number, whole, at which a person can be reached.
    """
    if is_emergency(number):
        raise EmergencyNumberError("an emergency number is nobody's contact")
    if any(sign.isalpha() or sign in _ENDS for sign in _plain(number)):
        raise NumberError("more than one number, or an extension")
    folded = re.sub(r"^00+", "+", _fold(number))
    if is_e164(folded) and not folded.startswith("+86"):
        return folded
    is_long = folded.startswith("+") or len(folded) >= _LONGEST_NATIONAL
    national = folded.removeprefix("+").removeprefix("86") if is_long else folded
    subscriber = national.removeprefix("0")
    has_area = national != folded or subscriber != national
    is_fixed = has_area and _LANDLINE.fullmatch(subscriber)
    if is_fixed or _MOBILE.fullmatch(subscriber) or _SERVED.fullmatch(subscriber):
        return f"+86{subscriber}"
    raise NumberError("not a telephone number with its area code")


def mask(number: str) -> str:
    """Hide the four digits before the last four; what is no number is hidden whole."""
    if not is_e164(number):
        return "***"
    return number[:-8] + "****" + number[-4:]


def _plain(number: str) -> str:
    """Fold full-width signs and Chinese digits, and take off `tel:` and its like."""
    text = unicodedata.normalize("NFKC", number).translate(_NUMERALS).strip()
    return _SCHEME.sub("", text, count=1)


def _fold(number: str) -> str:
    """Reduce to ASCII digits, `*`, `#` and a leading `+`; a word before the digits empties it."""
    kept: list[str] = []
    for sign in _plain(number):
        digit = unicodedata.digit(sign, None)
        if digit is not None:
            kept.append(str(digit))
        elif sign in "*#" or (sign == "+" and not kept):
            kept.append(sign)
        elif sign.isalpha() or sign in _ENDS:
            break
    return "".join(kept)
