"""Functions of one number that ONNX has no op for, written with ops that it has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .node import Node

# Giles, "Approximating the erfinv function", GPU Computing Gems Jade Edition (2012), table 5: the
# coefficients for single precision, highest power first.
_CENTRAL = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_FAR = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
    -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip


def erfc(_: Node, x: Any) -> Any:
    """Erfc -> 1 - erf(x).

    Exact to 6e-8 absolute. The relative precision that erfc keeps for large x is lost, but its only
    common use, GELU as x * erfc(-x / sqrt(2)) / 2, does not need it.
    """
    return 1.0 - tf.math.erf(x)


def log1p(_: Node, x: Any) -> Any:
    """Log1p -> log(1 + x), exact to 6e-8 absolute."""
    return tf.math.log(1.0 + x)


def expm1(_: Node, x: Any) -> Any:
    """Expm1 -> exp(x) - 1, exact to 6e-8 absolute near zero."""
    return tf.exp(x) - 1.0


def erfinv(_: Node, x: Any) -> Any:
    """Erfinv -> x p(w), w = -log((1 - x)(1 + x)): two polynomials, exact to 4e-7 relative.

    Giles 2012, see the coefficients. At x = -1 and 1, where erfinv is infinite, it is about 5.
    """
    w = -tf.math.log(tf.maximum((1.0 - x) * (1.0 + x), np.finfo(np.float32).tiny))
    central = _polynomial(_CENTRAL, w - 2.5)
    far = _polynomial(_FAR, tf.sqrt(w) - 3.0)
    return x * tf.where(w < 5.0, central, far)


def ndtri(node: Node, p: Any) -> Any:
    """Ndtri -> sqrt(2) erfinv(2 p - 1), the normal distribution's quantile."""
    return math.sqrt(2.0) * erfinv(node, 2.0 * p - 1.0)


def _polynomial(coefficients: Sequence[float], x: Any) -> Any:
    """Evaluate by Horner's rule, highest power first."""
    result = tf.fill(tf.shape(x), np.float32(coefficients[0]))
    for c in coefficients[1:]:
        result = result * x + c
    return result


def euclidean_norm(node: Node, x: Any, axes: Any) -> Any:
    """EuclideanNorm -> sqrt(sum(x^2)), as TensorFlow computes it."""
    return tf.sqrt(tf.reduce_sum(x * x, axes, keepdims=node.attr("keep_dims", default=False)))


def xlogy(_: Node, x: Any, y: Any) -> Any:
    """Xlogy -> x log(y), 0 where x is 0."""
    return x * tf.math.log(tf.where(tf.equal(x, 0.0), tf.ones_like(y), y))


def xdivy(_: Node, x: Any, y: Any) -> Any:
    """Xdivy -> x / y, 0 where x is 0."""
    return x / tf.where(tf.equal(x, 0.0), tf.ones_like(y), y)


def xlog1py(_: Node, x: Any, y: Any) -> Any:
    """Xlog1py -> x log(1 + y), 0 where x is 0."""
    return x * tf.math.log(1.0 + tf.where(tf.equal(x, 0.0), tf.zeros_like(y), y))


def mul_no_nan(_: Node, x: Any, y: Any) -> Any:
    """MulNoNan -> x y, 0 where y is 0 even if x is infinite or NaN."""
    return tf.where(tf.equal(y, 0.0), tf.zeros_like(y), x) * y


def l2_loss(_: Node, x: Any) -> Any:
    """L2Loss -> sum(x^2) / 2."""
    return tf.reduce_sum(x * x) * 0.5


def approximate_equal(node: Node, x: Any, y: Any) -> Any:
    """ApproximateEqual -> |x - y| < tolerance."""
    return tf.abs(x - y) < node.attr("tolerance")
