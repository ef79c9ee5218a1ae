"""Write an exact GELU in the one order of operations that OpenCV recognises.

    (0.5 x) * (1 - Erf(-x * 0.7071))  ->  x * (Erf(x / 1.4142) + 1) * 0.5
    (0.5 x) * (1 + Erf(x * 0.7071))   ->  the same

OpenCV reads Keras' form with erfc op by op, and computes an error function number by number: that
is half the time of a ConvNeXt. From 4.9 on OpenCV makes one vectorised GELU of the second form, and
5.0 fuses that with a convolution. Exact up to float32 rounding: erf is odd.

Left alone when (1) a constant has another value, (2) a value in between is read elsewhere too.
"""

from __future__ import annotations

from math import isclose, sqrt

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    drop,
    drop_unread,
    new_constant,
    new_node,
    nodes,
    only_reader,
    substitute,
)
from keras2cv_export.graph.misses import miss


def spell_gelu(model: ir.Model) -> int:
    """Rewrite in place; return how many GELUs were found."""
    return sum(_rewrite(model, node) for node in nodes(model, "Erf"))


def _rewrite(model: ir.Model, erf: ir.Node) -> int:
    source, sign = _scaled(erf.inputs[0])
    after = only_reader(erf.outputs[0])
    if source is None or after is None or not _is_one_plus(after, erf, sign):
        return miss(erf, "it is in no GELU, or is read elsewhere too")
    product = only_reader(after.outputs[0])
    if product is None or product.op_type != "Mul":
        return miss(erf, "it is in no GELU, or is read elsewhere too")
    half = next((v for v in product.inputs if v is not after.outputs[0]), None)
    if half is source:  # it is spelled so already
        return 0
    if half is None or _times(half, 0.5) is not source:
        return miss(erf, "it is in no GELU, or is read elsewhere too")
    output = product.outputs[0]
    numbers = [new_constant(model, np.array(n, np.float32), output) for n in (sqrt(2), 1, 0.5)]
    value = source
    for op, right in (("Div", numbers[0]), ("Erf", None), ("Add", numbers[1])):
        value = new_node(product, op, [value, *([right] if right is not None else [])], like=output)
    value = new_node(product, "Mul", [source, value], like=output)
    return _finish(product, after, erf, new_node(product, "Mul", [value, numbers[2]], like=output))


def _finish(product: ir.Node, after: ir.Node, erf: ir.Node, new: ir.Value) -> int:
    values = [erf.inputs[0], *product.inputs]
    substitute(product, new)
    drop(after)
    drop(erf)
    for value in values:
        drop_unread(value)
    return 1


def _scaled(value: ir.Value | None) -> tuple[ir.Value | None, int]:
    """Return x and the sign of an x / sqrt(2) or -x / sqrt(2)."""
    source = _times(value, 1 / sqrt(2))
    if source is None:
        return _times(value, -1 / sqrt(2)), -1
    node = source.producer()
    if node is not None and node.op_type == "Neg":
        return node.inputs[0], -1
    return source, 1


def _times(value: ir.Value | None, factor: float) -> ir.Value | None:
    """Return x of an x * factor, or x / (1 / factor); None if it is none."""
    node = value.producer() if value is not None else None
    if node is None or node.op_type not in ("Mul", "Div"):
        return None
    for k in (1,) if node.op_type == "Div" else (0, 1):
        array = constant(node.inputs[k])
        wanted = 1 / factor if node.op_type == "Div" else factor
        if array is not None and array.size == 1:
            found = isclose(float(array.reshape(-1)[0]), wanted, rel_tol=1e-6)
            return node.inputs[1 - k] if found else None
    return None


def _is_one_plus(node: ir.Node, erf: ir.Node, sign: int) -> bool:
    """Whether a node is 1 + sign erf."""
    arrays = [constant(value) for value in node.inputs]
    if node.op_type == "Sub" and sign == -1 and len(arrays) == 2:
        one = arrays[0] if node.inputs[1] is erf.outputs[0] else None
    elif node.op_type == "Add" and sign == 1:
        one = next((a for a in arrays if a is not None), None)
    else:
        return False
    return one is not None and one.size == 1 and float(one.reshape(-1)[0]) == 1
