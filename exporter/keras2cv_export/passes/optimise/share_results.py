"""Compute a value once that several nodes compute alike.

    a = Relu(x), b = Relu(x)              ->  a = Relu(x), read in the place of b, too
    Conv(x, W), Conv(x, W'), W' = W       ->  one of them, and so on through a tower

A model called twice on one image, an inactive augmentation, or a mask that every attention layer
makes anew is traced once for each call, with weights of its own. Exact: one result takes the place
of the same bits.

Two nodes are alike if op, attributes and inputs are; constants are, if type, shape and bits are.

Left alone when (1) the op draws random numbers or holds graphs of its own, (2) the later node's
result is an output of the graph, which needs its name.
"""

from __future__ import annotations

from collections.abc import Hashable

import onnx_ir as ir

from keras2cv_export.graph.edit import constant, drop, replace
from keras2cv_export.graph.equal_arrays import ArrayNumbers
from keras2cv_export.graph.misses import miss

_RANDOM = frozenset(
    [
        "Bernoulli",
        "Dropout",
        "Multinomial",
        "RandomNormal",
        "RandomNormalLike",
        "RandomUniform",
        "RandomUniformLike",
    ]
)
_NESTED = (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)


def share_results(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes went."""
    seen: dict[Hashable, ir.Node] = {}
    array_numbers = ArrayNumbers()
    return sum(_share(node, seen, array_numbers) for node in list(model.graph))


def _share(node: ir.Node, seen: dict[Hashable, ir.Node], array_numbers: ArrayNumbers) -> int:
    if node.op_type in _RANDOM or any(a.type in _NESTED for a in node.attributes.values()):
        return 0
    first = seen.setdefault(_key(node, array_numbers), node)
    if first is node:
        return 0
    if any(output.is_graph_output() for output in node.outputs):
        return miss(node, "it computes what another node does, and is an output of the net")
    for old, new in zip(node.outputs, first.outputs, strict=True):
        replace(old, new)
    drop(node)
    return 1


def _key(node: ir.Node, array_numbers: ArrayNumbers) -> Hashable:
    """Return a key that two nodes share if and only if they compute the same."""
    attributes = frozenset((name, _attribute_key(one)) for name, one in node.attributes.items())
    inputs = tuple(_operand(value, array_numbers) for value in node.inputs)
    return node.domain, node.op_type, node.overload, len(node.outputs), attributes, inputs


def _operand(value: ir.Value | None, array_numbers: ArrayNumbers) -> Hashable:
    array = constant(value)
    return value if array is None else array_numbers.number(array)


def _attribute_key(attribute: ir.Attr) -> Hashable:
    if attribute.type == ir.AttributeType.TENSOR:
        array = attribute.as_tensor().numpy()
        return array.dtype.str, array.shape, array.tobytes()
    content = attribute.value
    return (attribute.type, tuple(content) if isinstance(content, (list, tuple)) else content)
