"""A colour for each class, all of the same lightness: dark letters read on every one.

CIELAB is that of CIE 15; sRGB's matrix and curve are those of IEC 61966-2-1.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

Colour = tuple[int, int, int]

LIGHT: Final[Colour] = (255, 255, 255)
DARK: Final[Colour] = (32, 32, 32)

_GOLDEN: Final = (5**0.5 - 1) / 2  # a turn by the golden angle never comes back to an earlier hue
_FIRST_HUE: Final = 0.08  # of a turn: red
_LIGHTNESS: Final = 72.0  # CIELAB's L*, 0 to 100
_CHROMA: Final = 90.0  # of CIELAB; as much of it as sRGB has at that lightness and hue
_HALVINGS: Final = 12
_WHITE: Final = (0.95047, 1.0, 1.08883)  # D65
_TO_RGB: Final = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)


@lru_cache(4096)
def colour_of(number: int) -> Colour:
    """Return the BGR colour of a class: any two neighbouring numbers are far apart in hue."""
    hue = 2 * math.pi * ((number * _GOLDEN + _FIRST_HUE) % 1)
    low, high = 0.0, _CHROMA
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        inside = all(0 <= part <= 1 for part in _linear_rgb(middle, hue))
        low, high = (middle, high) if inside else (low, middle)
    red, green, blue = (_encoded(part) for part in _linear_rgb(low, hue))
    return blue, green, red


def _linear_rgb(chroma: float, hue: float) -> tuple[float, ...]:
    """Return linear sRGB of CIELAB's L*, chroma and hue; beyond 0 to 1 where there is none."""
    middle = (_LIGHTNESS + 16) / 116
    roots = (
        middle + chroma * math.cos(hue) / 500,
        middle,
        middle - chroma * math.sin(hue) / 200,
    )
    xyz = [white * _unrooted(root) for white, root in zip(_WHITE, roots, strict=True)]
    return tuple(sum(k * part for k, part in zip(row, xyz, strict=True)) for row in _TO_RGB)


def _unrooted(root: float) -> float:
    return root**3 if root > 6 / 29 else 3 * (6 / 29) ** 2 * (root - 4 / 29)


def _encoded(part: float) -> int:
    """Return a byte of sRGB for a linear value."""
    part = min(max(part, 0.0), 1.0)
    curved = 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
    return round(255 * curved)
