"""Diagonals and triangles of matrices, as gathers and as products with a mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .finite import surely_finite
from .node import Array, Node, must_know, require_room, static


def band_part(_: Node, x: Any, lower: Any, upper: Any) -> Any:
    """MatrixBandPart -> the product with a mask of ones and zeros, or a Gather from x and a 0."""
    *batch, rows, columns = static(x)
    below, above = int(must_know(lower, "lower band")), int(must_know(upper, "upper band"))
    require_room(rows, columns)
    distance = np.arange(rows)[:, None] - np.arange(columns)
    mask = ((below < 0) | (distance <= below)) & ((above < 0) | (-distance <= above))
    if surely_finite(x):
        return x * tf.constant(mask.astype(x.dtype.as_numpy_dtype))
    source = np.where(mask.ravel(), np.arange(mask.size), mask.size).astype(np.int32)
    flat = tf.reshape(x, [*batch, rows * columns])
    joined = tf.concat([flat, tf.zeros([*batch, 1], x.dtype)], -1)
    return tf.reshape(tf.gather(joined, source, axis=len(batch)), x.shape)


def diagonal_part(_: Node, x: Any, k: Any = None, _padding: Any = None) -> Any:
    """MatrixDiagPart of one diagonal -> Gather from the flattened matrix."""
    *batch, rows, columns = static(x)
    offset = _one_diagonal(k)
    if offset is None:
        return None
    places = _on_diagonal(rows, columns, offset)
    return tf.gather(tf.reshape(x, [*batch, rows * columns]), places, axis=len(batch))


def diagonal(
    _: Node, x: Any, k: Any = None, rows: Any = None, columns: Any = None, padding: Any = None
) -> Any:
    """MatrixDiag of one diagonal -> Gather from the diagonal and a padding, joined."""
    offset = _one_diagonal(k)
    if offset is None:
        return None
    *batch, length = static(x)
    sizes = _sizes(length, offset, rows, columns)
    require_room(*sizes)
    source = np.full(sizes[0] * sizes[1], length, np.int32)
    source[_on_diagonal(sizes[0], sizes[1], offset)] = np.arange(length)
    fill = tf.zeros([], x.dtype) if padding is None else padding
    joined = tf.concat([x, tf.fill([*batch, 1], fill)], -1)
    return tf.reshape(tf.gather(joined, source, axis=len(batch)), [*batch, *sizes])


def _sizes(length: int, offset: int, rows: Any, columns: Any) -> list[int]:
    """Return a matrix's size: square by default, the smallest if one side is given."""
    given = [-1 if n is None else int(must_know(n, "size")) for n in (rows, columns)]
    least = [length + max(0, -offset), length + max(0, offset)]
    if given == [-1, -1]:
        return [max(least)] * 2
    return [g if g >= 0 else n for g, n in zip(given, least, strict=True)]


def set_diagonal(_: Node, x: Any, values: Any, k: Any = None) -> Any:
    """MatrixSetDiag of one diagonal -> Gather from the matrix and the values, joined."""
    offset = _one_diagonal(k)
    if offset is None:
        return None
    *batch, rows, columns = static(x)
    require_room(rows, columns)
    source = np.arange(rows * columns, dtype=np.int32)
    places = _on_diagonal(rows, columns, offset)
    source[places] = rows * columns + np.arange(places.size, dtype=np.int32)
    joined = tf.concat([tf.reshape(x, [*batch, rows * columns]), values], -1)
    return tf.reshape(tf.gather(joined, source, axis=len(batch)), x.shape)


def _one_diagonal(k: Any) -> int | None:
    value = np.zeros(1, int) if k is None else must_know(k, "diagonal").ravel()
    return int(value[0]) if len(set(value.tolist())) == 1 else None


def _on_diagonal(rows: int, columns: int, offset: int) -> Array:
    """Return the flat indices of diagonal `offset` of a (rows, columns) matrix."""
    row = np.arange(rows)
    row = row[(row + offset >= 0) & (row + offset < columns)]
    return (row * columns + row + offset).astype(np.int32)
