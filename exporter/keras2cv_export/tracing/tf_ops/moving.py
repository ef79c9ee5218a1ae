"""Reversed, mirrored, rolled and sliced axes: Gather with constant indices, or Concat of Slices."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .node import Array, Node, known, must_know, static


def reverse(_: Node, x: Any, axes: Any) -> Any:
    """ReverseV2 -> Gather with indices n - 1, ..., 0 along each axis; twice the same is nothing."""
    for axis in must_know(axes, "axes").ravel():
        x = reversed_once(x, int(axis) % x.shape.rank)
    return x


def reversed_once(x: Any, axis: int) -> Any:
    """Reverse a tensor along an axis, or undo that, also before a Transpose of it."""
    if (before := reversed_along(x)) is not None and before[1] == axis:
        return before[0]
    if x.op.type == "Transpose" and (perm := known(x.op.inputs[1])) is not None:
        before = reversed_along(x.op.inputs[0])
        if before is not None and before[1] == perm[axis]:
            return tf.transpose(before[0], perm)
    order = np.arange(static(x)[axis], dtype=np.int32)[::-1]
    return tf.gather(x, order.copy(), axis=axis)


def reversed_along(x: Any) -> tuple[Any, int] | None:
    """Return the source and the axis of a tensor that `reversed_once` made; None for another."""
    if x.op.type != "GatherV2" or x.op.get_attr("batch_dims"):
        return None
    source, indices, axis = x.op.inputs[0], known(x.op.inputs[1]), known(x.op.inputs[2])
    if indices is None or axis is None or indices.ndim != 1:
        return None
    along = int(axis) % source.shape.rank
    back = np.arange(int(source.shape[along]))[::-1]
    return (source, along) if np.array_equal(indices, back) else None


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


def split(_: Node, x: Any, sizes: Any, axis: Any) -> Any:
    """SplitV with parts of nothing -> the other parts, and empty constants."""
    lengths, at = [int(n) for n in must_know(sizes, "sizes").ravel()], int(must_know(axis, "axis"))
    shape = static(x)
    if -1 in lengths:
        lengths[lengths.index(-1)] = shape[at] - sum(n for n in lengths if n > 0)
    if all(lengths):
        return None
    parts = iter(tf.split(x, [n for n in lengths if n], at))
    shape[at] = 0
    return [next(parts) if n else tf.zeros(shape, x.dtype) for n in lengths]


def concat(_: Node, *operands: Any) -> Any:
    """ConcatV2 with parts of nothing -> the same without them."""
    *parts, axis = operands
    kept = [part for part in parts if part.shape.num_elements() != 0]
    if len(kept) == len(parts) or not kept:
        return None
    return kept[0] if len(kept) == 1 else tf.concat(kept, int(must_know(axis, "axis")))


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
