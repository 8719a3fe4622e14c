"""A 3G watch as it is on the wire: what it sends over its one TCP connection.

Written from docs/wire/watch3g.md, and sharing nothing with what reads it. A watch keeps its
battery, its steps and the bits of its status word; `moment` is aware UTC and goes into the frame
as the watch's own clock.
"""

from dataclasses import dataclass, field
from datetime import datetime

STATUS = {"low_battery": 17, "sos": 16, "off_wrist": 20, "fall": 21, "power_cut": 14}
"""The bit of the status word for each thing a watch cries about."""

_ESCAPES = {"}": "}\x01", "[": "}\x02", "]": "}\x03", ",": "}\x04", "*": "}\x05"}


def escaped(text: str) -> str:
    """Spell a text (the name of a network) so that no byte of it means something."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


@dataclass
class Watch:
    """One watch; `index` is counted by makers that number their frames, and None for the others."""

    identity: str
    maker: str = "3G"
    battery: int = 90
    steps: int = 0
    index: int | None = None
    networks: list[str] = field(default_factory=list)

    def frame(self, content: str, *, length: int | None = None) -> bytes:
        """Put a content into brackets; `length` lies about it, as firmware does."""
        declared = len(content) if length is None else length
        middle = ""
        if self.index is not None:
            self.index += 1
            middle = f"{self.index:04X}*"
        head = f"[{self.maker}*{self.identity}*{middle}{declared:04X}*"
        return f"{head}{content}]".encode("latin-1")

    def keep_alive(self) -> bytes:
        """Say `LK`: steps, tumbles, battery."""
        return self.frame(f"LK,{self.steps},0,{self.battery}")

    def position(self, moment: datetime, *cries: str, word: str = "UD_LTE") -> bytes:
        """Say where it is, which indoors it does not know; `cries` set bits of the status."""
        status = sum(1 << STATUS[cry] for cry in cries)
        stamp = moment.strftime("%d%m%y,%H%M%S")
        around = "".join(f",{escaped(name)},00:11:22:33:44:55,-70" for name in self.networks)
        return self.frame(
            f"{word},{stamp},V,0.000000,N,0.0000000,E,0.00,0.0,0.0,0,80,{self.battery},"
            f"{self.steps},0,{status:08X},1,1,460,0,9360,4082,131,{len(self.networks)}{around}"
        )

    def alarm(self, moment: datetime, *cries: str) -> bytes:
        """Cry; without a reason it is a cry of unknown kind."""
        return self.position(moment, *cries, word="AL_LTE")

    def measured(self, word: str, *numbers: float) -> bytes:
        """Say what it has measured: `heart`, `bphrt`, `oxygen`, `btemp2`."""
        return self.frame(",".join([word, *(f"{number:g}" for number in numbers)]))
