"""The sizes of texts in OpenCV 4's stroke font, which OpenCV 5 draws by another one."""

from __future__ import annotations

from typing import Final

# cv2.getTextSize of OpenCV 4.6 for the printable ASCII of FONT_HERSHEY_SIMPLEX at scale 1.
_ADVANCES: Final = (
    16, 10, 16, 22, 20, 24, 26, 8, 14, 14, 16, 26, 10, 26, 10, 22, 20, 20, 20, 20, 20, 20, 20, 20,
    20, 20, 10, 10, 24, 26, 24, 18, 29, 18, 21, 21, 21, 19, 18, 21, 22, 8, 16, 21, 17, 24, 22, 22,
    21, 22, 21, 20, 16, 22, 18, 24, 20, 18, 20, 14, 22, 14, 22, 18, 12, 19, 19, 18, 19, 18, 12, 19,
    19, 8, 10, 17, 8, 30, 19, 19, 19, 19, 13, 17, 12, 19, 16, 22, 17, 16, 17, 14, 8, 14, 24,
)  # fmt: skip
_CAPITALS, _BELOW = 21, 9


def text_size(text: str, _: int, scale: float, thickness: int) -> tuple[tuple[int, int], int]:
    """Return what cv2.getTextSize returns in OpenCV 4: ((width, height), base line).

    Args:
        text: In ASCII.
        scale: Of the font.
        thickness: Of the strokes.
    """
    width = sum(_ADVANCES[ord(letter) - 32] for letter in text) * scale + thickness
    height = _CAPITALS * scale + (thickness + 1) / 2
    return (round(width), round(height)), round(_BELOW * scale + thickness / 2)
