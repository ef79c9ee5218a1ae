"""The matrices of short convolutions, beside NumPy's correlation."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.winograd import bands, short
from support.small_graphs import random


@pytest.mark.parametrize(
    ("outputs", "taps"), [(4, 3), (2, 3), (6, 3), (2, 5), (4, 5), (2, 7), (1, 7)]
)
def test_a_tile_is_the_correlation(outputs: int, taps: int) -> None:
    """Of any numbers with any taps, in double precision."""
    matrices = short(outputs, taps)
    kernel, tile = np.float64(random(taps)), np.float64(random(outputs + taps - 1))
    found = matrices.out @ ((matrices.taps @ kernel) * (matrices.inputs @ tile))
    np.testing.assert_allclose(found, np.correlate(tile, kernel, "valid"), atol=1e-13)


def test_they_are_those_of_the_paper() -> None:
    """F(4, 3) has the matrices that Lavin and Gray print."""
    matrices = short(4, 3)
    assert matrices.inputs[0].tolist() == [4, 0, -5, 0, 1, 0]
    assert matrices.inputs[3].tolist() == [0, -2, -1, 2, 1, 0]
    assert matrices.out[3].tolist() == [0, 1, -1, 8, -8, 1]
    np.testing.assert_allclose(matrices.taps[1], [-1 / 6] * 3)
    np.testing.assert_allclose(matrices.taps[4], [1 / 24, -1 / 12, 1 / 6])


@pytest.mark.parametrize(
    ("outputs", "taps", "size", "begin", "end"),
    [
        (4, 3, 17, 1, 1),
        (4, 3, 16, 0, 0),
        (4, 3, 1, 1, 1),
        (4, 3, 3, 0, 0),
        (4, 3, 6, 5, 0),
        (4, 3, 6, 0, 7),
        (2, 7, 17, 3, 3),
        (4, 5, 35, 2, 1),
    ],
)
def test_bands_take_a_line_in_and_out(
    outputs: int, taps: int, size: int, begin: int, end: int
) -> None:
    """With zeros around it, and tiles that hang over."""
    into, out = bands(outputs, taps, size, begin, end)
    kernel, line = random(taps), random(size)
    tiles = np.einsum("ptx,x->pt", into, line)
    found = np.einsum("ypt,pt->y", out, (short(outputs, taps).taps @ kernel)[:, None] * tiles)
    expected = np.correlate(np.pad(line, (begin, end)), kernel, "valid")
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize(("outputs", "taps"), [(7, 3), (3, 7), (1, 1), (0, 1)])
def test_more_points_than_there_are(outputs: int, taps: int) -> None:
    """They are refused, and so is a convolution that needs none."""
    with pytest.raises(ValueError, match="points"):
        short(outputs, taps)
