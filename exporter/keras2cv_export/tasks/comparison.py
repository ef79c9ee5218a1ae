"""Compare results as their users do: the class, the boxes, the pixels.

`parity` judges the numbers behind them; here the answers are compared. Two answers that the allowed
error can exchange are a near-tie, and counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from keras2cv.tasks.result import Result

from . import TASKS
from .agreement import PictureAgreement, same_numbers

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Agreement:
    """How far the results of both sides agree.

    Attributes:
        kind: The task.
        samples: How many results were compared.
        same: How many of them are the same answer: class, boxes or pixels.
        numbers: The measurements; each is a share (0..1), a count, or a value in the unit of its
            name.
        per_class: For segmentation: intersection over union for each class that either side saw.
    """

    kind: str
    samples: int
    same: int
    numbers: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    per_class: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return {
            "kind": self.kind,
            "samples": self.samples,
            "same": self.same,
            "numbers": dict(self.numbers),
            "per_class_iou": dict(self.per_class),
        }

    def __str__(self) -> str:
        """Return the agreement as a line: of outputs, which one postprocessing reads."""
        numbers = ", ".join(f"{name.replace('_', ' ')} {v:.4g}" for name, v in self.numbers.items())
        head = f"{self.same} of {self.samples} agree, read by the bundle's own postprocessing"
        return f"{head} ({numbers})" if numbers else head


def agree(
    kind: str, reference: Sequence[Result], candidate: Sequence[Result], allowed: float
) -> Agreement:
    """Compare results of one task.

    Args:
        kind: The manifest's task kind.
        reference: The results of TensorFlow's outputs, by the bundle's own postprocessing.
        candidate: The results of OpenCV's outputs, for the same pictures.
        allowed: The allowed error of a score: twice as much separates a near-tie from a flip.
    """
    pairs = zip(reference, candidate, strict=True)
    return merge(kind, [agree_on(kind, one, two, allowed) for one, two in pairs])


def agree_on(kind: str, reference: Result, candidate: Result, allowed: float) -> PictureAgreement:
    """Compare the results of one picture.

    Args:
        kind: The manifest's task kind.
        reference: The result of TensorFlow's outputs.
        candidate: The result of OpenCV's outputs.
        allowed: As for `agree`.
    """
    compare = TASKS[kind].agree or same_numbers
    return compare(reference, candidate, allowed)


def merge(kind: str, parts: Sequence[PictureAgreement]) -> Agreement:
    """Put pictures together: shares are averaged, counts added, extremes kept."""
    names = dict.fromkeys(name for part in parts for name in part.numbers)
    numbers = {
        name: float(_MERGED.get(name, sum)([part.numbers[name] for part in parts]))
        for name in names
    }
    classes = dict.fromkeys(name for part in parts for name in part.pixels)
    none = (0, 0)
    counts = {
        name: np.sum([part.pixels.get(name, none) for part in parts], axis=0) for name in classes
    }
    per_class = {name: float(both / either) for name, (both, either) in counts.items()}
    if per_class:
        numbers["mean_iou"] = float(np.mean(list(per_class.values())))
        numbers["least_iou"] = min(per_class.values())
    return Agreement(kind, len(parts), sum(part.same for part in parts), numbers, per_class)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


_MERGED: Mapping[str, Callable[[Sequence[float]], float]] = MappingProxyType(
    {
        "top1": _mean,
        "top5": _mean,
        "pixels_equal": _mean,
        "least_iou": min,
        "least_mask_iou": min,
        "least_mask_pixels": min,
        "least_rotated_iou": min,
        "largest_point_shift": max,
        "largest_score_gap": max,
        "largest_difference_of_range": max,
    }
)
