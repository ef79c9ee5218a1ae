"""The image resizes of other libraries, repeated with cv2 and numpy.

A network was trained on images from one library, and libraries do not agree on the meaning of
"bilinear": photographs reduced to 96x96 by cv2 and by Pillow differ by up to 147 of 255.

Largest difference from the original, of 255, in pictures of noise, stripes and blots, 1x1 to
1280x720, down and up; the same in OpenCV 4.6, 4.8, 4.10, 4.12, 4.14 and 5.0:

    pil-*, pil13-*           0          Pillow 10.0, 12.3 and 13.0
    tf-nearest               0          TensorFlow 2.21
    tf-bilinear              0          TensorFlow 2.21 on x86-64; a build that fuses products and
                                        sums may differ in float32's last digits
    every other tf-*         0.0004     float32 sums in another order
    nearest, linear, area,   -          cv2's own on x86-64, on every machine; "cubic" but for 6
    cubic, lanczos4                     pixels in a million, which OpenCVs themselves round
                                        differently (`rounding.py`)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.resize.opencv import resize as resize_by_opencv
from keras2cv.schema.vocabulary import INTERPOLATIONS

__all__ = ["INTERPOLATIONS", "resize"]


def resize(
    image: NDArray[Any],
    size_wh: tuple[int, int],
    interpolation: str,
    *,
    box_xyxy: tuple[int, int, int, int] | None = None,
) -> NDArray[Any]:
    """Resize an image as the library named in `interpolation` does.

    Args:
        image: (H, W, C) or (H, W), any number and order of channels. uint8, or uint16 but for the
            `pil-` modes; the `tf-` modes also take float32.
        size_wh: Width and height of the result.
        interpolation: One of `INTERPOLATIONS`.
        box_xyxy: The part of the image to resize, in whole pixels; all of it if None. Filters end
            at its edges, except Pillow's, which read the pixels around it too.

    Returns:
        (height, width, C) or (height, width). The image's dtype from the cv2 and `pil-` modes;
        float32, not rounded, from the `tf-` modes, as from `tf.image.resize`; `tf-nearest` keeps
        the dtype.

    Raises:
        ValueError: Unknown interpolation, empty image, dtype or shape that the mode does not take.
    """
    _check(image, size_wh, interpolation)
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box = box_xyxy or (0, 0, width, height)
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise ValueError(
            f"box_xyxy {box} is not a part of an image of {width}x{height} pixels. "
            "Give 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height."
        )
    pixels = image.reshape(height, width, -1)
    resized: NDArray[Any]
    if interpolation.startswith("pil"):  # each library's filters are imported when they are needed
        from keras2cv.pixels.resize.pillow import resize as resize_by_pillow

        resized = resize_by_pillow(pixels, size_wh, interpolation, box)
    elif interpolation.startswith("tf-"):
        from keras2cv.pixels.resize.tf_image import resize as resize_by_tensorflow

        if pixels.dtype == np.uint16 and interpolation != "tf-nearest":
            pixels = pixels.astype(np.float32)  # exactly, and as TensorFlow does
        resized = resize_by_tensorflow(pixels[y0:y1, x0:x1], size_wh, interpolation)
    else:
        resized = resize_by_opencv(pixels[y0:y1, x0:x1], size_wh, interpolation)
    return resized.reshape(*size_wh[::-1], *image.shape[2:])


def _check(image: NDArray[Any], size_wh: tuple[int, int], interpolation: str) -> None:
    if interpolation not in INTERPOLATIONS:
        raise ValueError(
            f"Unknown interpolation {interpolation!r}. Choose one of {', '.join(INTERPOLATIONS)}."
        )
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(
            f"An image must have the shape (H, W, C) or (H, W), nothing empty; got {image.shape}. "
            "Pass images one at a time."
        )
    if min(size_wh) < 1:
        raise ValueError(f"size_wh must be at least 1x1, got {size_wh}. Give a width and a height.")
    dtypes = ["uint8"] if interpolation.startswith("pil") else ["uint16", "uint8"]
    dtypes += ["float32"] if interpolation.startswith("tf-") else []
    if image.dtype.name not in dtypes:
        raise ValueError(
            f"{interpolation!r} resizes {' or '.join(dtypes)}, got {image.dtype.name}. Convert the "
            "image first, scaled to 0..255."
        )
