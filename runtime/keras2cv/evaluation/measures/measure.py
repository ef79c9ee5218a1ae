"""The interface of a task's measure, and what it gives in the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.metrics.resampling import Resampler
from keras2cv.evaluation.outcome import Outcome
from keras2cv.evaluation.rows import Rows

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of a line: thinned, so that a page can hold them."""

    name: str
    x_name: str
    y_name: str
    x: tuple[float, ...]
    y: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        names = {"name": self.name, "x_name": self.x_name, "y_name": self.y_name}
        return {**names, "x": list(self.x), "y": list(self.y)}


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of all samples.

    Attributes:
        metrics: Name -> value; None where the data says nothing about it.
        per_class: Label -> name -> value.
        confusion: (C, C) counts, rows are the true classes; None where there is none.
        labels: Of the confusion matrix.
        curves: Lines for the page.
    """

    metrics: Mapping[str, float | None]
    per_class: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    confusion: Array | None = None
    labels: tuple[str, ...] = ()
    curves: tuple[Curve, ...] = ()


class Measure(ABC):
    """Adds up the samples of one task.

    Attributes:
        better: Metric -> whether more is better.
        primary: The metric that two pipelines are compared by.
        term_count: How many numbers of a sample make the primary metric.
        chooses: Whether a threshold is chosen from what it keeps, which may take more of it.
    """

    better: ClassVar[Mapping[str, bool]] = MappingProxyType({})
    primary: ClassVar[str] = ""
    term_count: ClassVar[int] = 2
    chooses: bool = False

    def __init__(self) -> None:
        self._terms = Rows(self.term_count)

    @abstractmethod
    def outcome(self, name: str, truth: Any, result: Any, image: Array | None) -> Outcome:
        """Return what is kept of a sample.

        Args:
            name: The sample's.
            truth: Its truth, as the data has it.
            result: The bundle's, or another pipeline's.
            image: (H, W, 3) uint8 BGR; None for arrays.

        Raises:
            BadTruthError: the truth does not fit the picture or the model.
        """

    @abstractmethod
    def add(self, outcome: Outcome) -> None:
        """Add a sample; also its numbers to `_terms`, whose sums make the primary metric."""

    @abstractmethod
    def numbers(self) -> Numbers:
        """Return the numbers of all samples that were added."""

    @property
    def count(self) -> int:
        """How many samples were added."""
        return len(self._terms)

    def terms(self) -> Array:
        """Return (N, T): of each sample the numbers whose sums make the primary metric."""
        return self._terms.array()

    def resampler(self) -> Resampler:
        """Return what computes the metrics that have an interval, of samples drawn again."""
        terms = self.terms()
        return Resampler(
            len(terms), lambda weights: {self.primary: self.primary_of(weights @ terms)}
        )

    def primary_of(self, sums: Array) -> Array:
        """Return the primary metric (R,) of sums (R, T); here the first by the second."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(sums[:, 0] / sums[:, 1])

    def gap(self, one: Outcome, other: Outcome) -> float:
        """Return how far two results for a sample are apart, another answer first."""
        return float(one.answer != other.answer) + abs(one.error - other.error) / (
            1 + abs(one.error) + abs(other.error)
        )


def thinned(x: Array, y: Array, most: int = 200) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return at most `most` points of a line, the ends among them, without infinite ones."""
    fine = np.isfinite(x) & np.isfinite(y)
    x, y = np.asarray(x)[fine], np.asarray(y)[fine]
    if len(x) > most:
        chosen = np.unique(np.linspace(0, len(x) - 1, most).round().astype(int))
        x, y = x[chosen], y[chosen]
    return tuple(map(float, x)), tuple(map(float, y))


def counted(names: Sequence[str]) -> str:
    """Return names with how often each is there: "2 cat, 1 dog"."""
    order = dict.fromkeys(names)
    return ", ".join(f"{list(names).count(name)} {name}" for name in order) or "nothing"
