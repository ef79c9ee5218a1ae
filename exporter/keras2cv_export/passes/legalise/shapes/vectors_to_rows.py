"""Compute with tensors of one axis as rows.

    Mul(x (n,), k ())  ->  Reshape(Mul(Reshape(x, (1, n)), k), (n,))
    Sigmoid(x (n,))    ->  Reshape(Sigmoid(Reshape(x, (1, n))), (n,))

4.12 and 4.14 take x for a column and k for a row, and return the first element n times. They refuse
ops of one operand, whose vector has become a column. 4.6 has no loop over one axis. Exact.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_node, nodes, reshape, shape_of, substitute

_OPS = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Greater", "Less", "GreaterOrEqual",
        "LessOrEqual", "Equal", "And", "Or", "Xor", "Where", "Mod", "Abs", "Neg", "Sign", "Sqrt",
        "Exp", "Log", "Relu", "Sigmoid", "Tanh", "Reciprocal", "Clip", "Floor", "Ceil", "Round",
        "Erf", "Sin", "Cos", "Softplus", "Softsign", "Elu", "Selu", "LeakyRelu", "HardSigmoid",
        "Softmax", "LogSoftmax")  # fmt: skip


def vectors_to_rows(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, *_OPS))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    output = node.outputs[0]
    full = shape_of(output)
    computed = [v for v in node.inputs if v is not None and constant(v) is None]
    if full is None or len(full) != 1 or not computed or any(shape_of(v) is None for v in computed):
        return 0
    operands = [
        reshape(model, node, v, (1, *(shape_of(v) or (1,))), like=v)
        if v in computed and v is not None
        else v
        for v in node.inputs
    ]
    attributes = dict(node.attributes)
    if node.op_type in ("Softmax", "LogSoftmax"):
        attributes["axis"] = ir.AttrInt64("axis", 1)
    row = new_node(node, node.op_type, operands, attributes, like=output, shape=(1, *full))
    return substitute(node, reshape(model, node, row, full, like=output))
