"""What C++ prints to stderr, escaped: OpenCV and FFmpeg name layers, codecs and files there.

The descriptor of stderr leads into a pipe, which a thread reads; Python's own stderr goes past it.
What a crashing process has printed last may be lost. Nobody waits for a full pipe: a library that
prints while it holds Python's lock would wait for ever.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Iterator
from typing import Final

from keras2cv.visible_text import shown

_STDERR: Final = 2
_PIECE: Final = 65_536
_MOST_S: Final = 1.0  # for the thread to print what is left
_SETTLE: Final = b"\0settle\0"


class _Reader:
    """A thread that prints the lines of a pipe, escaped."""

    def __init__(self, pipe: int, terminal: int) -> None:
        self._pipe, self._terminal = pipe, terminal
        self.settled = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        rest = b""
        while piece := os.read(self._pipe, _PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            if _SETTLE in rest or len(rest) > _PIECE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._print(line)
        self._print(rest)
        os.close(self._pipe)

    def _print(self, line: bytes) -> None:
        is_last = _SETTLE in line
        text = shown(line.replace(_SETTLE, b"").decode("utf-8", "backslashreplace"))
        with contextlib.suppress(OSError):
            data = f"{text}\n".encode() if text else b""
            while data:
                data = data[os.write(self._terminal, data) :]
        if is_last:
            self.settled.set()


_readers: list[_Reader] = []


@contextlib.contextmanager
def escaped_native_output() -> Iterator[None]:
    """Escape what C++ prints to stderr, if Python's stderr is the process' own."""
    if os.name != "posix" or not _is_own(sys.stderr):
        yield
        return
    opened: list[int] = []
    try:
        opened += [os.dup(_STDERR), *os.pipe()]
        terminal, pipe, end = opened
        reader = _Reader(pipe, terminal)
        reader.thread.start()
    except (OSError, RuntimeError):  # no more files or threads: as without this context
        for descriptor in opened:
            os.close(descriptor)
        yield
        return
    python = sys.stderr
    python.flush()
    os.dup2(end, _STDERR)
    os.close(end)
    os.set_blocking(_STDERR, False)
    encoding, errors = python.encoding, python.errors
    sys.stderr = io.TextIOWrapper(
        io.FileIO(terminal, "w", closefd=False), encoding, errors, write_through=True
    )
    _readers.append(reader)
    try:
        yield
    finally:
        settle()
        _readers.remove(reader)
        sys.stderr = python
        os.dup2(terminal, _STDERR)
        reader.thread.join(_MOST_S)
        if not reader.thread.is_alive():  # else a child still has the pipe
            os.close(terminal)


def settle() -> None:
    """Wait until everything that C++ has printed is on the terminal."""
    for reader in _readers:
        reader.settled.clear()
        with contextlib.suppress(OSError):
            os.write(_STDERR, _SETTLE)
            reader.settled.wait(_MOST_S)


def _is_own(stream: object) -> bool:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return isinstance(stream, io.TextIOWrapper) and stream.fileno() == _STDERR
    return False
