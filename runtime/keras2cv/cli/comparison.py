"""The distance of each result to the run's first one, for tasks that define one."""

from __future__ import annotations

from keras2cv.streams.answers import Answer
from keras2cv.tasks.kind import kind_of
from keras2cv.tasks.result import Result


class DistanceToFirst:
    """Distances to the run's first result, such as an embedding's; most tasks have none."""

    def __init__(self) -> None:
        self._first: tuple[str, Result] | None = None

    def of(self, answer: Answer) -> tuple[str, float] | None:
        """Return the first result's name, and this one's distance to it; None for the first."""
        result = answer.result
        if result is None or (distance := kind_of(result).distance) is None:
            return None
        if self._first is None or self._first[0] == answer.name:
            self._first = (answer.name, result)
            return None
        return self._first[0], distance(result, self._first[1])
