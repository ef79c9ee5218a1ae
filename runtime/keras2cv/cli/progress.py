"""How far a run is: a line on stderr that is drawn over itself."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from keras2cv.cli.terminal import clear_line, redraw_line

if TYPE_CHECKING:
    from keras2cv.streams.answers import Answer

_EVERY_S: Final = 0.1  # between two drawings
_WIDTH: Final = 60


class Bar:
    """Count, rate and time left, on one line; silent unless it has a terminal to itself.

    Results printed to the same terminal are progress enough, and would break the line.
    """

    def __init__(self, total: int | None, every: int = 1, *, results_shown: bool = True) -> None:
        """Begin to count.

        Args:
            total: the number of answers; None for a video, whose length is known once it is opened.
            every: of a video's frames.
            results_shown: whether results are printed to stdout.
        """
        self._total = total
        self._every = every
        self._unit = "/s"
        self._done = 0
        self._start_s = self._shown_s = time.monotonic()
        alone = not (results_shown and sys.stdout.isatty())
        self._visible = sys.stderr.isatty() and alone

    def advance(self, answer: Answer) -> bool:
        """Count one more answer; redraw at most ten times a second. Always True: go on."""
        self._done += 1
        now_s = time.monotonic()
        if self._visible and now_s - self._shown_s >= _EVERY_S:
            self._shown_s = now_s
            self._learn(answer)
            self._draw(now_s - self._start_s)
        return True

    def close(self) -> None:
        """Leave an empty line behind."""
        if self._visible:
            clear_line(_WIDTH)

    def _learn(self, answer: Answer) -> None:
        if answer.frame is None or (stream := answer.frame.stream) is None:
            return
        self._unit = " fps"
        if stream.frame_count is not None:
            self._total = -(-stream.frame_count // self._every)

    def _draw(self, elapsed_s: float) -> None:
        rate = self._done / elapsed_s
        of = left = ""
        if self._total is not None:
            of = f"/{self._total}"
            left = f"  {clock(max(0, self._total - self._done) / rate)} left"
        redraw_line(f"{self._done}{of}  {rate:.1f}{self._unit}{left}", _WIDTH)


def clock(seconds: float) -> str:
    """Return a duration as people read it: 0:07, 12:34, 1:02:03."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
