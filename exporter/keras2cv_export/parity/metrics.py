"""The errors between one output's reference and candidate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

TINY = float(np.finfo(np.float32).tiny)  # keeps a ratio to an all-zero reference finite
_RELATIVE_FLOOR = 1e-2  # of the scale; below it, relative errors carry no information


@dataclass(frozen=True)
class Paired:
    """Both sides of one output over all samples, float64, (samples, *output shape).

    Attributes:
        reference: TensorFlow's output, or its log-odds.
        candidate: OpenCV's, in the same space; never reordered, never broadcast.
        usable: False for elements that cannot be judged in this space.
        resolution: Error that the number format alone may cause, in the space's own units.
    """

    reference: Array
    candidate: Array
    usable: Array
    resolution: Array

    @classmethod
    def plain(cls, reference: Array, candidate: Array) -> Paired:
        """Pair two arrays of one shape unchanged: all usable, and exact."""
        usable = np.ones(reference.shape, dtype=np.bool_)
        zeros = np.zeros(reference.shape)
        return cls(reference.astype(np.float64), candidate.astype(np.float64), usable, zeros)

    def __post_init__(self) -> None:
        shapes = {a.shape for a in (self.reference, self.candidate, self.usable, self.resolution)}
        if len(shapes) != 1:
            raise ValueError(f"Paired arrays must have one shape; got {sorted(shapes)}.")

    def samples(self, which: Iterable[int]) -> Paired:
        """Return some of the samples."""
        k = list(which)
        return Paired(self.reference[k], self.candidate[k], self.usable[k], self.resolution[k])

    def columns(self, which: Array) -> Paired:
        """Return some columns of the last axis."""
        sides = (self.reference, self.candidate, self.usable, self.resolution)
        return Paired(*(side[..., which] for side in sides))

    def with_resolution(self, error: float) -> Paired:
        """Return the same, with an error that the number format alone may cause everywhere."""
        return replace(self, resolution=np.full(self.reference.shape, error))

    @property
    def count(self) -> int:
        """Number of elements that can be judged."""
        return int(self.usable.sum())

    @property
    def scale(self) -> float:
        """Largest absolute value of the reference; the unit of every limit."""
        return float(np.where(self.usable, np.abs(self.reference), 0.0).max())

    def errors(self) -> Array:
        """Return |candidate - reference| beyond the resolution; 0 where it cannot be judged."""
        beyond = np.abs(self.candidate - self.reference) - self.resolution
        result: Array = np.where(self.usable, np.maximum(beyond, 0.0), 0.0)
        return result

    def response(self) -> float:
        """Return how far the element that depends most on the input moves between samples."""
        return self._largest_range(0)

    def spread(self) -> float:
        """Return how far apart a sample's elements are, in the sample where they are furthest."""
        return self._largest_range(tuple(range(1, self.reference.ndim)))

    def mean_resolution(self) -> float:
        """Return the average resolution of the elements that can be judged."""
        return float(self.resolution[self.usable].mean()) if self.count else 0.0

    def _largest_range(self, axis: int | tuple[int, ...]) -> float:
        high = np.where(self.usable, self.reference, -np.inf).max(axis=axis)
        low = np.where(self.usable, self.reference, np.inf).min(axis=axis)
        return float(np.maximum(high - low, 0.0).max())


@dataclass(frozen=True)
class Worst:
    """The element furthest off: its place, and both values."""

    sample: int
    index: tuple[int, ...]  # into the output of that sample, batch dimension included
    reference: float
    candidate: float


@dataclass(frozen=True)
class Metrics:
    """The measurements of a floating-point output; ratios are to max |reference|.

    Attributes:
        elements: Compared in all, over all samples.
        scale: max |reference|.
        max_abs: Largest |candidate - reference|.
        mean_abs: Its mean.
        max_ratio: max_abs / scale.
        mean_ratio: mean_abs / scale.
        max_relative: Largest error relative to the element itself, where that is above 1 % of
            scale: nearer to 0 a relative error explodes without meaning anything.
        cosine: Cosine of the angle between both, as flat vectors; None when one of them is 0.
        response: How far the reference moves between samples, relative to scale.
        spread: How far apart the reference's elements are within a sample, relative to scale.
    """

    elements: int
    scale: float
    max_abs: float
    mean_abs: float
    max_ratio: float
    mean_ratio: float
    max_relative: float
    cosine: float | None
    response: float
    spread: float


def measure(pair: Paired) -> Metrics:
    """Measure any floating-point output; both sides must be finite."""
    errors, scale = pair.errors(), max(pair.scale, TINY)
    sizes = np.abs(pair.reference)
    matters = sizes > _RELATIVE_FLOOR * scale
    relative = errors[matters] / sizes[matters]
    return Metrics(
        elements=pair.count,
        scale=pair.scale,
        max_abs=float(errors.max()),
        mean_abs=mean_error(pair, errors),
        max_ratio=ratio(float(errors.max()), pair),
        mean_ratio=ratio(mean_error(pair, errors), pair),
        max_relative=float(relative.max(initial=0.0)),
        cosine=cosine(pair.reference, pair.candidate),
        response=pair.response() / scale,
        spread=pair.spread() / scale,
    )


def ratio(value: float, pair: Paired) -> float:
    """Return `value` in units of max |reference|, finite even when the reference is all zero."""
    return value / max(pair.scale, TINY)


def mean_error(pair: Paired, errors: Array) -> float:
    """Return the mean of `errors` over the elements that can be judged."""
    return float(errors.sum()) / max(pair.count, 1)


def cosine(reference: Array, candidate: Array) -> float | None:
    """Return the cosine between two arrays taken as flat vectors; None when one is all zero."""
    a, b = reference.ravel(), candidate.ravel()
    # Norms of vectors scaled to 1 neither overflow nor vanish.
    largest = max(np.abs(a).max(), np.abs(b).max(), TINY)
    a, b = a / largest, b / largest
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.clip(a @ b / norms, -1.0, 1.0)) if norms > 0.0 else None


def find_worst(reference: Array, candidate: Array, errors: Array) -> Worst:
    """Locate the largest of `errors`, all of (samples, *output shape)."""
    where = tuple(int(i) for i in np.unravel_index(int(np.argmax(errors)), errors.shape))
    return Worst(where[0], where[1:], reference[where].item(), candidate[where].item())
