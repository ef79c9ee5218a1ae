"""Text on images, legible on any size and any background."""

from __future__ import annotations

from typing import Any, Final

import cv2
from numpy.typing import NDArray

from keras2cv.images import Image, as_bgr

MIN_SIDE: Final = 160  # pixels; below it no text can be read, so the picture is enlarged
MAX_ENLARGED_SIDE: Final = 2560  # pixels; a sliver would grow beyond all screens
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_MIN_SCALE: Final = 0.35  # of the font's 22-pixel capitals: 8 pixels, the smallest that reads
_INK: Final = (255, 255, 255)
_PAPER: Final = (32, 32, 32)


def caption(image: NDArray[Any], lines: list[str]) -> Image:
    """Return a copy of `image` as (H, W, 3) uint8 BGR with `lines` in a box at the top left.

    A picture whose shorter side is below 160 pixels is enlarged by a whole number first, so that
    the text can be read. Lines that do not fit are cut, with dots at the end.

    Raises:
        InputError: `image` is not an image.
    """
    canvas = enlarged(as_bgr(image))
    height, width = canvas.shape[:2]
    scale = max(_MIN_SCALE, min(height, width) / 600)
    thickness = max(1, round(scale * 1.6))
    lines = [_fitted(ascii_text(line), width, scale, thickness) for line in lines]
    (_, ascent), descent = cv2.getTextSize("Ag", _FONT, scale, thickness)
    step = ascent + descent + max(2, ascent // 3)
    lines = lines[: max(1, (height - descent) // step)]
    text_width = max(_text_width(line, scale, thickness) for line in lines)
    corner = (min(width, text_width + ascent), min(height, step * len(lines) + descent))
    cv2.rectangle(canvas, (0, 0), corner, _PAPER, cv2.FILLED)
    for index, line in enumerate(lines):
        origin = (ascent // 2, step * (index + 1) - descent)
        cv2.putText(canvas, line, origin, _FONT, scale, _INK, thickness, cv2.LINE_AA)
    return canvas


def enlarged(image: Image) -> Image:
    """Return a copy of `image`, enlarged by a whole number if its shorter side is below 160."""
    shorter, longer = sorted(image.shape[:2])
    factor = max(1, min(-(-MIN_SIDE // shorter), MAX_ENLARGED_SIDE // longer))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def ascii_text(text: str) -> str:
    """Return `text` in the ASCII that cv2.putText can draw: accents dropped, the rest as `?`."""
    if text.isascii():
        return text
    import unicodedata

    bare = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if c.isascii() else "?" for c in bare)


def _fitted(line: str, width: int, scale: float, thickness: int) -> str:
    """Return the longest beginning of `line` that fits `width` pixels, with dots if cut."""
    if _text_width(line, scale, thickness) <= width:
        return line
    fitting = (
        f"{line[:count]}..."
        for count in range(min(len(line), 200), 0, -1)
        if _text_width(f"{line[:count]}...", scale, thickness) <= width
    )
    return next(fitting, line[:1])


def _text_width(line: str, scale: float, thickness: int) -> int:
    (width, _), _ = cv2.getTextSize(line, _FONT, scale, thickness)
    return int(width)
