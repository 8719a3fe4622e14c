"""The texts on a card: as many places as a card of today has, each with a state and a PDU."""

UNREAD = 0


class Memory:
    """The places that are taken: place -> (state, PDU)."""

    def __init__(self, room: int = 50) -> None:
        self.room = room
        self.places: dict[int, tuple[int, str]] = {}

    def add(self, pdu: str) -> int | None:
        """Keep a PDU in the first free place; None where there is none."""
        for place in range(self.room):
            if place not in self.places:
                self.places[place] = (UNREAD, pdu)
                return place
        return None
