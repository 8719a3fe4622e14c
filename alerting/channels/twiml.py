"""What a call says and asks, as TwiML. Pure.

Everything is said twice, because the first words of a call at night are not heard.
"""

from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
_LONGEST_TEXT = 350  # twice, escaped, it stays under the 4000 signs of an inline document
_BETWEEN = '<Pause length="1"/>'
_SPACES = frozenset("\t\n\r")


class Voice(NamedTuple):
    """Who speaks; without a name it is the account's voice for the language."""

    language: str = "zh-CN"
    name: str = ""


def tell(text: str, voice: Voice, times: int = 2) -> str:
    """Say a text and hang up."""
    return _document(_spoken(text, voice, times))


def ask(text: str, action: str, voice: Voice, times: int = 2) -> str:
    """Say a text and send the first key pressed to the address `action`.

    A key ends the speech. Ten seconds of silence after it end the call.
    """
    gather = f'<Gather input="dtmf" numDigits="1" timeout="10" action={quoteattr(action)}>'
    return _document(f"{gather}{_spoken(text, voice, times)}</Gather>")


def _document(verbs: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>'


def _spoken(text: str, voice: Voice, times: int) -> str:
    name = f" voice={quoteattr(voice.name)}" if voice.name else ""
    words = escape("".join(filter(_is_sayable, text))[:_LONGEST_TEXT])
    say = f"<Say language={quoteattr(voice.language)}{name}>{words}</Say>"
    return _BETWEEN.join([say] * times)


def _is_sayable(sign: str) -> bool:
    """Whether XML can hold it: not control signs, nor halves of surrogate pairs."""
    return sign.isprintable() or sign in _SPACES
