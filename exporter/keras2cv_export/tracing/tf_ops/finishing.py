"""Rules that write TensorFlow ops as steps of a bundle's NumPy tail, which runs after the net.

The net is cut before the ops in `CUTS`, which OpenCV lacks. The other ops in `STEPS` are those that
models apply to the results of a cut op; a rule takes the tf.Operation and writes its steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol, get_args

import numpy as np

from keras2cv.numpy_tail.step import DType, Loop, NmsRule
from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.tracing.tail_loops import LOOP, loop_of

from .node import RefusedError, known, must_know

Array = np.ndarray[Any, Any]

CUTS: Final = ("CombinedNonMaxSuppression", "NonMaxSuppressionV4", "NonMaxSuppressionV5", LOOP)


class Writer(Protocol):
    """Writes steps of the NumPy tail."""

    def add(self, op: str, read: list[Any], made: list[Any], **options: Any) -> None:
        """Write a step from tensors to tensors; None in `made` marks a result that nobody reads."""

    def between(self, op: str, read: list[Any], **options: Any) -> Any:
        """Write a step whose result has no tensor; return a stand-in for that result."""

    def repeated(self, graph: Any) -> tuple[tuple[str, ...], tuple[Any, ...], tuple[str, ...]]:
        """Write the steps of a loop's graph; return its arguments, steps and results."""


def _combined(op: Any, write: Writer) -> None:
    boxes, scores, per_class, total, iou, score = op.inputs
    rule = NmsRule(
        int(must_know(per_class, "number of boxes per class")),
        float(must_know(iou, "overlap")),
        _lowest(score),
        int(must_know(total, "number of boxes")),
        bool(op.get_attr("pad_per_class")),
        bool(op.get_attr("clip_boxes")),
    )
    write.add("combined_nms", [boxes, scores], list(op.outputs), nms=rule)


def _single(op: Any, write: Writer) -> None:
    boxes, scores, count, iou, score, *sigma = op.inputs
    if sigma and float(must_know(sigma[0], "sigma")) != 0:
        raise RefusedError("soft suppression, which changes scores", "Set soft_nms_sigma to 0.")
    rule = NmsRule(
        int(must_know(count, "number of boxes")), float(must_know(iou, "overlap")), _lowest(score)
    )
    indices, valid = op.outputs[0], op.outputs[-1]
    found = op.outputs[1] if len(op.outputs) == 3 else None
    write.add("nms", [boxes, scores], [indices, found, valid], nms=rule)


def _lowest(score: Any) -> float | None:
    value = float(must_know(score, "threshold"))
    return None if value == -np.inf else value


def _top_k(op: Any, write: Writer) -> None:
    k = int(must_know(op.inputs[1], "k"))
    if op.outputs[1].dtype != tf.int32:
        raise RefusedError("indices of another type than int32", "Leave index_type out.")
    write.add("top_k", [op.inputs[0]], list(op.outputs), k=k)


def _cast(op: Any, write: Writer) -> None:
    dtype = op.outputs[0].dtype.name
    if dtype not in get_args(DType):
        raise RefusedError(f"a conversion to {dtype}", "Convert to float32.")
    write.add("cast", [op.inputs[0]], list(op.outputs), dtype=dtype)


def _reshape(op: Any, write: Writer) -> None:
    write.add("reshape", [op.inputs[0]], list(op.outputs), shape=_shape(op.outputs[0]))


def _same(op: Any, write: Writer) -> None:
    _reshape(op, write)


def _slice(op: Any, write: Writer) -> None:
    """Find which of each axis' numbers the slice keeps, whatever its masks are."""
    source, result = op.inputs[0], op.outputs[0]
    taken = [_taken(op, numbers) for numbers in np.indices(_shape(source))]
    begin = tuple(int(t.flat[0]) for t in taken)
    kept = [np.unique(t) for t in taken]
    steps = [int(k[1] - k[0]) if len(k) > 1 else 1 for k in kept]
    signs = [-1 if t.flat[-1] < t.flat[0] else 1 for t in taken]
    part = write.between(
        "slice",
        [source],
        begin=begin,
        shape=tuple(len(k) for k in kept),
        strides=tuple(s * d for s, d in zip(steps, signs, strict=True)),
    )
    write.add("reshape", [part], [result], shape=_shape(result))


def _taken(op: Any, numbers: Array) -> Array:
    """Apply the op to known numbers."""
    bounds = [must_know(tensor, "range") for tensor in op.inputs[1:]]
    with tf.Graph().as_default():
        if op.type == "Slice":
            taken = tf.slice(numbers, *bounds)
        else:
            masks = {key: op.get_attr(key) for key in _MASKS}
            begin, end, strides = bounds
            taken = tf.raw_ops.StridedSlice(
                input=numbers, begin=begin, end=end, strides=strides, **masks
            )
        return must_know(taken, "range")


_MASKS: Final = (
    "begin_mask",
    "end_mask",
    "ellipsis_mask",
    "new_axis_mask",
    "shrink_axis_mask",
)


def _unpack(op: Any, write: Writer) -> None:
    _parts(op, write, op.inputs[0], op.get_attr("axis"))


def _split(op: Any, write: Writer) -> None:
    _parts(op, write, op.inputs[1], int(must_know(op.inputs[0], "axis")))


def _parts(op: Any, write: Writer, source: Any, axis: int) -> None:
    """Cut into equal parts along an axis."""
    shape = list(_shape(source))
    axis %= len(shape)
    shape[axis] //= len(op.outputs)
    for k, result in enumerate(op.outputs):
        begin = tuple(k * shape[axis] if a == axis else 0 for a in range(len(shape)))
        ones = (1,) * len(shape)
        part = write.between("slice", [source], begin=begin, shape=tuple(shape), strides=ones)
        write.add("reshape", [part], [result], shape=_shape(result))


def _concat(op: Any, write: Writer) -> None:
    *parts, axis = op.inputs
    axis = int(must_know(axis, "axis")) % len(parts[0].shape)
    write.add("concat", parts, list(op.outputs), axis=axis)


def _stack(op: Any, write: Writer) -> None:
    axis = op.get_attr("axis") % len(op.outputs[0].shape)
    write.add("stack", list(op.inputs), list(op.outputs), axis=axis)


def _gather(op: Any, write: Writer) -> None:
    source, indices, axis = op.inputs
    batch_dims = op.get_attr("batch_dims")  # up to all axes of the indices; negative from the end
    write.add(
        "gather",
        [source, indices],
        list(op.outputs),
        axis=int(must_know(axis, "axis")) % len(source.shape),
        batch_dims=batch_dims + len(indices.shape) if batch_dims < 0 else batch_dims,
    )


def _transpose(op: Any, write: Writer) -> None:
    order = tuple(int(a) for a in must_know(op.inputs[1], "order of axes"))
    write.add("transpose", [op.inputs[0]], list(op.outputs), shape=order)


def _loop(op: Any, write: Writer) -> None:
    loop = loop_of(op)
    if loop is None:
        raise RefusedError("a Python function of the model", "Write it with TensorFlow's ops.")
    state, condition, (go_on,) = write.repeated(loop.condition)
    arguments, body, results = write.repeated(loop.body)
    names = dict(zip(state, arguments, strict=True))
    write.add(
        "loop",
        list(op.inputs),
        list(op.outputs),
        loop=Loop(
            arguments,
            tuple(_renamed(step, names) for step in condition),
            names.get(go_on, go_on),
            body,
            results,
        ),
    )


def _renamed(step: Any, names: Mapping[str, str]) -> Any:
    """Return a step that reads other names, in loops inside of it nothing changes."""
    return replace(step, inputs=tuple(names.get(name, name) for name in step.inputs))


def _reduce(step: str) -> Callable[[Any, Writer], None]:
    """Return a rule for a reduction: the axes go, and a reshape brings back those of size 1."""

    def rule(op: Any, write: Writer) -> None:
        source, result = op.inputs[0], op.outputs[0]
        axes = np.ravel(must_know(op.inputs[1], "axes")) % max(len(source.shape), 1)
        made = write.between(step, [source], shape=tuple(int(a) for a in np.unique(axes)))
        write.add("reshape", [made], [result], shape=_shape(result))

    return rule


def _slice_or_at(op: Any, write: Writer) -> None:
    """Take a part, at a place that may depend on the input."""
    if all(known(tensor) is not None for tensor in op.inputs[1:]):
        _slice(op, write)
        return
    source, result = op.inputs[0], op.outputs[0]
    if op.type == "Slice":
        begin = write.between("cast", [op.inputs[1]], dtype="int32")
        write.add("slice_at", [source, begin], [result], shape=_shape(result))
    else:
        _strided_at(op, write)


def _strided_at(op: Any, write: Writer) -> None:
    """Take x[i, ...] or x[..., i]: one place of an axis, the other axes whole.

    Raises:
        RefusedError: The slice takes more of an axis, from a place that depends on the input.
    """
    source, result = op.inputs[0], op.outputs[0]
    begins = _elements(op.inputs[1])
    masks = {key: op.get_attr(key) for key in _MASKS}
    if masks["ellipsis_mask"] or masks["new_axis_mask"]:
        raise RefusedError("a part whose place depends on the input", "Use tf.gather.")
    places, shape = [], []
    for axis, size in enumerate(_shape(source)):
        if axis < len(begins) and masks["shrink_axis_mask"] >> axis & 1:
            places.append(begins[axis])
            shape.append(1)
        elif axis >= len(begins) or (
            masks["begin_mask"] >> axis & 1 and masks["end_mask"] >> axis & 1
        ):
            places.append(0)
            shape.append(size)
        else:
            raise RefusedError("a part whose place depends on the input", "Use tf.gather.")
    parts = [
        write.between("constant", [], dtype="int32", shape=(), values=(float(place),))
        if isinstance(place, int)
        else write.between("cast", [place], dtype="int32")
        for place in places
    ]
    begin = write.between("stack", parts, axis=0)
    part = write.between("slice_at", [source, begin], shape=tuple(shape))
    write.add("reshape", [part], [result], shape=_shape(result))


def _elements(tensor: Any) -> list[Any]:
    """Return the numbers of a vector: an int where it is known, a tensor where it is not.

    Raises:
        RefusedError: The vector is no Pack of numbers.
    """
    value = known(tensor)
    if value is not None:
        return [int(v) for v in value]
    if tensor.op.type != "Pack":
        raise RefusedError("a part whose place depends on the input", "Use tf.gather.")
    numbers = [(known(item), item) for item in tensor.op.inputs]
    return [item if number is None else int(number) for number, item in numbers]


def _tile(op: Any, write: Writer) -> None:
    often = tuple(int(n) for n in must_know(op.inputs[1], "repeats"))
    write.add("tile", [op.inputs[0]], list(op.outputs), shape=often)


def _broadcast(op: Any, write: Writer) -> None:
    """Write a tile: every axis is there already, or is 1."""
    source, result = op.inputs[0], op.outputs[0]
    shape = _shape(result)
    old = (1,) * (len(shape) - len(source.shape)) + _shape(source)
    wide = write.between("reshape", [source], shape=old)
    often = tuple(n if o == 1 else 1 for n, o in zip(shape, old, strict=True))
    write.add("tile", [wide], [result], shape=often)


def _pad(op: Any, write: Writer) -> None:
    widths = must_know(op.inputs[1], "padding")
    dtype = op.outputs[0].dtype.name
    zero = (
        op.inputs[2]
        if len(op.inputs) == 3
        else write.between("constant", [], dtype=dtype, shape=(), values=(0.0,))
    )
    before, after = (tuple(int(n) for n in column) for column in widths.T)
    write.add("pad", [op.inputs[0], zero], list(op.outputs), begin=before, shape=after)


def _filled(op: Any, write: Writer) -> None:
    """Write an array of one number, of a shape that is known."""
    result = op.outputs[0]
    number = 1.0 if op.type == "OnesLike" else 0.0
    if op.type == "Fill":
        single: Any = op.inputs[1]
    else:
        single = write.between("constant", [], dtype=result.dtype.name, shape=(), values=(number,))
    shape = _shape(result)
    wide = write.between("reshape", [single], shape=(1,) * len(shape))
    write.add("tile", [wide], [result], shape=shape)


def _range(op: Any, write: Writer) -> None:
    """Write a row of numbers that are known, as sums where they are too many for a constant."""
    result = op.outputs[0]
    start, _, step = (must_know(tensor, "range") for tensor in op.inputs)
    dtype, (size,) = result.dtype.name, _shape(result)
    one = write.between("constant", [], dtype=dtype, shape=(1,), values=(float(step),))
    many = write.between("tile", [one], shape=(size,))
    total = write.between("cumsum", [many], axis=0)
    shift = write.between("constant", [], dtype=dtype, shape=(), values=(float(start - step),))
    write.add("add", [total, shift], [result])


def _matmul(op: Any, write: Writer) -> None:
    flags = ("transpose_a", "transpose_b") if op.type == "MatMul" else ("adj_x", "adj_y")
    pairs = zip(op.inputs, flags, strict=True)
    factors = [_turned(x, write) if op.get_attr(flag) else x for x, flag in pairs]
    write.add("matmul", factors, list(op.outputs))


def _turned(source: Any, write: Writer) -> Any:
    """Exchange the last two axes."""
    rank = len(source.shape)
    return write.between("transpose", [source], shape=(*range(rank - 2), rank - 1, rank - 2))


def _argmax(op: Any, write: Writer) -> None:
    axis = int(must_know(op.inputs[1], "axis")) % len(op.inputs[0].shape)
    found = write.between("argmax", [op.inputs[0]], axis=axis)
    write.add("cast", [found], list(op.outputs), dtype=op.outputs[0].dtype.name)


def _argmin(op: Any, write: Writer) -> None:
    axis = int(must_know(op.inputs[1], "axis")) % len(op.inputs[0].shape)
    turned = write.between("negate", [op.inputs[0]])
    found = write.between("argmax", [turned], axis=axis)
    write.add("cast", [found], list(op.outputs), dtype=op.outputs[0].dtype.name)


def _softmax(op: Any, write: Writer) -> None:
    """Write the exponentials of what the largest exceeds, and their shares of the sum."""
    source, result = op.inputs[0], op.outputs[0]
    last, kept = (len(source.shape) - 1,), (*_shape(source)[:-1], 1)
    largest = write.between("reshape", [write.between("max", [source], shape=last)], shape=kept)
    raised = write.between("exp", [write.between("subtract", [source, largest])])
    total = write.between("reshape", [write.between("sum", [raised], shape=last)], shape=kept)
    write.add("divide", [raised, total], [result])


def _one_hot(op: Any, write: Writer) -> None:
    """Write a comparison with a row of class numbers, and a choice of two numbers."""
    indices, depth, on, off = op.inputs
    rank = len(indices.shape)
    axis = op.get_attr("axis") % (rank + 1)
    size, dtype = int(must_know(depth, "depth")), indices.dtype.name
    places = tuple(size if a == axis else 1 for a in range(rank + 1))
    row = write.between(
        "constant", [], dtype=dtype, shape=places, values=tuple(float(k) for k in range(size))
    )
    shape = list(_shape(indices))
    shape.insert(axis, 1)
    wide = write.between("reshape", [indices], shape=tuple(shape))
    write.add("where", [write.between("equal", [wide, row]), on, off], list(op.outputs))


def _inverse_root(op: Any, write: Writer) -> None:
    dtype = op.outputs[0].dtype.name
    one = write.between("constant", [], dtype=dtype, shape=(), values=(1.0,))
    write.add("divide", [one, write.between("sqrt", [op.inputs[0]])], list(op.outputs))


def _squared_difference(op: Any, write: Writer) -> None:
    gap = write.between("subtract", list(op.inputs))
    write.add("multiply", [gap, gap], list(op.outputs))


def _divide_no_nan(op: Any, write: Writer) -> None:
    """Write a quotient that is 0 where the divisor is."""
    zero = write.between("constant", [], dtype=op.outputs[0].dtype.name, shape=(), values=(0.0,))
    share = write.between("divide", list(op.inputs))
    write.add(
        "where", [write.between("equal", [op.inputs[1], zero]), zero, share], list(op.outputs)
    )


def _add_all(op: Any, write: Writer) -> None:
    total: Any = op.inputs[0]
    for source in list(op.inputs)[1:-1]:
        total = write.between("add", [total, source])
    if len(op.inputs) == 1:
        _same(op, write)
    else:
        write.add("add", [total, op.inputs[-1]], list(op.outputs))


def _reverse(op: Any, write: Writer) -> None:
    """Write a slice whose steps go back along the reversed axes."""
    shape = _shape(op.inputs[0])
    axes = {int(a) % len(shape) for a in np.ravel(must_know(op.inputs[1], "axes"))}
    write.add(
        "slice",
        [op.inputs[0]],
        list(op.outputs),
        begin=tuple(n - 1 if a in axes else 0 for a, n in enumerate(shape)),
        shape=shape,
        strides=tuple(-1 if a in axes else 1 for a in range(len(shape))),
    )


def _cumsum(op: Any, write: Writer) -> None:
    if op.get_attr("exclusive") or op.get_attr("reverse"):
        raise RefusedError("a running sum that is exclusive or reversed", "Flip or shift it.")
    axis = int(must_know(op.inputs[1], "axis")) % len(op.inputs[0].shape)
    write.add("cumsum", [op.inputs[0]], list(op.outputs), axis=axis)


def _square(op: Any, write: Writer) -> None:
    write.add("multiply", [op.inputs[0], op.inputs[0]], list(op.outputs))


def _relu(op: Any, write: Writer) -> None:
    zero = write.between("constant", [], dtype=op.outputs[0].dtype.name, shape=(), values=(0.0,))
    write.add("maximum", [op.inputs[0], zero], list(op.outputs))


def _as(step: str) -> Callable[[Any, Writer], None]:
    """Return a rule for an op whose operands and results are those of the step."""

    def rule(op: Any, write: Writer) -> None:
        write.add(step, list(op.inputs), list(op.outputs))

    return rule


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(int(d) for d in tensor.shape)


STEPS: Final[Mapping[str, Callable[[Any, Writer], None]]] = {
    "CombinedNonMaxSuppression": _combined,
    "NonMaxSuppressionV4": _single,
    "NonMaxSuppressionV5": _single,
    "TopKV2": _top_k,
    "Cast": _cast,
    "Identity": _same,
    "Reshape": _reshape,
    "ExpandDims": _reshape,
    "Squeeze": _reshape,
    LOOP: _loop,
    "Slice": _slice_or_at,
    "StridedSlice": _slice_or_at,
    "Unpack": _unpack,
    "Split": _split,
    "ConcatV2": _concat,
    "Pack": _stack,
    "GatherV2": _gather,
    "Transpose": _transpose,
    "SelectV2": _as("where"),
    "LogicalNot": _as("not"),
    "LogicalAnd": _as("and"),
    "LogicalOr": _as("or"),
    "AddV2": _as("add"),
    "Add": _as("add"),
    "Sub": _as("subtract"),
    "Mul": _as("multiply"),
    "RealDiv": _as("divide"),
    "FloorDiv": _as("floor_divide"),
    "FloorMod": _as("modulo"),
    "Minimum": _as("minimum"),
    "Maximum": _as("maximum"),
    "Equal": _as("equal"),
    "NotEqual": _as("not_equal"),
    "Less": _as("less"),
    "LessEqual": _as("less_equal"),
    "Greater": _as("greater"),
    "GreaterEqual": _as("greater_equal"),
    "Sum": _reduce("sum"),
    "Prod": _reduce("prod"),
    "Mean": _reduce("mean"),
    "Max": _reduce("max"),
    "Min": _reduce("min"),
    "Any": _reduce("any"),
    "All": _reduce("all"),
    "Tile": _tile,
    "BroadcastTo": _broadcast,
    "Pad": _pad,
    "PadV2": _pad,
    "Fill": _filled,
    "ZerosLike": _filled,
    "OnesLike": _filled,
    "Range": _range,
    "MatMul": _matmul,
    "BatchMatMulV2": _matmul,
    "ArgMax": _argmax,
    "ArgMin": _argmin,
    "Cumsum": _cumsum,
    "GatherNd": _as("gather_nd"),
    "TensorScatterUpdate": _as("scatter"),
    "Neg": _as("negate"),
    "Abs": _as("abs"),
    "Exp": _as("exp"),
    "Log": _as("log"),
    "Sqrt": _as("sqrt"),
    "Floor": _as("floor"),
    "Ceil": _as("ceil"),
    "Round": _as("round"),
    "Sigmoid": _as("sigmoid"),
    "Tanh": _as("tanh"),
    "Pow": _as("power"),
    "Softmax": _softmax,
    "OneHot": _one_hot,
    "Rsqrt": _inverse_root,
    "SquaredDifference": _squared_difference,
    "DivNoNan": _divide_no_nan,
    "AddN": _add_all,
    "ReverseV2": _reverse,
    "Square": _square,
    "Relu": _relu,
    "Select": _as("where"),
    "StopGradient": _same,
}
