"""Write a bounded line of slope 1 that is scaled to 0..1 as a HardSigmoid.

    Clip(x + b, 0, h) * c,  h c = 1   ->  HardSigmoid(x, alpha=c, beta=b c)

Keras spells hard_sigmoid as relu6(x + 3) / 6. Every OpenCV computes a HardSigmoid in one go, fuses
it with the convolution before it, and makes a HardSwish of x * HardSigmoid(x), whose name ONNX
got later than the opset that all of them read. In the new engine of 5.0 a Clip costs more than the
two ops: it does not stay in the block layout of convolutions.

Exact up to float32 rounding: min(max(x + b, 0), h) c = min(max(c x + b c, 0), h c).

Left alone when (1) h c is not 1, (2) a value in between is read elsewhere too.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    drop,
    new_node,
    nodes,
    only_reader,
    shape_of,
    substitute,
)
from keras2cv_export.graph.misses import miss

# h c is a product of two rounded numbers, such as 6 and 1/6.
_ONE = 1e-6


def clip_to_hard_sigmoid(model: ir.Model) -> int:
    """Rewrite in place; return how many HardSigmoids were made."""
    return sum(_rewrite(node) for node in nodes(model, "Mul"))


def _rewrite(node: ir.Node) -> int:
    clipped, factor = _with_number(node)
    clip = clipped.producer() if clipped is not None else None
    if clip is None or clip.op_type != "Clip" or factor is None or factor <= 0:
        return 0
    high = _height(clip)
    if high is None or abs(high * factor - 1) > _ONE:
        return miss(node, "the bounds before it are not scaled to 0 and 1")
    if only_reader(clip.outputs[0]) is not node:
        return miss(node, "the bounded number is read elsewhere too")
    source, shift = _before_shift(clip)
    if shape_of(source) != shape_of(node.outputs[0]):
        return 0
    beta = float(np.float32(shift) * np.float32(factor))
    attributes = {"alpha": factor, "beta": beta}
    new = new_node(node, "HardSigmoid", [source], attributes, like=node.outputs[0])
    add = clip.inputs[0].producer() if clip.inputs[0] is not source and clip.inputs[0] else None
    substitute(node, new)
    drop(clip)
    if add is not None:
        drop(add)
    return 1


def _with_number(node: ir.Node) -> tuple[ir.Value | None, float | None]:
    """Return the computed operand of a Mul or Add and the number that is the other one."""
    for k in (0, 1):
        array = constant(node.inputs[k])
        if array is not None and array.size == 1 and array.dtype == np.float32:
            return node.inputs[1 - k], float(array.reshape(-1)[0])
    return None, None


def _height(clip: ir.Node) -> float | None:
    """Return the upper bound of a Clip from 0."""
    bounds = [constant(value) for value in clip.inputs[1:3]]
    if len(bounds) < 2 or bounds[0] is None or bounds[1] is None or bounds[0].reshape(-1)[0] != 0:
        return None
    return float(bounds[1].reshape(-1)[0])


def _before_shift(clip: ir.Node) -> tuple[ir.Value | None, float]:
    """Return x and b of a Clip of x + b; b is 0 where there is no sum that could be removed."""
    value = clip.inputs[0]
    add = value.producer() if value is not None else None
    if value is not None and add is not None and add.op_type == "Add":
        source, shift = _with_number(add)
        if shift is not None and only_reader(value) is clip:
            return source, shift
    return value, 0.0
