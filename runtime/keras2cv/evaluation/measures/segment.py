"""A class for every pixel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.data.masks import read_mask
from keras2cv.evaluation.data.segmentations import paint, size_of
from keras2cv.evaluation.labelled import BadTruthError, TrueMask
from keras2cv.evaluation.measures.measure import Measure, Numbers
from keras2cv.evaluation.metrics.classes import share
from keras2cv.evaluation.metrics.ranking import Counts
from keras2cv.evaluation.outcome import Outcome
from keras2cv.tasks.segment.result import Segmentation

Array = NDArray[Any]
VOID: Final = 255  # the usual number of pixels that do not count
_STEPS: Final = 1000  # thresholds of a binary mask are chosen among the thousandths


class SegmentMeasure(Measure):
    """IoU and Dice of each class, their means, and the share of the right pixels."""

    better: ClassVar[Mapping[str, bool]] = MappingProxyType(
        {"miou": True, "dice": True, "pixel_accuracy": True, "mean_accuracy": True}
    )
    primary = "miou"

    def __init__(
        self, labels: Sequence[str], numbers: Sequence[int] | None, background: int
    ) -> None:
        """Begin.

        Args:
            labels: The model's classes.
            numbers: Of each class of the data, the model's; None: masks hold the model's own.
            background: Where no segmentation lies; -1: such pixels do not count.
        """
        self.term_count = 2 * len(labels)  # type: ignore[misc]
        super().__init__()
        self._labels = tuple(labels)
        self._numbers = None if numbers is None else np.array([*numbers, -1], np.int32)
        self._background = background
        count = len(labels)
        self._matrix = np.zeros((count, count + 1), np.int64)  # the last column: no answer
        self._above = np.zeros((2, _STEPS), np.int64)  # no and yes, by the probability of yes

    def outcome(self, name: str, truth: Any, result: Any, image: Array | None) -> Outcome:  # noqa: ARG002
        """Keep how many pixels of each class got which answer.

        Args:
            name: The sample's.
            truth: As the data has it.
            result: The answer.
            image: The picture; None for arrays.
        """
        assert isinstance(result, Segmentation)  # noqa: S101 - the task's
        true = self.label_map(name, truth, result.label_map.shape[:2])
        count = len(self._labels)
        counted = true >= 0
        answers = np.where(result.label_map < 0, count, result.label_map)[counted]
        answers = np.minimum(answers, count)
        cells = true[counted].astype(np.int64) * (count + 1) + answers
        counts = np.bincount(cells, minlength=count * (count + 1))
        places = np.flatnonzero(counts)
        total, right = int(counts.sum()), self._right(counts)
        data = {"places": places.astype(np.int32), "counts": counts[places].astype(np.int64)}
        if self.chooses:
            data |= _by_probability(true, result)
        wrong = 1 - right / total if total else 0.0
        words = [self._words(true[counted]), self._words(result.label_map[counted])]
        return Outcome(name, words[0], f"{words[1]}; {wrong:.1%} wrong", wrong, None, data)

    def _right(self, counts: Array) -> int:
        return int(np.trace(counts.reshape(len(self._labels), -1)))

    def _words(self, numbers: Array) -> str:
        there, counts = np.unique(numbers, return_counts=True)
        order = np.argsort(-counts, kind="stable")[:4]
        names = [(self._labels[k] if 0 <= k < len(self._labels) else "-") for k in there[order]]
        shares = counts[order] / max(numbers.size, 1)
        return ", ".join(f"{n} {s:.0%}" for n, s in zip(names, shares, strict=True)) or "nothing"

    def label_map(self, name: str, truth: Any, size_hw: tuple[int, ...]) -> NDArray[np.int32]:
        """Return the true class of every pixel (H, W); -1 where none counts.

        Raises:
            BadTruthError: the mask has another size, or classes that the model has not.
        """
        if isinstance(truth, TrueMask) and truth.path is None:
            return self._painted(name, truth, size_hw)
        found = read_mask(truth) if isinstance(truth, TrueMask) else _from_array(truth)
        if found.ndim != 2:
            text = f"The truth of {name} is {found.shape}, and a mask is (height, width)."
            raise BadTruthError("label unreadable", text)
        if found.shape != tuple(size_hw):
            (height, width), (rows, columns) = found.shape, size_hw
            text = f"The mask of {name} is {width}x{height}, and its picture {columns}x{rows}."
            raise BadTruthError("mask of another size", text)
        return self._own(name, found, by_colour=isinstance(truth, TrueMask) and bool(truth.colours))

    def _painted(self, name: str, truth: TrueMask, size_hw: tuple[int, ...]) -> NDArray[np.int32]:
        assert self._numbers is not None  # noqa: S101 - COCO has categories
        canvas = np.full(size_hw, self._background, np.int32)
        for number, found in truth.parts:
            if size_of(found) not in (None, tuple(size_hw)):
                text = f"{name} has run lengths for a picture of another size."
                raise BadTruthError("mask of another size", text)
            paint(canvas, found, int(self._numbers[number]))
        return canvas

    def _own(self, name: str, found: Array, *, by_colour: bool) -> NDArray[np.int32]:
        count = len(self._labels)
        if self._numbers is not None and by_colour:
            mapped: NDArray[np.int32] = self._numbers[found]  # -1 is the last one
            return mapped
        there = np.unique(found)
        if count == 2 and set(there.tolist()) <= {0, VOID} and VOID in there:
            return np.asarray(found == VOID).astype(np.int32)  # a mask of black and white
        strange = [int(k) for k in there if k >= count and k != VOID]
        if strange:
            text = f"The mask of {name} has the class {strange[0]}, and the model has {count}."
            raise BadTruthError("label unreadable", text)
        own = found if self._numbers is None else self._by_number(found)
        return np.where((found >= count) | (found < 0), -1, own).astype(np.int32)

    def _by_number(self, found: Array) -> Array:
        assert self._numbers is not None  # noqa: S101 - the caller looked
        known = len(self._numbers) - 1
        return np.where(found < known, self._numbers[np.minimum(found, known)], found)

    def add(self, outcome: Outcome) -> None:
        """Add an image."""
        counts = np.zeros(self._matrix.size, np.int64)
        counts[outcome.data["places"]] = outcome.data["counts"]
        matrix = counts.reshape(self._matrix.shape)
        self._matrix += matrix
        if self.chooses:
            np.add.at(self._above.reshape(-1), outcome.data["steps"], outcome.data["pixels"])
        right, union = _right_and_union(matrix)
        self._terms.append(np.concatenate([right, union]).astype(np.float64))

    def label_of(self, number: int) -> str:
        """Return the label of a class."""
        return self._labels[number]

    def counts(self) -> Iterator[tuple[int, Counts]]:
        """Yield (1, pixels of both kinds above each thousandth of the probability of yes).

        A threshold of `Counts` lies half a step above its thousandth: `choose` takes the middle of
        two.
        """
        above = np.cumsum(self._above[:, ::-1], axis=1).astype(np.float64)
        steps = np.arange(_STEPS - 1, -1, -1)
        no, yes = (int(count) for count in self._matrix.sum(axis=1))
        yield 1, Counts((steps + 0.5) / _STEPS, above[1], above[0], yes, no)

    def primary_of(self, sums: Array) -> Array:
        """Return the mean IoU of the classes that are there."""
        count = len(self._labels)
        union = sums[:, count:]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(
                np.nanmean(np.where(union > 0, sums[:, :count] / union, np.nan), axis=1)
            )

    def gap(self, one: Outcome, other: Outcome) -> float:
        """Return the difference of the wrong shares of the picture."""
        return abs(one.error - other.error)

    def numbers(self) -> Numbers:
        """Return everything."""
        right, union = _right_and_union(self._matrix)
        true, answered = self._matrix.sum(axis=1), self._matrix[:, :-1].sum(axis=0)
        present = union > 0
        iou, dice = share(right, union), share(2 * right, true + answered)
        recall, precision = share(right, true), share(right, answered)
        metrics: dict[str, float | None] = {
            "miou": _mean(iou, present),
            "dice": _mean(dice, present),
            "pixel_accuracy": float(right.sum() / true.sum()) if true.sum() else None,
            "mean_accuracy": _mean(recall, true > 0),
        }
        per_class = {
            label: {
                "support": float(true[k]),
                "iou": float(iou[k]),
                "dice": float(dice[k]),
                "precision": float(precision[k]),
                "recall": float(recall[k]),
            }
            for k, label in enumerate(self._labels)
            if present[k]
        }
        return Numbers(metrics, per_class, self._matrix[:, :-1], self._labels)


def _by_probability(true: Array, result: Segmentation) -> dict[str, Array]:
    """Return how many pixels of no and of yes lie in which step of the probability of yes.

    A probability in (k / 1000, (k + 1) / 1000] is in step k: above the threshold k / 1000, as
    `segment` decides. Those of 0 and NaN are above none.
    """
    probability = result.probabilities(1)
    step = np.ceil(probability.astype(np.float64) * _STEPS) - 1
    counted = (true >= 0) & (step >= 0)
    places = true[counted].astype(np.int64) * _STEPS + step[counted].astype(np.int64)
    pixels = np.bincount(places, minlength=2 * _STEPS)
    steps = np.flatnonzero(pixels)
    return {"steps": steps.astype(np.int32), "pixels": pixels[steps].astype(np.int64)}


def _from_array(truth: Any) -> NDArray[np.int32]:
    found = np.asarray(truth)
    found = found[..., 0] if found.ndim == 3 and found.shape[2] == 1 else found
    found = found.argmax(axis=-1) if found.ndim == 3 else found
    return found.astype(np.int32)


def _right_and_union(matrix: Array) -> tuple[Array, Array]:
    right = np.diag(matrix)
    return right, matrix.sum(axis=1) + matrix[:, :-1].sum(axis=0) - right


def _mean(values: Array, chosen: Array) -> float | None:
    return float(values[chosen].mean()) if chosen.any() else None
