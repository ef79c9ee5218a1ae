"""`PIL.Image.resize` of uint8 images, bit for bit, without Pillow.

Source: Pillow's `src/libImaging/Resample.c` and `Geometry.c`. Pillow filters along one axis, rounds
to uint8, then filters along the other. Its weights are integers in units of 2^-22, which float64
holds exactly, as it does every sum of them times uint8; so matrix products in float64 give Pillow's
integer arithmetic, whatever the order in which BLAS adds.

Pillow 13 changed its answers. Through version 12 the width was always filtered first; since 13 the
height is, where it shrinks by far more (python-pillow/Pillow#9549), and images are cut off and
rounded in between: a difference of 1 to 3 in smooth pictures, up to 40 in hard black and white.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.resize.kernels import BOX, HAMMING, KEYS_CUBIC, LANCZOS3, TRIANGLE, Kernel
from keras2cv.pixels.resize.separable import (
    Band,
    Image,
    resample_rows,
    split_into_bands,
    swap_height_and_width,
)

KERNELS: dict[str, Kernel] = {
    "bilinear": TRIANGLE,
    "bicubic": KEYS_CUBIC,
    "lanczos": LANCZOS3,
    "box": BOX,
    "hamming": HAMMING,
}

_PRECISION_BITS = 32 - 8 - 2  # of Resample.c: 8 for the pixel, 2 for overshoot

Box = tuple[int, int, int, int]


def resize(image: Image, size_wh: tuple[int, int], interpolation: str, box_xyxy: Box) -> Image:
    """`PIL.Image.fromarray(image).resize(size_wh, ..., box=box_xyxy)`.

    Channels are independent, as in Pillow's modes L and RGB; Pillow resizes RGBA in premultiplied
    form, which this does not.

    Args:
        image: (H, W, C) uint8.
        size_wh: Size of the result.
        interpolation: "pil-nearest", or a key of `KERNELS` after "pil-" (Pillow through 12) or
            "pil13-" (Pillow since 13).
        box_xyxy: The part of the image to resize. As in Pillow, filters also read beyond it.
    """
    (height, width), (x0, y0, x1, y1) = image.shape[:2], box_xyxy
    if size_wh == (width, height) == (x1 - x0, y1 - y0):
        return np.array(image)
    if interpolation == "pil-nearest":
        rows = _nearest_indices(y0, y1, size_wh[1])
        columns = _nearest_indices(x0, x1, size_wh[0])
        picked: Image = image.take(rows, axis=0).take(columns, axis=1)
        return picked
    version, _, name = interpolation.partition("-")
    across = _bands(KERNELS[name], width, x0, x1, size_wh[0])
    down = _bands(KERNELS[name], height, y0, y1, size_wh[1])
    if version == "pil13" and _is_height_first((width, height), size_wh):
        return _filter_width(_filter_height(image, down), across)
    return _filter_height(_filter_width(image, across), down)


def _is_height_first(source_wh: tuple[int, int], target_wh: tuple[int, int]) -> bool:
    # ImagingResampleInner of Pillow 13: pixels lost, and of the whole image even if given a box.
    lost_width, lost_height = source_wh[0] - target_wh[0], source_wh[1] - target_wh[1]
    return lost_height > 0 and lost_height > 2 * lost_width


def _filter_height(image: Image, bands: tuple[Band, ...]) -> Image:
    return resample_rows(image, bands, _round_to_uint8, np.uint8)


def _filter_width(image: Image, bands: tuple[Band, ...]) -> Image:
    return swap_height_and_width(_filter_height(swap_height_and_width(image), bands))


@lru_cache(maxsize=64)
def _nearest_indices(start: int, stop: int, target_size: int) -> NDArray[np.intp]:
    # ImagingScaleAffine adds the step again and again, and its rounding errors add up with it:
    # floor((i + 0.5) * step) differs in one index of a thousand.
    step = (stop - start) / target_size
    positions = np.full(target_size, step)
    positions[0] = start + step * 0.5
    return np.add.accumulate(positions).astype(np.intp)


@lru_cache(maxsize=64)
def _bands(
    kernel: Kernel, source_size: int, start: int, stop: int, target_size: int
) -> tuple[Band, ...]:
    # precompute_coeffs and normalize_coeffs_8bpc of Resample.c, operation by operation.
    scale = (stop - start) / target_size
    stretch = max(scale, 1.0)
    reach = kernel.radius * stretch
    centres = start + (np.arange(target_size)[:, np.newaxis] + 0.5) * scale
    firsts = np.maximum((centres - reach + 0.5).astype(np.intp), 0)
    lasts = np.minimum((centres + reach + 0.5).astype(np.intp), source_size)  # exclusive
    indices = firsts + np.arange((lasts - firsts).max())
    weights = kernel.weigh((indices - centres + 0.5) * (1.0 / stretch))
    weights[indices >= lasts] = 0.0
    # `accumulate` adds from left to right, as the C loop does; `sum` would add pairwise.
    totals = np.add.accumulate(weights, axis=1)[:, -1:]
    np.divide(weights, totals, out=weights, where=totals != 0.0)
    units = np.trunc(np.ldexp(weights, _PRECISION_BITS) + np.where(weights < 0.0, -0.5, 0.5))
    return split_into_bands(indices, np.ldexp(units, -_PRECISION_BITS), source_size)


def _round_to_uint8(sums: Image) -> Image:
    # clip8((sum + half) >> 22): halves go up; truncation is a floor once negatives are clipped.
    sums += 0.5
    return sums.clip(0.0, 255.0, out=sums).astype(np.uint8)
