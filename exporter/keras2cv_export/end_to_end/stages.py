"""What a walk found: how much each stage adds to the difference, and whether it may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from keras2cv_export.parity.report import Verdict
from keras2cv_export.parity.tolerance import PRESETS, Tolerance
from keras2cv_export.tasks.comparison import Agreement

StageName = Literal["decode", "resize", "normalise", "preprocess", "net"]

LEVELS: Final = "levels of 255"
OF_INPUT: Final = "of max |input|"
OF_OUTPUT: Final = "of max |output|"

# Largest and mean difference of what the runtime repeats, in levels: 0.02 and 0.006 measured for
# photographs by tf-bilinear, 0.08 at 12 megapixels (docs/preprocessing.md); and rounding of a tie.
_RESIZE_FLOOR: Final = (0.1, 0.01)
# Gray from RGB is rounded at another place; TensorFlow's default JPEG decoding (its fast DCT) is
# off by 0.8 to 1.3 on average and up to 18, which no OpenCV can repeat.
_GRAY: Final = (1.0, 1.0)
LOSSY_DECODER: Final = (32.0, 3.0)
_WHAT: Final[Mapping[str, str]] = MappingProxyType(
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
    """One stage's own difference, all before it being equal.

    Attributes:
        name: Of the stage.
        unit: `LEVELS`, `OF_INPUT` or `OF_OUTPUT`.
        largest: Largest difference of any element in any picture, in `unit`.
        mean: Mean difference, in `unit`.
        limit: What both may be.
        share: Part of the whole difference between the outputs that arises here, 0..1.
        picture: Name of the file where it is largest.
        remark: What else is to be said, or nothing.
        excused: Whether it may exceed its limit, being what no OpenCV can repeat.
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
        """Whether both differences keep their limits; nothing but numbers can."""
        return self.largest <= self.limit.largest and self.mean <= self.limit.mean

    @property
    def problem(self) -> str | None:
        """Say what is wrong in a sentence or two; None if nothing is."""
        if self.passed or self.excused:
            return None
        numbers = (
            f"by up to {self.largest:.3g} and {self.mean:.2g} on average ({self.unit}; allowed "
            f"{self.limit.largest:.3g} and {self.limit.mean:.2g}), most in {self.picture}"
        )
        remark = f" {self.remark}" if self.remark else ""
        return f"{self.name}: {_WHAT[self.name]}, {numbers}.{remark}"


@dataclass(frozen=True)
class EndToEnd:
    """Pictures through both whole pipelines.

    Attributes:
        way: How Keras' side read them, in words.
        drawn: Whether the pictures were drawn here, for want of the user's.
        pictures: Their files' names.
        stages: In the order of the pipeline, the net last.
        agreement: The task's results compared.
        advice: What to do about it, or what to know; nothing if all is well.
    """

    way: str
    drawn: bool
    pictures: tuple[str, ...]
    stages: tuple[Stage, ...]
    agreement: Agreement
    advice: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not a pass; the first stage at fault comes first."""
        return tuple(s.problem for s in self.stages if s.problem is not None)

    @property
    def verdict(self) -> Verdict:
        """Fail if any stage does; whether the net does is for its own comparison to say."""
        return "fail" if self.reasons else "pass"

    @property
    def culprit(self) -> Stage | None:
        """The stage at fault from which most of the outputs' difference comes; None if none is."""
        wrong = [stage for stage in self.stages if stage.problem is not None]
        return max(wrong, key=lambda stage: stage.share, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return {
            "verdict": self.verdict,
            "reference": self.way,
            "drawn": self.drawn,
            "pictures": list(self.pictures),
            "culprit": self.culprit.name if self.culprit else None,
            "stages": [{**asdict(s), "passed": s.passed} for s in self.stages],
            "agreement": self.agreement.to_dict(),
            "reasons": list(self.reasons),
            "advice": list(self.advice),
        }


def decode_limit(channels: int) -> Limit:
    """Return what decoding may differ by, in levels: nothing, but for gray's rounding."""
    return Limit(*(_GRAY if channels == 1 else (0.0, 0.0)))


def resize_limit(tolerance: Tolerance) -> Limit:
    """Return what resizing may differ by, in levels: the tolerance of the full range, or a floor.

    `fp16` for example allows 2e-2 of 255 levels.
    """
    preset = tolerance.arithmetic
    largest, mean = _RESIZE_FLOOR
    return Limit(max(255 * preset.max_abs, largest), max(255 * preset.mean_abs, mean))


def output_limit(tolerance: Tolerance) -> Limit:
    """Return what the outputs may differ by, of their largest value: the tolerance itself."""
    preset = PRESETS[tolerance.preset]
    return Limit(preset.max_abs, preset.mean_abs)


def input_limit(tolerance: Tolerance) -> Limit:
    """Return what the model's input may differ by, of its largest value: no weights are in it."""
    preset = tolerance.arithmetic
    return Limit(preset.max_abs, preset.mean_abs)
