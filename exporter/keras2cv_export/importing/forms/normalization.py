"""Normalisations and activations by simpler ops, in the order in which Keras writes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    drop,
    integer,
    new_constant,
    new_node,
    shape_of,
    substitute,
)
from keras2cv_export.importing.refused_form import RefusedFormError


class NodeWriter:
    """Writes nodes in front of one, named after it."""

    def __init__(self, model: ir.Model, node: ir.Node) -> None:
        self.model, self.node, self.like = model, node, node.outputs[0]

    def number(self, value: float, role: str = "constant") -> ir.Value:
        """Return a float32 constant."""
        return new_constant(self.model, np.array(value, np.float32), self.like, role)

    def whole(self, values: Sequence[int], role: str = "shape") -> ir.Value:
        """Return an int64 constant."""
        return new_constant(self.model, np.array(values, np.int64), self.like, role)

    def op(
        self,
        op: str,
        *inputs: ir.Value | None,
        shape: Sequence[int] | None = None,
        **attributes: object,
    ) -> ir.Value:
        """Return the float32 output of a new node; its shape is the result's unless given."""
        return new_node(
            self.node,
            op,
            inputs,
            attributes,
            like=self.like,
            shape=shape,
            dtype=ir.DataType.FLOAT,
        )

    def put(self, value: ir.Value) -> None:
        """Let `value` take the place of the node."""
        substitute(self.node, value)


def _sizes(value: ir.Value | None) -> tuple[int, ...]:
    shape = shape_of(value)
    if shape is None:
        raise RefusedFormError("the size of what it reads depends on values")
    return shape


def _real(node: ir.Node, name: str, default: float) -> float:
    attribute = node.attributes.get(name)
    return default if attribute is None else float(attribute.as_float())


def standardized(write: NodeWriter, x: ir.Value, axes: Sequence[int], epsilon: float) -> ir.Value:
    """Return x less its mean, over its deviation.

    Args:
        write: Writes the nodes.
        x: What is normalised.
        axes: Over which mean and deviation are taken.
        epsilon: Is added to the variance.
    """
    shape = _sizes(x)
    few = [1 if axis in axes else size for axis, size in enumerate(shape)]
    mean = write.op("ReduceMean", x, shape=few, axes=list(axes), keepdims=1)
    centred = write.op("Sub", x, mean, shape=shape)
    square = write.op("Mul", centred, centred, shape=shape)
    variance = write.op("ReduceMean", square, shape=few, axes=list(axes), keepdims=1)
    wider = write.op("Add", variance, write.number(epsilon, "epsilon"), shape=few)
    return write.op("Div", centred, write.op("Sqrt", wider, shape=few), shape=shape)


def _layer_normalization(model: ir.Model, node: ir.Node, _: int) -> None:
    if any(o.uses() or o.is_graph_output() for o in node.outputs[1:]):
        raise RefusedFormError("its mean or deviation is read")
    x, write = node.inputs[0], NodeWriter(model, node)
    shape = _sizes(x)
    axes = range(integer(node, "axis", -1) % len(shape), len(shape))
    assert x is not None  # noqa: S101 - `_sizes` looked
    value = standardized(write, x, axes, _real(node, "epsilon", 1e-5))
    value = write.op("Mul", value, node.inputs[1], shape=shape)
    if len(node.inputs) > 2 and node.inputs[2] is not None:
        value = write.op("Add", value, node.inputs[2], shape=shape)
    node.resize_outputs(1)
    write.put(value)


def _instance_normalization(model: ir.Model, node: ir.Node, _: int) -> None:
    x, write = node.inputs[0], NodeWriter(model, node)
    shape = _sizes(x)
    assert x is not None  # noqa: S101 - `_sizes` looked
    value = standardized(write, x, range(2, len(shape)), _real(node, "epsilon", 1e-5))
    _scale_channels(write, value, shape)


def _scale_channels(write: NodeWriter, value: ir.Value, shape: Sequence[int]) -> None:
    """Multiply and add the node's second and third input along the channels."""
    along = [1, shape[1]] + [1] * (len(shape) - 2)
    scale = write.op("Reshape", write.node.inputs[1], write.whole(along), shape=along)
    shift = write.op("Reshape", write.node.inputs[2], write.whole(along), shape=along)
    scaled = write.op("Mul", value, scale, shape=shape)
    write.put(write.op("Add", scaled, shift, shape=shape))


def _group_normalization(model: ir.Model, node: ir.Node, opset: int) -> None:
    x, write = node.inputs[0], NodeWriter(model, node)
    shape, groups = _sizes(x), integer(node, "num_groups", 1)
    parted = [shape[0], groups, shape[1] // groups, math.prod(shape[2:])]
    value = write.op("Reshape", x, write.whole(parted), shape=parted)
    value = standardized(write, value, (2, 3), _real(node, "epsilon", 1e-5))
    value = write.op("Reshape", value, write.whole(shape), shape=shape)
    if opset >= 21:
        _scale_channels(write, value, shape)
        return
    scale, shift = (_per_channel(write, k, shape, groups) for k in (1, 2))
    scaled = write.op("Mul", value, scale, shape=shape)
    write.put(write.op("Add", scaled, shift, shape=shape))


def _per_channel(write: NodeWriter, k: int, shape: Sequence[int], groups: int) -> ir.Value:
    """Return a number per group, before opset 21, as one per channel."""
    each = shape[1] // groups
    rows = write.op("Reshape", write.node.inputs[k], write.whole([groups, 1]), shape=[groups, 1])
    full = write.op("Expand", rows, write.whole([groups, each]), shape=[groups, each])
    along = [1, shape[1]] + [1] * (len(shape) - 2)
    return write.op("Reshape", full, write.whole(along), shape=along)


def _batch_normalization(_: ir.Model, node: ir.Node, __: int) -> None:
    if integer(node, "training_mode", 0) or not integer(node, "spatial", 1):
        raise RefusedFormError("it normalises by the statistics of the batch, as in training")
    for name in ("training_mode", "spatial", "momentum", "consumed_inputs", "is_test"):
        node.attributes.pop(name, None)
    if len(node.outputs) > 1:
        node.resize_outputs(1)


def _unit_length(model: ir.Model, node: ir.Node, _: int) -> None:
    """LpNormalization: each line over its length."""
    x, write, shape = node.inputs[0], NodeWriter(model, node), _sizes(node.inputs[0])
    axis, p = integer(node, "axis", -1) % len(shape), integer(node, "p", 2)
    few = [1 if k == axis else size for k, size in enumerate(shape)]
    length = write.op(f"ReduceL{p}", x, shape=few, axes=[axis], keepdims=1)
    least = write.number(float(np.finfo(np.float32).tiny), "least")
    write.put(write.op("Div", x, write.op("Max", length, least, shape=few), shape=shape))


def _gelu(model: ir.Model, node: ir.Node, _: int) -> None:
    x, write = node.inputs[0], NodeWriter(model, node)
    approximate = node.attributes.get("approximate")
    if approximate is not None and approximate.as_string() == "tanh":
        cube = write.op("Mul", write.op("Mul", x, x), x)
        inner = write.op("Add", x, write.op("Mul", cube, write.number(0.044715)))
        bent = write.op("Tanh", write.op("Mul", inner, write.number(math.sqrt(2 / math.pi))))
    else:
        bent = write.op("Erf", write.op("Div", x, write.number(math.sqrt(2))))
    half = write.op("Mul", x, write.number(0.5))
    write.put(write.op("Mul", half, write.op("Add", bent, write.number(1.0))))


def _hard_swish(model: ir.Model, node: ir.Node, _: int) -> None:
    x, write = node.inputs[0], NodeWriter(model, node)
    shifted = write.op("Add", x, write.number(3.0))
    cut = write.op("Clip", shifted, write.number(0.0, "low"), write.number(6.0, "high"))
    write.put(write.op("Mul", x, write.op("Mul", cut, write.number(1 / 6))))


def _mish(model: ir.Model, node: ir.Node, _: int) -> None:
    x, write = node.inputs[0], NodeWriter(model, node)
    write.put(write.op("Mul", x, write.op("Tanh", write.op("Softplus", x))))


def _swish(model: ir.Model, node: ir.Node, _: int) -> None:
    x, write, alpha = node.inputs[0], NodeWriter(model, node), _real(node, "alpha", 1.0)
    inner = x if alpha == 1.0 else write.op("Mul", x, write.number(alpha))
    write.put(write.op("Mul", x, write.op("Sigmoid", inner)))


def _triangle(model: ir.Model, node: ir.Node, _: int) -> None:
    """Trilu: the other triangle becomes 0."""
    x, _write, shape = node.inputs[0], NodeWriter(model, node), _sizes(node.inputs[0])
    from .attributes import known

    k = known(node, 1, "diagonal")
    cut = np.triu if integer(node, "upper", 1) else np.tril
    mask = cut(np.ones(shape[-2:], np.bool_), 0 if k is None else int(k.reshape(-1)[0]))
    zero = np.zeros((), (x.dtype if x is not None and x.dtype else ir.DataType.FLOAT).numpy())
    kept = new_constant(model, mask, node.outputs[0], "mask")
    other = new_constant(model, zero, node.outputs[0], "zero")
    substitute(node, new_node(node, "Where", [kept, x, other], like=node.outputs[0]))


def _size(model: ir.Model, node: ir.Node, _: int) -> None:
    count = np.array(math.prod(_sizes(node.inputs[0])), np.int64)
    from keras2cv_export.graph.edit import replace

    replace(node.outputs[0], new_constant(model, count, node.outputs[0], "size"))
    drop(node)


FORMS: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {
    "BatchNormalization": _batch_normalization,
    "Gelu": _gelu,
    "GroupNormalization": _group_normalization,
    "HardSwish": _hard_swish,
    "InstanceNormalization": _instance_normalization,
    "LayerNormalization": _layer_normalization,
    "LpNormalization": _unit_length,
    "Mish": _mish,
    "Size": _size,
    "Swish": _swish,
    "Trilu": _triangle,
}
