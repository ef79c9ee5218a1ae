"""Take the one branch that a Where always takes.

    Where(all false, a, b)  ->  b, in the shape of the result

Guards against impossible NaNs (`jnp.where(isnan(x), ..)`) are folded to such constants. OpenCV up
to 4.14 refuses a constant of truth values. Exact.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_constant, new_node, nodes, shape_of, substitute


def choose_branch(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Where"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    condition, full = constant(node.inputs[0]), shape_of(node.outputs[0])
    if condition is None or full is None or condition.all() != condition.any():
        return 0
    taken = node.inputs[1] if condition.all() else node.inputs[2]
    if taken is None:
        return 0
    if shape_of(taken) != full:
        target = new_constant(model, np.array(full, np.int64), node.outputs[0])
        taken = new_node(node, "Expand", [taken, target], like=node.outputs[0])
    return substitute(node, taken)
