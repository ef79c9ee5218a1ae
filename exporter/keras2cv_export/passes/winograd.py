"""The matrices of Winograd's short convolutions, which trade products for sums.

    y = A [(G g) * (B d)]        m outputs from m + r - 1 inputs d and r taps g

A direct one takes m r products, this m + r - 1: 6 in place of 12 for m = 4 and r = 3, and of a
square of both 36 in place of 144. It is the transpose of Toom and Cook's product of polynomials,
by their values at points (S. Winograd, Arithmetic Complexity of Computations, 1980; A. Lavin and
S. Gray, Fast Algorithms for Convolutional Neural Networks, arXiv:1509.09308).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import prod
from typing import Final, NamedTuple

import numpy as np

from keras2cv_export.graph.edit import Array

# In this order, with infinity last. Small ones and their reciprocals keep the sums small: with up
# to eight points, float32 loses one digit.
POINTS: Final = (0, 1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2))


class Short(NamedTuple):
    """The matrices of a convolution of m outputs and r taps, float64.

    Attributes:
        out: A, (m, m + r - 1).
        taps: G, (m + r - 1, r).
        inputs: B, (m + r - 1, m + r - 1).
    """

    out: Array
    taps: Array
    inputs: Array


@cache
def short(outputs: int, taps: int) -> Short:
    """Return the matrices for `outputs` and `taps`, whose sum may be nine at most.

    Raises:
        ValueError: There are not enough points.
    """
    count = outputs + taps - 2
    if not 0 < count <= len(POINTS):
        raise ValueError(f"{outputs} outputs of {taps} taps need {count} of {len(POINTS)} points.")
    points = [Fraction(p) for p in POINTS[:count]]
    others = [[q for q in points if q is not p] for p in points]
    infinity = [0] * count + [1]
    a = [[*(p**k for p in points), infinity[count - outputs + 1 + k]] for k in range(outputs)]
    norms = [
        prod((p - q for q in rest), start=Fraction(1))
        for p, rest in zip(points, others, strict=True)
    ]
    g = [[p**k / norm for k in range(taps)] for p, norm in zip(points, norms, strict=True)]
    g.append([Fraction(n) for n in infinity[count - taps + 1 :]])
    b = [[*_with_roots(rest), Fraction(0)] for rest in others] + [_with_roots(points)]
    return Short(*(np.array(rows, np.float64) for rows in (a, g, b)))


def _with_roots(roots: list[Fraction]) -> list[Fraction]:
    """Return the coefficients of the polynomial with those roots, from the constant one on."""
    found = [Fraction(1)]
    for root in roots:
        found = [
            high - root * low
            for low, high in zip([*found, Fraction(0)], [Fraction(0), *found], strict=True)
        ]
    return found


def bands(outputs: int, taps: int, size: int, begin: int, end: int) -> tuple[Array, Array]:
    """Return the matrices from a whole line to its tiles, and back.

    Args:
        outputs: Of a tile, m.
        taps: r.
        size: Numbers of the line.
        begin: Zeros that come before it.
        end: Zeros that come behind it.

    Returns:
        In, (m + r - 1, tiles, size), and out, (size + begin + end - r + 1, m + r - 1, tiles);
        float32. Padding, and where the last tile hangs over, are rows of zeros.
    """
    found, points = size + begin + end - taps + 1, outputs + taps - 1
    tiles = -(-found // outputs)
    into = np.zeros((points, tiles, size), np.float32)
    out = np.zeros((found, points, tiles), np.float32)
    matrices = short(outputs, taps)
    for tile in range(tiles):
        first = tile * outputs - begin
        low = max(first, 0)
        high = max(low, min(first + points, size))
        into[:, tile, low:high] = matrices.inputs[:, low - first : high - first]
        rows = out[tile * outputs : (tile + 1) * outputs, :, tile]
        rows[:] = matrices.out[: len(rows)]
    return into, out
