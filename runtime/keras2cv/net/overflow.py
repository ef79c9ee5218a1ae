"""NaN and infinity that both sides of a comparison have: no error, and nothing to compare."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# float32 ends at 3.4e38. Near it kernels differ: one gives infinity where another, rounding
# otherwise, gives the largest number, and OpenCV's exponential ends at 2.4e38.
OVERFLOWN: Final = 1e37


def overflows_alike(expected: Array, got: Array) -> Array:
    """Return where both sides are NaN, or where both overflow to the same sign.

    At least one side is infinite there, the other infinite or beyond `OVERFLOWN`. Two numbers are
    compared, however large they are; a NaN or an infinity beside an ordinary number is an error.

    Args:
        expected: The right answer's numbers.
        got: Those of the side that is judged, of the same shape.
    """
    if expected.dtype.kind != "f":
        return np.zeros(expected.shape, np.bool_)
    both_nan = np.isnan(expected) & np.isnan(got)
    infinite = np.isinf(expected) | np.isinf(got)
    large = (np.abs(expected) >= OVERFLOWN) & (np.abs(got) >= OVERFLOWN)
    same_sign = np.signbit(expected) == np.signbit(got)
    alike: Array = both_nan | (infinite & large & same_sign)
    return alike


def is_ordinary(array: Array) -> bool:
    """Whether all numbers are finite, and none is at the border of overflow."""
    if array.dtype.kind != "f":
        return True
    return bool((np.abs(array) < OVERFLOWN).all())  # False for NaN
