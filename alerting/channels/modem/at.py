"""The conversation with a modem: commands out, answers and unasked-for lines in. Sans-I/O.

Theory of operation. One command is under way at a time; `begin` gives the bytes to write. `feed`
takes what the modem says and gives what it means: an `Answered` for the command, an `Unsolicited`
for anything else. The two are told apart by the prefixes a command's answer has: a line with one of
them, and hexadecimal behind it, belongs to the command; every other line does not, wherever it
comes, also between a command and its answer. A command with a PDU gets it when the modem has asked
for it (`> `), never before. What a line announces in the next one (`+CDS`) is one event.

Lines are bounded; the rest of one that is too long is skipped and counted. An answer that comes
when no command is under way belongs to one that was given up: it is dropped and counted.
"""

import re
from collections import Counter
from typing import NamedTuple

MOST_LINE = 2048
MOST_LINES = 512
"""Lines of one answer: a memory of 255 texts has two each."""

CTRL_Z, ESCAPE = b"\x1a", b"\x1b"
_FINAL = re.compile(rb"OK|ERROR|\+CM[ES] ERROR:.*|COMMAND NOT SUPPORT")
_CALL_ENDED = frozenset({b"NO CARRIER", b"BUSY", b"NO ANSWER", b"NO DIALTONE"})
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{16,}")
_TWO_LINES = (b"+CDS:", b"+CMT:")


class Command(NamedTuple):
    """What to ask.

    `prefixes` begin the lines of its answer; an empty prefix takes every line that is nothing
    else. `pdu` is handed over when the modem asks for it. `places_call`: a call's end may be the
    answer.
    """

    line: str
    prefixes: tuple[str, ...] = ()
    pdu: str = ""
    places_call: bool = False


class Answered(NamedTuple):
    """The end of the command under way; `final` is OK or what the modem refused it with."""

    lines: tuple[str, ...]
    final: str

    @property
    def is_ok(self) -> bool:
        """Whether it was done."""
        return self.final == "OK"

    @property
    def code(self) -> int | None:
        """The number of a refusal, where it has one."""
        number = self.final.rpartition(":")[2].strip()
        return int(number) if number.isdecimal() and self.final.startswith("+CM") else None


class Unsolicited(NamedTuple):
    """A line nobody has asked for; `follows` is the line that it announced."""

    line: str
    follows: str = ""


Event = Answered | Unsolicited


class Conversation:
    """One opening of a port; `dropped` counts what was none of ours, by code."""

    def __init__(self, unasked: tuple[str, ...] = ()) -> None:
        """Take prefixes of lines that are no answer even to a command that takes every line."""
        self._unasked = tuple(prefix.encode() for prefix in unasked)
        self._buffer = b""
        self._command: Command | None = None
        self._echo = b""
        self._lines: list[str] = []
        self._is_prompted = False
        self._announced = b""
        self._is_skipping = False
        self.out = b""
        """What is to be written; the owner takes it and empties it."""
        self.dropped: Counter[str] = Counter()

    @property
    def is_busy(self) -> bool:
        """Whether a command is under way."""
        return self._command is not None

    def begin(self, command: Command) -> None:
        """Ask; one at a time."""
        assert self._command is None
        self._command, self._lines, self._is_prompted = command, [], False
        self._echo = command.line.encode()
        self.out += self._echo + b"\r"

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes, however they are cut; give what they mean, in order."""
        self._buffer += data
        events: list[Event] = []
        while True:
            self._hand_over()
            end = self._buffer.find(b"\n")
            if end < 0:
                break
            line, self._buffer = self._buffer[:end].strip(b"\r\x00 "), self._buffer[end + 1 :]
            if self._is_skipping:
                self._is_skipping = False
            elif line:
                events += self._take(line)
        if len(self._buffer) > MOST_LINE:
            self._buffer = b""
            self.dropped["too_long"] += not self._is_skipping
            self._is_skipping = True
        return events

    def _hand_over(self) -> None:
        """Write the PDU, once, when the modem asks for it."""
        waits = self._command is not None and self._command.pdu and not self._is_prompted
        rest = self._buffer.lstrip(b"\r\n ")
        if waits and rest.startswith(b">"):
            assert self._command is not None
            self._is_prompted = True
            self._buffer = rest[1:].lstrip(b" ")
            self._echo = self._command.pdu.encode()
            self.out += self._echo + CTRL_Z

    def _take(self, line: bytes) -> list[Event]:
        announced, self._announced = self._announced, b""
        if announced and _HEXADECIMAL.fullmatch(line):
            return [Unsolicited(_text(announced), _text(line))]
        if self._ends(line):
            return self._end(line)
        if self._echo and line.rstrip(CTRL_Z) == self._echo:
            self._echo = b""  # a modem that repeats what it is told
        elif self._is_ours(line):
            self._keep(line)
        elif line.startswith(_TWO_LINES):
            self._announced = line
        else:
            return [Unsolicited(_text(line))]
        return []

    def _keep(self, line: bytes) -> None:
        if len(line) > MOST_LINE:
            self.dropped["too_long"] += 1
        elif len(self._lines) >= MOST_LINES:
            self.dropped["too_many_lines"] += 1
        else:
            self._lines.append(_text(line))

    def _ends(self, line: bytes) -> bool:
        """Say whether a line ends an answer; a call's end does where a call is just placed."""
        places_call = self._command is not None and self._command.places_call
        return bool(_FINAL.fullmatch(line)) or (places_call and line in _CALL_ENDED)

    def _is_ours(self, line: bytes) -> bool:
        """Say whether a line belongs to the answer of the command under way."""
        command = self._command
        if command is None or line in _CALL_ENDED or line == b"RING":
            return False
        prefixes = tuple(prefix.encode() for prefix in command.prefixes if prefix)
        if prefixes and line.startswith(prefixes):
            return True
        if "" in command.prefixes:
            return not line.startswith((*_TWO_LINES, *self._unasked))
        return bool(self._lines and command.prefixes and _HEXADECIMAL.fullmatch(line))

    def _end(self, line: bytes) -> list[Event]:
        if self._command is None:
            self.dropped["late_answer"] += 1
            return []
        self._command, self._echo = None, b""
        lines, self._lines = tuple(self._lines), []
        return [Answered(lines, _text(line))]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
