"""Labelled data as it is read: samples with their truth, and what is wrong with the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError

Array = NDArray[Any]

ProblemKind = Literal[
    "file missing",
    "label missing",
    "label unreadable",
    "label twice",
    "category twice",
    "category unknown",
    "box outside",
    "mask of another size",
    "picture of another size",
    "picture unreadable",
]
MOST_LISTED: Final = 100
MOST_CLASSES: Final = 100_000  # a name is kept for each
_MOST_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class DataProblem:
    """Something wrong with the data: what, where, and a sentence about it."""

    kind: ProblemKind
    where: str
    text: str


class BadTruthError(InputError):
    """The truth of one sample cannot be read or used."""

    def __init__(self, kind: ProblemKind, text: str) -> None:
        super().__init__(text)
        self.kind: ProblemKind = kind


@dataclass
class DataProblems:
    """Every problem counted by its kind, and the first ones of each kind."""

    counts: Counter[str] = field(default_factory=Counter)
    first: list[DataProblem] = field(default_factory=list)

    def note(self, kind: ProblemKind, where: str, text: str) -> None:
        """Count a problem."""
        self.counts[kind] += 1
        if self.counts[kind] <= MOST_LISTED:
            self.first.append(DataProblem(kind, where, text))

    def __len__(self) -> int:
        """How many there are."""
        return sum(self.counts.values())


@dataclass(frozen=True, eq=False, slots=True)
class TrueBoxes:
    """The objects in an image; without any, it is an image of nothing.

    Attributes:
        boxes_xywh: (G, 4) float64, left, top, width and height in pixels.
        areas: (G,) float64, of the objects, which need not fill their boxes.
        class_ids: (G,) The data's classes.
        is_crowd: (G,) Whether it stands for many.
        is_ignored: (G,) Whether it does not count, as "difficult" objects of Pascal VOC.
        image_id: By which COCO orders images; 0 elsewhere.
        are_shares: Whether boxes and areas are shares of the image's width and height.
        objects: Of each object its record in COCO's file, if masks or keypoints are wanted.
        has_objects: Whether they are wanted, and the data may have them.
    """

    boxes_xywh: Array
    areas: Array
    class_ids: Array
    is_crowd: Array
    is_ignored: Array
    image_id: int = 0
    are_shares: bool = False
    objects: tuple[Any, ...] = ()
    has_objects: bool = False

    def in_pixels(self, size_wh: tuple[int, int]) -> TrueBoxes:
        """Return them in pixels of an image of that size."""
        if not self.are_shares:
            return self
        width, height = size_wh
        return replace(
            self,
            boxes_xywh=self.boxes_xywh * (width, height, width, height),
            areas=self.areas * (width * height),
            are_shares=False,
        )


@dataclass(frozen=True, eq=False, slots=True)
class TrueMask:
    """The class of every pixel: a picture of class numbers, or COCO's segmentations.

    Attributes:
        path: The picture; None for segmentations.
        parts: (class, segmentation) pairs; a later one lies over those before.
        colours: (blue, green, red) -> the class, of a picture of colours; empty for numbers.
    """

    path: Path | None
    parts: tuple[tuple[int, Any], ...] = ()
    colours: tuple[tuple[tuple[int, int, int], int], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class TruePoints:
    """Keypoints: (K, 2) pixels, (K,) whether each is labelled, and the object's size in pixels."""

    points_xy: Array
    is_labelled: Array
    size: float | None


Truth: TypeAlias = (
    int | str | tuple[float, ...] | TrueBoxes | TrueMask | TruePoints | Path | Array | None
)
"""A class number; a text; numbers; objects; the place of a picture, or its pixels."""


@dataclass(frozen=True, eq=False, slots=True)
class LabelledSample:
    """A picture with its truth. `size_wh`: its size as the labels have it, if they do."""

    path: Path
    truth: Truth
    size_wh: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """The path as it was given."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures, by their paths, and whether they show the same."""

    one: str
    other: str
    is_same: bool


@dataclass(frozen=True, eq=False)
class LabelledData:
    """What was read.

    Attributes:
        form: The form that the data has, in words.
        place: Where it lies.
        samples: One for each picture.
        classes: The classes' names; their places are the truths' numbers. None: there are none.
        are_numbers: Whether `classes` are the model's own class numbers, as text.
        problems: What is wrong with the rest.
        notes: Sentences on how it was read.
        pairs: Pairs of samples, for embeddings.
        points: Keypoints' names, in the truths' order.
        arrays: (inputs, truths) for arrays instead of pictures.
        inputs: For a model with several inputs: the arrays of each by its name, as many as truths;
            `arrays` then has one of them.
    """

    form: str
    place: str
    samples: Sequence[LabelledSample]
    classes: tuple[str, ...] | None = None
    are_numbers: bool = False
    problems: DataProblems = field(default_factory=DataProblems)
    notes: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    points: tuple[str, ...] | None = None
    arrays: tuple[Array, Array] | None = None
    inputs: Mapping[str, Array] | None = None


def class_number(name: str) -> int:
    """Return the number that decimal digits are; of many digits, one that no model has."""
    digits = name.lstrip("0")
    return int(digits or "0") if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS


def numbered_classes(most: int, where: object) -> tuple[str, ...]:
    """Return the names of the classes from 0 to `most`, which are their numbers.

    Raises:
        InputError: there are more than any model has.
    """
    if most >= MOST_CLASSES:
        raise InputError(
            f"{where} has the class number {most}, and numbers up to {MOST_CLASSES - 1} are read. "
            "Correct it."
        )
    return tuple(map(str, range(most + 1)))


def boxes_of(
    rows: Iterable[tuple[Any, float, int, bool, bool]],
    image_id: int = 0,
    *,
    are_shares: bool = False,
) -> TrueBoxes:
    """Return the boxes of rows of (x, y, w, h), area, class, is crowd, is ignored."""
    found = list(rows)
    columns = list(zip(*found, strict=True)) or [(), (), (), (), ()]
    return TrueBoxes(
        np.array(columns[0], np.float64).reshape(-1, 4),
        np.array(columns[1], np.float64),
        np.array(columns[2], np.int64),
        np.array(columns[3], bool),
        np.array(columns[4], bool),
        image_id,
        are_shares,
    )


def clipped(
    box_xyxy: Sequence[float], size_wh: tuple[int, int] | None, slack: float = 1.0
) -> tuple[tuple[float, float, float, float] | None, bool]:
    """Return a box (x, y, w, h) within an image, None if nothing of it is, and whether all was.

    Up to `slack` beyond an edge, a box is left as it is: annotation tools round.
    """
    x0, y0, x1, y1 = box_xyxy
    if size_wh is None:
        return ((x0, y0, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None), x1 > x0 and y1 > y0
    width, height = size_wh
    inside = x0 >= -slack and y0 >= -slack and x1 <= width + slack and y1 <= height + slack
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if right <= left or bottom <= top:
        return None, False
    if inside:
        return (x0, y0, x1 - x0, y1 - y0), True
    return (left, top, right - left, bottom - top), False
