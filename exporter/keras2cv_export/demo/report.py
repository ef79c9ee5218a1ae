"""The results of the demo, and whether all of them are as they should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

# Far below the accuracy of the training, far above the 1/6 of guessing: less means a fault.
MIN_ACCURACY: Final = 0.9


@dataclass(frozen=True)
class DemoReport:
    """The measurements of the demo.

    Attributes:
        images: How many validation images the accuracies are of.
        accuracy_tensorflow: Share of them that TensorFlow names right, 0..1.
        accuracy_opencv: The same for OpenCV, with its own preprocessing.
        same_answers: Bundle -> the number of images on which it agrees with TensorFlow.
        parity: Comparison -> "pass", "fail" or "inconclusive".
        selftests: Bundle -> "pass" or "fail".
        photos_right: How many of the photos on the contact sheet OpenCV names right.
        photos: How many there are.
        seconds: Step -> duration.
    """

    images: int
    accuracy_tensorflow: float
    accuracy_opencv: float
    same_answers: Mapping[str, int]
    parity: Mapping[str, str]
    selftests: Mapping[str, str]
    photos_right: int
    photos: int
    seconds: Mapping[str, float]

    def __post_init__(self) -> None:
        if not all((self.images, self.photos, self.same_answers, self.parity, self.selftests)):
            raise ValueError("A demo that compared nothing has nothing to report.")

    @property
    def problems(self) -> list[str]:
        """A sentence for each thing that is not as it should be."""
        found = [f"{what}: parity is {v}." for what, v in self.parity.items() if v != "pass"]
        found += [f"{what}: self-test is {v}." for what, v in self.selftests.items() if v != "pass"]
        for what, same in self.same_answers.items():
            if same != self.images:
                others = f"{self.images - same} of {self.images} images"
                found.append(f"{what} and TensorFlow disagree on {others}.")
        if not self.accuracy_opencv >= MIN_ACCURACY:
            share, least = f"{self.accuracy_opencv:.1%}", f"{MIN_ACCURACY:.0%}"
            found.append(f"Only {share} of the images are named right; at least {least} should be.")
        return found

    @property
    def exit_code(self) -> int:
        """The process' exit code: 0, or 1 with problems."""
        return 1 if self.problems else 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"passed": not self.problems, "problems": self.problems, **asdict(self)}
