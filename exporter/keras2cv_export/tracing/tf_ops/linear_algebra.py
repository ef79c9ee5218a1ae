"""Small matrices: cross products, determinants, inverses and systems of equations, written out."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .node import Node, RefusedError, static

# Each row takes a dozen nodes.
_LARGEST = 16


def cross(_: Node, a: Any, b: Any) -> Any:
    """Cross -> a_1 b_2 - a_2 b_1 and so on, over the last axis of three."""
    (ax, ay, az), (bx, by, bz) = tf.unstack(a, axis=-1), tf.unstack(b, axis=-1)
    return tf.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], -1)


def determinant(_: Node, x: Any) -> Any:
    """MatrixDeterminant -> the product of the pivots, and of -1 for each exchange of rows."""
    batch = static(x)[:-2]
    _, pivots = _eliminated(x, x[..., :0])
    result = pivots[0]
    for pivot in pivots[1:]:
        result = result * pivot
    return tf.reshape(result, batch)


def log_determinant(node: Node, x: Any) -> Any:
    """LogMatrixDeterminant -> the determinant's sign, and the logarithm of its size."""
    value = determinant(node, x)
    return [tf.sign(value), tf.math.log(tf.abs(value))]


def triangular_solve(node: Node, x: Any, right: Any) -> Any:
    """MatrixTriangularSolve -> elimination of [the triangle | right]."""
    lower = np.tril(np.ones(static(x)[-2:], np.float32))
    triangle = x * (lower if node.attr("lower", default=True) else lower.T)
    return solve(node, triangle, right)


def inverse(node: Node, x: Any) -> Any:
    """MatrixInverse -> elimination of [x | 1]."""
    source = tf.linalg.matrix_transpose(x) if node.attr("adjoint", default=False) else x
    *batch, size, __ = static(x)
    ones = np.broadcast_to(np.eye(size, dtype=np.float32), (*batch, size, size)).copy()
    return _eliminated(source, tf.constant(ones))[0]


def solve(node: Node, x: Any, right: Any) -> Any:
    """MatrixSolve -> elimination of [x | right]."""
    source = tf.linalg.matrix_transpose(x) if node.attr("adjoint", default=False) else x
    return _eliminated(source, right)[0]


def _eliminated(x: Any, right: Any) -> tuple[Any, list[Any]]:
    """Turn [x | right] into [1 | x^-1 right] by Gauss and Jordan; return that and the pivots.

    The pivot is the largest number left in its column, as in LAPACK, so that the digits kept are
    the same. It is found by comparing with the maximum: `at` (B, n, 1) is 1 in the pivot's row,
    and `unit` in row k, where it goes to. Exchanging the two and clearing the column is

        rows += unit (pivot_row - row_k) + at (row_k - pivot_row)
        rows -= (rows[:, :, k] - unit) (pivot_row / pivot)

    Raises:
        RefusedError: The matrix is not square, or too large to write out.
    """
    *batch, size, columns = static(x)
    if size != columns or size > _LARGEST:
        raise RefusedError(
            f"a {size}x{columns} matrix, and OpenCV has no linear algebra",
            f"Square ones up to {_LARGEST}x{_LARGEST} are written out; compute others outside.",
        )
    wide = columns + static(right)[-1]
    rows = tf.reshape(tf.concat([x, right], -1), [-1, size, wide])
    pivots = []
    for k in range(size):
        unit = np.eye(size, dtype=np.float32)[k].reshape(1, size, 1)
        at = _largest_below(rows[:, :, k : k + 1], k)
        pivot_row = tf.reduce_sum(at * rows, 1, keepdims=True)  # (B, 1, n + m)
        row_k = rows[:, k : k + 1]
        pivot = pivot_row[:, :, k : k + 1]
        rows = rows + (unit - at) * (pivot_row - row_k)
        rows = rows - (rows[:, :, k : k + 1] - unit) * (pivot_row / pivot)
        stayed = at[:, k : k + 1]  # an exchange turns the determinant's sign
        pivots.append(pivot * (2.0 * stayed - 1.0))
    return tf.reshape(rows[:, :, columns:], [*batch, size, wide - columns]), pivots


def _largest_below(column: Any, k: int) -> Any:
    """Return 1 at the largest |x| from row k on, 0 elsewhere, for a column (B, n, 1)."""
    size = static(column)[1]
    # Rows above are out; of equal ones, the first is a millionth ahead.
    weight = np.where(np.arange(size) >= k, 1 - 1e-6 * np.arange(size), 0.0)
    sizes = tf.abs(column) * weight.astype(np.float32).reshape(1, size, 1)
    best = tf.reduce_max(sizes, 1, keepdims=True)
    return tf.cast(tf.equal(sizes, best), tf.float32)
