"""The result of a walk: how much each stage adds to the difference, and whether it may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from keras2cv_export.parity.report import Verdict
from keras2cv_export.parity.tolerance import PRESETS, Tolerance
from keras2cv_export.tasks.comparison import Agreement

StageName = Literal["decode", "resize", "normalise", "preprocess", "net"]

_NAMED: Final = 5
LEVELS: Final = "levels of 255"
OF_INPUT: Final = "of max |input|"
OF_OUTPUT: Final = "of max |output|"

# Largest and mean difference of the runtime's resizes, in levels: 0.02 and 0.006 measured for
# photographs by tf-bilinear, 0.08 at 12 megapixels (docs/preprocessing.md); and rounding of a tie.
_RESIZE_FLOOR: Final = (0.1, 0.01)
# Gray from RGB is rounded at another step; TensorFlow's default JPEG decoding (its fast DCT) is off
# by 0.8 to 1.3 on average and up to 18, which no OpenCV can repeat.
_GRAY: Final = (1.0, 1.0)
LOSSY_DECODER: Final = (32.0, 3.0)
_FAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "decode": "The file is decoded to other pixels",
        "resize": "The picture is resized otherwise",
        "normalise": "Colour order, mean, scale or std differ",
        "preprocess": "Your function makes another input of the picture than the bundle",
        "net": "The net answers the same input otherwise",
    }
)


@dataclass(frozen=True)
class Limit:
    """The largest and the mean difference that a stage may add, in its unit."""

    largest: float
    mean: float


@dataclass(frozen=True)
class Stage:
    """One stage's own difference, with equal results of all stages before it.

    Attributes:
        name: Of the stage.
        unit: `LEVELS`, `OF_INPUT` or `OF_OUTPUT`.
        largest: Largest difference of any element in any picture, in `unit`.
        mean: Mean difference, in `unit`.
        limit: The limits of both.
        share: Part of the whole difference between the outputs that arises here, 0..1.
        picture: Name of the file where it is largest.
        remark: A sentence for the user, or "".
        excused: Whether it may exceed its limit, because no OpenCV can repeat the stage.
    """

    name: StageName
    unit: str
    largest: float
    mean: float
    limit: Limit
    share: float
    picture: str
    remark: str = ""
    excused: bool = False

    @property
    def passed(self) -> bool:
        """Whether both differences keep their limits; a NaN does not."""
        return self.largest <= self.limit.largest and self.mean <= self.limit.mean

    @property
    def problem(self) -> str | None:
        """The problem in a sentence or two; None if there is none."""
        if self.passed or self.excused:
            return None
        numbers = (
            f"by up to {self.largest:.3g} and {self.mean:.2g} on average ({self.unit}; allowed "
            f"{self.limit.largest:.3g} and {self.limit.mean:.2g}), most in {self.picture}"
        )
        remark = f" {self.remark}" if self.remark else ""
        return f"{self.name}: {_FAULTS[self.name]}, {numbers}.{remark}"


@dataclass(frozen=True)
class EndToEnd:
    """The comparison of pictures through both whole pipelines.

    Attributes:
        reference: The preprocessing of Keras' side, in words.
        drawn: Whether the pictures were drawn because the user gave none.
        pictures: Their files' names.
        stages: In the order of the pipeline, the net last.
        agreement: The task's results compared.
        advice: Sentences on how to remove the difference; empty if all is well.
        changed: The pictures whose answer is another, and not by a near-tie.
    """

    reference: str
    drawn: bool
    pictures: tuple[str, ...]
    stages: tuple[Stage, ...]
    agreement: Agreement
    advice: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons why it does not pass; the first stage at fault comes first."""
        found = tuple(s.problem for s in self.stages if s.problem is not None)
        return found + self._decisions()

    def _decisions(self) -> tuple[str, ...]:
        """Say which answers are others, up to a few names."""
        if not self.changed:
            return ()
        names = ", ".join(self.changed[:_NAMED])
        more = f" and {len(self.changed) - _NAMED} more" if len(self.changed) > _NAMED else ""
        return (
            f"decisions: the answer is another for {len(self.changed)} of {len(self.pictures)} "
            f"pictures, and no near-tie: {names}{more}.",
        )

    @property
    def verdict(self) -> Verdict:
        """A fail if a stage fails or a decision changes; the net has a comparison of its own."""
        return "fail" if self.reasons else "pass"

    @property
    def culprit(self) -> Stage | None:
        """The faulty stage that causes most of the outputs' difference; None if none is."""
        wrong = [stage for stage in self.stages if stage.problem is not None]
        return max(wrong, key=lambda stage: stage.share, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return {
            "verdict": self.verdict,
            "reference": self.reference,
            "drawn": self.drawn,
            "pictures": list(self.pictures),
            "culprit": self.culprit.name if self.culprit else None,
            "stages": [{**asdict(s), "passed": s.passed} for s in self.stages],
            "agreement": self.agreement.to_dict(),
            "reasons": list(self.reasons),
            "advice": list(self.advice),
            "changed": list(self.changed),
        }


def decode_limit(channels: int) -> Limit:
    """Return how far decoding may differ, in levels: not at all, but for gray's rounding."""
    return Limit(*(_GRAY if channels == 1 else (0.0, 0.0)))


def resize_limit(tolerance: Tolerance) -> Limit:
    """Return how far resizing may differ, in levels: the tolerance of the full range, or a floor.

    `fp16` for example allows 2e-2 of 255 levels.
    """
    preset = tolerance.arithmetic
    largest, mean = _RESIZE_FLOOR
    return Limit(max(255 * preset.max_abs, largest), max(255 * preset.mean_abs, mean))


def output_limit(tolerance: Tolerance) -> Limit:
    """Return how far the outputs may differ, relative to their largest value: the tolerance."""
    preset = PRESETS[tolerance.preset]
    return Limit(preset.max_abs, preset.mean_abs)


def input_limit(tolerance: Tolerance) -> Limit:
    """Return how far the model's input may differ, relative to its largest value.

    No weights are involved, so their storage does not matter.
    """
    preset = tolerance.arithmetic
    return Limit(preset.max_abs, preset.mean_abs)
