"""A colour for each class."""

from __future__ import annotations

from typing import Final

Colour = tuple[int, int, int]

LIGHT: Final[Colour] = (255, 255, 255)
DARK: Final[Colour] = (32, 32, 32)
_GOLDEN: Final = (5**0.5 - 1) / 2  # a turn by the golden angle never comes back to an earlier hue


def colour_of(number: int) -> Colour:
    """Return the BGR colour of a class: any two neighbouring numbers are far apart in hue."""
    hue = (number * _GOLDEN) % 1 * 6
    rgb = [min(max(abs((hue - turn) % 6 - 3) - 1, 0), 1) for turn in (0, 2, 4)]
    blue, green, red = (round(55 + 200 * part) for part in reversed(rgb))
    return blue, green, red


def is_light(colour: Colour) -> bool:
    """Return whether dark letters read better on it than light ones, by its luma (BT.601)."""
    blue, green, red = colour
    return 0.114 * blue + 0.587 * green + 0.299 * red > 105
