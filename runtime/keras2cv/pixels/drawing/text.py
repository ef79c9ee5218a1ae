"""Lines of text, and tags at the corners of things."""

from __future__ import annotations

from typing import Final

import cv2

from keras2cv.pixels.drawing.colours import DARK, LIGHT, Colour, is_light
from keras2cv.pixels.images import Image

FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
MIN_SCALE: Final = 0.35  # of the font's 22-pixel capitals: 8 pixels, the smallest that reads


def ascii_text(text: str) -> str:
    """Return `text` in the ASCII that cv2.putText can draw: accents dropped, the rest as `?`."""
    if text.isascii():
        return text
    import unicodedata

    bare = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if c.isascii() else "?" for c in bare)


def fitted(line: str, width: int, scale: float, thickness: int) -> str:
    """Return the longest beginning of `line` that fits, with dots if cut.

    Args:
        line: In ASCII.
        width: The room, in pixels.
        scale: Of cv2's font.
        thickness: Of the strokes, in pixels.
    """
    if width_of(line, scale, thickness) <= width:
        return line
    fitting = (
        f"{line[:count]}..."
        for count in range(min(len(line), 200), 0, -1)
        if width_of(f"{line[:count]}...", scale, thickness) <= width
    )
    return next(fitting, line[:1])


def width_of(line: str, scale: float, thickness: int) -> int:
    """Return how many pixels wide `line` is."""
    (width, _), _ = cv2.getTextSize(line, FONT, scale, thickness)
    return int(width)


def tag(canvas: Image, text: str, corner_xy: tuple[int, int], colour: Colour, scale: float) -> None:
    """Write `text` on paper of `colour`, above the corner of a box or, at the top, below it.

    Args:
        canvas: What is drawn on, (H, W, 3) uint8.
        text: Any; what cv2 cannot draw becomes `?`.
        corner_xy: The box's top left, in pixels.
        colour: Of the paper; the letters are light or dark on it.
        scale: Of cv2's font.
    """
    width = canvas.shape[1]
    thickness = max(1, round(scale * 1.6))
    text = fitted(ascii_text(text), width, scale, thickness)
    (_, ascent), descent = cv2.getTextSize("Ag", FONT, scale, thickness)
    text_width = width_of(text, scale, thickness)
    x = max(0, min(corner_xy[0], width - text_width - 2))
    y = corner_xy[1] if corner_xy[1] > ascent + descent else corner_xy[1] + ascent + descent
    cv2.rectangle(canvas, (x, y - ascent - descent), (x + text_width, y), colour, cv2.FILLED)
    ink = DARK if is_light(colour) else LIGHT
    cv2.putText(canvas, text, (x, y - descent), FONT, scale, ink, thickness, cv2.LINE_AA)
