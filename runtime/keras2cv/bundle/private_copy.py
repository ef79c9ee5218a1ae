"""A file's bytes, read once: what is hashed, examined and parsed is the same.

A file on disk may change between two readings, and a mapped file that is cut ends the process
(SIGBUS). So the bytes are copied first: on Linux into a file without a name (`memfd_create`), which
cv2 opens by `/proc/self/fd`, since a buffer would be copied once more, and OpenCV 5.0 loads a
buffer into the new engine whatever it is asked for. Elsewhere into memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

_PIECE: Final = 2**20


class PrivateCopy:
    """The bytes of a file, which nobody else can change.

    Attributes:
        sha256: Of the bytes, as 64 hex digits.
        size: Their number.
    """

    def __init__(self, file: IO[bytes], most: int) -> None:
        """Read an open file up to `most` bytes, and one more if there are more.

        Args:
            file: Unbuffered.
            most: How many bytes are wanted.
        """
        self._bytes: NDArray[np.uint8] | None = None
        self._file = _nameless()
        if self._file is not None:
            try:
                self.size, self.sha256 = _copied(file, self._file, most + 1)
                return
            except OSError:  # no room there, or `ulimit -f`
                self._close()
                file.seek(0)
        self._bytes = _whole(file, most + 1)
        self.size, self.sha256 = len(self._bytes), hashlib.sha256(self._bytes.data).hexdigest()

    @property
    def path(self) -> Path | None:
        """A name by which this process opens the bytes; None: they are in memory alone."""
        return None if self._file is None else Path("/proc/self/fd", str(self._file))

    @contextlib.contextmanager
    def view(self) -> Iterator[memoryview]:
        """Give a view of the bytes, for the time of a `with`."""
        if self._file is None:
            assert self._bytes is not None  # noqa: S101 - one of the two holds them
            yield self._bytes.data.toreadonly()
            return
        if self.size == 0:  # which no system maps
            yield memoryview(b"")
            return
        with (
            mmap.mmap(self._file, self.size, access=mmap.ACCESS_READ) as mapped,
            memoryview(mapped) as data,
        ):
            yield data

    def array(self) -> NDArray[np.uint8]:
        """Return the bytes in memory."""
        if self._bytes is not None:
            return self._bytes
        with self.view() as data:
            return np.array(np.frombuffer(data, np.uint8))

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __del__(self) -> None:
        """Give the memory back."""
        if getattr(self, "_file", None) is not None:
            self._close()


def _copied(file: IO[bytes], target: int, most: int) -> tuple[int, str]:
    """Copy `file` into `target`; return its size and sha256.

    A thread reads and writes meanwhile, so that only the hash takes time.
    """
    digest, size = hashlib.sha256(), 0
    buffer, other = memoryview(bytearray(_PIECE)), memoryview(bytearray(_PIECE))
    count = _read(file, buffer[:most])
    if count < _PIECE:
        _write_all(target, buffer[:count])
        return count, hashlib.sha256(buffer[:count]).hexdigest()
    jobs: SimpleQueue[Any] = SimpleQueue()
    counts: SimpleQueue[int | OSError] = SimpleQueue()
    thread = threading.Thread(target=_write_and_read, args=(target, file, jobs, counts))
    thread.start()
    try:
        while count:
            size += count
            jobs.put((buffer[:count], other[: most - size]))
            digest.update(buffer[:count])
            found = counts.get()
            if isinstance(found, OSError):
                raise found
            count, buffer, other = found, other, buffer
    finally:
        jobs.put(None)
        thread.join()
    return size, digest.hexdigest()


def _write_and_read(
    target: int, file: IO[bytes], jobs: SimpleQueue[Any], counts: SimpleQueue[int | OSError]
) -> None:
    """Write each piece, and read the next one; the thread's side of `_copied`."""
    while (job := jobs.get()) is not None:
        piece, into = job
        try:
            _write_all(target, piece)
            counts.put(_read(file, into))
        except OSError as error:
            counts.put(error)


def _read(file: IO[bytes], into: memoryview) -> int:
    """Return how many bytes were read; fewer than there is room for at the file's end."""
    size = 0
    while size < len(into) and (count := file.readinto(into[size:])):  # type: ignore[attr-defined]
        size += count
    return size


def _whole(file: IO[bytes], most: int) -> NDArray[np.uint8]:
    """Return the bytes of `file`, at most so many."""
    data = np.empty(most, np.uint8)
    return data[: _read(file, data.data)]


def _nameless() -> int | None:
    """Return a new file without a name, for the life of this process; None where there is none."""
    if not (sys.platform == "linux" and hasattr(os, "memfd_create")):
        return None
    try:
        file = os.memfd_create("keras2cv-net")
    except OSError:
        return None
    if Path("/proc/self/fd", str(file)).exists():
        return file
    os.close(file)  # a system without /proc
    return None


def _write_all(file: int, piece: memoryview) -> None:
    while piece:
        piece = piece[os.write(file, piece) :]
