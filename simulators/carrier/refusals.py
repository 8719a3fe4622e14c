"""Which requests the carrier does not take, and with what words: Twilio's published codes."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

E164 = re.compile(r"\+[1-9]\d{6,14}")
LONGEST_TEXT = 1600
LONGEST_TWIML = 4000
LONGEST_SECONDS = 36_000


@dataclass(frozen=True, slots=True)
class Refusal(Exception):  # noqa: N818 - what the carrier says, not a mistake of the program
    """An HTTP answer with an error body."""

    http: int
    code: int
    words: str

    def to_json(self) -> dict[str, object]:
        """The error body."""
        return {
            "code": self.code,
            "message": self.words,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.http,
        }


UNAUTHENTICATED = Refusal(401, 20003, "Authenticate")
NOT_FOUND = Refusal(404, 20404, "The requested resource was not found")
BAD_QUERY = Refusal(400, 20001, "Unknown or malformed parameter")
TOO_MANY = Refusal(429, 20429, "Too Many Requests")
UNAVAILABLE = Refusal(503, 20503, "Service unavailable")
WRONG_STATE = Refusal(400, 21220, "Invalid state of the call or message")


def check_message(form: Mapping[str, str], own: Collection[str], stopped: Collection[str]) -> None:
    """Let a text pass.

    Raises:
        Refusal: a number, a body or a recipient that cannot be taken.
    """
    to, body = form.get("To", ""), form.get("Body", "")
    if not to:
        raise Refusal(400, 21604, "A 'To' phone number is required.")
    if not E164.fullmatch(to):
        raise Refusal(400, 21211, f"Invalid 'To' Phone Number: {to}")
    if form.get("From", "") not in own:
        raise Refusal(400, 21606, "The 'From' phone number is not a number of this account.")
    if to in stopped:
        raise Refusal(400, 21610, "Attempt to send to unsubscribed recipient")
    if not body:
        raise Refusal(400, 21602, "Message body is required.")
    if len(body) > LONGEST_TEXT:
        raise Refusal(400, 21617, "The concatenated message body exceeds 1600 characters.")


def check_call(form: Mapping[str, str], own: Collection[str]) -> None:
    """Let a call pass.

    Raises:
        Refusal: a number or a document address that cannot be taken.
    """
    to, url = form.get("To", ""), form.get("Url", "")
    if not to:
        raise Refusal(400, 21201, "No 'To' number is specified")
    if not E164.fullmatch(to):
        raise Refusal(400, 21211, f"Invalid 'To' Phone Number: {to}")
    if form.get("From", "") not in own:
        raise Refusal(400, 21210, "The source phone number is not verified for this account.")
    if not (url.startswith(("http://", "https://")) or form.get("Twiml")):
        raise Refusal(400, 21205, f"Url is not a valid URL: {url}")
    if len(form.get("Twiml", "")) > LONGEST_TWIML:
        raise Refusal(400, 20001, "Twiml is longer than 4000 characters")


def seconds_of(form: Mapping[str, str], name: str, default: float) -> float:
    """A duration of a form, in seconds.

    Raises:
        Refusal: not a number, negative or too long.
    """
    try:
        seconds = float(form.get(name, default))
    except ValueError:
        raise BAD_QUERY from None
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise BAD_QUERY
    return seconds
