"""Rules that write TensorFlow ops as steps of a bundle's NumPy tail, which runs after the net.

The net is cut before the ops in `CUTS`, which OpenCV lacks. The other ops in `STEPS` are those that
models apply to the results of a cut op; a rule takes the tf.Operation and writes its steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, get_args

import numpy as np

from keras2cv.numpy_tail import NmsRule
from keras2cv.numpy_tail.step import DType
from keras2cv_export.quiet.tensorflow import tf

from .node import RefusedError, must_know

Array = np.ndarray[Any, Any]

CUTS: Final = ("CombinedNonMaxSuppression", "NonMaxSuppressionV4", "NonMaxSuppressionV5")


class Writer(Protocol):
    """Writes steps of the NumPy tail."""

    def add(self, op: str, read: list[Any], made: list[Any], **options: Any) -> None:
        """Write a step from tensors to tensors; None in `made` marks a result that nobody reads."""

    def between(self, op: str, read: list[Any], **options: Any) -> Any:
        """Write a step whose result has no tensor; return a stand-in for that result."""


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
    write.add(
        "gather",
        [source, indices],
        list(op.outputs),
        axis=int(must_know(axis, "axis")) % len(source.shape),
        batch_dims=op.get_attr("batch_dims") % max(len(indices.shape), 1),
    )


def _transpose(op: Any, write: Writer) -> None:
    order = tuple(int(a) for a in must_know(op.inputs[1], "order of axes"))
    write.add("transpose", [op.inputs[0]], list(op.outputs), shape=order)


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
    "Slice": _slice,
    "StridedSlice": _slice,
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
}
