"""An RFLink gateway on its serial line.

Written from docs/wire/rflink.md, and sharing nothing with what reads it.
"""


class Gateway:
    """Counts its lines, two hexadecimal digits, over and over."""

    def __init__(self) -> None:
        self.count = 0

    def greeting(self) -> bytes:
        """What it says at its start."""
        return b"20;00;Nodo RadioFrequencyLink - RFLink Gateway V1.1 - R46;\r\n"

    def hears(self, protocol: str, identity: str, *fields: str) -> bytes:
        """Spell one telegram."""
        self.count = (self.count + 1) % 256
        text = ";".join([f"20;{self.count:02X}", protocol, f"ID={identity}", *fields])
        return f"{text};\r\n".encode("ascii")

    def climate(self, identity: str, celsius: float, humidity: int, *, is_low: bool) -> bytes:
        """A sensor for the climate of a room; tenths in hexadecimal, the top bit for below zero."""
        tenths = round(abs(celsius) * 10) | (0x8000 if celsius < 0 else 0)
        battery = "LOW" if is_low else "OK"
        fields = (f"TEMP={tenths:04x}", f"HUM={humidity:02d}", f"BAT={battery}")
        return self.hears("Cresta", identity, *fields)

    def smoke(self, identity: str) -> bytes:
        """A smoke head cries; it never says that it is over."""
        return self.hears("SmokeAlert", identity, "SMOKEALERT=ON")

    def motion(self, identity: str) -> bytes:
        """A PIR has seen somebody."""
        return self.hears("Pir", identity, "PIR=ON")
