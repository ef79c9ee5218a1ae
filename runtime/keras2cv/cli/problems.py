"""The sources that `run` could not predict, and those with no real answer, listed when it ends."""

from __future__ import annotations

import sys
from typing import Final

from keras2cv.streams.answers import Answer

MAX_LISTED: Final = 100  # a folder of another kind of file would bury the results


class Problems:
    """Failed predictions: their number, and the reasons of the first ones.

    Attributes:
        count: How many sources have no result.
        doubtful: How many have a result that means nothing.
    """

    def __init__(self) -> None:
        self.count = self.doubtful = 0
        self._first: list[str] = []
        self._first_doubts: list[str] = []

    def note(self, answer: Answer) -> None:
        """Count the answer if it has no result, or none that means something."""
        if answer.result is None:
            self.count += 1
            self._first += [answer.problem] if len(self._first) < MAX_LISTED else []
        elif answer.doubt:
            self.doubtful += 1
            line = f"{answer.name}: {answer.doubt}"
            self._first_doubts += [line] if len(self._first_doubts) < MAX_LISTED else []

    def __enter__(self) -> Problems:
        """Nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """List them on stderr."""
        _list(self.count, "could not be predicted", self._first)
        _list(self.doubtful, "got an answer that means nothing", self._first_doubts)


def _list(count: int, what: str, first: list[str]) -> None:
    if not count:
        return
    left = count - len(first)
    more = [f"... and {left} more; --json FILE lists them all"] if left else []
    print(f"{count} {what}:", *first, *more, sep="\n  ", file=sys.stderr)
