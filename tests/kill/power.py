"""A power cut for SQLite's files: what was written and not synced is taken back.

Theory of operation. SIGKILL loses nothing that was written, because the kernel has it; so it cannot
tell `synchronous=FULL` from `NORMAL`. A power cut can. `record_writes` sits between SQLite and the
system in the gateway's own process: before each write it notes in `<file>.undo` what stood there,
and it empties that note when the file has been synced. `cut` then undoes, backward, what is noted.
That is the worst that a disk without a cache of its own may do; real ones may keep some of it.

SQLite lets its system calls be exchanged for tests, but not fsync. So the method tables of files
it opens are copied and three entries of the copy replaced, by ctypes, in the very library that
Python's sqlite3 module uses.
"""

import _sqlite3
import ctypes
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

_HEAD = struct.Struct("<qqq")  # offset, length of what stood there, size of the file before
_POINTER, _INT, _LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_OK = 0

_READ_WRITE = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT, _LONG)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _POINTER, _LONG)
_SYNC = ctypes.CFUNCTYPE(_INT, _POINTER, _INT)
_OPEN = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _POINTER, _INT, _POINTER)


class _Vfs(ctypes.Structure):
    """The head of `sqlite3_vfs`."""

    _fields_ = (
        ("version", _INT),
        ("file_bytes", _INT),
        ("longest_path", _INT),
        ("next", _POINTER),
        ("name", ctypes.c_char_p),
        ("data", _POINTER),
        ("open", _OPEN),
    )


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods`, version 3; what we leave alone is a bare pointer."""

    _fields_ = (
        ("version", _INT),
        ("close", _POINTER),
        ("read", _READ_WRITE),
        ("write", _READ_WRITE),
        ("truncate", _TRUNCATE),
        ("sync", _SYNC),
        ("rest", _POINTER * 13),
    )


class _Undo:
    """What stood in one file before it was written to since its last sync."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        # Never closed: closing any descriptor of a file drops SQLite's locks on it.
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._note = os.open(f"{path}.undo", flags | os.O_APPEND, 0o600)

    def keep(self, offset: int, length: int) -> None:
        """Note what stands there now."""
        size = os.fstat(self._file).st_size
        old = os.pread(self._file, max(0, min(length, size - offset)), offset)
        os.write(self._note, _HEAD.pack(offset, len(old), size) + old)

    def forget(self) -> None:
        """The file is on the disk."""
        os.ftruncate(self._note, 0)


class _Recorder:
    """Takes the place of the system's own way to open files."""

    def __init__(self, vfs: _Vfs) -> None:
        self._kept: list[Any] = []  # what C points to must not be collected
        self._undo: dict[int, _Undo] = {}
        self._tables: dict[int, _Methods] = {}
        original = _OPEN(ctypes.cast(vfs.open, _POINTER).value or 0)
        ours = _OPEN(lambda *call: self._open(original, *call))
        self._kept += [original, ours, vfs]
        vfs.open = ours

    def _open(
        self, original: Callable[..., int], vfs: int, name: int | None, file: int, *rest: int
    ) -> int:
        code: int = original(vfs, name, file, *rest)
        if code == _OK and name is not None:
            self._undo[file] = _Undo(Path(os.fsdecode(ctypes.string_at(name))))
            slot = ctypes.cast(file, ctypes.POINTER(_POINTER))
            slot[0] = ctypes.cast(ctypes.pointer(self._table(slot[0])), _POINTER)
        return code

    def _table(self, address: int) -> _Methods:
        """Copy a table of methods, once, with three of them replaced."""
        if address in self._tables:
            return self._tables[address]
        theirs = _Methods.from_address(address)
        table = _Methods.from_buffer_copy(theirs)
        write, truncate, sync = theirs.write, theirs.truncate, theirs.sync

        def our_write(file: int, data: int, length: int, offset: int) -> int:
            self._undo[file].keep(offset, length)
            return int(write(file, data, length, offset))

        def our_truncate(file: int, size: int) -> int:
            self._undo[file].keep(size, 1 << 40)
            return int(truncate(file, size))

        def our_sync(file: int, flags: int) -> int:
            code = int(sync(file, flags))
            if code == _OK:
                self._undo[file].forget()
            return code

        table.write, table.truncate = _READ_WRITE(our_write), _TRUNCATE(our_truncate)
        table.sync = _SYNC(our_sync)
        self._tables[address] = table
        self._tables[ctypes.addressof(table)] = table
        return table


_recorders: list[_Recorder] = []


def record_writes() -> None:
    """Begin to note writes in this process; raises AttributeError where SQLite cannot be reached.

    Called before any database is opened.
    """
    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    library.sqlite3_initialize()
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    _recorders.append(_Recorder(library.sqlite3_vfs_find(None).contents))


def cut(folder: Path) -> int:
    """Undo what was not synced in the files of a folder; gives how many bytes were taken back.

    Nothing may have the files open any more.
    """
    taken = 0
    for note in sorted(folder.glob("*.undo")):
        path = note.with_suffix("")
        if path.exists():
            taken += _undo(path, note.read_bytes())
        note.unlink()
    for index in folder.glob("*-shm"):
        index.unlink()  # lives in memory alone
    return taken


def _undo(path: Path, note: bytes) -> int:
    steps, at, taken = [], 0, 0
    while at < len(note):
        offset, length, size = _HEAD.unpack_from(note, at)
        at += _HEAD.size + length
        steps.append((offset, note[at - length : at], size))
    with path.open("r+b") as file:
        for offset, old, size in reversed(steps):
            file.seek(offset)
            file.write(old)
            file.truncate(size)
            taken += max(len(old), 1)
    return taken
