"""A file that nobody can change while it is held, so that it need not be copied.

Linux gives the owner of a file a *lease*: whoever wants to write it, cut it or open it for writing
waits until the lease is given back, for the time of one load. None is given while somebody else has
the file open for writing, or has it mapped so. Where there is none (another owner, another system,
a network's file system), `PrivateCopy` copies the bytes instead.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import mmap
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

SMALLEST: Final = 2**20  # bytes; smaller files are copied in no time
# linux/magic.h: file systems of this machine, which nobody changes past the kernel
_LOCAL: Final = frozenset(
    [0xEF53, 0x58465342, 0x9123683E, 0xF2F52010, 0x01021994, 0x794C7630]
)  # ext, xfs, btrfs, f2fs, tmpfs, overlay


class HeldFile:
    """An open file under a lease; `hold` makes one.

    Attributes:
        sha256: Of the bytes, as 64 hex digits.
        size: Their number.
    """

    def __init__(self, file: int) -> None:
        """Take over the descriptor of a file that nothing holds yet."""
        self._file: int | None = file
        self.size, self.sha256 = 0, ""

    def take(self, size: int) -> bool:
        """Take the lease and hash the bytes; False if that is not possible, or there are others."""
        assert self._file is not None  # noqa: S101 - it is still open
        if not _take(self._file) or os.fstat(self._file).st_size != size:
            return False
        self.size = size
        with self.view() as data:
            self.sha256 = hashlib.sha256(data).hexdigest()
        return True

    @property
    def path(self) -> Path | None:
        """A name by which this process opens the bytes."""
        return Path("/proc/self/fd", str(self._file))

    @contextlib.contextmanager
    def view(self) -> Iterator[memoryview]:
        """Give a view of the bytes, for the time of a `with`."""
        assert self._file is not None  # noqa: S101 - it is still held
        with (
            mmap.mmap(self._file, self.size, access=mmap.ACCESS_READ) as mapped,
            memoryview(mapped) as data,
        ):
            yield data

    def array(self) -> NDArray[np.uint8]:
        """Return the bytes in memory."""
        with self.view() as data:
            return np.array(np.frombuffer(data, np.uint8))

    def give_back(self) -> bool:
        """Let writers go on; return whether the file was held up to now."""
        if self._file is None:
            return False
        file, self._file = self._file, None
        try:
            return _lease_of(file)
        finally:
            _give_back(file)

    def __del__(self) -> None:
        """Let writers go on."""
        if getattr(self, "_file", None) is not None:
            self.give_back()


def hold(file: IO[bytes], size: int) -> HeldFile | None:
    """Hold an open file of `size` bytes; None where that is not possible, or not worth it.

    Args:
        file: It stays the caller's, to close.
        size: What it should have.
    """
    if sys.platform != "linux" or size < SMALLEST or not _is_local(file.fileno()):
        return None
    # a lease belongs to one opening of a file, and ends with it
    held = HeldFile(os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDONLY | os.O_CLOEXEC))
    try:
        if held.take(size):
            return held
    except BaseException:
        held.give_back()
        raise
    held.give_back()
    return None


def _take(file: int) -> bool:
    """Take a lease; the signal that announces a writer, SIGIO, would end the process."""
    import fcntl

    try:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)  # which does nothing
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(file, fcntl.F_SETOWN, 0)  # nobody gets it
    except OSError:
        return False
    return _lease_of(file)


def _lease_of(file: int) -> bool:
    """Whether the lease is there, and nobody waits for its end."""
    import fcntl

    return fcntl.fcntl(file, fcntl.F_GETLEASE) == fcntl.F_RDLCK


def _give_back(file: int) -> None:
    import fcntl

    with contextlib.suppress(OSError):
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    os.close(file)


def _is_local(file: int) -> bool:
    """Whether the file lies on a file system of this machine."""
    found = ctypes.create_string_buffer(256)  # struct statfs, which begins with its kind
    if ctypes.CDLL(None).fstatfs(file, found) != 0:
        return False
    kind = int.from_bytes(found.raw[: ctypes.sizeof(ctypes.c_long)], sys.byteorder)
    return kind & 0xFFFFFFFF in _LOCAL
