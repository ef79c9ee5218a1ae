"""Write a Split into unequal parts as one Slice for each part.

    a, b = Split(x, (2, 4), axis=1)  ->  a = Slice(x, 0:2, axis 1); b = Slice(x, 2:6, axis 1)

4.6 reads the sizes as an attribute only, and makes equal parts otherwise. A Split into equal parts
stays, without sizes and with an explicit axis: a missing axis means the first in ONNX and the
second in OpenCV. Exact: both copy.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    integer,
    ints,
    new_constant,
    new_node,
    nodes,
    replace,
    shape_of,
)


def split_to_slices(model: ir.Model) -> int:
    """Rewrite in place; return how many Splits changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Split"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    sizes = _sizes(node)
    if sizes is None:
        return _with_axis(node)
    if len(set(sizes)) == 1:
        return _without_sizes(node)
    axis = integer(node, "axis", 0) % len(shape_of(node.inputs[0]) or ())
    for end, size, output in zip(accumulate(sizes), sizes, node.outputs, strict=True):
        bounds = [
            new_constant(model, np.array([n], np.int64), output) for n in (end - size, end, axis)
        ]
        replace(output, new_node(node, "Slice", [node.inputs[0], *bounds], like=output))
    if node.graph is not None:
        node.graph.remove(node, safe=True)
    return 1


def _sizes(node: ir.Node) -> list[int] | None:
    """Return the sizes of a Split that names them, or None."""
    if len(node.inputs) > 1 and node.inputs[1] is not None:
        array = constant(node.inputs[1])
        return None if array is None else array.tolist()
    return list(ints(node, "split")) or None


def _without_sizes(node: ir.Node) -> int:
    node.resize_inputs(1)
    node.attributes.pop("split", None)
    _with_axis(node)
    return 1


def _with_axis(node: ir.Node) -> int:
    if "axis" in node.attributes:
        return 0
    node.attributes["axis"] = ir.AttrInt64("axis", 0)
    return 1
