"""Large matrices copied tile by tile: the same numbers in the same places."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from keras2cv_export.graph.contiguous import contiguous
from keras2cv_export.graph.equal_arrays import ArrayNumbers

SIZES = [(1300, 1111), (1, 2**20 + 3), (2**20 + 3, 1), (1024, 1024)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_large_transposed_matrix_is_copied_whole(size: tuple[int, int]) -> None:
    """Sizes that are no multiple of a tile's have their rest copied, too."""
    matrix = np.random.default_rng(0).random(size, np.float32).T
    copied = contiguous(matrix)
    assert copied.flags.c_contiguous
    np.testing.assert_array_equal(copied, matrix)


@pytest.mark.parametrize("shape", [(), (3,), (4, 5), (2, 3, 4, 5)], ids=str)
def test_any_other_array_keeps_its_shape(shape: tuple[int, ...]) -> None:
    """A number keeps its shape without axes, and an array already in order is not copied."""
    array = np.random.default_rng(0).random(shape).astype(np.float32)
    assert contiguous(array).shape == shape
    assert np.shares_memory(contiguous(array), array)
    np.testing.assert_array_equal(contiguous(array.T), array.T)


def test_comparing_transposed_weights_copies_none_of_them() -> None:
    """Comparing a few of their numbers is enough to separate two arrays."""
    first, second = (np.random.default_rng(k).random((700, 900)).T for k in range(2))
    array_numbers = ArrayNumbers()
    tracemalloc.start()
    numbers = array_numbers.number(first), array_numbers.number(second), array_numbers.number(first)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert numbers == (1, 2, 1)
    assert peak < first.nbytes / 10
