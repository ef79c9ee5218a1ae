"""Answers in numbers: classes, yes or no, values, and outputs as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import UsageError
from keras2cv.pixels.drawing import caption
from keras2cv.pixels.images import Image

Array = NDArray[Any]


class Scored(NamedTuple):
    """One class: its label (its number as text without labels), index and score."""

    label: str
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody misses here
    score: float


@dataclass(frozen=True, eq=False, slots=True)
class Classification:
    """One of many classes: `scores` (C,) float32, probabilities unless the task says otherwise."""

    scores: NDArray[np.float32]
    labels: tuple[str, ...] | None = None

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
    def label(self) -> str:
        """The best class' label."""
        return self._label(self.index)

    @property
    def score(self) -> float:
        """The best class' score."""
        return float(self.scores[self.index])

    def top(self, k: int) -> list[Scored]:
        """Return the best `k` classes (all, if there are fewer), best first; ties by number."""
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
        return caption(image, [f"{s.label} {s.score:.3f}" for s in self.top(3)], in_place=in_place)

    def _label(self, index: int) -> str:
        return self.labels[index] if self.labels is not None else str(index)


@dataclass(frozen=True, eq=False, slots=True)
class BinaryResult:
    """Yes or no: the `probability` of yes, and `labels` (no, yes)."""

    probability: float
    labels: tuple[str, str] = ("no", "yes")
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise UsageError(
                f"BinaryResult.probability must be 0 to 1, got {self.probability}. "
                "If the model returns logits, export it with that said."
            )

    @property
    def positive(self) -> bool:
        """Whether the probability reaches the threshold."""
        return self.probability >= self.threshold

    @property
    def label(self) -> str:
        """The label of the answer."""
        return self.labels[self.positive]

    @property
    def score(self) -> float:
        """The probability of the answer, whichever it is."""
        return self.probability if self.positive else 1 - self.probability

    def to_dict(self) -> dict[str, Any]:
        """Return the answer, the probability of yes, and the threshold."""
        return {
            "task": "binary",
            "label": self.label,
            "probability": self.probability,
            "threshold": self.threshold,
        }

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture with the answer and its probability."""
        return caption(image, [f"{self.label} {self.score:.3f}"], in_place=in_place)


@dataclass(frozen=True, eq=False, slots=True)
class Regression:
    """Numbers: `values` in the shape that the model gives one sample, float32 or float64."""

    values: Array
    labels: tuple[str, ...] | None = None  # one per value

    def to_dict(self) -> dict[str, Any]:
        """Return the values, and their labels if they have any."""
        labels = {} if self.labels is None else {"labels": list(self.labels)}
        return {"task": "regress", "values": self.values.tolist(), **labels}

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture with the first five values."""
        values = self.values.ravel()[:5]
        if self.labels is None:
            return caption(image, [f"{value:.4g}" for value in values], in_place=in_place)
        pairs = zip(self.labels, values, strict=False)
        return caption(image, [f"{label} {value:.4g}" for label, value in pairs], in_place=in_place)


@dataclass(frozen=True, eq=False, slots=True)
class RawOutputs:
    """Every output as it is: `arrays` by Keras name, each in Keras' shape for one sample."""

    arrays: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        """Return the output of that Keras name."""
        return self.arrays[name]

    def to_dict(self) -> dict[str, Any]:
        """Return every value of every output."""
        return {"task": "raw", "outputs": {k: array.tolist() for k, array in self.arrays.items()}}

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture with each output's name, shape and range."""
        lines = [
            f"{name} {list(array.shape)} {array.min():.3g}..{array.max():.3g}"
            for name, array in self.arrays.items()
        ]
        return caption(image, lines, in_place=in_place)


def _check_vector(name: str, values: Array) -> None:
    if values.ndim != 1 or values.size == 0 or values.dtype != np.float32:
        raise UsageError(
            f"{name} must be (C,) float32, got {values.shape} {values.dtype}. "
            "Pass one sample's scores."
        )
