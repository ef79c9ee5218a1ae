"""Keep OpenCV from taking a gate for a HardSwish.

    Mul(y, HardSigmoid(x, alpha=1/6, beta=1/2))
        ->  Mul(y, HardSigmoid(x, alpha=1/6 - 1.5e-8, beta=1/2))

OpenCV, from 4.6 to both engines of 5.0, makes a HardSwish of x times HardSigmoid(x), and does not
check that both are the same x (HardSwishSubgraph in onnx_graph_simplifier.cpp; 5.0 does check where
it makes a Swish): the gates of an LSTM with hard_sigmoid and of squeeze-and-excitation silently
become HardSwish of one operand or the other. OpenCV compares alpha with 1/6 exactly, so the next
smaller float32 number prevents the match. The result changes by rounding: 1.5e-8 |x| at most.

Left alone when (1) alpha or beta is another number anyway, (2) every product with it is with x.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import nodes

_ALPHA: Final = float(np.float32(1) / np.float32(6))
_BETA: Final = 0.5
_BELOW: Final = float(np.nextafter(np.float32(_ALPHA), np.float32(0)))


def keep_hard_sigmoid(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    mistaken = [node for node in nodes(model, "HardSigmoid") if _is_mistaken(node)]
    for node in mistaken:
        node.attributes["alpha"] = ir.AttrFloat32("alpha", _BELOW)
    return len(mistaken)


def _is_mistaken(node: ir.Node) -> bool:
    """Whether OpenCV would wrongly make a HardSwish of a node."""
    if _rounded(node, "alpha", 0.2) != _ALPHA or _rounded(node, "beta", 0.5) != _BETA:
        return False
    products = [reader for reader, _ in node.outputs[0].uses() if reader.op_type == "Mul"]
    return any(_other(product, node.outputs[0]) is not node.inputs[0] for product in products)


def _rounded(node: ir.Node, name: str, default: float) -> float:
    found = node.attributes.get(name)
    return float(np.float32(default if found is None else found.as_float()))


def _other(product: ir.Node, gate: ir.Value) -> ir.Value | None:
    first, second = product.inputs
    return second if first is gate else first
