"""Read a child's pipes in threads of their own, so that it never waits for its reader."""

from __future__ import annotations

import collections
import contextlib
import json
import queue
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any, Final

_PIECE: Final = 65_536
_MOST_PIECES: Final = 16
_PATIENCE_S: Final = 5.0  # for the rest of a log, when its process is over


class Log:
    """The end of a child's output."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pieces: collections.deque[bytes] = collections.deque(maxlen=_MOST_PIECES)
        self._thread = start_thread(lambda: self._read(pipe))

    def add(self, text: bytes) -> None:
        """Add output that came through another pipe."""
        self._pieces.append(text)

    def finish(self) -> None:
        """Wait until nobody reads the pipe of a child that has ended."""
        self._thread.join(_PATIENCE_S)

    def text(self) -> str:
        """Return it, for a child that has ended."""
        self.finish()
        return b"".join(self._pieces).decode("utf-8", "replace")

    def _read(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):  # the pipe is closed meanwhile
            while piece := pipe.read(_PIECE):
                self._pieces.append(piece)


class Replies:
    """The lines of the protocol; every other line on the pipe is noise, for the log."""

    def __init__(self, pipe: IO[bytes], noise: Callable[[bytes], None]) -> None:
        self._lines: queue.Queue[Mapping[str, Any] | None] = queue.Queue()
        self._noise = noise
        self._begun = False
        self._thread = start_thread(lambda: self._read(pipe))

    def next(self, timeout_s: float) -> Mapping[str, Any] | None:
        """Return the next line's map; None: there will be no more.

        Raises:
            queue.Empty: None came in time.
        """
        message = self._lines.get(timeout=max(timeout_s, 0.0))
        if message is None:
            self._lines.put(None)  # for whoever asks again
        return message

    def finish(self, timeout_s: float = _PATIENCE_S) -> None:
        """Wait until the child closes the pipe, as it does when it ends."""
        self._thread.join(timeout_s)

    def _read(self, pipe: IO[bytes]) -> None:
        pieces: list[bytes] = []
        with contextlib.suppress(OSError, ValueError):
            while piece := pipe.read(_PIECE):
                *whole, rest = piece.split(b"\n")
                for line in whole:
                    self._take(b"".join([*pieces, line]))
                    pieces = []
                pieces.append(rest)
        self._lines.put(None)

    def _take(self, line: bytes) -> None:
        message = _as_map(line)
        if message is not None and "protocol" in message:
            self._begun = True
        elif message is not None and self._begun:
            self._lines.put(message)
        else:
            self._noise(line + b"\n")


def start_thread(work: Callable[[], None]) -> threading.Thread:
    """Start a thread that does not keep this process alive."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _as_map(line: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
