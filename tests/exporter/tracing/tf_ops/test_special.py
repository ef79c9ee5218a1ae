"""Functions of one number: the numbers are TensorFlow's, from ops that ONNX has."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from support.traced_ops import Array, flat, random

WIDE = np.linspace(-4.5, 4.7, 61, dtype=np.float32)
POSITIVE = np.geomspace(1e-6, 300, 61).astype(np.float32)
OPEN = np.linspace(-0.9999, 0.9997, 61, dtype=np.float32)
ZEROS = np.array([0.0, -1.5, 2.5, 0.0, 0.25], np.float32)
POSITIVES = np.array([0.5, 1.5, 0.0, 0.0, 3.5], np.float32)

ONE_NUMBER = {
    "Erfc": (tf.math.erfc, WIDE),
    "Log1p": (tf.math.log1p, POSITIVE),
    "Expm1": (tf.math.expm1, WIDE),
    "Erfinv": (tf.math.erfinv, OPEN),
    "Ndtri": (tf.math.ndtri, (OPEN + 1) / 2),
    "L2Loss": (tf.nn.l2_loss, WIDE),
}
TWO_NUMBERS = {
    "Xlogy": tf.math.xlogy,
    "Xdivy": tf.math.xdivy,
    "Xlog1py": tf.math.xlog1py,
}


@pytest.mark.parametrize("op", ONE_NUMBER)
def test_a_function_of_one_number(op: str) -> None:
    """The op is gone, and the numbers are the same over its whole range."""
    function, x = ONE_NUMBER[op]
    traced = flat(function, x)
    # Close to 1 TensorFlow's own quantiles are off by 1.4e-5; these are right to 2e-7.
    traced.assert_same(limit=2e-5 if op in ("Erfinv", "Ndtri") else 2e-6)
    assert op not in traced.ops


def test_quantiles_are_exact() -> None:
    """erf(erfinv(x)) is x, computed in float64."""
    y = flat(tf.math.erfinv, OPEN).outputs[0].astype(np.float64)
    slope = 2 / np.sqrt(np.pi) * np.exp(-(y**2))
    error = (np.vectorize(math.erf)(y) - OPEN) / slope
    assert np.abs(error).max() < 5e-7


@pytest.mark.parametrize("op", TWO_NUMBERS)
def test_zero_times_anything_is_zero(op: str) -> None:
    """Where x is 0 the result is 0, for every y."""
    traced = flat(TWO_NUMBERS[op], ZEROS, POSITIVES)
    assert op not in traced.ops
    assert (traced.outputs[0][[0, 3]] == 0).all()
    kept = np.isfinite(traced.expected[0])
    assert kept.sum() >= 4
    np.testing.assert_allclose(traced.outputs[0][kept], traced.expected[0][kept], rtol=2e-6)


def test_multiplying_without_nan() -> None:
    """An infinite factor counts as 0 where the other one is 0."""
    infinite = np.array([np.inf, 2.0, np.nan, -3.0], np.float32)
    traced = flat(tf.math.multiply_no_nan, infinite, np.array([0, 3, 0, 5], np.float32))
    assert "MulNoNan" not in traced.ops
    np.testing.assert_array_equal(traced.outputs[0], [0, 6, 0, -15])


@pytest.mark.parametrize("keepdims", [False, True])
def test_euclidean_norm(keepdims: bool) -> None:
    """The root of the sum of squares, over the axes asked for."""
    norm: Callable[[Any], Any] = lambda x: tf.math.reduce_euclidean_norm(x, [0, 2], keepdims)  # noqa: E731
    traced = flat(norm, random(2, 3, 5))
    traced.assert_same()
    assert "EuclideanNorm" not in traced.ops


def test_approximately_equal() -> None:
    """Differences below the tolerance count as none."""
    x: Array = np.array([1.0, 1.0, 1.0], np.float32)
    traced = flat(
        lambda a, b: tf.raw_ops.ApproximateEqual(x=a, y=b, tolerance=0.1),
        x,
        np.array([1.05, 0.85, 1.15], np.float32),
    )
    assert traced.outputs[0].tolist() == [True, False, False]
    assert "ApproximateEqual" not in traced.ops
