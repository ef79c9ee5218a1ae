"""Show the step of a long verb on stderr: one line that is redrawn, or a line per step."""

from __future__ import annotations

import sys
import time
from typing import Final

from keras2cv.cli.progress import clock
from keras2cv.cli.terminal import clear_line, redraw_line
from keras2cv.visible_text import shown

_WIDTH: Final = 78
_EVERY_S: Final = 0.2  # between two drawings of the same step


class Steps:
    """A context that shows the current step and its progress, and clears the line in the end."""

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
            clear_line(_WIDTH)

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        """Show the step `what`, and `done` of its `total` parts; 0 of 0 if unknown."""
        now_s = time.monotonic()
        if not self._visible:
            if what != self._what:
                print(f"{what} ...", file=sys.stderr)
        elif what != self._what or now_s - self._shown_s >= _EVERY_S:
            self._shown_s = now_s
            of = f" {done}/{total}" if total else ""
            text = f"{clock(now_s - self._start_s)}  {shown(what)}{of}"
            redraw_line(text[:_WIDTH], _WIDTH)
        self._what = what
