"""Give a computed number one axis.

    Reshape(x (1, 1), ())  ->  Reshape(x, (1,)), and the ops that read it likewise

The classic engine of 5.0 and every OpenCV before refuse a Reshape to no axes at all. Exact: (1,)
is broadcast as () is.

Left alone where another axis would change the result: an index of a Gather.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_constant, nodes, shape_of

_ALIKE = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Neg", "Abs", "Sign", "Sqrt", "Exp",
          "Log", "Relu", "Sigmoid", "Tanh", "Reciprocal", "Clip", "Floor", "Ceil", "Round", "Erf",
          "Cast", "Not", "And", "Or", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal",
          "Where", "Sin", "Cos", "Mod", "Softplus", "Elu", "LeakyRelu", "Identity")  # fmt: skip


def scalars_to_rows(model: ir.Model) -> int:
    """Rewrite in place; return how many Reshapes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Reshape"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    target = constant(node.inputs[1])
    if target is None or target.size or not _may_have_an_axis(node.outputs[0]):
        return 0
    node.replace_input_with(1, new_constant(model, np.array([1], np.int64), node.outputs[0]))
    _spread(node.outputs[0])
    return 1


def _may_have_an_axis(value: ir.Value) -> bool:
    """Whether every reader of the number broadcasts or reshapes it."""
    if shape_of(value) != ():
        return True
    return all(
        use.node.op_type in ("Reshape", "Expand")
        or (use.node.op_type in _ALIKE and _may_have_an_axis(use.node.outputs[0]))
        for use in value.uses()
    )


def _spread(value: ir.Value) -> None:
    if shape_of(value) != ():
        return
    value.shape = ir.Shape([1])
    for use in value.uses():
        if use.node.op_type in _ALIKE:
            _spread(use.node.outputs[0])
