"""How far each embedding of a run is from the first one."""

from __future__ import annotations

from keras2cv.streams.answers import Answer
from keras2cv.tasks.results import Embedding


class Comparison:
    """Cosine distances to the run's first embedding; other results have none."""

    def __init__(self) -> None:
        self._first: tuple[str, Embedding] | None = None

    def of(self, answer: Answer) -> tuple[str, float] | None:
        """Return the name of the first, and how far this one is from it; None for the first."""
        if not isinstance(answer.result, Embedding):
            return None
        if self._first is None or self._first[0] == answer.name:
            self._first = (answer.name, answer.result)
            return None
        return self._first[0], answer.result.cosine_distance(self._first[1])
