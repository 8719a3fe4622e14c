"""What a voice document makes a call do: TwiML in, a flat run of steps out. Pure.

Control leaves a document only where keys were pressed in a `Collect`, at a `Fetch` or at the end,
so a document is a plain tuple; steps behind the first that always leaves are cut off.
"""

from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

LONGEST_DOCUMENT = 64 * 1024
MOST_REPEATS = 10
LARGEST_NUMBER = 86_400


class TwimlError(ValueError):
    """A document the carrier cannot play; the person hears that an error occurred."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Say `text`."""

    text: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Collect:
    """Say `prompt` and wait for keys; with keys, go on with what `action` answers."""

    prompt: str
    timeout_seconds: float
    most_digits: int | None
    finish_key: str
    action: str
    sends_empty: bool


@dataclass(frozen=True, slots=True)
class Bridge:
    """Connect another number."""

    number: str
    timeout_seconds: float
    action: str | None


@dataclass(frozen=True, slots=True)
class Fetch:
    """Go on with another document."""

    url: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


Step = Speak | Silence | Collect | Bridge | Fetch | HangUp


def steps(document: str, base: str) -> tuple[Step, ...]:
    """Read a voice document.

    Args:
        document: XML.
        base: address it came from, against which its own addresses are resolved.

    Raises:
        TwimlError: not XML, not a `<Response>`, an unknown verb or a bad attribute.
    """
    found: list[Step] = []
    for element in _verbs(document):
        step = _step(element, base)
        found.append(step)
        if isinstance(step, Fetch | HangUp):
            break
    return tuple(found)


def replies(document: str) -> tuple[str, ...]:
    """The texts that the answer to an inbound text sends back.

    Raises:
        TwimlError: not XML or not a `<Response>`.
    """
    found = [element for element in _verbs(document) if element.tag == "Message"]
    return tuple("".join(element.itertext()).strip() for element in found)


def _verbs(document: str) -> list[ET.Element]:
    if len(document) > LONGEST_DOCUMENT or "<!" in document.replace("<!--", ""):
        raise TwimlError("too long, or declares more than a document needs")
    try:
        root = ET.fromstring(document)  # noqa: S314 - short, and without declarations
    except ET.ParseError as error:
        raise TwimlError(f"not XML: {error}") from error
    if root.tag != "Response":
        raise TwimlError(f"begins with <{root.tag}>, not <Response>")
    return list(root)


def _step(element: ET.Element, base: str) -> Step:
    given, text = element.attrib, (element.text or "").strip()
    action = urljoin(base, given["action"]) if "action" in given else None
    match element.tag:
        case "Say" | "Play":
            return Speak(_spoken(element))
        case "Pause":
            return Silence(_number(given.get("length", "1")))
        case "Gather":
            most = given.get("numDigits")
            return Collect(
                prompt=" ".join(_spoken(inner) for inner in element),
                timeout_seconds=_number(given.get("timeout", "5")),
                most_digits=None if most is None else max(1, int(_number(most))),
                finish_key=given.get("finishOnKey", "#"),
                action=action or base,
                sends_empty=given.get("actionOnEmptyResult") == "true",
            )
        case "Dial":
            number = "".join(element.itertext()).strip()
            return Bridge(number, _number(given.get("timeout", "30")), action)
        case "Redirect":
            return Fetch(urljoin(base, text))
        case "Hangup" | "Reject":
            return HangUp()
        case unknown:
            raise TwimlError(f"unknown verb <{unknown}>")


def _spoken(element: ET.Element) -> str:
    if element.tag == "Pause":
        return ""
    times = int(_number(element.get("loop", "1"))) or MOST_REPEATS
    return " ".join(["".join(element.itertext()).strip()] * min(times, MOST_REPEATS))


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise TwimlError(f"not a number: {text}") from error
    if not 0 <= number <= LARGEST_NUMBER:
        raise TwimlError(f"out of range: {text}")
    return number
