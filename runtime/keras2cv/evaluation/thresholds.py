"""Thresholds of scores that follow from data: the best F1, or a precision that must be kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import UsageError
from keras2cv.evaluation.evaluation_report import ChosenThreshold
from keras2cv.evaluation.measures.binary import BinaryMeasure
from keras2cv.evaluation.measures.classify import ClassifyMeasure
from keras2cv.evaluation.measures.detect import DetectMeasure
from keras2cv.evaluation.measures.measure import Measure
from keras2cv.evaluation.measures.segment import SegmentMeasure
from keras2cv.evaluation.metrics.ranking import Counts
from keras2cv.tasks.task import Task

_TASKS: Final = ("classify", "binary", "detect")
_RULE: Final = re.compile(r"f1|precision=(0|1|0?\.[0-9]+|1\.0+)")


def parse_rule(rule: str, task: Task) -> float | None:
    """Return the precision that a rule asks for; None for "f1".

    Raises:
        UsageError: there is no such rule, or the task decides by no score.
    """
    if not _RULE.fullmatch(rule):
        raise UsageError(f"There is no rule {rule!r}. Give f1, or precision=0.95 or the like.")
    if task.kind not in _TASKS and task.mask_threshold is None:
        raise UsageError(
            f"A score is chosen for {', '.join(_TASKS)} and binary masks, and the task is "
            f"{task.kind}{' of several classes' if task.kind == 'segment' else ''}. Leave "
            "--choose-score out."
        )
    return None if rule == "f1" else float(rule.partition("=")[2])


def choose(measure: Measure, rule: str, manifest: Manifest) -> tuple[ChosenThreshold, ...]:
    """Return the threshold of each class that the data has, where the rule can be kept.

    Args:
        measure: Of all samples.
        rule: "f1" or "precision=V".
        manifest: The bundle's.
    """
    precision = parse_rule(rule, manifest.task)
    found = (chosen(label, counts, precision) for label, counts in _counts(measure))
    return tuple(one for one in found if one is not None)


def chosen(label: str, counts: Counts, precision: float | None) -> ChosenThreshold | None:
    """Return the threshold of one class, halfway between two scores of the data.

    Of those with the best F1, it is the highest. Of those that keep a precision, it is the one with
    the most hits; None if none keeps it, or if the data has nothing of the class.

    Args:
        label: The class'.
        counts: At every threshold.
        precision: The precision to keep; None: the best F1 is wanted.
    """
    if not counts.positives or not len(counts.thresholds):
        return None
    if precision is None:
        place = int(counts.f1.argmax())
    else:
        kept = np.flatnonzero((counts.precision >= precision) & (counts.true_positives > 0))
        if not len(kept):
            return None
        best = kept[counts.true_positives[kept] == counts.true_positives[kept].max()]
        place = int(best[0])
    own = counts.thresholds[place]
    lower = counts.thresholds[place + 1] if place + 1 < len(counts.thresholds) else 0.0
    return ChosenThreshold(
        label,
        float((own + max(lower, 0.0)) / 2),
        float(counts.precision[place]),
        float(counts.recall[place]),
        float(counts.f1[place]),
        counts.positives,
    )


def _counts(measure: Measure) -> Iterator[tuple[str, Counts]]:
    able = ClassifyMeasure | BinaryMeasure | DetectMeasure | SegmentMeasure
    assert isinstance(measure, able)  # noqa: S101 - parsed
    for number, counts in measure.counts():
        yield measure.label_of(number), counts
