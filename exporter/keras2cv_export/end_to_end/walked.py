"""Pictures that went through both pipelines, and their differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.bundle.manifest import Manifest, Preprocessing
from keras2cv.net.overflow import overflows_alike
from keras2cv.tasks.result import Result
from keras2cv_export.parity.tolerance import Tolerance
from keras2cv_export.tasks.agreement import PictureAgreement

from .own_function import Function
from .reference_preprocessing import ReferencePreprocessing
from .stages import EndToEnd

Array = np.ndarray[Any, Any]
Outputs = Mapping[str, Array]
Answer = Callable[[tuple[Array, ...]], Outputs]


SHOWN: Final = 8  # pictures whose pixels are kept for the page


@dataclass(frozen=True)
class Gap:
    """The largest and the mean difference between two arrays, and max |reference|."""

    largest: float
    mean: float
    scale: float

    @classmethod
    def between(cls, theirs: Array, ours: Array, level: float = 1.0) -> Gap:
        """Measure two arrays in units of `level`; those of different shapes differ by all."""
        if theirs.shape != ours.shape:
            return cls(255.0, 255.0, 255.0)
        gap = differences(theirs, ours) / level
        return cls(float(gap.max()), float(gap.mean()), float(np.abs(theirs).max()))


@dataclass(frozen=True, eq=False)
class ShownPicture:
    """The parts of a picture that a page shows.

    Attributes:
        decoded: Keras' side and the bundle's, (H, W, C) uint8, RGB or gray.
        inputs: The net's inputs (h, w, C), of both sides.
        results: The results of both sides; None where an output is NaN.
    """

    decoded: tuple[Array, Array]
    inputs: tuple[Array, Array]
    results: tuple[Result, Result] | None


@dataclass(frozen=True, eq=False)
class WalkedPicture:
    """One picture that went through both pipelines; only a few keep their large arrays.

    Attributes:
        path: The file.
        sizes_wh: Of the decoded picture, on both sides.
        gaps: Of the stages but the net, in order.
        outputs: The model's outputs at each line of the table in `walk`.
        part: How the results agree; None where an output is NaN.
        shown: For the page; None beyond the first few.
        changed: Whether the answer is another, and not by a near-tie.
    """

    path: Path
    sizes_wh: tuple[tuple[int, int], tuple[int, int]]
    gaps: tuple[Gap, ...]
    outputs: tuple[Outputs, ...]
    part: PictureAgreement | None
    shown: ShownPicture | None
    changed: bool = False


@dataclass(frozen=True, eq=False)
class Journey:
    """The report of a walk, and its pictures."""

    report: EndToEnd
    walked: tuple[WalkedPicture, ...]


@dataclass(frozen=True, eq=False)
class Setup:
    """The arguments of a walk, the same for all pictures.

    Attributes:
        manifest: The bundle's.
        rules: Its preprocessing.
        reference: The preprocessing of Keras' side; None where the user's function is none of the
            known ones.
        declared: The preprocessing of Keras' side by the options.
        function: The user's own preprocessing.
        answer: Asks TensorFlow.
        tolerance: The source of the limits.
        net_fails: Whether the net's own comparison failed.
    """

    manifest: Manifest
    rules: Preprocessing
    reference: ReferencePreprocessing | None
    declared: ReferencePreprocessing
    function: Function | None
    answer: Answer
    tolerance: Tolerance
    net_fails: bool

    @property
    def image_place(self) -> int:
        """The place of the image among the model's inputs."""
        return [t.name for t in self.manifest.inputs].index(self.rules.input)

    def picture_in(self, sample: tuple[Array, ...]) -> Array:
        """Return the picture's input (h, w, C) in a sample; of a clip, one of its equal frames."""
        first: Array = sample[self.image_place][0]
        if self.manifest.image_channels_first:
            return np.moveaxis(first, 0, -1)
        return first if self.rules.clip is None else first[0]

    def with_picture(self, sample: tuple[Array, ...], values: Array) -> tuple[Array, ...]:
        """Return the sample with another input (h, w, C) for its picture, in every row."""
        place = self.image_place
        blob = sample[place]
        taken = np.moveaxis(values, -1, 0) if self.manifest.image_channels_first else values
        batch = np.broadcast_to(taken, blob.shape).astype(blob.dtype)
        return (*sample[:place], batch, *sample[place + 1 :])


def differences(one: Array, two: Array) -> Array:
    """Return |one - two| in float64: 0 where both are NaN, or overflow."""
    alike = overflows_alike(one, two)
    wide, other = (np.where(alike, 0.0, side).astype(np.float64) for side in (one, two))
    with np.errstate(invalid="ignore"):  # NaN, or infinity beside a number: the difference is NaN
        result: Array = np.abs(wide - other)
    return result
