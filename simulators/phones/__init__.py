"""People with phones: how each reads, answers, rings back and walks over, from a seed."""

from simulators.phones.person import Intent, Phone, Press, Ring
from simulators.phones.roll import phones_of
from simulators.phones.temperament import TEMPERAMENTS, Temperament, draw

__all__ = [
    "TEMPERAMENTS",
    "Intent",
    "Phone",
    "Press",
    "Ring",
    "Temperament",
    "draw",
    "phones_of",
]
