"""Write an op of three operands or more as a chain of two.

    Sum(a, b, c)   ->  (a + b) + c              Mean(a, b, c)  ->  ((a + b) + c) / 3
    Max(a, b, c)   ->  Max(Max(a, b), c)

4.12 reads beyond the operands of Sum, Max and Mean when there are three (1e22 in place of 2);
Mean is refused by 4.6 to 4.10. Exact, up to the order of summation.
"""

from __future__ import annotations

from functools import reduce

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import new_constant, new_node, nodes, shape_of, substitute

_BINARY = {"Sum": "Add", "Mean": "Add", "Max": "Max", "Min": "Min"}


def chain_operands(model: ir.Model) -> int:
    """Rewrite in place; return how many ops changed."""
    return sum(_rewrite(model, node) for node in nodes(model, *_BINARY))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    values = [v for v in node.inputs if v is not None]
    if len(values) == 2 and node.op_type in ("Max", "Min"):
        return 0
    op, output = _BINARY[node.op_type], node.outputs[0]

    def join(left: ir.Value, right: ir.Value) -> ir.Value:
        shape = np.broadcast_shapes(shape_of(left) or (), shape_of(right) or ())
        return new_node(node, op, [left, right], like=output, shape=shape)

    if any(shape_of(value) is None for value in values):
        return 0
    total = reduce(join, values)
    if node.op_type == "Mean":
        share = new_constant(model, np.array(1 / len(values), np.float32), output)
        total = new_node(node, "Mul", [total, share], like=output)
    return substitute(node, total)
