"""The manifest's section on how an image becomes the net's input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from keras2cv.schema.checks import check_range
from keras2cv.schema.fields import SchemaError, named
from keras2cv.schema.vocabulary import INTERPOLATIONS, Color, ResizeRule

MAX_IMAGE_SIDE: Final = 16_384  # pixels; larger inputs are a mistake before they are a model


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """From an image to the input: blob = (pixel - mean) * scale / std, after the resize.

    `mean` is in pixel units (0..255); `mean` and `std` have one value per channel, in `color`
    order. `size_wh` is (width, height) in pixels; `pad` the bars' colour, 0..255. `transpose`: the
    resized image's rows become columns, so that the input is `size_wh[0]` high.
    """

    input: str
    color: Color
    size_wh: tuple[int, ...] = field(metadata=named("size"))
    resize: ResizeRule
    interpolation: str
    mean: tuple[float, ...]
    scale: float
    std: tuple[float, ...]
    source: str  # where these values came from, for people: "preset tf", "in the model", "file"
    pad: int | None = None
    transpose: bool | None = None  # True, or left out

    def __post_init__(self) -> None:
        if len(self.size_wh) != 2:
            raise SchemaError("size", f"must be [width, height], got {list(self.size_wh)}")
        for side in self.size_wh:
            check_range("size", side, 1, MAX_IMAGE_SIDE)
        for key, values in (("mean", self.mean), ("std", self.std)):
            if len(values) != self.channels:
                raise SchemaError(key, f"{self.color} needs {self.channels}, got {len(values)}")
        if self.scale == 0 or 0 in self.std:
            raise SchemaError("scale" if self.scale == 0 else "std", "must not be zero")
        if self.interpolation not in INTERPOLATIONS:
            raise SchemaError("interpolation", f"there is no {self.interpolation!r}")
        if (self.pad is not None) != (self.resize in ("letterbox", "pad")):
            raise SchemaError("pad", "belongs to resize letterbox and pad, and to no other rule")
        check_range("pad", self.pad or 0, 0, 255)
        if self.transpose is False:
            raise SchemaError("transpose", "must be 1, or left out")

    @property
    def channels(self) -> int:
        """1 for GRAY, else 3."""
        return 1 if self.color == "GRAY" else 3

    @property
    def input_hw(self) -> tuple[int, int]:
        """Height and width of the input, in pixels."""
        width, height = self.size_wh
        return (width, height) if self.transpose else (height, width)
