"""The sources that `run` could not predict, listed when it ends."""

from __future__ import annotations

import sys
from typing import Final

from keras2cv.streams.answers import Answer

MAX_LISTED: Final = 100  # a folder of another kind of file would bury the results


class Problems:
    """Failed predictions: their number, and the reasons of the first ones."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[str] = []

    def note(self, answer: Answer) -> None:
        """Count the answer if it has no result."""
        if answer.result is None:
            self.count += 1
            self._first += [answer.problem] if len(self._first) < MAX_LISTED else []

    def __enter__(self) -> Problems:
        """Nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """List them on stderr."""
        if not self.count:
            return
        left = self.count - len(self._first)
        more = [f"... and {left} more; --json FILE lists them all"] if left else []
        shown = [f"{self.count} could not be predicted:", *self._first, *more]
        print(*shown, sep="\n  ", file=sys.stderr)
