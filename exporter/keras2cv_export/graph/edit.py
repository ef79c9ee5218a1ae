"""The few moves that every pass makes on an onnx-ir graph.

All shapes are static here: the model was traced that way. Names of graph inputs and outputs
never change, and no initializer is ever edited in place, since another node may read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from .contiguous import contiguous
from .origin import (
    hand_back,
    hand_over,
)

Array = np.ndarray[Any, Any]
Pass = Callable[[ir.Model], int]


def constant(value: ir.Value | None) -> Array | None:
    """Return the array behind an initializer or a Constant node, or None for a computed value."""
    if value is None:
        return None
    if value.const_value is not None and value.producer() is None:
        return value.const_value.numpy()
    node = value.producer()
    if node is not None and node.op_type == "Constant" and "value" in node.attributes:
        return node.attributes["value"].as_tensor().numpy()
    return None


def shape_of(value: ir.Value | None) -> tuple[int, ...] | None:
    """Return the static shape, or None where it is unknown."""
    if value is None or value.shape is None or not value.shape.is_static():
        return None
    return tuple(int(str(d)) for d in value.shape)


def new_constant(model: ir.Model, array: Array, near: ir.Value, role: str = "constant") -> ir.Value:
    """Add an initializer, named after the value that it is made for and its role there.

    Args:
        model: The model.
        array: Its numbers.
        near: The value that it is made for.
        role: Its role, the last part of its name.
    """
    name = free_name(model, f"{near.name}/{role}")
    value = ir.Value(
        name=name,
        shape=ir.Shape(array.shape),
        type=ir.TensorType(ir.DataType.from_numpy(array.dtype)),
    )
    value.const_value = ir.tensor(contiguous(array), name=name)
    model.graph.register_initializer(value)
    return value


def free_name(model: ir.Model, wish: str) -> str:
    """Return `wish`, with a number added if an initializer has that name already."""
    taken, name, k = model.graph.initializers, wish, 1
    while name in taken:
        k += 1
        name = f"{wish}_{k}"
    return name


def new_node(
    before: ir.Node,
    op: str,
    inputs: Sequence[ir.Value | None],
    attributes: Mapping[str, Any] | None = None,
    *,
    like: ir.Value,
    shape: Sequence[int] | None = None,
    dtype: ir.DataType | None = None,
) -> ir.Value:
    """Insert a one-output node before another one, and return its output.

    The node is named after `like`, so that its Keras layer can be found later. The output has
    `like`'s shape and dtype unless others are given.

    Args:
        before: The node in front of which the new one is inserted.
        op: The op type.
        inputs: The values that the node reads; None for an optional input left out.
        attributes: The node's attributes.
        like: The value that gives the node its name, and the output its shape and dtype.
        shape: The output's shape, if it is another.
        dtype: The output's type, if it is another.
    """
    output = ir.Value(
        name=None, type=like.type, shape=like.shape.copy() if like.shape is not None else None
    )
    if shape is not None:
        output.shape = ir.Shape(shape)
    if dtype is not None:
        output.type = ir.TensorType(dtype)
    node = ir.node(op, inputs, attributes, outputs=[output], name=f"{layer_name(like)}/{op}")
    before.prepend(node)
    return output


def reshape(
    model: ir.Model,
    before: ir.Node,
    value: ir.Value,
    shape: Sequence[int],
    *,
    like: ir.Value,
    free: int | None = None,
) -> ir.Value:
    """Insert a Reshape to a known shape; return the value itself if it has that shape already.

    Args:
        model: The model, which gets the shape as an initializer.
        before: The node in front of which the Reshape is inserted.
        value: The value to reshape.
        shape: The new shape.
        like: The value that the Reshape is named after.
        free: The axis that holds the samples, written as -1 so that OpenCV infers its size.
    """
    if shape_of(value) == tuple(shape):
        return value
    wanted = [-1 if axis == free else size for axis, size in enumerate(shape)]
    target = new_constant(model, np.array(wanted, np.int64), like)
    dtype = value.dtype
    return new_node(before, "Reshape", [value, target], like=like, shape=shape, dtype=dtype)


def transpose(before: ir.Node, value: ir.Value, perm: Sequence[int], *, like: ir.Value) -> ir.Value:
    """Insert a Transpose; axis `k` of the result is axis `perm[k]` of `value`.

    Args:
        before: The node in front of which the Transpose is inserted.
        value: The value to transpose.
        perm: The order of the axes; if it changes nothing, `value` itself is returned.
        like: The value that the Transpose is named after.
    """
    shape = shape_of(value)
    if tuple(perm) == tuple(range(len(perm))):
        return value
    moved = [shape[a] for a in perm] if shape is not None else None
    return new_node(
        before, "Transpose", [value], {"perm": perm}, like=like, shape=moved, dtype=value.dtype
    )


def substitute(node: ir.Node, new: ir.Value) -> int:
    """Replace a node by `new`, which stands for its only output; return 1, a change."""
    replace(node.outputs[0], new)
    drop(node)
    return 1


def layer_name(value: ir.Value) -> str:
    """Return the name of the node behind a value: TensorFlow's scope, which is the Keras layer."""
    node = value.producer()
    return str((node.name if node is not None else None) or value.name)


def replace(old: ir.Value, new: ir.Value) -> None:
    """Let every reader of `old` read `new`; if `old` is a graph output, `new` becomes it.

    The caller removes the node behind `old`.
    """
    graph, given = old.graph or new.graph, new
    if graph is not None and old.is_graph_output():
        given = _as_output(graph, old, new)
    old.replace_all_uses_with(new)
    hand_over(old, given)


def _as_output(graph: Any, old: ir.Value, new: ir.Value) -> ir.Value:
    """Make `new` a graph output under `old`'s name; return the value that became the output.

    A value that must keep its own name gets an Identity behind it. The Identity comes last in the
    graph, so that nothing else reads it.
    """
    name = old.name
    if new.is_graph_output() or new.is_graph_input() or new.is_initializer():
        node = ir.node("Identity", [new], outputs=[ir.Value(type=old.type, shape=old.shape)])
        graph.append(node)
        new = node.outputs[0]
    positions = [k for k, value in enumerate(graph.outputs) if value is old]
    old.name = f"{name}/replaced"
    new.name = name
    for k in positions:
        graph.outputs[k] = new
    return new


def drop(node: ir.Node) -> None:
    """Remove a node that nothing reads any more."""
    if node.graph is not None and not any(o.uses() or o.is_graph_output() for o in node.outputs):
        hand_back(node)
        node.graph.remove(node, safe=True)


def drop_unread(value: ir.Value | None) -> None:
    """Remove the node behind an unread value, and then the nodes that only it read."""
    node = value.producer() if value is not None else None
    if value is None or node is None or value.uses() or node.graph is None:
        return
    before = list(node.inputs)
    drop(node)
    if node.graph is None:
        for one in before:
            drop_unread(one)


def only_reader(value: ir.Value) -> ir.Node | None:
    """Return the one node that reads a value, or None if several do, or it is a graph output."""
    uses = value.uses()
    if len(uses) != 1 or value.is_graph_output():
        return None
    return next(iter(uses)).node


def ints(node: ir.Node, name: str, default: Sequence[int] = ()) -> tuple[int, ...]:
    """Read an attribute of integers."""
    attribute = node.attributes.get(name)
    return tuple(attribute.as_ints()) if attribute is not None else tuple(default)


def permutation(transpose: ir.Node) -> tuple[int, ...]:
    """Read a Transpose's order of axes; the default is the reverse order."""
    shape = shape_of(transpose.inputs[0])
    return ints(transpose, "perm", tuple(reversed(range(len(shape or ())))))


def integer(node: ir.Node, name: str, default: int) -> int:
    """Read an attribute of one integer."""
    attribute = node.attributes.get(name)
    return attribute.as_int() if attribute is not None else default


def pads_automatically(node: ir.Node) -> bool:
    """Whether a window's padding follows from sizes instead of being listed."""
    attribute = node.attributes.get("auto_pad")
    return attribute is not None and attribute.as_string() not in ("", "NOTSET")


def reduced_axes(node: ir.Node, rank: int) -> tuple[int, ...] | None:
    """Return the axes of a reduction, in order; None if it has none, or if they are computed."""
    if node.op_type.startswith("Global"):
        return tuple(range(2, rank))
    axes: Sequence[int] = ints(node, "axes")
    if len(node.inputs) > 1 and node.inputs[1] is not None:
        array = constant(node.inputs[1])
        if array is None:
            return None
        axes = array.reshape(-1).tolist()
    if not axes and integer(node, "noop_with_empty_axes", 0):
        return None
    return tuple(sorted({a % rank for a in axes})) or tuple(range(rank))


def widen(model: ir.Model, node: ir.Node, k: int, full: Sequence[int]) -> int:
    """Give operand `k` a shape that it broadcasts to; return 1, a change.

    A constant is copied; any other value goes through an Expand.

    Args:
        model: The model, which gets the new constant.
        node: The node that reads the operand.
        k: Number of the operand among the node's inputs.
        full: The shape that it broadcasts to.
    """
    value = node.inputs[k]
    assert value is not None  # noqa: S101 - the caller looked
    array = constant(value)
    if array is not None:
        wide = new_constant(model, np.broadcast_to(array, full).copy(), node.outputs[0])
    else:
        target = new_constant(model, np.array(full, np.int64), node.outputs[0])
        wide = new_node(node, "Expand", [value, target], like=value, shape=full)
    node.replace_input_with(k, wide)
    return 1


def own_constants(model: ir.Model, node: ir.Node, largest: float = np.inf) -> int:
    """Copy those constants of up to `largest` numbers that others read too; return how many."""
    copied = 0
    for k, value in enumerate(node.inputs):
        array = constant(value)
        if value is None or array is None or array.size > largest or len(value.uses()) < 2:
            continue
        node.replace_input_with(k, new_constant(model, array, node.outputs[0]))
        copied += 1
    return copied


def nodes(model: ir.Model, *ops: str) -> list[ir.Node]:
    """List the nodes of the given op types, in topological order: a copy, safe to edit under."""
    return [node for node in model.graph if node.op_type in ops and node.domain in ("", "ai.onnx")]
