"""Determinants, inverses and solutions of small systems, written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras2cv.errors import UnsupportedError
from support.traced_ops import Array, flat, random


def matrices(size: int) -> Array:
    """Return (2, 3, size, size), some of which need their rows exchanged."""
    x = random(2, 3, size, size)
    x[0, 0, 0, 0] = 0.0
    return x


SIZES = [1, 2, 3, 5, 8]


@pytest.mark.parametrize("size", SIZES)
def test_determinants(size: int) -> None:
    """Exchanges of rows turn the sign."""
    traced = flat(tf.linalg.det, matrices(size) + (size == 1))
    traced.assert_same(limit=2e-5)
    assert "MatrixDeterminant" not in traced.ops


@pytest.mark.parametrize("adjoint", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_inverses(size: int, adjoint: bool) -> None:
    """As exact as TensorFlow's, which pivots as well: both are measured against float64."""
    x = matrices(size) + np.float32(size == 1)
    traced = flat(lambda a: tf.linalg.inv(a, adjoint), x)
    assert "MatrixInverse" not in traced.ops
    exact = np.linalg.inv(x.astype(np.float64))
    exact = np.swapaxes(exact, -1, -2) if adjoint else exact
    ours, theirs = (np.abs(y - exact).max() for y in (traced.outputs[0], traced.expected[0]))
    assert ours <= 4 * theirs + 1e-6 * np.abs(exact).max()


def test_systems_of_equations() -> None:
    """Several right sides are solved at once."""
    traced = flat(tf.linalg.solve, matrices(4), random(2, 3, 4, 2))
    traced.assert_same(limit=2e-5)
    assert "MatrixSolve" not in traced.ops


def test_equal_pivots() -> None:
    """Of two rows of equal size the first is taken, not their sum."""
    x = np.array([[[1, 1, 2], [-1, 1, 5], [1, 0, -1]]], np.float32)
    flat(tf.linalg.inv, x).assert_same(limit=1e-6)


def test_cross_products() -> None:
    """Over the last axis of three."""
    traced = flat(tf.linalg.cross, random(2, 5, 3), random(2, 5, 3, seed=1))
    traced.assert_same(limit=1e-6)
    assert "Cross" not in traced.ops


LARGE: dict[str, Callable[[Any], Any]] = {"inv": tf.linalg.inv, "det": tf.linalg.det}


@pytest.mark.parametrize("name", LARGE)
def test_large_matrices_are_refused(name: str) -> None:
    """Seventeen rows are too many to write out, and the error gives the limit."""
    with pytest.raises(UnsupportedError, match=r"a 17x17 matrix.*Square ones up to 16x16"):
        flat(LARGE[name], random(1, 17, 17))


def test_logarithm_of_a_determinant() -> None:
    """The sign and the size are two results."""
    traced = flat(tf.linalg.slogdet, random(3, 4, 4))
    traced.assert_same(limit=1e-5)
    assert "LogMatrixDeterminant" not in traced.ops


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
def test_triangular_systems(lower: bool, adjoint: bool) -> None:
    """What lies beyond the triangle is not read."""
    traced = flat(
        lambda x, y: tf.linalg.triangular_solve(x, y, lower=lower, adjoint=adjoint),
        random(2, 4, 4),
        random(2, 4, 3),
    )
    traced.assert_same(limit=1e-4)
    assert "MatrixTriangularSolve" not in traced.ops
