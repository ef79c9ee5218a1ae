"""The manifest's section on how an image becomes the net's input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from keras2cv.schema.checks import check_range
from keras2cv.schema.fields import SchemaError, named
from keras2cv.schema.vocabulary import INTERPOLATIONS, Color, ResizeRule

MAX_IMAGE_SIDE: Final = 16_384  # pixels; larger inputs are a mistake before they are a model
MAX_CHANNELS: Final = 512  # as many as an array of cv2 has
MAX_FRAMES: Final = 4096  # of a clip, and between two of its frames
_CHANNELS: Final = {"GRAY": 1, "RGB": 3, "BGR": 3, "RGBA": 4, "BGRA": 4}


@dataclass(frozen=True, slots=True)
class ClipRule:
    """From the frames of a video to clips.

    A clip has `window` frames, each `stride` frames of the video after the one before; the next
    clip begins `hop` frames after this one.
    """

    window: int
    stride: int
    hop: int

    def __post_init__(self) -> None:
        for key in ("window", "stride", "hop"):
            check_range(key, getattr(self, key), 1, MAX_FRAMES)

    @property
    def span(self) -> int:
        """How many frames of the video a clip covers."""
        return (self.window - 1) * self.stride + 1


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """From an image to the input: blob = (pixel - mean) * scale / std, after the resize.

    `mean` is in pixel units (0..255, or 0..65535 with `depth` 16); `mean` and `std` have one value
    per channel, in `color` order. `size_wh` is (width, height) in pixels; `pad` the bars' colour,
    in pixel units. `transpose`: the resized image's rows become columns, so that the input is
    `size_wh[0]` high. `depth`: 16 where the model was trained on all 16 bits of a channel. `clip`:
    the input is one of several frames.
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
    depth: int | None = None  # 16, or left out
    clip: ClipRule | None = None

    def __post_init__(self) -> None:
        if len(self.size_wh) != 2:
            raise SchemaError("size", f"must be [width, height], got {list(self.size_wh)}")
        for side in self.size_wh:
            check_range("size", side, 1, MAX_IMAGE_SIDE)
        for key, values in (("mean", self.mean), ("std", self.std)):
            if len(values) != self.channels:
                raise SchemaError(key, f"{self.color} needs {self.channels}, got {len(values)}")
            check_range(f"{key} (count)", len(values), 1, MAX_CHANNELS)
        if self.scale == 0 or 0 in self.std:
            raise SchemaError("scale" if self.scale == 0 else "std", "must not be zero")
        if self.interpolation not in INTERPOLATIONS:
            raise SchemaError("interpolation", f"there is no {self.interpolation!r}")
        if (self.pad is not None) != (self.resize in ("letterbox", "pad")):
            raise SchemaError("pad", "belongs to resize letterbox and pad, and to no other rule")
        if self.depth not in (None, 16):
            raise SchemaError("depth", f"must be 16, or left out, got {self.depth}")
        check_range("pad", self.pad or 0, 0, self.white)
        if self.depth == 16 and self.interpolation.startswith("pil"):
            raise SchemaError("interpolation", f"{self.interpolation} resizes 8 bits, not 16")
        if self.transpose is False:
            raise SchemaError("transpose", "must be 1, or left out")

    @property
    def channels(self) -> int:
        """1 for GRAY, 3 for RGB and BGR, 4 with alpha, else as many as means."""
        return _CHANNELS.get(self.color, len(self.mean))

    @property
    def bits(self) -> int:
        """Bits of a channel: 8 or 16."""
        return self.depth or 8

    @property
    def white(self) -> int:
        """The largest value of a pixel: 255 or 65535."""
        return (1 << self.bits) - 1

    @property
    def is_picture_file(self) -> bool:
        """Whether any library's picture of gray or colour becomes it, of 8 or 16 bits."""
        return self.clip is None and self.color in ("RGB", "BGR", "GRAY")

    @property
    def is_plain(self) -> bool:
        """Whether any picture will do: 8 bits, gray or colour, no clip."""
        return self.depth is None and self.clip is None and self.color in ("RGB", "BGR", "GRAY")

    @property
    def input_hw(self) -> tuple[int, int]:
        """Height and width of the input, in pixels."""
        width, height = self.size_wh
        return (width, height) if self.transpose else (height, width)
