"""What is drawn on: a copy of an image in colour, large enough for text."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.images import Image, as_bgr

MIN_SIDE: Final = 160  # pixels; below it no text can be read, so the picture is enlarged
MAX_ENLARGED_SIDE: Final = 2560  # pixels; a sliver would grow beyond all screens


def canvas_of(image: NDArray[Any], *, in_place: bool) -> Image:
    """Return what to draw on: `image` itself only if that is allowed and cv2 can."""
    bgr = as_bgr(image)
    is_free = bgr is not image or (in_place and bgr.flags.writeable and bgr.flags.c_contiguous)
    return bgr if is_free else np.array(bgr)


def enlarged(image: Image) -> Image:
    """Return `image`, enlarged by a whole number if its shorter side is below 160."""
    shorter, longer = sorted(image.shape[:2])
    factor = max(1, min(-(-MIN_SIDE // shorter), MAX_ENLARGED_SIDE // longer))
    if factor == 1:  # numpy's repeat moves a pixel at a time: 8 ms for full HD
        return image
    return image.repeat(factor, axis=0).repeat(factor, axis=1)
