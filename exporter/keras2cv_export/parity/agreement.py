"""Compare results as their users would: the same class, the same boxes, the same pixels.

`parity` limits the errors of the numbers behind the results; this module measures how those errors
change the answers. Two answers that the allowed error can exchange are a near-tie, and counted
apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from keras2cv.tasks.results import BinaryResult, Classification, Detections, Result, Segmentation
from keras2cv.tasks.results.segmentation import UNSEEN

Array = np.ndarray[Any, Any]
_TOP_K = 5


@dataclass(frozen=True)
class Agreement:
    """How far the results of both sides agree.

    Attributes:
        kind: The task.
        samples: How many results were compared.
        same: How many of them are the same answer: class, boxes or pixels.
        numbers: The measured values, each a share (0..1), a count, or a value in the unit that its
            name states.
        per_class: For segmentation: intersection over union for each class that either side has.
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
        """Write as one line."""
        numbers = ", ".join(f"{name.replace('_', ' ')} {v:.4g}" for name, v in self.numbers.items())
        head = f"{self.same} of {self.samples} answers are the same"
        return f"{head} ({numbers})" if numbers else head


@dataclass(frozen=True)
class Part:
    """How far one picture's results agree; `merge` makes an `Agreement` of many.

    Attributes:
        same: Whether it is the same answer.
        numbers: As in `Agreement`, of this picture.
        pixels: For segmentation: class -> (pixels that both sides gave it, pixels that either did).
    """

    same: bool
    numbers: Mapping[str, float]
    pixels: Mapping[str, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))


def agree(
    kind: str, reference: Sequence[Result], candidate: Sequence[Result], allowed: float
) -> Agreement:
    """Compare results of one task.

    Args:
        kind: The manifest's task kind.
        reference: Results from TensorFlow's outputs, by the bundle's own postprocessing.
        candidate: Results from OpenCV's outputs, for the same pictures.
        allowed: Error that a score may have: twice as much separates a near-tie from a flip.
    """
    pairs = zip(reference, candidate, strict=True)
    return merge(kind, [agree_on(kind, one, two, allowed) for one, two in pairs])


def agree_on(kind: str, reference: Result, candidate: Result, allowed: float) -> Part:
    """Compare the results of one picture as `agree` compares those of many.

    Args:
        kind: The manifest's task kind.
        reference: The result from TensorFlow's outputs.
        candidate: The result from OpenCV's outputs.
        allowed: Error that a score may have.
    """
    return _COMPARISONS.get(kind, _same_numbers)(reference, candidate, allowed)


def merge(kind: str, parts: Sequence[Part]) -> Agreement:
    """Join the comparisons of several pictures: average shares, add counts, keep extremes."""
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
        "largest_score_gap": max,
        "largest_difference_of_range": max,
    }
)


def _classes(reference: Result, candidate: Result, allowed: float) -> Part:
    """Top-1 and top-5: the reference's k best and the candidate's, as sets."""
    one, two = (cast("Classification", r).scores for r in (reference, candidate))
    same = _best(one, 1) == _best(two, 1)
    # How much lower the reference scores the candidate's best class than its own.
    lack = float(one.max() - one[int(two.argmax())])
    numbers = {"top1": float(same), "top1_near_ties": float(0.0 < lack <= 2 * allowed)}
    if len(one) > _TOP_K:
        numbers["top5"] = float(_best(one, _TOP_K) == _best(two, _TOP_K))
    return Part(same, numbers)


def _best(scores: Array, k: int) -> set[int]:
    return set(np.argsort(-scores, kind="stable")[:k].tolist())


def _yes_or_no(reference: Result, candidate: Result, allowed: float) -> Part:
    one, two = (cast("BinaryResult", r) for r in (reference, candidate))
    same = one.label == two.label
    tie = not same and abs(one.probability - one.threshold) <= 2 * allowed
    return Part(same, {"near_ties": float(tie)})


def _boxes(reference: Result, candidate: Result, allowed: float) -> Part:
    """Match boxes one to one within their class, the largest overlap first.

    OpenCV's own tests (normAssertDetections in modules/dnn/test/test_common.hpp) ask for equal
    classes, scores within 1e-5 and an IoU within 1e-4 of 1.
    """
    one, two = (cast("Detections", r) for r in (reference, candidate))
    found = match_boxes(one, two)
    ties = sum(score - found.threshold <= 2 * allowed for score in found.lost)
    numbers = {
        "boxes": float(len(one)),
        "matched": float(len(found.pairs)),
        "missing": float(found.missing),
        "extra": float(found.extra),
        "near_ties": float(ties),
        "least_iou": min((overlap for overlap, _ in found.pairs), default=1.0),
        "largest_score_gap": max((gap for _, gap in found.pairs), default=0.0),
    }
    return Part(found.missing == found.extra == 0 and _near(found, allowed), numbers)


@dataclass(frozen=True)
class Matches:
    """Boxes of two sides: (IoU, score difference) of each pair, and the boxes without a partner.

    `lost` holds the scores of boxes without a partner; `threshold` is the least score that either
    side kept, near which a box may come and go by rounding.
    """

    pairs: tuple[tuple[float, float], ...]
    missing: int
    extra: int
    lost: tuple[float, ...]
    threshold: float


def match_boxes(reference: Detections, candidate: Detections) -> Matches:
    """Match boxes one to one, within a class, greedily by overlap; some stay without a partner."""
    overlap = iou(reference.boxes_xyxy, candidate.boxes_xyxy)
    overlap[reference.class_ids[:, None] != candidate.class_ids[None]] = 0.0
    pairs = []
    free_r, free_c = set(range(len(reference))), set(range(len(candidate)))
    for flat in np.argsort(-overlap, axis=None, kind="stable"):
        i, j = (int(x) for x in np.unravel_index(flat, overlap.shape))
        if overlap[i, j] <= 0.0:
            break
        if i in free_r and j in free_c:
            free_r.remove(i)
            free_c.remove(j)
            gap = abs(float(reference.scores[i]) - float(candidate.scores[j]))
            pairs.append((float(overlap[i, j]), gap))
    lost = [float(reference.scores[i]) for i in free_r] + [
        float(candidate.scores[j]) for j in free_c
    ]
    scores = np.concatenate([reference.scores, candidate.scores])
    least = float(scores.min()) if scores.size else 0.0
    return Matches(tuple(pairs), len(free_r), len(free_c), tuple(lost), least)


def iou(one: Array, two: Array) -> Array:
    """Return the intersection over union of every pair of (N, 4) and (M, 4) boxes, (N, M)."""
    a, b = one[:, None].astype(np.float64), two[None].astype(np.float64)
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    both = np.clip(high - low, 0, None).prod(axis=-1)
    areas = [(box[..., 2:] - box[..., :2]).prod(axis=-1) for box in (a, b)]
    union = areas[0] + areas[1] - both
    result: Array = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return result


def _near(matches: Matches, allowed: float) -> bool:
    # A hundredth of a box' area is well below the precision of any drawing or crop.
    return all(iou >= 0.99 and gap <= max(allowed, 1e-5) for iou, gap in matches.pairs)


def _pixels(reference: Result, candidate: Result, allowed: float) -> Part:
    """Count each class' intersection and union, in pixels."""
    del allowed
    one, two = (cast("Segmentation", r) for r in (reference, candidate))
    if one.label_map.shape != two.label_map.shape:
        return Part(same=False, numbers={"pixels_equal": 0.0})
    counts = {}
    for number in np.union1d(one.label_map, two.label_map).tolist():
        if number != UNSEEN:
            mine, theirs = one.label_map == number, two.label_map == number
            counts[one.label_of(number)] = int((mine & theirs).sum()), int((mine | theirs).sum())
    equal = float((one.label_map == two.label_map).mean())
    return Part(equal == 1.0, {"pixels_equal": equal}, counts)


def _same_numbers(reference: Result, candidate: Result, allowed: float) -> Part:
    """Compare numbers of a task without a decision: equal to within the allowed error."""
    pairs = zip(_arrays(reference), _arrays(candidate), strict=True)
    gap = max((_gap(one, two) for one, two in pairs), default=0.0)
    return Part(gap <= allowed, {"largest_difference_of_range": gap})


def _arrays(result: Result) -> list[Array]:
    """Return the numbers of a result of any kind, in a fixed order."""
    values = getattr(result, "values", None)
    if isinstance(values, np.ndarray):
        return [values]
    arrays = getattr(result, "arrays", None)
    if isinstance(arrays, Mapping):
        return [np.asarray(array) for array in arrays.values()]
    return [np.array(list(_numbers(result.to_dict())), np.float64)]


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, Mapping):
        for key in value:
            yield from _numbers(value[key])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, int | float):
        yield float(value)


def _gap(reference: Array, candidate: Array) -> float:
    if reference.shape != candidate.shape:
        return 1.0
    one, two = reference.astype(np.float64), candidate.astype(np.float64)
    scale = float(np.abs(one).max(initial=0.0))
    return float(np.abs(one - two).max(initial=0.0)) / (scale or 1.0)


_COMPARISONS: Mapping[str, Callable[[Result, Result, float], Part]] = MappingProxyType(
    {"classify": _classes, "binary": _yes_or_no, "detect": _boxes, "segment": _pixels}
)
