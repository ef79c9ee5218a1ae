"""Results compared as their users would: which class, which boxes, which pixels.

The numbers behind them have their limits in `parity`; here is what a difference in those numbers
does to the answers. Two answers that the allowed error can exchange are a near-tie, and told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from keras2cv.results import (
    BinaryResult,
    Classification,
    Detections,
    Result,
    Segmentation,
)

Array = np.ndarray[Any, Any]
_TOP_K = 5


@dataclass(frozen=True)
class Agreement:
    """How far the results of both sides agree.

    Attributes:
        kind: The task.
        samples: How many results were compared.
        same: How many of them are the same answer: class, boxes or pixels.
        numbers: What was measured; each is a share (0..1), a count, or a value in the unit that its
            name says.
        per_class: Of masks: intersection over union for each class that either side saw.
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
        """Say it in a line."""
        told = ", ".join(f"{name.replace('_', ' ')} {v:.4g}" for name, v in self.numbers.items())
        head = f"{self.same} of {self.samples} answers are the same"
        return f"{head} ({told})" if told else head


def agree(
    kind: str, reference: Sequence[Result], candidate: Sequence[Result], allowed: float
) -> Agreement:
    """Compare results of one task.

    Args:
        kind: The manifest's task kind.
        reference: What TensorFlow's outputs say, by the bundle's own postprocessing.
        candidate: What OpenCV's say, for the same pictures.
        allowed: Error that a score may have: twice as much separates a near-tie from a flip.
    """
    compare = _COMPARISONS.get(kind, _same_numbers)
    return compare(kind, list(reference), list(candidate), allowed)


def _classes(
    kind: str, reference: list[Result], candidate: list[Result], allowed: float
) -> Agreement:
    """Top-1 and top-5: the reference's k best and the candidate's, as sets."""
    pairs = [
        (cast("Classification", r).scores, cast("Classification", c).scores)
        for r, c in zip(reference, candidate, strict=True)
    ]
    k5 = min(_TOP_K, len(pairs[0][0]))
    same1 = [_best(r, 1) == _best(c, 1) for r, c in pairs]
    ties = [
        not same and _lack(r, c) <= 2 * allowed for same, (r, c) in zip(same1, pairs, strict=True)
    ]
    same5 = [_best(r, k5) == _best(c, k5) for r, c in pairs]
    numbers = {"top1": _share(same1), "top1_near_ties": float(sum(ties))}
    if len(pairs[0][0]) > _TOP_K:
        numbers["top5"] = _share(same5)
    return Agreement(kind, len(pairs), sum(same1), numbers)


def _best(scores: Array, k: int) -> set[int]:
    return set(np.argsort(-scores, kind="stable")[:k].tolist())


def _lack(reference: Array, candidate: Array) -> float:
    """How much lower the reference scores the candidate's best class than its own."""
    return float(reference.max() - reference[int(candidate.argmax())])


def _yes_or_no(
    kind: str, reference: list[Result], candidate: list[Result], allowed: float
) -> Agreement:
    pairs = [
        (cast("BinaryResult", r), cast("BinaryResult", c))
        for r, c in zip(reference, candidate, strict=True)
    ]
    same = [r.label == c.label for r, c in pairs]
    ties = [
        not ok and abs(r.probability - r.threshold) <= 2 * allowed
        for ok, (r, _) in zip(same, pairs, strict=True)
    ]
    return Agreement(kind, len(pairs), sum(same), {"near_ties": float(sum(ties))})


def _boxes(
    kind: str, reference: list[Result], candidate: list[Result], allowed: float
) -> Agreement:
    """Boxes matched one to one within their class, the largest overlap first.

    OpenCV's own tests (normAssertDetections in modules/dnn/test/test_common.hpp) ask for equal
    classes, scores within 1e-5 and an IoU within 1e-4 of 1.
    """
    found = [
        match_boxes(cast("Detections", r), cast("Detections", c))
        for r, c in zip(reference, candidate, strict=True)
    ]
    ious = [iou for matches in found for iou, _ in matches.pairs]
    gaps = [gap for matches in found for _, gap in matches.pairs]
    threshold_ties = sum(
        score - matches.threshold <= 2 * allowed for matches in found for score in matches.lost
    )
    numbers = {
        "boxes": float(sum(len(cast("Detections", r)) for r in reference)),
        "matched": float(len(ious)),
        "missing": float(sum(matches.missing for matches in found)),
        "extra": float(sum(matches.extra for matches in found)),
        "near_ties": float(threshold_ties),
        "least_iou": min(ious, default=1.0),
        "largest_score_gap": max(gaps, default=0.0),
    }
    same = sum(m.missing == m.extra == 0 and _near(m, allowed) for m in found)
    return Agreement(kind, len(found), same, numbers)


@dataclass(frozen=True)
class Matches:
    """Boxes of two sides: (IoU, score difference) of each pair, and what has no partner.

    `lost` are the scores of those without one; `threshold` is the least score that either side
    kept, near which a box may come and go by rounding.
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
    # A hundredth of a box' area is well below what any drawing or crop shows.
    return all(iou >= 0.99 and gap <= max(allowed, 1e-5) for iou, gap in matches.pairs)


def _pixels(
    kind: str, reference: list[Result], candidate: list[Result], allowed: float
) -> Agreement:
    """Each class' intersection over union, over all pictures together."""
    del allowed
    pairs = [
        (cast("Segmentation", r), cast("Segmentation", c))
        for r, c in zip(reference, candidate, strict=True)
    ]
    both: dict[str, int] = {}
    either: dict[str, int] = {}
    for r, c in pairs:
        for number in np.union1d(r.label_map, c.label_map).tolist():
            one, two, name = r.label_map == number, c.label_map == number, r.label_of(number)
            both[name] = both.get(name, 0) + int((one & two).sum())
            either[name] = either.get(name, 0) + int((one | two).sum())
    per_class = {name: both[name] / either[name] for name in either if name != "-1"}
    equal = [float((r.label_map == c.label_map).mean()) for r, c in pairs]
    numbers = {
        "pixels_equal": float(np.mean(equal)),
        "mean_iou": float(np.mean(list(per_class.values()))),
        "least_iou": min(per_class.values()),
    }
    return Agreement(kind, len(pairs), sum(e == 1.0 for e in equal), numbers, per_class)


def _same_numbers(
    kind: str, reference: list[Result], candidate: list[Result], allowed: float
) -> Agreement:
    """Values have no answer beside themselves: equal to within what is allowed."""
    gaps = [
        max((_gap(r, c) for r, c in zip(_arrays(one), _arrays(two), strict=True)), default=0.0)
        for one, two in zip(reference, candidate, strict=True)
    ]
    same = sum(gap <= allowed for gap in gaps)
    return Agreement(kind, len(gaps), same, {"largest_difference_of_range": max(gaps)})


def _arrays(result: Result) -> list[Array]:
    """Give the numbers of a result of any kind, in an order of its own."""
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


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags)


_COMPARISONS: Mapping[str, Callable[[str, list[Result], list[Result], float], Agreement]] = (
    MappingProxyType(
        {
            "classify": _classes,
            "binary": _yes_or_no,
            "detect": _boxes,
            "segment": _pixels,
        }
    )
)
