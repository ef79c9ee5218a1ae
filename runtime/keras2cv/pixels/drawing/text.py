"""Write lines of text: by OpenCV's TrueType fonts where it has them, else by its strokes of ASCII.

OpenCV 5 draws most scripts. Letters that a font lacks, and everything beyond ASCII before OpenCV 5,
are written in ASCII as far as they can be read so: accents are dropped, Cyrillic, Greek, kana and
Hangul are spelled by their sounds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np

from keras2cv.pixels.drawing.colours import Colour
from keras2cv.pixels.images import Image

FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
MIN_SCALE: Final = 0.35  # of the font's 22-pixel capitals: 8 pixels, the smallest that reads
UNREADABLE: Final = "?"

_CAPITALS: Final = 31  # pixels of a TrueType font with capitals of 22
_WEIGHT: Final = 500  # between regular and semibold
_LONGEST: Final = 200  # characters that are tried
_DOTS: Final = "..."
_of_thread = threading.local()  # a FontFace keeps what it draws with


class Pen:
    """How text is written: its size, and the room that a line takes.

    Attributes:
        ascent: The height of letters above the line that they stand on, in pixels.
        descent: Their depth below it.
    """

    def __init__(self, scale: float) -> None:
        """Choose the font; `scale` is that of cv2's stroke fonts, at least `MIN_SCALE`."""
        self.scale = max(MIN_SCALE, scale)
        self.thickness = max(1, round(self.scale * 1.6))
        self._size = round(self.scale * _CAPITALS)
        (_, self.ascent), self.descent = cv2.getTextSize("Ag", FONT, self.scale, self.thickness)
        self._is_truetype = has_truetype()

    @property
    def height(self) -> int:
        """The height of a line, in pixels."""
        return self.ascent + self.descent

    def width(self, line: str) -> int:
        """Return how many pixels wide a readable line is."""
        if self._is_truetype:
            return _truetype_width(line, self._size)
        (width, _), _ = cv2.getTextSize(line, FONT, self.scale, self.thickness)
        return int(width)

    def fitted(self, line: str, width: int) -> str:
        """Return the longest beginning of a readable line that fits, with dots if cut."""
        if self.width(line) <= width:
            return line
        low, high = 0, min(len(line), _LONGEST)
        while low < high:
            middle = (low + high + 1) // 2
            fits = self.width(line[:middle] + _DOTS) <= width
            low, high = (middle, high) if fits else (low, middle - 1)
        return line[:low] + _DOTS if low else line[:1]

    def write(self, canvas: Image, line: str, left_x: int, base_y: int, ink: Colour) -> None:
        """Write a line on a picture.

        Args:
            canvas: It is drawn on, (H, W, 3) uint8 BGR.
            line: In letters that the font has.
            left_x: Where it begins, in pixels.
            base_y: What its letters stand on.
            ink: Their colour.
        """
        at = (left_x, base_y)
        if self._is_truetype:
            _putText(canvas, line, at, ink, _face(), self._size, weight=_WEIGHT)
        else:
            cv2.putText(canvas, line, at, FONT, self.scale, ink, self.thickness, cv2.LINE_AA)


_putText: Final[Any] = cv2.putText  # noqa: N816 - with the arguments that OpenCV 5 has


def has_truetype() -> bool:
    """Return whether this OpenCV writes by TrueType fonts."""
    return hasattr(cv2, "FontFace")


def readable(text: str, otherwise: str = "") -> str:
    """Return `text` in letters that there are; `otherwise`, if given, where most cannot be read."""
    has_letter = _has_glyph if has_truetype() else str.isascii
    found = spelled(text, has_letter)
    lost = found.count(UNREADABLE) - text.count(UNREADABLE)
    return otherwise if otherwise and 2 * lost > len(text) else found


def ascii_text(text: str) -> str:
    """Return `text` in the ASCII that cv2.putText can draw, by sound where that is possible."""
    return spelled(text, str.isascii)


def spelled(text: str, has_letter: Callable[[str], bool]) -> str:
    """Return `text` with letters that are not there spelled in ASCII, or as `?`."""
    if all(has_letter(letter) for letter in text):
        return text
    from keras2cv.pixels.drawing.spelling import in_ascii  # tables that few pictures need

    return "".join(one if has_letter(one) else in_ascii(one) for one in text)


def _face() -> Any:
    """Return the font, of which each thread has its own."""
    if not hasattr(_of_thread, "face"):
        _of_thread.face = cv2.FontFace("sans")  # type: ignore[attr-defined,unused-ignore]
    return _of_thread.face


@lru_cache(4096)
def _truetype_width(line: str, size: int) -> int:
    size_of: Any = cv2.getTextSize
    x, _, width, _ = size_of((0, 0), line, (0, 0), _face(), size, weight=_WEIGHT, wrap=(0, 2**20))
    return int(x + width)


@lru_cache(65_536)
def _has_glyph(letter: str) -> bool:
    """Return whether the font has a letter: else it draws a question mark."""
    if letter.isascii():
        return True
    return not np.array_equal(_drawn(letter), _drawn(UNREADABLE))


def _drawn(letter: str) -> Image:
    canvas = np.zeros((32, 48, 3), np.uint8)
    _putText(canvas, letter, (8, 24), (255, 255, 255), _face(), 20, weight=_WEIGHT)
    return canvas
