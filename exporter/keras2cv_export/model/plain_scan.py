"""`keras.ops.associative_scan` over a length that is known, by slices of known sizes.

Keras' own asks TensorFlow for the axis and for each length, which no graph knows before it runs:
it cannot be traced for an axis that is counted from the end. This one combines the same pairs in
the same order, so that it gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras2cv_export.quiet.tensorflow import tf

Combine = Callable[[list[Any], list[Any]], list[Any]]


def plain_scan(original: Any) -> Any:
    """Return the scan in place of Keras' own, which stays for lengths that are not known."""

    def scan(f: Any, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
        flat = [tf.convert_to_tensor(elem) for elem in keras.tree.flatten(elems)]
        lengths = {x.shape[axis] if x.shape.rank else None for x in flat}
        if not callable(f) or len(lengths) != 1 or None in lengths:
            return original(f, elems, reverse=reverse, axis=axis)

        def combine(a: list[Any], b: list[Any]) -> list[Any]:
            pair = (keras.tree.pack_sequence_as(elems, x) for x in (a, b))
            return list(keras.tree.flatten(f(*pair)))

        place = axis % flat[0].shape.rank
        flat = [tf.reverse(x, [place]) for x in flat] if reverse else flat
        found = _scanned(combine, flat, place)
        found = [tf.reverse(x, [place]) for x in found] if reverse else found
        return keras.tree.pack_sequence_as(elems, found)

    return scan


def _scanned(combine: Combine, elems: list[Any], axis: int) -> list[Any]:
    """Scan neighbours' combinations, which are every second result, and fill in the others."""
    length = elems[0].shape[axis]
    if length < 2:
        return elems
    pairs = combine(_part(elems, axis, 0, length - 1), _part(elems, axis, 1, length))
    odd = _scanned(combine, pairs, axis)
    even = _part(elems, axis, 0, 1)
    if length > 2:
        before = _part(odd, axis, 0, (length - 1) // 2, step=1)
        rest = combine(before, _part(elems, axis, 2, length))
        even = [tf.concat(two, axis) for two in zip(even, rest, strict=True)]
    return [_interleaved(two, axis) for two in zip(even, odd, strict=True)]


def _part(elems: Sequence[Any], axis: int, start: int, stop: int, step: int = 2) -> list[Any]:
    where = (*[slice(None)] * axis, slice(start, stop, step))
    return [x[where] for x in elems]


def _interleaved(two: tuple[Any, Any], axis: int) -> Any:
    """Return even, odd, even, odd ...; there may be one more of the even ones."""
    even, odd = two
    count = odd.shape[axis]
    (paired,), (last,) = _part([even], axis, 0, count, 1), _part([even], axis, count, count + 1, 1)
    shape = [*odd.shape[:axis], 2 * count, *odd.shape[axis + 1 :]]
    shape = [-1 if size is None else size for size in shape]
    mixed = tf.reshape(tf.stack([paired, odd], axis + 1), shape)
    return mixed if even.shape[axis] == count else tf.concat([mixed, last], axis)
