"""One of many classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import UsageError
from keras2cv.pixels.drawing.captions import caption
from keras2cv.pixels.drawing.text import readable
from keras2cv.pixels.images import Image
from keras2cv.tasks.result import DrawnResult

Array = NDArray[Any]
UNKNOWN: Final = "unknown"


class Scored(NamedTuple):
    """One class: its label (its number as text without labels), index and score."""

    label: str
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody misses here
    score: float


@dataclass(frozen=True, eq=False, slots=True)
class Classification(DrawnResult):
    """One of many classes: `scores` (C,) float32, probabilities unless scores are linear.

    `thresholds`: one per class; the label is "unknown" where the best class is not above its own.
    """

    scores: NDArray[np.float32]
    labels: tuple[str, ...] | None = None
    thresholds: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        _check_vector("Classification.scores", self.scores)
        if self.labels is not None and len(self.labels) != len(self.scores):
            raise UsageError(
                f"Classification has {len(self.scores)} scores and {len(self.labels)} labels. "
                "Give one label per class."
            )

    @property
    def index(self) -> int:
        """The number of the best class; the first of equals."""
        return int(self.scores.argmax())

    @property
    def is_known(self) -> bool:
        """Whether the best class scores above its threshold; True without thresholds."""
        return self.thresholds is None or self.score > self.thresholds[self.index]

    @property
    def label(self) -> str:
        """The best class' label; "unknown" where its score is not above its threshold."""
        return self._label(self.index) if self.is_known else UNKNOWN

    @property
    def score(self) -> float:
        """The best class' score."""
        return float(self.scores[self.index])

    @property
    def probability(self) -> float:
        """The same as `score`: the best class' probability, unless its scores are linear."""
        return self.score

    def top(self, k: int) -> list[Scored]:
        """Return the best `k` classes (or all), best first; equal scores by number.

        Raises:
            UsageError: `k` is less than 1.
        """
        if k < 1:
            raise UsageError(f"top(k) needs k of at least 1, got {k}.")
        order = np.argsort(-self.scores, kind="stable")[:k]
        return [Scored(self._label(i), int(i), float(self.scores[i])) for i in order]

    def to_dict(self) -> dict[str, Any]:
        """Return the best class, the five best, and every score."""
        return {
            "task": "classify",
            "label": self.label,
            "index": self.index,
            "score": self.score,
            "top": [scored._asdict() for scored in self.top(5)],
            "scores": self.scores.tolist(),
        }

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture with the three best classes."""
        named = [s._replace(label=readable(s.label, f"class {s.index}")) for s in self.top(3)]
        lines = [f"{label} {score:.3f}" for label, score in self.shown(named)]
        return caption(image, lines, in_place=in_place)

    def shown(self, best: Sequence[Scored]) -> list[tuple[str, float]]:
        """Return (label, score) of the best classes as people read them.

        If the first is not above its threshold, it is "unknown (label)".
        """
        found = [(one.label, one.score) for one in best]
        if found and not self.is_known:
            found[0] = f"{UNKNOWN} ({found[0][0]})", found[0][1]
        return found

    def _label(self, index: int) -> str:
        return self.labels[index] if self.labels is not None else str(index)


def _check_vector(name: str, values: Array) -> None:
    if values.ndim != 1 or values.size == 0 or values.dtype != np.float32:
        raise UsageError(
            f"{name} must be (C,) float32, got {values.shape} {values.dtype}. "
            "Pass one sample's scores."
        )
