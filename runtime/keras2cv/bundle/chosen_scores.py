"""The manifest's section on thresholds that were chosen on labelled data: their evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from keras2cv.schema.checks import check_range, check_share
from keras2cv.schema.fields import SchemaError

MAX_CLASSES: Final = 100_000


@dataclass(frozen=True, slots=True)
class ChosenScore:
    """A class' threshold, and what it gave on the data: shares, and how often the class is true."""

    label: str
    score: float
    precision: float
    recall: float
    f1: float
    support: int

    def __post_init__(self) -> None:
        for key in ("score", "precision", "recall", "f1"):
            check_share(key, getattr(self, key))
        if self.support < 0:
            raise SchemaError("support", f"must be 0 or more, got {self.support}")


@dataclass(frozen=True, slots=True)
class ChosenScores:
    """The thresholds of `task.class_scores` that `evaluate --write` chose, and on what.

    That of a binary mask is `task.segment.threshold`.

    `rule` is "f1" or "precision=V", `data` the name and form of the data. Classes that are not
    among `classes` kept the threshold that they had.
    """

    rule: str
    data: str
    samples: int
    opencv: str
    classes: tuple[ChosenScore, ...]

    def __post_init__(self) -> None:
        check_range("classes (count)", len(self.classes), 1, MAX_CLASSES)
        if self.samples < 1:
            raise SchemaError("samples", f"must be 1 or more, got {self.samples}")
