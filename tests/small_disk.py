"""A small disk of memory, for what happens when a disk is full."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

DISK_BYTES = 3 << 20


class Disk(NamedTuple):
    """A small disk of its own."""

    folder: Path
    fill: Callable[[], None]
    free: Callable[[], None]


@contextmanager
def mounted(folder: Path, size_bytes: int = DISK_BYTES) -> Iterator[Disk]:
    """A real one, three megabytes of memory mounted; it takes root, which CI has."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk takes root; a page limit stands in for it elsewhere")
    ballast = folder / "ballast"

    def fill() -> None:
        with ballast.open("wb", buffering=0) as file:
            size = 4096
            while size:
                try:
                    size = file.write(b"x" * size)
                except OSError:
                    size = 0

    try:
        yield Disk(folder, fill, ballast.unlink)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
