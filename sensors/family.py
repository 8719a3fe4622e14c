"""What a device family offers: how its bytes become facts, and how it learns to read them.

Most families read a message by itself. Some cannot: what a Zigbee bridge calls `Kitchen` is only
known from the listing the bridge published before. Such a family listens: it makes a `Listener`
for each link, which keeps what it was told as long as the link's gateway runs. What it must still
know after a restart it gives back as a lesson; the gateway keeps the newest lesson of each address
with the readings, in the same transaction, and shows it to a new listener before anything else.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from sensors.reading import Decoded


class Message(NamedTuple):
    """One message as a link heard it; `address` is the topic, empty on serial.

    `at` is the gateway's clock, aware UTC. `is_retained` says that a broker had kept it.
    """

    address: str
    payload: bytes
    at: datetime
    is_retained: bool = False


class Note(NamedTuple):
    """Something for the operator: a trouble by its code, and what it is about.

    `is_over` takes back what was noted before under the same code and subject.
    """

    code: str
    subject: str
    detail: str = ""
    is_over: bool = False


class Heard(NamedTuple):
    """What a message came to: facts of any number of devices, none for a bridge's own business.

    `lesson` is the message reduced to what later messages need, in the message's own form: shown
    again under the same address it teaches the same. An empty one unlearns. `unread` names fields
    that nobody has described.
    """

    said: tuple[Decoded, ...] = ()
    lesson: bytes | None = None
    notes: tuple[Note, ...] = ()
    unread: tuple[str, ...] = ()


class Listener(Protocol):
    """Reads what one link hears, in order. No clock and no chance: equal messages, equal facts."""

    def hear(self, message: Message) -> Heard:
        """Read one message and learn from it; raise nothing but DecodeError."""


class Framer(Protocol):
    """Finds frames in a stream of bytes, for one connection; `skipped` counts what was none."""

    skipped: Counter[str]

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; give the frames they complete."""


class Stream(msgspec.Struct, frozen=True):
    """How a family lives on a serial line or a TCP connection.

    `answer(frame, at)` gives what the sender waits for once the frame is kept, empty for nothing;
    `at` is aware UTC. `sender(frame)` gives the id of the device at the other end, empty where
    the frame does not say. Both take any frame of the framer and raise nothing.
    """

    framer: Callable[[], Framer]
    answer: Callable[[bytes, datetime], bytes] = lambda *_: b""
    sender: Callable[[bytes], str] = lambda _: ""


class Family(msgspec.Struct, frozen=True):
    """A device family: its name, the MQTT filters it lives on, and its decoder.

    `decode(address, payload)` takes the topic (empty on serial) and the bytes, is pure, and
    raises nothing but `DecodeError`. One input may hold the facts of several devices, or several
    reports of one: then it gives a tuple of them, in order. `listen` makes a listener for a
    family that has to learn; `decode` is then what it reads without having learned anything.
    `long_topics` are ends of topics whose messages may be longer than a device's ever are.
    `stream` is there where it speaks over lines or connections. `spelled` says which bytes a line
    of a capture stands for, where they cannot stand there themselves.
    """

    name: str
    topics: tuple[str, ...]
    decode: Callable[[str, bytes], Decoded | tuple[Decoded, ...]]
    listen: Callable[[], Listener] | None = None
    long_topics: tuple[str, ...] = ()
    stream: Stream | None = None
    spelled: Callable[[bytes], bytes] | None = None

    def listener(self) -> Listener:
        """Make what reads the messages of one link."""
        return _Plain(self) if self.listen is None else self.listen()

    def read(self, address: str, payload: bytes) -> tuple[Decoded, ...]:
        """Decode one input by itself; raise what `decode` raises."""
        found = self.decode(address, payload)
        return found if isinstance(found, tuple) else (found,)


class _Plain:
    """Listens to a family that reads each message by itself."""

    def __init__(self, family: Family) -> None:
        self._family = family

    def hear(self, message: Message) -> Heard:
        return Heard(self._family.read(message.address, message.payload))
