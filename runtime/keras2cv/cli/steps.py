"""What a long verb is doing: a line on stderr that is drawn over itself, or a line per step."""

from __future__ import annotations

import sys
import time
from typing import Final

from keras2cv.cli.progress import clock

_WIDTH: Final = 78
_EVERY_S: Final = 0.2  # between two drawings of the same step


class Steps:
    """Told what is being done, and how much of it is; a context that leaves no line behind."""

    def __init__(self) -> None:
        self._start_s = time.monotonic()
        self._shown_s = 0.0
        self._what = ""
        self._visible = sys.stderr.isatty()

    def __enter__(self) -> Steps:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave an empty line behind."""
        if self._visible:
            print(f"\r{'':{_WIDTH}}\r", end="", file=sys.stderr, flush=True)

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        """Show `what` is being done, and `done` of `total` parts of it; 0 of 0 where unknown."""
        now_s = time.monotonic()
        if not self._visible:
            if what != self._what:
                print(f"{what} ...", file=sys.stderr)
        elif what != self._what or now_s - self._shown_s >= _EVERY_S:
            self._shown_s = now_s
            of = f" {done}/{total}" if total else ""
            text = f"{clock(now_s - self._start_s)}  {what}{of}"[:_WIDTH]
            print(f"\r{text:<{_WIDTH}}", end="", file=sys.stderr, flush=True)
        self._what = what
