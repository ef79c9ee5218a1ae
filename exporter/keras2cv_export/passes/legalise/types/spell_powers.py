"""Write powers as products, roots, reciprocals and exponentials.

    Pow(x, 2)  ->  x x          Pow(x, 0.5)  ->  Sqrt(x)         Pow(x, 1)  ->  x
    Pow(x, 3)  ->  (x x) x      Pow(x, -1)   ->  Reciprocal(x)   Pow(x, -0.5)  ->  1 / Sqrt(x)
    Pow(2, x)  ->  Exp(0.693 x)     Pow(x, 1.7)  ->  Exp(1.7 Log(x))

4.6 merges a power with the sum or product after it in the wrong order: 0.04 x^3 silently becomes
(0.04 x)^3. It takes constant exponents only. Exact up to float32 rounding: a negative number to a
fractional power is NaN in both.

Left alone: other whole exponents, and bases that are not positive.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_constant, new_node, nodes, substitute
from keras2cv_export.graph.misses import miss

# The steps from x: each op is applied to the last result; "Mul" multiplies that by x.
_STEPS: dict[float, tuple[str, ...]] = {
    1.0: (),
    2.0: ("Mul",),
    3.0: ("Mul", "Mul"),
    4.0: ("Mul", "Square"),
    0.5: ("Sqrt",),
    -1.0: ("Reciprocal",),
    -0.5: ("Sqrt", "Reciprocal"),
    -2.0: ("Mul", "Reciprocal"),
}


def spell_powers(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Pow"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    if node.outputs[0].dtype != ir.DataType.FLOAT:
        return 0
    exponent = constant(node.inputs[1])
    if exponent is not None:
        return _spelled(model, node, float(exponent.reshape(-1)[0])) if exponent.size == 1 else 0
    return _exponential(model, node)


def _spelled(model: ir.Model, node: ir.Node, exponent: float) -> int:
    value, output = node.inputs[0], node.outputs[0]
    if value is None or value.shape != output.shape:
        return 0
    if exponent in _STEPS:
        return _by_steps(node, value, _STEPS[exponent])
    if exponent == np.floor(exponent):
        return miss(node, "its exponent is a whole number that takes many products")
    logarithm = new_node(node, "Log", [value], like=output)
    factor = new_constant(model, np.array(exponent, np.float32), output)
    product = new_node(node, "Mul", [logarithm, factor], like=output)
    return substitute(node, new_node(node, "Exp", [product], like=output))


def _by_steps(node: ir.Node, value: ir.Value, steps: tuple[str, ...]) -> int:
    output, power = node.outputs[0], value
    for step in steps:
        if step in ("Mul", "Square"):
            power = new_node(node, "Mul", [power, value if step == "Mul" else power], like=output)
        else:
            power = new_node(node, step, [power], like=output)
    return substitute(node, power)


def _exponential(model: ir.Model, node: ir.Node) -> int:
    base, output = constant(node.inputs[0]), node.outputs[0]
    if base is None or (base <= 0).any():
        return miss(node, "its exponent is computed, and its base no positive constant")
    logarithm = new_constant(model, np.log(base.astype(np.float64)).astype(np.float32), output)
    product = new_node(node, "Mul", [node.inputs[1], logarithm], like=output)
    return substitute(node, new_node(node, "Exp", [product], like=output))
