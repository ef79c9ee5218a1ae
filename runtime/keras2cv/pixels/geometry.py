"""Place an image of any size in the network's fixed size, and map points back.

Coordinates are continuous, in pixels, with (0, 0) at the top left *corner* of the top left pixel,
as boxes have them: pixel i spans i to i + 1. (With (0, 0) at a pixel's centre a resize would not be
a scale alone.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras2cv.errors import InputError
from keras2cv.pixels.resize import resize
from keras2cv.schema.vocabulary import RESIZE_RULES

PADDING_RULES: tuple[str, ...] = ("letterbox", "pad")  # which need a colour

_MAX_PADDED: Final = 2**28  # pixels: Keras' way makes a square of gigabytes of a long strip
_WHOLE: Final = 1e-6  # pixels; nearer to a whole number than that is one

Size = tuple[int, int]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Placement:
    """Where a source image lies in the network's input.

    input_xy = source_xy * scale_xy + offset_xy

    Attributes:
        scale_xy: Input pixels per source pixel.
        offset_xy: The source's top left corner, in input pixels; negative where it was cropped.
        source_wh: Size of the source image.
        size_wh: Size of the network's input.
    """

    scale_xy: tuple[float, float]
    offset_xy: tuple[float, float]
    source_wh: Size
    size_wh: Size

    def __post_init__(self) -> None:
        if min(*self.source_wh, *self.size_wh) < 1 or min(self.scale_xy) <= 0:
            raise ValueError(
                f"A placement needs sizes of at least 1 and scales above 0, got {self}. Build it "
                "with keras2cv.pixels.geometry.fit."
            )

    def to_source(self, points_xy: ArrayLike) -> NDArray[np.float64]:
        """Map points of the network's input to the source image.

        Args:
            points_xy: (..., 2), pixels of the input; boxes as (N, 2, 2) corners.

        Returns:
            (..., 2) float64, pixels of the source. Points on the bars of a letterbox fall outside
            the source: nothing is clipped.
        """
        return (np.asarray(points_xy, np.float64) - self.offset_xy) / self.scale_xy

    @property
    def visible_xyxy(self) -> Box:
        """The part of the source that the network sees, in whole pixels of the source."""
        corners = self.to_source([(0, 0), self.size_wh])  # whole but for rounding, or outside
        (x0, y0), (x1, y1) = np.clip(np.rint(corners), 0, self.source_wh).astype(int).tolist()
        return x0, y0, x1, y1

    @property
    def content_xyxy(self) -> Box:
        """The part of the input that the source fills, in whole pixels of the input."""
        x0, y0, x1, y1 = np.rint(self.filled_xyxy).astype(int).tolist()
        return x0, y0, x1, y1

    @property
    def filled_xyxy(self) -> tuple[float, float, float, float]:
        """The part of the input that the source fills; it ends inside of pixels by `pad` only."""
        start = np.asarray(self.offset_xy, np.float64)
        corners = np.stack([start, start + np.multiply(self.source_wh, self.scale_xy)])
        near = np.abs(corners - np.rint(corners)) < _WHOLE
        edges = np.clip(np.where(near, np.rint(corners), corners), 0, self.size_wh)
        (x0, y0), (x1, y1) = edges.tolist()
        return x0, y0, x1, y1


def place(source_wh: Size, size_wh: Size, rule: str) -> Placement:
    """Return where `fit` puts an image of that size by that rule, without resizing anything.

    Args:
        source_wh: Width and height of the image.
        size_wh: Width and height of the network's input.
        rule: One of `RESIZE_RULES`.
    """
    if rule == "letterbox":
        x0, y0, x1, y1 = letterbox_box(source_wh, size_wh)
        # Each axis has its own scale: rounding the extent changed the aspect ratio a little.
        scale_xy = ((x1 - x0) / source_wh[0], (y1 - y0) / source_wh[1])
        return Placement(scale_xy, (x0, y0), source_wh, size_wh)
    if rule == "pad":
        x0, y0, x1, y1 = padded_box(source_wh, size_wh)
    else:
        x0, y0, x1, y1 = (0, 0, *source_wh) if rule == "stretch" else center_box(source_wh, size_wh)
    scale_xy = (size_wh[0] / (x1 - x0), size_wh[1] / (y1 - y0))
    return Placement(scale_xy, (-x0 * scale_xy[0], -y0 * scale_xy[1]), source_wh, size_wh)


def fit(
    image: NDArray[Any],
    size_wh: Size,
    rule: str,
    interpolation: str,
    pad_value: tuple[float, ...] | None,
) -> tuple[NDArray[Any], Placement]:
    """Bring an image to the network's size.

    Args:
        image: (H, W, C) or (H, W), as `keras2cv.pixels.resize.resize` takes it.
        size_wh: Width and height of the result.
        rule: One of `RESIZE_RULES`.
        interpolation: One of `keras2cv.pixels.resize.INTERPOLATIONS`.
        pad_value: The colour of the bars of `PADDING_RULES`, one value per channel in the image's
            order (and its 0..255 scale); the other rules take None.

    Returns:
        The image, (height, width, C) or (height, width), dtype as from `resize`; and its placement.

    Raises:
        ValueError: Unknown rule or interpolation, image or pad value that do not go together.
        InputError: An image so long that it would be padded beyond all memory.
    """
    if rule not in RESIZE_RULES:
        raise ValueError(f"Unknown resize rule {rule!r}. Choose one of {', '.join(RESIZE_RULES)}.")
    if (pad_value is not None) != (rule in PADDING_RULES):
        raise ValueError(
            f"Rule {rule!r} got pad_value {pad_value}. Give a colour for "
            f"{' or '.join(PADDING_RULES)}, else None."
        )
    if pad_value is not None:
        how = _letterbox if rule == "letterbox" else _pad
        return how(image, size_wh, interpolation, pad_value)
    placement = place((image.shape[1], image.shape[0]), size_wh, rule)
    return resize(image, size_wh, interpolation, box_xyxy=placement.visible_xyxy), placement


def center_box(source_wh: Size, size_wh: Size) -> Box:
    """The largest centred part with the target's aspect ratio, in whole pixels, as x0, y0, x1, y1.

    Both of Keras' functions crop first and resize after, and round everything down: the extent, at
    least one pixel, and the offset, so that the odd pixel is lost on the right or at the bottom. In
    `load_img(keep_aspect_ratio=True)` these are integer divisions; `smart_resize`, and `Resizing`
    with `crop_to_aspect_ratio=True`, divide floats and truncate, which is the same for images.
    Use `pil-` interpolations for the first, which blend across the edges of the crop, and `tf-`
    ones for the others.
    """
    (width, height), (target_width, target_height) = source_wh, size_wh
    crop_width = max(1, min(width, height * target_width // target_height))
    crop_height = max(1, min(height, width * target_height // target_width))
    x0, y0 = (width - crop_width) // 2, (height - crop_height) // 2
    return x0, y0, x0 + crop_width, y0 + crop_height


def letterbox_box(source_wh: Size, size_wh: Size) -> Box:
    """Return the part of the target that the source fills in its aspect ratio, as x0, y0, x1, y1.

    This is `tf.image.resize_with_pad` (`_resize_image_with_pad_common` of `image_ops_impl.py`), in
    its float32: the extent is rounded down, and so is half of what the unrounded extent leaves, so
    the larger bar is on the right or at the bottom. For one pair of sizes in 25 the quotient falls
    just short of a whole number, and the tight side gets a bar of one pixel as well.

    OpenCV's `Image2BlobParams` rounds the extent down too, with another last bit. Ultralytics
    rounds it to nearest: for half of all sizes its image is a pixel longer.
    """
    source, size = np.asarray(source_wh, np.float32), np.asarray(size_wh, np.float32)
    extent = source / (source / size).max()
    x0, y0 = (max(0, int(bar)) for bar in np.floor((size - extent) / np.float32(2.0)))
    width, height = (max(1, int(side)) for side in np.floor(extent))
    return x0, y0, x0 + width, y0 + height


def padded_box(source_wh: Size, size_wh: Size) -> Box:
    """Return the box that `pad` resizes, in source pixels; its bars lie outside: x0, y0, x1, y1.

    This is `Resizing(pad_to_aspect_ratio=True)` (`resize` of Keras' `backend/tensorflow/image.py`):
    the source is extended on the axis that is too short, in float32 and rounded down, by the same
    on both sides, so that an odd pixel is left out.
    """
    (width, height), (target_width, target_height) = source_wh, size_wh
    wide = max(width, int(np.float32(height * target_width) / np.float32(target_height)))
    high = max(height, int(np.float32(width * target_height) / np.float32(target_width)))
    x, y = (wide - width) // 2, (high - height) // 2
    return -x, -y, width + x, height + y


def _pad(
    image: NDArray[Any], size_wh: Size, interpolation: str, pad_value: tuple[float, ...]
) -> tuple[NDArray[Any], Placement]:
    source_wh = image.shape[1], image.shape[0]
    x0, y0, x1, y1 = padded_box(source_wh, size_wh)
    if (x1 - x0) * (y1 - y0) > _MAX_PADDED:
        raise InputError(
            f"An image of {source_wh[0]}x{source_wh[1]} pixels would be padded to {x1 - x0}x"
            f"{y1 - y0}, which is too much memory. Crop it first."
        )
    bars = _bars(image.dtype, image.shape, pad_value)
    padded = np.empty((y1 - y0, x1 - x0, *image.shape[2:]), image.dtype)
    padded[:] = bars if image.ndim == 3 else bars[0]
    padded[-y0 : source_wh[1] - y0, -x0 : source_wh[0] - x0] = image
    return resize(padded, size_wh, interpolation), place(source_wh, size_wh, "pad")


def _letterbox(
    image: NDArray[Any], size_wh: Size, interpolation: str, pad_value: tuple[float, ...]
) -> tuple[NDArray[Any], Placement]:
    placement = place((image.shape[1], image.shape[0]), size_wh, "letterbox")
    x0, y0, x1, y1 = placement.content_xyxy
    resized = resize(image, (x1 - x0, y1 - y0), interpolation)
    bars = _bars(resized.dtype, image.shape, pad_value)
    canvas = np.empty((*size_wh[::-1], *image.shape[2:]), resized.dtype)
    canvas[:y0] = canvas[y1:] = bars
    canvas[y0:y1, :x0] = canvas[y0:y1, x1:] = bars
    canvas[y0:y1, x0:x1] = resized
    return canvas, placement


def _bars(
    dtype: np.dtype[Any], shape: tuple[int, ...], pad_value: tuple[float, ...]
) -> NDArray[Any]:
    """Return the colour, one value per channel of an image of that shape, in that dtype."""
    colour = np.asarray(pad_value, np.float32)
    bars = colour.astype(dtype)
    if bars.shape != (shape[2:] or (1,)) or (bars != colour).any():
        raise ValueError(
            f"pad_value {pad_value} is no colour of a {dtype} image {shape}. "
            "Give one value per channel, and for uint8 whole numbers from 0 to 255."
        )
    return bars
