"""What an evaluation found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from keras2cv._version import VERSION
from keras2cv.evaluation.labelled import DataProblems
from keras2cv.evaluation.measures.measure import Numbers
from keras2cv.evaluation.metrics.resampling import Interval


@dataclass(frozen=True)
class Case:
    """One sample's truth beside its answer: one of the worst, or one on which two sides part."""

    name: str
    truth: str
    answer: str
    error: float
    other: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        other = {"other": self.other} if self.other else {}
        return {
            "name": self.name, "truth": self.truth, "answer": self.answer, "error": self.error,
            **other,
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class SideBySide:
    """The same samples through another pipeline.

    Attributes:
        other: Who that is.
        numbers: Its own numbers.
        primary: The metric that is compared.
        interval: The 95 % interval of the bundle's primary metric minus the other's.
        intervals: Metric -> the same of each metric that has one, such as mAP.
        only_ours: Samples that only the bundle answers right; None: right is a matter of degree.
        only_other: Those that only the other answers right.
        p_value: McNemar's, that both are right equally often.
        changed: How many answers are others.
        parted: Where they part, the worst first.
    """

    other: str
    numbers: Numbers
    primary: str
    interval: Interval
    intervals: Mapping[str, Interval]
    only_ours: int | None
    only_other: int | None
    p_value: float | None
    changed: int
    parted: tuple[Case, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "other": self.other,
            "metrics": dict(self.numbers.metrics),
            "per_class": {k: dict(v) for k, v in self.numbers.per_class.items()},
            "primary": self.primary,
            "interval": _ends(self.interval),
            "intervals": {name: _ends(one) for name, one in self.intervals.items()},
            "only_ours": self.only_ours,
            "only_other": self.only_other,
            "p_value": self.p_value,
            "changed": self.changed,
            "parted": [case.to_dict() for case in self.parted],
        }


@dataclass(frozen=True)
class ChosenThreshold:
    """The threshold of a class that the data suggests, and what it gives on that data."""

    label: str
    score: float
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How good a bundle is on labelled data.

    Attributes:
        bundle: Its folder.
        task: Its task.
        data: Where the data lies.
        form: The form that it has.
        count: How many samples were measured.
        numbers: Everything that was measured.
        intervals: Metric -> its 95 % interval, by a bootstrap over the samples.
        problems: What is wrong with the other samples.
        worst: The worst answers.
        notes: Sentences on how the data was read and matched.
        runs: Device, engine and versions.
        comparison: The other pipeline; None without.
        choices: The threshold of each class, where a rule asked for them.
        rule: The rule of `choices`; "" without.
        better: Metric -> whether more is better.
        seconds: How long it took.
        model_sha256: Of the bundle's model file, 64 hex digits.
    """

    bundle: str
    task: str
    data: str
    form: str
    count: int
    numbers: Numbers
    intervals: Mapping[str, Interval]
    problems: DataProblems
    worst: tuple[Case, ...]
    notes: tuple[str, ...]
    runs: Mapping[str, str]
    better: Mapping[str, bool]
    comparison: SideBySide | None = None
    choices: tuple[ChosenThreshold, ...] = ()
    rule: str = ""
    seconds: float = 0.0
    model_sha256: str = ""

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """Name -> value; None where the data says nothing about it."""
        return self.numbers.metrics

    @property
    def per_class(self) -> Mapping[str, Mapping[str, float | None]]:
        """Label -> name -> value."""
        return self.numbers.per_class

    def drop(self, metric: str) -> float | None:
        """Return by how much the bundle is worse than the other pipeline; None if unknown."""
        if self.comparison is None:
            return None
        ours, theirs = self.metrics.get(metric), self.comparison.numbers.metrics.get(metric)
        if ours is None or theirs is None:
            return None
        return theirs - ours if self.better[metric] else ours - theirs

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        numbers = self.numbers
        confusion = None
        if numbers.confusion is not None:
            cells = np.argwhere(numbers.confusion)
            confusion = {
                "labels": list(numbers.labels),
                "cells": [[int(t), int(a), int(numbers.confusion[t, a])] for t, a in cells],
            }
        return {
            "tool": f"keras2cv {VERSION}",
            "bundle": self.bundle,
            "task": self.task,
            "model_sha256": self.model_sha256,
            "data": {"place": self.data, "form": self.form},
            "samples": self.count,
            "metrics": dict(self.metrics),
            "intervals": {name: _ends(one) for name, one in self.intervals.items()},
            "per_class": {label: dict(found) for label, found in self.per_class.items()},
            "confusion": confusion,
            "curves": [curve.to_dict() for curve in numbers.curves],
            "problems": {
                "count": len(self.problems),
                "kinds": dict(self.problems.counts),
                "first": [
                    {"kind": p.kind, "where": p.where, "text": p.text} for p in self.problems.first
                ],
            },
            "worst": [case.to_dict() for case in self.worst],
            "notes": list(self.notes),
            "runs": dict(self.runs),
            "against": None if self.comparison is None else self.comparison.to_dict(),
            "thresholds": {
                "rule": self.rule,
                "classes": [
                    {
                        "label": one.label, "score": one.score, "precision": one.precision,
                        "recall": one.recall, "f1": one.f1, "support": one.support,
                    }
                    for one in self.choices
                ],
            }
            if self.choices
            else None,
            "seconds": self.seconds,
        }  # fmt: skip


def unmet(found: Evaluation, bounds: Sequence[tuple[str, str, float]]) -> list[str]:
    """Return a sentence for each bound that is not kept.

    Args:
        found: The evaluation.
        bounds: ("min", "max" or "max-drop", metric, value).
    """
    sentences = []
    for kind, metric, limit in bounds:
        got = found.drop(metric) if kind == "max-drop" else found.metrics.get(metric)
        words = {"min": "is below", "max": "is above", "max-drop": "drops by more than"}[kind]
        if got is None:
            sentences.append(f"{metric} is not known on this data, and --{kind} asks for it.")
        elif not (got >= limit if kind == "min" else got <= limit):
            shown = f" by {got:.6g}" if kind == "max-drop" else f" = {got:.6g}"
            sentences.append(f"{metric}{shown} {words} {limit:g}.")
    return sentences


def _ends(interval: Interval) -> list[float | None]:
    return [None if math.isnan(end) else end for end in interval]


def versions() -> dict[str, str]:
    """Return the versions that the numbers depend on."""
    return {"keras2cv": VERSION, "opencv": cv2.__version__}
