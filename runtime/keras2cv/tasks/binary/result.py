"""Yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from keras2cv.errors import UsageError
from keras2cv.pixels.drawing.captions import caption
from keras2cv.pixels.drawing.text import readable
from keras2cv.pixels.images import Image
from keras2cv.tasks.result import DrawnResult

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class BinaryResult(DrawnResult):
    """Yes or no: the `probability` of yes, and `labels` (no, yes)."""

    probability: float
    labels: tuple[str, str] = ("no", "yes")
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise UsageError(
                f"BinaryResult.probability must be 0 to 1, got {self.probability}. "
                "If the model returns logits, export it with that said."
            )

    @property
    def positive(self) -> bool:
        """Whether the probability reaches the threshold."""
        return self.probability >= self.threshold

    @property
    def label(self) -> str:
        """The label of the answer."""
        return self.labels[self.positive]

    @property
    def score(self) -> float:
        """The probability of the answer, whichever it is."""
        return self.probability if self.positive else 1 - self.probability

    def to_dict(self) -> dict[str, Any]:
        """Return the answer, the probability of yes, and the threshold."""
        return {
            "task": "binary",
            "label": self.label,
            "probability": self.probability,
            "threshold": self.threshold,
        }

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture with the answer and its probability."""
        label = readable(self.label, "yes" if self.positive else "no")
        return caption(image, [f"{label} {self.score:.3f}"], in_place=in_place)
