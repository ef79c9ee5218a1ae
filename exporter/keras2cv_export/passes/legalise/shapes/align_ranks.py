"""Give both operands of an op as many dimensions as its result has.

    Add(x (4, 24), Reshape(y, (24,)))  ->  Add(x, Reshape(Reshape(y, (24,)), (1, 24)))

OpenCV 4 holds a vector as a column: it adds a computed one along the wrong axis, or refuses it.
`merge_reshapes` makes the two Reshapes one. Exact: ONNX broadcasts from the right, and dimensions
of 1 in front change nothing. OpenCV reads constants right as they are.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import constant, nodes, reshape, shape_of

_BROADCASTING = (
    "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Mod", "PRelu", "Where", "Equal", "Greater",
    "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor",
)  # fmt: skip


def align_ranks(model: ir.Model) -> int:
    """Rewrite in place; return how many operands changed."""
    return sum(_align(model, node) for node in nodes(model, *_BROADCASTING))


def _align(model: ir.Model, node: ir.Node) -> int:
    target, changed = shape_of(node.outputs[0]), 0
    for k, value in enumerate(node.inputs):
        shape = shape_of(value)
        if value is None or shape is None or target is None or constant(value) is not None:
            continue
        if len(shape) < len(target):
            padded = (1,) * (len(target) - len(shape)) + shape
            node.replace_input_with(k, reshape(model, node, value, padded, like=value))
            changed += 1
    return changed
