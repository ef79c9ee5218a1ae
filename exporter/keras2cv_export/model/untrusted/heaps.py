"""Heaps of texts in an HDF5 file, on which HDF5 1.14 never returns if an entry has no size.

A heap is `GCOL`, a version, three bytes that nobody reads, its size, and entries: number,
references, size, data. HDF5 goes from entry to entry by their sizes; an entry that takes it nowhere
keeps it there, in C, where no signal of Python's ends it. Sizes have eight bytes in every file that
`hdf5.py` lets through.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .danger import dishonest

_START: Final = b"GCOL\x01"
_SIZE: Final = struct.Struct("<3xQ")
_ENTRY: Final = struct.Struct("<HHIQ")
_HEADER: Final = len(_START) + _SIZE.size
_Data = bytes | mmap.mmap


def check_heaps(path: Path, data: bytes | None = None) -> None:
    """Refuse a file with a heap that never ends.

    Args:
        path: The file; of an archive, the members that are stored as they are count too.
        data: A member that was packed; None: the file itself.

    Raises:
        ModelError: It has one.
    """
    if data is not None:
        _check(path, data)
    elif path.stat().st_size:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            _check(path, whole)


def _check(path: Path, data: _Data) -> None:
    if any(not _ends(data, start) for start in _heaps(data)):
        raise dishonest(path, "a heap of its texts has an entry without a size, and never ends")


def _heaps(data: _Data) -> Iterator[int]:
    start = data.find(_START)
    while start >= 0:
        yield start
        start = data.find(_START, start + 1)


def _ends(data: _Data, start: int) -> bool:
    """Whether each entry of a heap leads to a later one."""
    if start + _HEADER > len(data):
        return True
    (size,) = _SIZE.unpack_from(data, start + len(_START))
    at, end = start + _HEADER, min(start + size, len(data))
    while at + _ENTRY.size <= end:
        number, _, _, length = _ENTRY.unpack_from(data, at)
        step = length if number == 0 else _ENTRY.size + -(-length // 8) * 8
        step %= 2**64  # HDF5's own arithmetic
        if step < _ENTRY.size:
            return False
        at += step
    return True
