"""Numbers that were attributes in one opset and are inputs in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    drop,
    integer,
    ints,
    new_constant,
    new_node,
    replace,
    shape_of,
    substitute,
)
from keras2cv_export.importing.refused_form import RefusedFormError

_WHOLE_FLOAT: Final = float(np.finfo(np.float32).max)


def _numbers(model: ir.Model, node: ir.Node, values: Sequence[int], role: str) -> ir.Value:
    return new_constant(model, np.array(values, np.int64), node.outputs[0], role)


def _taken(node: ir.Node, name: str) -> tuple[int, ...]:
    """Return an attribute of integers, and remove it."""
    values = ints(node, name)
    node.attributes.pop(name, None)
    return values


def _real(node: ir.Node, name: str, default: float) -> float:
    attribute = node.attributes.pop(name, None)
    return default if attribute is None else float(attribute.as_float())


def _rank(value: ir.Value | None) -> int:
    shape = shape_of(value)
    if shape is None:
        raise RefusedFormError("the size of what it reads depends on values")
    return len(shape)


def known(
    node: ir.Node, k: int, word: str
) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]] | None:
    """Return the constant that is a node's input `k`; None where it is left out.

    Raises:
        RefusedFormError: It is computed; `word` names it.
    """
    value = node.inputs[k] if k < len(node.inputs) else None
    if value is None:
        return None
    array = constant(value)
    if array is None:
        raise RefusedFormError(f"its {word} depend on values")
    return array


def _axes_to_input(model: ir.Model, node: ir.Node, _: int) -> None:
    if "axes" in node.attributes:
        axes = _numbers(model, node, _taken(node, "axes"), "axes")
        node.resize_inputs(2)
        node.replace_input_with(1, axes)


def _axes_to_attribute(_: ir.Model, node: ir.Node, __: int) -> None:
    axes = known(node, 1, "axes")
    if axes is None or axes.size == 0:
        if integer(node, "noop_with_empty_axes", 0) and "axes" not in node.attributes:
            source = node.inputs[0]
            assert source is not None  # noqa: S101 - ONNX' checker saw it
            substitute(node, source)
            return
    else:
        node.attributes["axes"] = ir.AttrInt64s("axes", axes.reshape(-1).astype(int).tolist())
    node.attributes.pop("noop_with_empty_axes", None)
    node.resize_inputs(1)


def _sum(model: ir.Model, node: ir.Node, opset: int) -> None:
    axes = known(node, 1, "axes")
    if (axes is None or axes.size == 0) and integer(node, "noop_with_empty_axes", 0):
        _axes_to_attribute(model, node, opset)
    else:
        _axes_to_input(model, node, opset)


def _softmax(model: ir.Model, node: ir.Node, opset: int) -> None:
    """Before opset 13, the axes from the given one on were one."""
    source, output = node.inputs[0], node.outputs[0]
    rank, shape = _rank(source), shape_of(source) or ()
    axis = integer(node, "axis", 1 if opset < 13 else -1) % max(rank, 1)
    node.attributes["axis"] = ir.AttrInt64("axis", axis)
    if opset >= 13 or axis == rank - 1:
        return
    flat = (int(np.prod(shape[:axis])), int(np.prod(shape[axis:])))
    reshaped = new_node(
        node, "Reshape", [source, _numbers(model, node, flat, "flat")], like=output, shape=flat
    )
    soft = new_node(node, node.op_type, [reshaped], {"axis": 1}, like=output, shape=flat)
    back = _numbers(model, node, shape, "shape")
    substitute(node, new_node(node, "Reshape", [soft, back], like=output))


def _clip(model: ir.Model, node: ir.Node, opset: int) -> None:
    if opset >= 11:
        return
    bounds = (_real(node, "min", -_WHOLE_FLOAT), _real(node, "max", _WHOLE_FLOAT))
    node.resize_inputs(3)
    for k, bound in enumerate(bounds):
        array = np.array(bound, np.float32)
        node.replace_input_with(k + 1, new_constant(model, array, node.outputs[0], "bound"))


def _pad(model: ir.Model, node: ir.Node, opset: int) -> None:
    if opset < 11:
        pads, value = _taken(node, "pads"), _real(node, "value", 0.0)
        node.resize_inputs(3)
        node.replace_input_with(1, _numbers(model, node, pads, "pads"))
        fill = new_constant(model, np.array(value, np.float32), node.outputs[0], "fill")
        node.replace_input_with(2, fill)
        return
    axes = known(node, 3, "axes")
    if axes is not None:
        rank, stated = _rank(node.inputs[0]), known(node, 1, "widths")
        assert stated is not None  # noqa: S101 - ONNX' checker saw it
        full = np.zeros((2, rank), np.int64)
        full[:, axes.reshape(-1).astype(int) % rank] = stated.reshape(2, -1)
        node.replace_input_with(1, _numbers(model, node, full.reshape(-1).tolist(), "pads"))
    if len(node.inputs) > 3:
        node.resize_inputs(3)


def _slice(model: ir.Model, node: ir.Node, opset: int) -> None:
    if opset >= 10:
        return
    starts, ends = _taken(node, "starts"), _taken(node, "ends")
    axes = _taken(node, "axes") or tuple(range(len(starts)))
    node.resize_inputs(4)
    for k, values in enumerate((starts, ends, axes)):
        node.replace_input_with(k + 1, _numbers(model, node, values, "slice"))


def _topk(model: ir.Model, node: ir.Node, opset: int) -> None:
    if opset < 10:
        k = integer(node, "k", 1)
        node.attributes.pop("k", None)
        node.resize_inputs(2)
        node.replace_input_with(1, _numbers(model, node, [k], "k"))


def _split(model: ir.Model, node: ir.Node, _: int) -> None:
    axis = integer(node, "axis", 0) % _rank(node.inputs[0])
    shapes = [shape_of(output) for output in node.outputs]
    sizes = [shape[axis] for shape in shapes if shape is not None]
    if len(sizes) != len(shapes):
        raise RefusedFormError("the sizes of its parts depend on values")
    for name in ("split", "num_outputs"):
        node.attributes.pop(name, None)
    node.resize_inputs(2)
    node.replace_input_with(1, _numbers(model, node, sizes, "sizes"))


def _reshape(model: ir.Model, node: ir.Node, _: int) -> None:
    """A 0 is the size before; as numbers, a size is as large as the value's."""
    node.attributes.pop("allowzero", None)
    array, shape = constant(node.inputs[1]), shape_of(node.outputs[0])
    if array is None and shape is None:
        raise RefusedFormError("its shape depends on values")
    if shape is not None and (array is None or 0 in array):
        node.replace_input_with(1, _numbers(model, node, shape, "shape"))


def _expand(model: ir.Model, node: ir.Node, _: int) -> None:
    shape = shape_of(node.outputs[0])
    if shape is None:
        raise RefusedFormError("its shape depends on values")
    node.replace_input_with(1, _numbers(model, node, shape, "shape"))


def _dropout(model: ir.Model, node: ir.Node, _: int) -> None:
    source = node.inputs[0]
    if source is None:
        return
    replace(node.outputs[0], source)
    if len(node.outputs) > 1 and (node.outputs[1].uses() or node.outputs[1].is_graph_output()):
        mask = np.ones(shape_of(source) or (), np.bool_)
        replace(node.outputs[1], new_constant(model, mask, node.outputs[1], "mask"))
    drop(node)


def _cast(_: ir.Model, node: ir.Node, __: int) -> None:
    for name in ("saturate", "round_mode"):
        node.attributes.pop(name, None)


def _cast_like(_: ir.Model, node: ir.Node, __: int) -> None:
    like, output = node.inputs[1], node.outputs[0]
    to = like.dtype if like is not None and like.dtype is not None else output.dtype
    if to is not None:
        cast = new_node(node, "Cast", [node.inputs[0]], {"to": int(to)}, like=output, dtype=to)
        substitute(node, cast)


def _flatten(_: ir.Model, node: ir.Node, __: int) -> None:
    axis = integer(node, "axis", 1)
    if axis < 0:
        node.attributes["axis"] = ir.AttrInt64("axis", axis % _rank(node.inputs[0]))


def _only_axis(op: str) -> Callable[[ir.Model, ir.Node, int], None]:
    """Return a function that fits reductions of the given kind."""
    return _sum if op == "ReduceSum" else _axes_to_attribute


_REDUCTIONS: Final = (
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
)  # fmt: skip

FORMS: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {
    **{op: _only_axis(op) for op in _REDUCTIONS},
    "Cast": _cast,
    "CastLike": _cast_like,
    "Clip": _clip,
    "Dropout": _dropout,
    "Expand": _expand,
    "Flatten": _flatten,
    "LogSoftmax": _softmax,
    "Pad": _pad,
    "Reshape": _reshape,
    "Slice": _slice,
    "Softmax": _softmax,
    "Split": _split,
    "Squeeze": _axes_to_input,
    "TopK": _topk,
    "Unsqueeze": _axes_to_input,
}
