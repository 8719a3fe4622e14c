"""A program to be killed: commits batch after batch and prints what it was told is kept."""

import asyncio
import sys
from pathlib import Path

from gateway.entries import Batch
from tests.journal.rows import done, entry, file_journal, line, order_row

ENTRIES = 3


async def commit_for_ever(path: Path) -> None:
    """Batch n has three entries, an order, the end of the order before, and a line."""
    async with file_journal(path) as journal:
        number = (await journal.last())[0] // ENTRIES
        while True:
            number += 1
            batch = Batch(
                entries=[entry(number)] * ENTRIES,
                orders=[order_row(f"o{number}")],
                moves=[done(f"o{number - 1}")],
                lines=[line(f"l{number}", f"text {number}", f"p{number % 5}")],
            )
            seq = await journal.commit(batch)
            sys.stdout.write(f"{seq}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(commit_for_ever(Path(sys.argv[1])))
