"""Boxes around things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.labelled import TrueBoxes
from keras2cv.evaluation.measures.classify import curves_of
from keras2cv.evaluation.measures.instances import MASK_BETTER, POINT_BETTER, InstanceMatches
from keras2cv.evaluation.measures.measure import Curve, Measure, Numbers, counted, thinned
from keras2cv.evaluation.metrics.box_matches import BITS, BoxMatches, match_image
from keras2cv.evaluation.metrics.coco import (
    NAMES,
    RECALL_THRESHOLDS,
    ClassMatches,
    average_precision_of,
    precision_curve,
    summary,
)
from keras2cv.evaluation.metrics.ranking import Counts
from keras2cv.evaluation.metrics.resampled_coco import weighted_map
from keras2cv.evaluation.metrics.resampling import Resampler
from keras2cv.evaluation.outcome import Outcome
from keras2cv.tasks.detect.result import Detections

Array = NDArray[Any]

_FEWEST_RESAMPLES: Final = 200
_MOST_BOXES: Final = 40_000_000  # counted in all resamples together


class DetectMeasure(Measure):
    """COCO's twelve numbers; precision, recall and F1 at the bundle's score and an IoU of 0.5."""

    better: ClassVar[Mapping[str, bool]] = MappingProxyType(
        {
            **dict.fromkeys((*NAMES, "precision", "recall", "f1"), True),
            **MASK_BETTER,
            **POINT_BETTER,
        }
    )
    primary = "f1"

    def __init__(
        self,
        classes: Sequence[str],
        numbers: Sequence[int],
        scores: Sequence[float],
        point_order: Sequence[int] = (),
    ) -> None:
        """Begin.

        Args:
            classes: The data's, by the model's labels.
            numbers: Of each class of the data, the model's.
            scores: Of each class of the data: boxes above it count for precision, recall and F1.
            point_order: Of each keypoint of the data, the model's number.
        """
        super().__init__()
        self._classes, self._thresholds = tuple(classes), np.array(scores, np.float64)
        self._own = {number: k for k, number in enumerate(numbers)}
        self._matches = BoxMatches(len(classes))
        self._instances = InstanceMatches(len(classes), point_order)
        self.foreign = 0  # boxes of classes that the data does not have

    def outcome(self, name: str, truth: Any, result: Any, image: Array | None) -> Outcome:
        """Keep what became of each box.

        Args:
            name: The sample's.
            truth: As the data has it.
            result: The answer.
            image: The picture; None for arrays.
        """
        assert isinstance(truth, TrueBoxes)  # noqa: S101 - the reader's
        assert isinstance(result, Detections)  # noqa: S101 - the task's
        size_wh = result.image_wh if image is None else (image.shape[1], image.shape[0])
        true = truth.in_pixels(size_wh)
        corners = result.boxes_xyxy.astype(np.float64)
        classes = np.array([self._own.get(k, -1) for k in result.class_ids.tolist()], np.int64)
        known = classes >= 0
        boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
        scores = result.scores.astype(np.float64)
        data: dict[str, Any] = match_image(
            (boxes[known], scores[known], classes[known]),
            (true.boxes_xywh, true.areas, true.class_ids, true.is_crowd, true.is_ignored),
        )
        data |= self._instances.of_image(result, known, classes[known], true)
        data["foreign"] = int((~known).sum())
        tp, fp, fn = self._errors(data)
        there = [self._classes[k] for k in true.class_ids.tolist()]
        above = scores > self._thresholds[classes]
        shown = [self._classes[k] for k in classes[known & above].tolist()]
        total = tp + fp + fn
        error = (fp + fn) * (1 + (fp + fn) / total) if total else 0.0
        return Outcome(name, counted(there), counted(shown), float(error), None, data)

    def _errors(self, data: Mapping[str, Array]) -> tuple[int, int, int]:
        """Return right, wrong and missed boxes at an IoU of 0.5, above the score."""
        flags = np.unpackbits(data["bits"], axis=1).astype(bool)
        above = data["scores"] > self._thresholds[data["classes"]]
        right, ignored = flags[:, 0], flags[:, BITS]
        tp = int((right & ~ignored & above).sum())
        fp = int((~right & ~ignored & above).sum())
        return tp, fp, int(data["true_counts"][:, 0].sum()) - tp

    def add(self, outcome: Outcome) -> None:
        """Add an image."""
        image = self.count
        self._matches.add_matches(outcome.data, image)
        self._instances.add(outcome.data, image)
        self.foreign += int(outcome.data["foreign"])
        tp, fp, fn = self._errors(outcome.data)
        self._terms.append(np.array([2 * tp, 2 * tp + fp + fn]))

    def gap(self, one: Outcome, other: Outcome) -> float:
        """Return by how many boxes the answers differ, and by how much their scores."""
        differs = float(one.answer != other.answer)
        scores = [outcome.data["scores"] for outcome in (one, other)]
        count = min(map(len, scores))
        near = np.abs(np.sort(scores[0])[::-1][:count] - np.sort(scores[1])[::-1][:count])
        return differs + abs(one.error - other.error) + float(near.max(initial=0))

    def numbers(self) -> Numbers:
        """Return everything."""
        found = self._matches.classes()
        counts = dict(self.counts())
        rates = {k: self._rates(k, counts[k]) for k in counts}
        sums = np.array([list(one) for _, one in rates.values()]).reshape(-1, 3).sum(axis=0)
        metrics = {**summary(found), **_precision_recall(*sums), **self._instances.metrics()}
        per_class = {
            label: {
                "support": float(found[k].true_count[0]),
                "AP": average_precision_of(found[k]),
                "AP50": average_precision_of(found[k], 0.5),
                **rates[k][0],
            }
            for k, label in enumerate(self._classes)
        }
        return Numbers(metrics, per_class, curves=tuple(self._curves(found, counts)))

    def resampler(self) -> Resampler:
        """Return F1, and the mAP of boxes, masks and keypoints, of images drawn again."""
        f1 = super().resampler()
        classes = {"": self._matches.classes(), **self._instances.classes()}
        boxes = sum(len(one.scores) for kind in classes.values() for one in kind)

        def metrics(weights: Array) -> dict[str, Array]:
            found = dict(f1.metrics(weights))
            for kind, matches in classes.items():
                found[f"{kind}_mAP" if kind else "mAP"] = weighted_map(matches, weights)
            return found

        most = min(f1.resamples, max(_FEWEST_RESAMPLES, _MOST_BOXES // max(boxes, 1)))
        return Resampler(f1.count, metrics, most)

    def label_of(self, number: int) -> str:
        """Return the label of a class of the data."""
        return self._classes[number]

    def counts(self) -> Iterator[tuple[int, Counts]]:
        """Yield (class of the data, counts at every score, at an IoU of 0.5)."""
        for number, one in enumerate(self._matches.classes()):
            order = np.argsort(-one.scores, kind="stable")
            scores = one.scores[order]
            right = one.is_match[order, 0, 0]
            wrong = ~right & ~one.is_ignored[order, 0, 0]
            ends = np.flatnonzero(np.diff(scores, append=np.nan) != 0)
            tp, fp = (np.cumsum(part)[ends].astype(float) for part in (right, wrong))
            yield number, Counts(scores[ends], tp, fp, int(one.true_count[0]), 0)

    def _rates(
        self, number: int, counts: Counts
    ) -> tuple[dict[str, float | None], tuple[float, ...]]:
        above = np.flatnonzero(counts.thresholds > self._thresholds[number])
        columns = (counts.true_positives, counts.false_positives)
        tp, fp = (float(column[above[-1]]) if len(above) else 0.0 for column in columns)
        sums = (tp, fp, counts.positives - tp)
        return _precision_recall(*sums), sums

    def _curves(
        self, found: Sequence[ClassMatches], counts: Mapping[int, Counts]
    ) -> Iterator[Curve]:
        often = sorted(counts, key=lambda k: -counts[k].positives)[:12]
        for number in sorted(often):
            precision = precision_curve(found[number])
            if len(precision):
                x, y = thinned(RECALL_THRESHOLDS, precision)
                yield Curve(f"PR {self._classes[number]}", "recall", "precision", x, y)
                yield list(curves_of(self._classes[number], counts[number]))[1]


def _precision_recall(tp: float, fp: float, fn: float) -> dict[str, float | None]:
    return {
        "precision": float(tp / (tp + fp)) if tp + fp else 0.0,
        "recall": float(tp / (tp + fn)) if tp + fn else 0.0,
        "f1": float(2 * tp / (2 * tp + fp + fn)) if tp + fp + fn else 0.0,
    }
