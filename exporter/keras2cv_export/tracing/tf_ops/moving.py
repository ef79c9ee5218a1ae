"""Ops that only move numbers to known places: gathers with constant indices.

reverse, mirror, roll     x[..., 3, 2, 1, 0]           Gather, or Concat of Slices
update of a known block   Concat of the parts around it and the block
scatter to known places   out[k] = sum of updates[j]   one Gather per update that a place gets
diagonals, triangles      gathers from the flat matrix, products with a mask
"""

from __future__ import annotations

from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .node import Array, Node, known, must_know, static


def reverse(_: Node, x: Any, axes: Any) -> Any:
    """ReverseV2 -> Gather with indices n - 1, ..., 0 along each axis."""
    for axis in must_know(axes, "axes").ravel():
        order = np.arange(static(x)[axis], dtype=np.int32)[::-1]
        x = tf.gather(x, order.copy(), axis=int(axis))
    return x


def reverse_sequence(node: Node, x: Any, lengths: Any) -> Any:
    """ReverseSequence of known lengths -> Gather along time; one per sample if lengths differ."""
    time, batch = int(node.attr("seq_dim")), int(node.attr("batch_dim", 0))
    ends = must_know(lengths, "lengths").ravel()
    steps = np.arange(static(x)[time], dtype=np.int32)
    orders = [np.concatenate([steps[:n][::-1], steps[n:]]) for n in ends]
    if all((order == orders[0]).all() for order in orders):
        return tf.gather(x, orders[0], axis=time)
    samples = tf.split(x, len(orders), axis=batch)
    turned = [tf.gather(s, order, axis=time) for s, order in zip(samples, orders, strict=True)]
    return tf.concat(turned, axis=batch)


def mirror_pad(node: Node, x: Any, paddings: Any) -> Any:
    """MirrorPad -> Concat of the mirrored borders and x, axis by axis.

    REFLECT leaves the border itself out (3 2 | 1 2 3), SYMMETRIC repeats it (2 1 | 1 2 3).
    """
    skip = 1 if node.attr("mode") == "REFLECT" else 0
    for axis, (before, after) in enumerate(must_know(paddings, "paddings")):
        last = static(x)[axis] - 1 - skip
        front = np.arange(skip + before - 1, skip - 1, -1, dtype=np.int32)
        back = np.arange(last, last - after, -1, dtype=np.int32)
        parts = [tf.gather(x, k, axis=axis) if k is not None else x for k in (front, None, back)
                 if k is None or k.size]  # fmt: skip
        x = tf.concat(parts, axis) if len(parts) > 1 else x
    return x


def roll(_: Node, x: Any, shift: Any, axis: Any) -> Any:
    """Roll -> Concat of the two parts in reverse order, along each axis."""
    shifts, axes = must_know(shift, "shift").ravel(), must_know(axis, "axis").ravel()
    for by, along in zip(shifts, axes, strict=True):
        size = static(x)[along]
        cut = int(-by) % size
        if cut:
            front, back = tf.split(x, [cut, size - cut], axis=int(along))
            x = tf.concat([back, front], int(along))
    return x


def strided_slice(node: Node, x: Any, begin: Any, end: Any, strides: Any) -> Any:
    """StridedSlice with dropped, new or reversed axes -> a plain one, Gathers and a Reshape.

    For `x[0, ::-1, tf.newaxis]` every axis is kept at first; backward steps become Gathers; a
    Reshape to the static result shape comes last.
    """
    masks = {name: int(node.attr(f"{name}_mask", 0)) for name in _MASKS}
    spec = [known(tensor) for tensor in (begin, end, strides)]
    if any(part is None for part in spec):
        return None
    first, last, steps = (np.ravel(part) for part in spec if part is not None)
    keys = _keys(first, last, steps, masks)
    backwards = any(isinstance(key, slice) and (key.step or 1) < 0 for key in keys)
    if not (backwards or masks["new_axis"] or masks["shrink_axis"]):
        return None
    shape = np.empty(static(x), bool)[keys].shape  # NumPy has the same rules
    for axis, key in enumerate(_per_axis(keys, len(static(x)))):
        x = _sliced(x, axis, key)
    return tf.reshape(x, shape)


_MASKS = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")


def _keys(begin: Array, end: Array, strides: Array, masks: dict[str, int]) -> tuple[Any, ...]:
    """Return a StridedSlice's bounds as a NumPy key."""
    keys: list[Any] = []
    for k, (first, last, step) in enumerate(zip(begin, end, strides, strict=True)):
        has = {name for name in _MASKS if masks[name] >> k & 1}
        if "ellipsis" in has:
            keys.append(...)
        elif "new_axis" in has:
            keys.append(None)
        elif "shrink_axis" in has:
            keys.append(int(first))
        else:
            ends = (None if "begin" in has else int(first), None if "end" in has else int(last))
            keys.append(slice(*ends, int(step)))
    return tuple(keys)


def _per_axis(keys: tuple[Any, ...], rank: int) -> list[Any]:
    """Return one key for each axis of the input."""
    own = [key for key in keys if key is not None]
    at = next((k for k, key in enumerate(own) if key is ...), len(own))
    before, after = own[:at], own[at + 1 :]
    return [*before, *[slice(None)] * (rank - len(before) - len(after)), *after]


def _sliced(x: Any, axis: int, key: Any) -> Any:
    """Take part of one axis without dropping the axis."""
    size = static(x)[axis]
    places = np.arange(size, dtype=np.int32)[key].reshape(-1)
    if places.size == size and (places == np.arange(size)).all():
        return x
    step = key.step or 1 if isinstance(key, slice) else 1
    if step < 0:
        return tf.gather(x, places, axis=axis)
    index = [slice(None)] * len(static(x))
    index[axis] = slice(int(places[0]), int(places[-1]) + 1, step) if places.size else slice(0, 0)
    return x[tuple(index)]


# -- scatters ----------------------------------------


def scatter_nd(_: Node, indices: Any, updates: Any, shape: Any) -> Any:
    """ScatterNd to known places -> Gathers, summed where a place occurs more than once."""
    places = known(indices)
    if places is None:
        return None
    sizes = [int(d) for d in must_know(shape, "shape")]
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
        return None
    rows = int(places.max()) + 1 if count is None else int(must_know(count, "number of segments"))
    flat = places.ravel()
    inner = static(x)[places.ndim :]
    return tf.reshape(_summed(flat, rows, _as_rows(x, flat.size)), [rows, *inner])


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


# -- matrices ----------------------------------------


def band_part(_: Node, x: Any, lower: Any, upper: Any) -> Any:
    """MatrixBandPart -> the product with a mask of ones and zeros."""
    rows, columns = static(x)[-2:]
    below, above = int(must_know(lower, "lower band")), int(must_know(upper, "upper band"))
    distance = np.arange(rows)[:, None] - np.arange(columns)
    mask = ((below < 0) | (distance <= below)) & ((above < 0) | (-distance <= above))
    return x * tf.constant(mask.astype(x.dtype.as_numpy_dtype))


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
