"""Give each node its own copies of the small constants that it computes with.

    Add(MatMul(a, w), eps), Add(b, eps)  ->  Add(MatMul(a, w), eps), Add(b, eps')

The classic engine of 5.0, and 4.9 to 4.14, merge the first Add into the product, as its bias, and
make a layer of the same constant for the second: the product then has four operands, and is
refused. Every LayerNormalization adds the same epsilon. Exact.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import nodes, own_constants

_OPS = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "MatMul", "Gemm")
# In numbers. Larger constants are weights, which are worth sharing and read by one kind of node.
_LARGEST = 1024


def own_small_constants(model: ir.Model) -> int:
    """Copy in place; return how many copies were made."""
    return sum(own_constants(model, node, _LARGEST) for node in nodes(model, *_OPS))
