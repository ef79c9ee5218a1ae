"""What ops do with open rows: most work row by row, the others are rewritten or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.tracing.tf_ops.node import Node, RefusedError, known, must_know

from .rows import HINT, OpenRows, Rows, Sizes
from .slicing import strided_rows

Make = Callable[[Node, Sequence[Any]], list[Any]]
_Rule = Callable[[OpenRows, Node, list[Any], Make], list[Any]]

_MOST: Final = 2**20  # rows

ROW_BY_ROW: Final = frozenset((
    "Abs", "Add", "AddV2", "BroadcastTo", "Cast", "Ceil", "DivNoNan", "Equal", "Exp", "ExpandDims",
    "Fill", "Floor", "FloorDiv", "FloorMod", "GatherNd", "GatherV2", "Greater", "GreaterEqual",
    "Less", "LessEqual", "Log", "LogicalAnd", "LogicalNot", "LogicalOr", "Maximum", "Minimum",
    "Mul", "Neg", "NotEqual", "OneHot", "Pack", "Pow", "Range", "RealDiv", "Relu", "Reshape",
    "Round", "Rsqrt", "Select", "SelectV2", "Sigmoid", "Split", "Sqrt", "Square",
    "SquaredDifference", "Squeeze", "Sub", "Tanh", "Tile", "Transpose", "Unpack",
))  # fmt: skip

# The input that says how large the result is.
_SIZES_AT: Final[Mapping[str, int]] = {
    "BroadcastTo": 1, "Fill": 0, "OneHot": 1, "Range": 1, "Reshape": 1, "Tile": 1,
}  # fmt: skip

# Ops on shapes: what they make of sizes are sizes again.
_OF_SIZES: Final = frozenset((
    "AddV2", "Cast", "ConcatV2", "ExpandDims", "GatherV2", "Maximum", "Minimum", "Mul", "Pack",
    "Prod", "Reshape", "Squeeze", "StridedSlice", "Sub",
))  # fmt: skip


def starts_rows(node: Node, inputs: Sequence[Any]) -> bool:
    """Whether an op gives a row for each thing that it finds, of inputs that are not known."""
    if node.op == "Where":
        return isinstance(inputs[0], tf.Tensor) and known(inputs[0]) is None
    if node.op in ("NonMaxSuppressionV4", "NonMaxSuppressionV5"):
        return not node.attr("pad_to_max_output_size", False)
    return node.op in ("NonMaxSuppression", "NonMaxSuppressionV2", "NonMaxSuppressionV3")


def with_rows(rows: OpenRows, node: Node, inputs: Sequence[Any], make: Make) -> list[Any]:
    """Add a node that starts open rows, or reads them.

    Args:
        rows: What is open so far; what the node makes is added.
        node: The node.
        inputs: Its inputs.
        make: Adds a node as it is.

    Raises:
        RefusedError: Nothing is known of the op that holds for open rows.
    """
    if node.op in _SPECIAL:
        return _SPECIAL[node.op](rows, node, list(inputs), make)
    opened = [value for value in inputs if rows.of(value) is not None]
    if not opened and node.op in _OF_SIZES:
        return _sizes(rows, node, inputs, make)
    if node.op in ROW_BY_ROW:
        return _as_they_are(rows, node, inputs, make)
    raise RefusedError("it works on a number of boxes that depends on values", HINT)


def _as_they_are(rows: OpenRows, node: Node, inputs: Sequence[Any], make: Make) -> list[Any]:
    """Add the node as it is; the axis that grows with one row more is the open one."""
    values, mask = rows.trimmed(inputs)
    grown = rows.shapes_with_one_more(node, values, make)
    if grown is None:
        raise RefusedError("it makes a fixed size of a number that depends on values", HINT)
    at = _SIZES_AT.get(node.op)
    made = make(node, [rows.fixed(v) if k == at else v for k, v in enumerate(values)])
    if [len(t.shape) for t in made] != [len(shape) for shape in grown]:
        raise RefusedError("its result has other axes for another number of boxes", HINT)
    size = int(mask.shape[0])
    for tensor, shape in zip(made, grown, strict=True):
        pairs = [(int(n), m) for n, m in zip(tensor.shape, shape, strict=True)]
        axes = [a for a, (n, m) in enumerate(pairs) if n != m]
        if any(pairs[a] != (size, size + 1) for a in axes) or len(axes) > 1:
            raise RefusedError("it joins or pairs boxes, whose number depends on values", HINT)
        if axes:
            rows.mark(tensor, axes[0], mask)
    return made


def _sizes(rows: OpenRows, node: Node, inputs: Sequence[Any], make: Make) -> list[Any]:
    """Add an op on shapes, and note what it makes."""
    _, mask = rows.trimmed(inputs)
    made = make(node, inputs)
    found = [_computed(rows, node, inputs, make, of) for of in ("full", "more")]
    if len(made) == 1 and all(number is not None for number in found):
        rows.sizes[made[0].name] = Sizes(mask, *found)
    return made


def _computed(rows: OpenRows, node: Node, inputs: Sequence[Any], make: Make, of: str) -> Any:
    """Return an op's result on known sizes; None where an input is not known."""
    pairs = [(v, rows.sizes_in(v)) for v in inputs]
    numbers = [known(v) if sizes is None else getattr(sizes, of) for v, sizes in pairs]
    if any(number is None for number in numbers):
        return None
    with tf.Graph().as_default():
        constants = [tf.constant(n, v.dtype) for n, v in zip(numbers, inputs, strict=True)]
        return known(make(node, constants)[0])


def _shape(rows: OpenRows, node: Node, inputs: list[Any], make: Make) -> list[Any]:
    """Make a shape of which one number is the count of the rows that are there."""
    opened = rows.of(inputs[0])
    if opened is None:
        return make(node, inputs)
    dtype = node.attr("out_type", tf.int32)
    full = np.array([int(d) for d in inputs[0].shape])
    count = rows.counts.get(opened.mask.name)
    count = tf.reduce_sum(tf.cast(opened.mask, dtype)) if count is None else tf.cast(count, dtype)
    numbers = [tf.constant(int(n), dtype) for n in full]
    numbers[opened.axis] = count
    found, more = tf.stack(numbers), full + (np.arange(len(full)) == opened.axis)
    if node.op == "Size":
        found, full, more = tf.reduce_prod(found), full.prod(), more.prod()
    rows.sizes[found.name] = Sizes(opened.mask, full, more)
    return [found]


def _single(rows: OpenRows, node: Node, inputs: list[Any], _: Make) -> list[Any]:
    """Make a selection padded; of boxes that are open, the others get the lowest score."""
    boxes, scores, most, *rest = inputs
    iou = rest[0] if rest else tf.constant(node.attr("iou_threshold", 0.5))
    lowest = rest[1] if len(rest) > 1 else tf.constant(-np.inf, tf.float32)
    if len(rest) > 2 and float(must_know(rest[2], "sigma")) != 0:
        raise RefusedError("soft suppression, which changes scores", "Set soft_nms_sigma to 0.")
    if rows.sizes_in(most) is not None:
        _check_most(rows, most, scores)
    if rows.concern([boxes, scores]):
        (boxes, scores), mask = rows.trimmed([boxes, scores])
        opened = rows.of(scores)
        scores = (
            rows.filled(scores, scores.dtype.min)
            if opened is not None
            else tf.where(mask, scores, scores.dtype.min)
        )
        bound = float(must_know(lowest, "threshold"))
        lowest = tf.constant(max(bound, float(scores.dtype.min)), tf.float32)
    size = min(int(must_know(rows.fixed(most), "number of boxes")), int(boxes.shape[0]))
    if size < 1:
        raise RefusedError("it selects no box", "Let it select one or more.")
    sizes = {"max_output_size": size, "iou_threshold": iou, "score_threshold": lowest}
    found = tf.raw_ops.NonMaxSuppressionV5(
        boxes=boxes, scores=scores, soft_nms_sigma=tf.constant(0.0, scores.dtype),
        pad_to_max_output_size=True, **sizes,
    )  # fmt: skip
    mask = tf.range(size) < found.valid_outputs
    rows.counts[mask.name] = found.valid_outputs
    indices = rows.mark(found.selected_indices, 0, mask)
    best = rows.mark(found.selected_scores, 0, mask)
    made = {"NonMaxSuppressionV4": [indices, found.valid_outputs],
            "NonMaxSuppressionV5": [indices, best, found.valid_outputs]}  # fmt: skip
    return made.get(node.op, [indices])


def _check_most(rows: OpenRows, most: Any, source: Any) -> None:
    """Raise RefusedError unless a number is that of the rows of `source`, or at most that."""
    sizes, opened = rows.sizes_in(most), rows.of(source)
    is_theirs = opened is not None and sizes is not None and sizes.mask is opened.mask
    if (
        opened is None
        or sizes is None
        or not is_theirs
        or int(sizes.full) not in (int(sizes.more), opened.size)
    ):
        raise RefusedError("it takes a number of boxes that depends on values", HINT)


def _where(rows: OpenRows, _: Node, inputs: list[Any], __: Make) -> list[Any]:
    """Make the places that are true, in order, by sorting: of equals the lower place is first."""
    condition = inputs[0]
    if condition.dtype != tf.bool:
        condition = tf.not_equal(condition, tf.zeros((), condition.dtype))
    if (opened := rows.of(inputs[0])) is not None:
        rows.mark(condition, opened.axis, opened.mask)
        condition = rows.filled(condition, False)
    sizes = [int(d) for d in condition.shape]
    total = int(np.prod(sizes))
    if not 1 <= total <= _MOST:
        raise RefusedError(f"it looks through {total} places, of {_MOST} at most", HINT)
    flags = tf.reshape(tf.cast(condition, tf.float32), (total,))
    values, order = tf.math.top_k(flags, total)
    rows.cut_at[values.op.name] = True
    places, left = [], order
    for size in reversed(sizes[1:]):
        places.append(tf.math.floormod(left, size))
        left = left // size
    where = tf.cast(tf.stack([left, *reversed(places)], axis=1), tf.int64)
    return [rows.mark(where, 0, values > 0.5)]


def _concat(rows: OpenRows, node: Node, inputs: list[Any], make: Make) -> list[Any]:
    """Join parts; along the open axis, what is there moves to the front."""
    *parts, axis = inputs
    opened = [rows.of(part) for part in parts]
    if not any(opened):
        return _sizes(rows, node, inputs, make)
    place = int(must_know(axis, "axis")) % len(parts[0].shape)
    if all(one is None or one.axis != place for one in opened):
        return _as_they_are(rows, node, inputs, make)
    if any(one is not None and one.axis != place for one in opened):
        raise RefusedError("it joins boxes along two axes", HINT)
    masks = [
        tf.constant(True, shape=(int(part.shape[place]),)) if one is None else one.mask
        for part, one in zip(parts, opened, strict=True)
    ]
    key = tuple(
        str(part.shape[place]) if one is None else one.mask.name
        for part, one in zip(parts, opened, strict=True)
    )
    order, mask = _order(rows, key, masks)
    joined = tf.gather(tf.concat(parts, place), order, axis=place)
    return [rows.mark(joined, place, mask)]


def _order(rows: OpenRows, key: tuple[str, ...], masks: Sequence[Any]) -> tuple[Any, Any]:
    """Return the places of joined rows that are there, then of the others, and the new mask."""
    if key not in rows.orders:
        flags = tf.cast(tf.concat(masks, 0), tf.float32)
        values, order = tf.math.top_k(flags, int(flags.shape[0]))
        mask = values > 0.5
        named = zip(key, masks, strict=True)  # the key of a fixed part is its size
        counts = [int(k) if k.isdigit() else rows.counts.get(m.name) for k, m in named]
        if all(count is not None for count in counts):
            rows.counts[mask.name] = tf.add_n([tf.convert_to_tensor(count) for count in counts])
        rows.orders[key] = order, mask
    return rows.orders[key]


def _top_k(rows: OpenRows, node: Node, inputs: list[Any], make: Make) -> list[Any]:
    """Rank; of open rows, those that are not there come last."""
    source, opened = inputs[0], rows.of(inputs[0])
    last = len(source.shape) - 1
    if opened is None or opened.axis != last:
        must_know(inputs[1], "k")
        return _as_they_are(rows, node, inputs, make)
    if rows.sizes_in(inputs[1]) is not None:
        _check_most(rows, inputs[1], source)
    k = min(int(must_know(rows.fixed(inputs[1]), "k")), opened.size)
    if k < 1:
        raise RefusedError("it ranks no number", HINT)
    best, order = tf.math.top_k(rows.filled(source, source.dtype.min), k)
    mask = rows.first(opened.mask, k)
    return [rows.mark(best, last, mask), rows.mark(order, last, mask)]


def _pad(rows: OpenRows, _: Node, inputs: list[Any], __: Make) -> list[Any]:
    """Pad; up to a size that is known, if what is added is what is missing."""
    source, opened = inputs[0], rows.of(inputs[0])
    sizes = rows.sizes_in(inputs[1])
    if opened is None:
        raise RefusedError("it adds a number of rows that depends on values", HINT)
    number = known(inputs[2]) if len(inputs) == 3 else np.zeros(())
    widths = must_know(rows.fixed(inputs[1]), "padding")
    if number is None or widths.min() < 0 or widths[opened.axis, 0]:
        raise RefusedError("it pads boxes, whose number depends on values, in front", HINT)
    filled = rows.filled(source, number)
    padded = _around(filled, widths, number)
    if sizes is not None:
        missing = sizes.full - sizes.more
        if missing[opened.axis, 1] != 1 or np.count_nonzero(missing) != 1:
            raise RefusedError("it adds another number of rows than are missing", HINT)
        return [padded]
    added = int(widths[opened.axis, 1])
    if added:
        raise RefusedError("it adds rows behind a number that depends on values", HINT)
    return [rows.mark(padded, opened.axis, opened.mask)]


def _around(tensor: Any, widths: Any, number: Any) -> Any:
    """Pad by joining constants, which every language does after the net."""
    for axis, pair in enumerate(widths):
        shapes = [[int(n) if a == axis else int(d) for a, d in enumerate(tensor.shape)]
                  for n in pair]  # fmt: skip
        before, after = (
            [tf.fill(shape, tf.cast(number, tensor.dtype))] if shape[axis] else []
            for shape in shapes
        )
        tensor = tf.concat([*before, tensor, *after], axis) if before or after else tensor
    return tensor


def _like(rows: OpenRows, node: Node, inputs: list[Any], make: Make) -> list[Any]:
    """Make numbers that are the same in all rows, which need not be computed."""
    source, opened = inputs[0], rows.of(inputs[0])
    if opened is None:
        return make(node, inputs)
    number = tf.cast(node.op == "OnesLike", source.dtype)
    return [rows.mark(tf.fill(source.shape, number), opened.axis, opened.mask)]


def _reduce(rows: OpenRows, node: Node, inputs: list[Any], make: Make) -> list[Any]:
    """Reduce; over open rows, those that are not there get what changes nothing."""
    source, opened = inputs[0], rows.of(inputs[0])
    if opened is None:
        return _sizes(rows, node, inputs, make)
    axes = np.ravel(must_know(inputs[1], "axes")) % max(len(source.shape), 1)
    if opened.axis in axes:
        if node.op not in _NEUTRAL:
            raise RefusedError("its result depends on how many boxes there are", HINT)
        return make(node, [rows.filled(source, _NEUTRAL[node.op](source.dtype)), *inputs[1:]])
    return _as_they_are(rows, node, inputs, make)


_NEUTRAL: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Sum": lambda _: 0,
    "Prod": lambda _: 1,
    "Any": lambda _: False,
    "All": lambda _: True,
    "Max": lambda dtype: dtype.min,
    "Min": lambda dtype: dtype.max,
    "ArgMax": lambda dtype: dtype.min,
    "ArgMin": lambda dtype: dtype.max,
}


def _gather(rows: OpenRows, node: Node, inputs: list[Any], make: Make) -> list[Any]:
    """Look rows up: in a table that is open itself, TensorFlow finds only those that are there."""
    source, indices, *axis = inputs
    opened = rows.of(source)
    if opened is not None and rows.of(indices) is not None:
        place = int(must_know(axis[0], "axis")) % len(source.shape) if axis else opened.axis
        if place != opened.axis or node.attr("batch_dims", 0):
            raise RefusedError("it pairs boxes, whose number depends on values", HINT)
        source = tf.identity(source)
    return _as_they_are(rows, node, [source, indices, *axis], make)


def _softmax(rows: OpenRows, node: Node, inputs: list[Any], make: Make) -> list[Any]:
    opened = rows.of(inputs[0])
    if opened is not None and opened.axis == len(inputs[0].shape) - 1:
        raise RefusedError("it works on all boxes, whose number depends on values", HINT)
    return _as_they_are(rows, node, inputs, make)


def _strided(rows: OpenRows, node: Node, inputs: list[Any], make: Make) -> list[Any]:
    """Take a part: of the open axis, one that counts from the front."""
    opened = rows.of(inputs[0])
    if opened is None:
        return _sizes(rows, node, inputs, make)
    fixed = [inputs[0], *(rows.fixed(value) for value in inputs[1:])]
    place = strided_rows(node, [must_know(v, "range") for v in fixed[1:]], inputs[0], opened.axis)
    (made,) = make(node, fixed)
    return [made if place is None else _marked(rows, made, place, opened)]


def _slice(rows: OpenRows, node: Node, inputs: list[Any], make: Make) -> list[Any]:
    """The same for `tf.slice`."""
    opened = rows.of(inputs[0])
    if opened is None:
        return _sizes(rows, node, inputs, make)
    fixed = [inputs[0], *(rows.fixed(value) for value in inputs[1:])]
    begin, size = (must_know(v, "range") for v in fixed[1:])
    first, count = int(begin[opened.axis]), int(size[opened.axis])
    last = None if count < 0 else first + count
    (made,) = make(node, fixed)
    return [_marked(rows, made, (opened.axis, slice(first, last)), opened)]


def _marked(rows: OpenRows, made: Any, place: tuple[int, slice], opened: Rows) -> Any:
    axis, part = place
    whole = part.start in (None, 0) and (part.stop is None or part.stop >= opened.size)
    if whole or part.start not in (None, 0):
        return rows.mark(made, axis, opened.mask if whole else opened.mask[part])
    return rows.mark(made, axis, rows.first(opened.mask, part.stop))


def _stacked_list(rows: OpenRows, _: Node, inputs: list[Any], __: Make) -> list[Any]:
    """Stack the elements that a loop has collected: Keras needs as many rows in each."""
    elements = list(getattr(inputs[0], "elements", ()))
    if not elements or any(rows.of(one) is None for one in elements):
        raise RefusedError("a list of a number of boxes that depends on values", HINT)
    parts, mask = rows.trimmed(elements)
    axes = {opened.axis for one in parts if (opened := rows.of(one)) is not None}
    if len(axes) > 1:
        raise RefusedError("it joins boxes along two axes", HINT)
    return [rows.mark(tf.stack(parts), axes.pop() + 1, mask)]


_SPECIAL: Final[Mapping[str, _Rule]] = {
    **dict.fromkeys(
        (
            "NonMaxSuppression",
            "NonMaxSuppressionV2",
            "NonMaxSuppressionV3",
            "NonMaxSuppressionV4",
            "NonMaxSuppressionV5",
        ),
        _single,
    ),
    **dict.fromkeys((*_NEUTRAL, "Mean"), _reduce),
    "Where": _where,
    "Shape": _shape,
    "Size": _shape,
    "GatherV2": _gather,
    "GatherNd": _gather,
    "ConcatV2": _concat,
    "TopKV2": _top_k,
    "Pad": _pad,
    "PadV2": _pad,
    "Softmax": _softmax,
    "OnesLike": _like,
    "ZerosLike": _like,
    "StridedSlice": _strided,
    "Slice": _slice,
    "TensorListStack": _stacked_list,
}
