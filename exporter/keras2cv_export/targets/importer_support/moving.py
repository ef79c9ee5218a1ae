"""Forms of ops that move numbers, and compute none."""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, integer, ints, shape_of

from .rule import Rule, computed, has, shape_at, word


def no_axes(node: ir.Node) -> bool:
    """The result is a single number without axes."""
    return shape_of(node.outputs[0]) == ()


def axes_as_input(node: ir.Node) -> bool:
    """The second input holds the axes, an attribute before opset 13."""
    return has(node, 1)


def backwards(node: ir.Node) -> bool:
    """A step is negative."""
    steps = constant(node.inputs[4]) if has(node, 4) else None
    return steps is not None and bool((steps < 0).any())


def leading_constant(node: ir.Node) -> bool:
    """Constants and an input of the net are joined along the first axis longer than 1.

    The result is one piece then, and the classic engines let operands write into it. Beside an
    input they never write the constants, and old memory is read in their place.
    """
    shape = shape_of(node.outputs[0])
    known = [value for k, value in enumerate(node.inputs) if not computed(node, k)]
    inputs = [value for value in node.inputs if value is not None and value.is_graph_input()]
    if shape is None or not known or all(value in known for value in inputs):
        return False
    return prod(shape[: integer(node, "axis", 0) % len(shape)]) == 1


def later_axes(node: ir.Node) -> bool:
    """An axis behind the second is expanded."""
    given, made = shape_at(node, 0), shape_of(node.outputs[0])
    if given is None or made is None:
        return False
    padded = (1,) * (len(made) - len(given)) + given
    return any(a != b for a, b in list(zip(padded, made, strict=True))[2:])


def inner_copies(node: ir.Node) -> bool:
    """An axis is repeated that others come before."""
    given, made = shape_at(node, 0), shape_of(node.outputs[0])
    if given is None or made is None or len(given) != len(made):
        return False
    changed = [k for k, (a, b) in enumerate(zip(given, made, strict=True)) if a != b]
    return any(prod(given[:k]) != 1 for k in changed)


def not_one_index(node: ir.Node) -> bool:
    """The indices are computed, or more than one number."""
    indices = constant(node.inputs[1])
    return indices is None or indices.ndim != 0


def from_the_end(node: ir.Node) -> bool:
    """An axis or an index is counted from the end."""
    indices = constant(node.inputs[1]) if node.op_type == "Gather" else None
    negative = indices is not None and bool((indices < 0).any())
    return negative or integer(node, "axis", 0) < 0 or any(a < 0 for a in ints(node, "axes"))


def shared_indices(node: ir.Node) -> bool:
    """Others read the same list of indices: 4.8 then adds an axis of 1 to the result."""
    value = node.inputs[1]
    if value is None or computed(node, 1) or len(shape_at(node, 1) or ()) != 1:
        return False
    return len(value.uses()) > 1 and not _is_reshaped(node.outputs[0])


def list_of_indices(node: ir.Node) -> bool:
    """The indices are computed and have one axis: the result has an axis of 1 more."""
    listed = computed(node, 1) and len(shape_at(node, 1) or ()) == 1
    return listed and not _is_reshaped(node.outputs[0])


def _is_reshaped(value: ir.Value | None) -> bool:
    """Whether every reader reshapes the value, so that an extra axis of 1 has no effect."""
    readers = [use.node.op_type for use in value.uses()] if value is not None else []
    return bool(readers) and all(op == "Reshape" for op in readers)


def constant_indices(node: ir.Node) -> bool:
    """The indices are known."""
    return not computed(node, 1)


def odd_padding(node: ir.Node) -> bool:
    """Reflected or repeated borders of other axes than the last two of four."""
    shape = shape_of(node.inputs[0])
    if word(node, "mode", "constant") == "constant" or shape is None:
        return False
    pads = ints(node, "pads")
    array = constant(node.inputs[1]) if has(node, 1) else None
    pads = pads or tuple(int(n) for n in (array if array is not None else np.zeros(0)).flat)
    half = len(pads) // 2
    return len(shape) != 4 or any(pads[:2]) or any(pads[half : half + 2])


def six_axes(node: ir.Node) -> bool:
    """More axes than OpenCV pads."""
    shape = shape_of(node.inputs[0])
    return shape is not None and len(shape) > 5


def all_sorted(node: ir.Node) -> bool:
    """All numbers are sorted, with none left out."""
    given, made = shape_of(node.inputs[0]), shape_of(node.outputs[0])
    return given is not None and given == made


def vector(node: ir.Node) -> bool:
    """It moves a computed tensor of one axis."""
    return any(
        computed(node, k)
        and len(shape_at(node, k) or (1, 1)) == 1
        and prod(shape_at(node, k) or ()) > 1
        for k in range(len(node.inputs))
    )


def inner_sum(node: ir.Node) -> bool:
    """It adds up along an axis that others come behind."""
    shape, axis = shape_at(node, 0), constant(node.inputs[1])
    if shape is None or axis is None:
        return True
    position = int(axis) % len(shape)
    return prod(shape[position + 1 :]) > 1 and shape[position] > 1


RULES = (
    Rule("number by Reshape", ("Reshape",), no_axes, "its result is a number without axes"),
    Rule("number by Squeeze", ("Squeeze",), no_axes, "its result is a number without axes"),
    Rule("axes of Squeeze", ("Squeeze",), axes_as_input, "its axes are an input"),
    Rule("parts of Split", ("Split",), axes_as_input, "its parts are an input"),
    Rule("backwards", ("Slice",), backwards, "it goes backwards"),
    Rule("leading constant", ("Concat",), leading_constant,
         "it joins a constant and an input in one piece"),
    Rule("later axes", ("Expand",), later_axes, "it expands an axis behind the second"),
    Rule("inner copies", ("Tile",), inner_copies, "it repeats an inner axis"),
    Rule("not one index", ("Gather",), not_one_index, "it picks by more than one known index"),
    Rule("from the end", ("Gather", "Squeeze", "Unsqueeze"), from_the_end,
         "it counts from the end"),
    Rule("shared indices", ("Gather",), shared_indices, "its list of indices is read by others"),
    Rule("list of indices", ("Gather",), list_of_indices, "its indices are a computed list"),
    Rule("constant indices", ("GatherND",), constant_indices, "it picks by known indices"),
    Rule("odd padding", ("Pad",), odd_padding, "it mirrors other axes than height and width"),
    Rule("six axes", ("Pad",), six_axes, "it pads a tensor of more than five axes"),
    Rule("moved vector", ("Tile", "ScatterElements", "ScatterND"), vector,
         "it moves a computed tensor of one axis"),
    Rule("inner sum", ("CumSum",), inner_sum, "it adds up along an inner axis"),
    Rule("all sorted", ("TopK",), all_sorted, "it sorts all elements"),
)  # fmt: skip
