"""The phones of a registry file: who is reachable on which number, and what they are like."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from random import Random

from simulators.phones.person import Phone
from simulators.phones.temperament import draw


def phones_of(registry: Path, seed: int) -> Iterator[Phone]:
    """The phones of a registry file, the same for the same seed.

    Raises:
        OSError: the file cannot be read.
        tomllib.TOMLDecodeError: it is not TOML.
        KeyError: a row lacks its name.
    """
    tables = tomllib.loads(registry.read_text(encoding="utf-8"))
    rows = [("resident", row) for row in tables.get("residents", [])]
    rows += [(row["role"], row) for row in tables.get("responders", [])]
    for role, row in rows:
        if "phone" in row:
            dice = Random(f"{seed}:{row['phone']}")
            yield Phone(row["phone"], row["name"], draw(role, dice), dice)
