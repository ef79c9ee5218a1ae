"""`tf.image.resize`, which `keras.layers.Resizing` and the image data sets call, in numpy.

TensorFlow finds the source positions in float32. They are found here by the same operations in
float32, because comparing them decides which pixel is nearest, where a window ends, and which entry
of the bicubic table applies. The sums are then float32 sums, in BLAS's order.

Sources: `_resize_images_common` in `python/ops/image_ops_impl.py`, and the kernels
`scale_and_translate_op.cc`, `resize_bicubic_op.cc`, `resize_area_op.cc`,
`resize_nearest_neighbor_op.cc` in `core/kernels/image`, of TensorFlow 2.21.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.resize import canary
from keras2cv.pixels.resize.kernels import (
    GAUSSIAN,
    KEYS_CUBIC,
    LANCZOS3,
    LANCZOS5,
    MITCHELL_CUBIC,
    TRIANGLE,
    Kernel,
)
from keras2cv.pixels.resize.separable import (
    Band,
    Image,
    resample_rows,
    split_into_bands,
    swap_height_and_width,
)
from keras2cv.pixels.resize.tf_bilinear import resize_bilinear

Float32 = NDArray[np.float32]
Taps = tuple[NDArray[np.intp], Float32]  # source indices and weights, both (target, taps)

_HALF = np.float32(0.5)
_TABLE_SIZE = 1024  # kTableSize of resize_bicubic_op.cc


def resize(image: Image, size_wh: tuple[int, int], interpolation: str) -> Image:
    """`tf.image.resize(image, size_wh[::-1], ...)`; float32, or the image's dtype for "tf-nearest".

    Args:
        image: (H, W, C), uint8 or float32.
        size_wh: Size of the result.
        interpolation: "tf-nearest", "tf-bilinear" or a key of `TAPS`.
    """
    (height, width), (target_width, target_height) = image.shape[:2], size_wh
    if interpolation == "tf-nearest":
        rows = _nearest_indices(height, target_height)
        columns = _nearest_indices(width, target_width)
        picked: Image = image.take(rows, axis=0).take(columns, axis=1)
        return picked
    if interpolation == "tf-bilinear":
        return resize_bilinear(image, size_wh, by_cv2=canary.floats_are_exact(image.shape[2]))
    down = _bands(interpolation, height, target_height)
    across = _bands(interpolation, width, target_width)
    image = swap_height_and_width(resample_rows(image, down, _as_it_is, np.float32))
    return swap_height_and_width(resample_rows(image, across, _as_it_is, np.float32))


def _as_it_is(sums: Image) -> Image:
    return sums


def _scale(source_size: int, target_size: int) -> np.float32:
    # Divided in double and rounded once more: for whole numbers of 24 bits the float32 quotient.
    scale: np.float32 = np.float32(source_size / target_size)
    return scale


def _centres(source_size: int, target_size: int) -> Float32:
    """Positions of the target pixels' centres in the source, edge at 0; float32 (target,)."""
    pixels = np.arange(target_size, dtype=np.float32)
    centres: Float32 = (pixels + _HALF) * _scale(source_size, target_size)
    return centres


@lru_cache(maxsize=64)
def _nearest_indices(source_size: int, target_size: int) -> NDArray[np.intp]:
    return np.minimum(_centres(source_size, target_size).astype(np.intp), source_size - 1)


@lru_cache(maxsize=64)
def _bands(interpolation: str, source_size: int, target_size: int) -> tuple[Band, ...]:
    return split_into_bands(*TAPS[interpolation](source_size, target_size), source_size)


def _kernel_taps(kernel: Kernel, antialias: bool, source_size: int, target_size: int) -> Taps:
    """ComputeSpansCore of scale_and_translate_op.cc."""
    # resize_images_v2 passes target / source in float32, and the kernel inverts it in double.
    scale = np.float32(1.0 / float(_scale(target_size, source_size)))
    stretch = np.maximum(scale, np.float32(1.0)) if antialias else np.float32(1.0)
    reach = np.float32(kernel.radius) * stretch
    centres = ((np.arange(target_size, dtype=np.float32) + _HALF) * scale)[:, np.newaxis]
    firsts = np.ceil(centres - reach - _HALF).astype(np.intp).clip(0, source_size - 1)
    lasts = np.floor(centres + reach - _HALF).astype(np.intp).clip(0, source_size - 1)
    indices = firsts + np.arange((lasts - firsts).max() + 1)
    distances = (indices.astype(np.float32) + _HALF - centres) * (np.float32(1.0) / stretch)
    weights = kernel.weigh(distances.astype(np.float64))
    weights[indices > lasts] = 0.0
    return indices, _normalise(weights)


def _bicubic_taps(source_size: int, target_size: int) -> Taps:
    """GetWeightsAndIndices of resize_bicubic_op.cc, with half-pixel centres.

    The fraction of the position is rounded to 1/1024 to look the weights up: 0.1 of 255 in places.
    """
    positions = _centres(source_size, target_size)[:, np.newaxis] - _HALF
    floors = np.floor(positions)
    entries = np.rint((positions - floors) * np.float32(_TABLE_SIZE)).astype(np.float64)
    steps = np.arange(-1, 3)
    indices = floors.astype(np.intp) + steps
    weights = KEYS_CUBIC.weigh(steps - entries / _TABLE_SIZE)
    weights[(indices < 0) | (indices >= source_size)] = 0.0
    return indices, _normalise(weights)


def _area_taps(source_size: int, target_size: int) -> Taps:
    """ResizeAreaOp: each source pixel weighs as much as the target pixel covers of it.

    cv2.INTER_AREA is no substitute: it drops overlaps under 0.001 pixel, and becomes a bilinear
    filter along both axes as soon as one of them grows.
    """
    scale = _scale(source_size, target_size)
    edges = np.arange(target_size + 1, dtype=np.float32)[:, np.newaxis] * scale
    starts, stops = edges[:-1], edges[1:]
    firsts = np.floor(starts).astype(np.intp)
    indices = firsts + np.arange((np.ceil(stops).astype(np.intp) - firsts).max())
    left = indices.astype(np.float32)
    right = left + np.float32(1.0)
    overlaps = np.minimum(right, stops) - np.maximum(left, starts)
    # A target pixel inside one source pixel covers `scale` of it; the difference of its rounded
    # edges would be less exact.
    overlaps = np.where((left < starts) & (right > stops), scale, overlaps)
    return indices, np.maximum(overlaps, np.float32(0.0)) / scale


def _normalise(weights: NDArray[np.float64]) -> Float32:
    """Make each row of taps add up to one; a row of nothing stays nothing, as in TensorFlow."""
    totals = weights.sum(axis=1, keepdims=True)
    is_something = np.abs(totals) >= 1000.0 * np.finfo(np.float32).tiny
    normalised = np.divide(weights, totals, out=np.zeros_like(weights), where=is_something)
    return np.asarray(normalised, np.float32)


TAPS: dict[str, Callable[[int, int], Taps]] = {
    "tf-area": _area_taps,
    "tf-bicubic": _bicubic_taps,
    "tf-lanczos3": partial(_kernel_taps, LANCZOS3, False),
    "tf-lanczos5": partial(_kernel_taps, LANCZOS5, False),
    "tf-gaussian": partial(_kernel_taps, GAUSSIAN, False),
    "tf-mitchellcubic": partial(_kernel_taps, MITCHELL_CUBIC, False),
    "tf-bilinear-antialias": partial(_kernel_taps, TRIANGLE, True),
    "tf-bicubic-antialias": partial(_kernel_taps, KEYS_CUBIC, True),
    "tf-lanczos3-antialias": partial(_kernel_taps, LANCZOS3, True),
    "tf-lanczos5-antialias": partial(_kernel_taps, LANCZOS5, True),
    "tf-gaussian-antialias": partial(_kernel_taps, GAUSSIAN, True),
    "tf-mitchellcubic-antialias": partial(_kernel_taps, MITCHELL_CUBIC, True),
}
