"""Scatters and gathers at known places, as gathers with constant indices.

A scatter is out[k] = sum of updates[j]: one Gather per update that a place gets. The update of a
known block is a Concat of the parts around it and the block. A sum at computed places is a product
with the matrix of what goes where, in which an infinite update reaches its own place alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .finite import weighted
from .node import Array, Node, known, must_know, require_exact, require_room, static
from .unpooling import unpooled


def scatter_nd(_: Node, indices: Any, updates: Any, shape: Any) -> Any:
    """ScatterNd to known places -> Gathers, summed where a place occurs more than once.

    To the places of a pooling's largest numbers -> the windows enlarged; to others -> a product.
    """
    places = known(indices)
    sizes = [int(d) for d in must_know(shape, "shape")]
    if places is None:
        enlarged = unpooled(indices, updates, sizes)
        return enlarged if enlarged is not None else _at_computed(indices, updates, sizes)
    flat, rows = _flat_places(places, sizes)
    return tf.reshape(_summed(flat, rows, _as_rows(updates, flat.size)), sizes)


def scatter_add(_: Node, tensor: Any, indices: Any, updates: Any) -> Any:
    """TensorScatterAdd to known places -> the tensor plus the scattered updates."""
    places = known(indices)
    if places is None:
        return None
    flat, rows = _flat_places(places, static(tensor))
    return tensor + tf.reshape(_summed(flat, rows, _as_rows(updates, flat.size)), tensor.shape)


def scatter_update(_: Node, tensor: Any, indices: Any, updates: Any) -> Any:
    """TensorScatterUpdate to known places -> Gather from the tensor and the updates, joined."""
    places = known(indices)
    if places is None:
        return None
    flat, rows = _flat_places(places, static(tensor))
    source = np.arange(rows, dtype=np.int32)
    source[flat] = rows + np.arange(flat.size, dtype=np.int32)
    joined = tf.concat([tf.reshape(tensor, [rows, -1]), _as_rows(updates, flat.size)], 0)
    return tf.reshape(tf.gather(joined, source), tensor.shape)


def slice_update(_: Node, x: Any, update: Any, starts: Any) -> Any:
    """XlaDynamicUpdateSlice at a known place -> Concat of the parts around it, axis by axis.

    A start from which `update` would exceed `x` is moved inward, as XLA does.
    """
    spare = np.subtract(static(x), static(update))
    return _with_block(x, update, np.clip(must_know(starts, "start").ravel(), 0, spare))


def _at_computed(indices: Any, updates: Any, sizes: list[int]) -> Any:
    """Sum updates at computed places: (rows, P) of which place is which row, times (P, S).

    A place that is not there gets nothing. Places are compared as float32, exact up to 2^24.
    """
    depth = static(indices)[-1]
    rows, count = int(np.prod(sizes[:depth])), int(np.prod(static(indices)[:-1]))
    require_exact(rows, "places")
    require_room(rows, count)
    steps = np.cumprod([1, *sizes[depth - 1 : 0 : -1]])[::-1].astype(np.float32)
    places = tf.cast(tf.reshape(indices, [count, depth]), tf.float32)
    ends = np.asarray(sizes[:depth], np.float32)
    inside = tf.cast(places >= 0.0, tf.float32) * tf.cast(places < ends, tf.float32)
    flat = tf.reduce_sum(places * steps, -1)
    goes = tf.cast(tf.equal(flat[None], np.arange(rows, dtype=np.float32)[:, None]), tf.float32)
    goes *= tf.reduce_min(inside, -1)[None]
    numbers = tf.cast(_as_rows(updates, count), tf.float32)
    summed = weighted(lambda rows: tf.matmul(goes, rows), numbers)
    return tf.cast(tf.reshape(summed, sizes), updates.dtype)


def _with_block(x: Any, block: Any, starts: Any, axis: int = 0) -> Any:
    """Put `block` into `x`; up to `axis` both have the same sizes."""
    if static(x) == static(block):
        return block
    size = static(block)[axis]
    front, middle, back = tf.split(
        x, [starts[axis], size, static(x)[axis] - size - starts[axis]], axis=axis
    )
    parts = [front, _with_block(middle, block, starts, axis + 1), back]
    return tf.concat([part for part in parts if static(part)[axis]], axis)


def segment_sum(_: Node, x: Any, ids: Any, count: Any = None) -> Any:
    """SegmentSum and UnsortedSegmentSum of known segments -> the scattered rows' sums."""
    places = known(ids)
    if places is None:
        if count is None:
            return None
        rows = int(must_know(count, "number of segments"))
        inner = static(x)[len(static(ids)) :]
        return _at_computed(tf.reshape(ids, [-1, 1]), tf.reshape(x, [-1, *inner]), [rows, *inner])
    rows = int(places.max()) + 1 if count is None else int(must_know(count, "number of segments"))
    flat = places.ravel()
    inner = static(x)[places.ndim :]
    return tf.reshape(_summed(flat, rows, _as_rows(x, flat.size)), [rows, *inner])


def gather(node: Node, x: Any, indices: Any, axis: Any) -> Any:
    """GatherV2 whose axis and batch axes count from the end -> from the front."""
    batch_dims = int(node.attr("batch_dims", 0))
    if batch_dims == 0:
        return None
    at = int(must_know(axis, "axis"))
    if at >= 0 and batch_dims > 0:
        return None
    batch_dims += len(indices.shape) if batch_dims < 0 else 0
    at += len(x.shape) if at < 0 else 0
    return tf.gather(x, indices, axis=at, batch_dims=batch_dims)


def gather_nd(node: Node, x: Any, indices: Any) -> Any:
    """GatherNd from known places -> Gather from the flattened leading dimensions."""
    places = known(indices)
    if places is None or node.attr("batch_dims", 0):
        return None
    shape = static(x)
    flat, rows = _flat_places(places, shape)
    inner = shape[places.shape[-1] :]
    picked = tf.gather(tf.reshape(x, [rows, *inner]), flat.astype(np.int32))
    return tf.reshape(picked, [*places.shape[:-1], *inner])


def _flat_places(places: Array, shape: list[int]) -> tuple[Array, int]:
    """Return places (..., d) as indices into the first d dimensions, flattened, and their size."""
    depth = places.shape[-1]
    index = np.ravel_multi_index(tuple(np.moveaxis(places, -1, 0)), tuple(shape[:depth]))
    return np.ravel(index), int(np.prod(shape[:depth]))


def _as_rows(updates: Any, count: int) -> Any:
    return tf.reshape(updates, [count, -1])


def _summed(flat: Array, rows: int, updates: Any) -> Any:
    """Sum updates (P, S) into (rows, S): row flat[p] gets update p."""
    nothing = tf.zeros((1, *updates.shape[1:]), updates.dtype)
    padded = tf.concat([updates, nothing], 0)
    return tf.add_n([tf.gather(padded, source) for source in _sources(flat, rows)])


def _sources(flat: Array, rows: int) -> list[Array]:
    """List, for the first, second, ... update of every row, its number; P where none is."""
    order = np.argsort(flat, kind="stable")
    starts = np.searchsorted(flat[order], np.arange(rows))
    counts = np.bincount(flat, minlength=rows)
    sources = []
    for number in range(max(1, int(counts.max()))):
        source = np.full(rows, flat.size, np.int32)
        has = counts > number
        source[has] = order[starts[has] + number]
        sources.append(source)
    return sources
