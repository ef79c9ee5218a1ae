"""Which output is an image, and which values are black and white: `task.image`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from keras2cv.schema.fields import SchemaError
from keras2cv.schema.vocabulary import Color


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """How `output`, (N, h, w, C) or (N, h, w), is an image: C is 3, or 1 for GRAY.

    `color`: the order of its channels. `low`, `high`: the values that are black and full
    brightness; pixel = (value - low) / (high - low) * 255, rounded and clipped.
    """

    output: str
    color: Color
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise SchemaError("high", f"must be above low, {self.low:g}, got {self.high:g}")

    @property
    def outputs(self) -> dict[str, str]:
        """The output that is read: role -> Keras name."""
        return {"output": self.output}

    def count_classes(self, shapes: Mapping[str, tuple[int, ...]]) -> int | None:
        """Return None: there is nothing to label.

        Raises:
            SchemaError: the output's shape (of a sample) is no image of this colour.
        """
        shape = shapes["output"]
        channels = shape[2] if len(shape) == 3 else 1
        if len(shape) not in (2, 3) or channels != (1 if self.color == "GRAY" else 3):
            raise SchemaError("output", f"is no {self.color} image (h, w, C): {list(shape)}")
        return None
