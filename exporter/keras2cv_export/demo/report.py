"""What the demo found, and whether all of it is as it should be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

# Far below what the training reaches, far above the 1/6 of guessing: less means that it went wrong.
MIN_ACCURACY: Final = 0.9
# Both files hold the same weights, so that their nets differ by nothing, or by the order of a sum.
MAX_DIFFERENCE: Final = 1e-6


@dataclass(frozen=True)
class DemoReport:
    """What was measured.

    Attributes:
        folder: Where everything lies.
        images: How many validation images the accuracies are of.
        accuracy_tensorflow: Share of them that TensorFlow names right, 0..1.
        accuracy_opencv: The same for OpenCV, from the images on.
        same_answers: On how many of them the two agree.
        parity: What was compared -> "pass", "fail" or "inconclusive".
        selftests: Bundle -> "pass" or "fail".
        bundles_difference: The largest difference between a probability of the .keras file's bundle
            and of the .h5 file's.
        photos_right: How many of the photos on the contact sheet OpenCV names right.
        photos: How many there are.
        opencv_ms: Median time of `predict` on one image, milliseconds.
        seconds: Step -> duration.
    """

    folder: Path
    images: int
    accuracy_tensorflow: float
    accuracy_opencv: float
    same_answers: int
    parity: Mapping[str, str]
    selftests: Mapping[str, str]
    bundles_difference: float
    photos_right: int
    photos: int
    opencv_ms: float
    seconds: Mapping[str, float]

    def __post_init__(self) -> None:
        if not (self.images and self.photos and self.parity and self.selftests):
            raise ValueError("A demo that compared nothing has nothing to report.")

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence for each thing that is not as it should be."""
        found = [f"{what}: parity is {v}." for what, v in self.parity.items() if v != "pass"]
        found += [f"{what}: self-test is {v}." for what, v in self.selftests.items() if v != "pass"]
        if self.same_answers != self.images:
            found.append(
                f"OpenCV and TensorFlow disagree on {self.images - self.same_answers} of "
                f"{self.images} images."
            )
        if not self.bundles_difference <= MAX_DIFFERENCE:
            found.append(
                f"The .keras and the .h5 file's bundles differ by {self.bundles_difference:.1e}."
            )
        if not self.accuracy_opencv >= MIN_ACCURACY:
            found.append(
                f"Only {self.accuracy_opencv:.1%} of the images are named right; "
                f"at least {MIN_ACCURACY:.0%} should be."
            )
        return tuple(found)

    @property
    def passed(self) -> bool:
        """Whether everything is as it should be."""
        return not self.problems

    @property
    def exit_code(self) -> int:
        """The process' exit code: 0, or 1 with problems."""
        return 0 if self.passed else 1

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "passed": self.passed,
            "problems": list(self.problems),
            "images": self.images,
            "accuracy_tensorflow": self.accuracy_tensorflow,
            "accuracy_opencv": self.accuracy_opencv,
            "same_answers": self.same_answers,
            "parity": dict(self.parity),
            "selftests": dict(self.selftests),
            "bundles_difference": _jsonable(self.bundles_difference),
            "photos_right": self.photos_right,
            "photos": self.photos,
            "opencv_ms": round(self.opencv_ms, 3),
            "seconds": {step: round(s, 3) for step, s in self.seconds.items()},
        }


def _jsonable(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
