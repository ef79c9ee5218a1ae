"""Keep one copy of weights that several nodes read.

    Conv(a, W), Conv(b, W'), W' = W   ->   Conv(a, W), Conv(b, W)

A tower that a model calls twice, as a siamese one does, has its kernels transposed, scaled and
folded once for each call, and its file would be twice as large. Exact: the same bits.

Left alone when a weight is small, as nothing is gained; when it is an output too, which needs its
own name, or an operand of a Concat or the left one of a MatMul, which OpenCV makes a layer of (see
`own_concat_constants`; the classic engine makes one for each MatMul, of the same name); and when
ops of different types read it: up to the classic engine of 5.0, a constant that is both an operand
of Sub and the matrix of a MatMul crashes.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import constant
from keras2cv_export.graph.equal_arrays import ArrayNumbers

Key = tuple[int, frozenset[tuple[str, int]]]

_SMALL = 1024  # numbers


def share_weights(model: ir.Model) -> int:
    """Rewrite in place; return how many initializers went."""
    kept: dict[Key, ir.Value] = {}
    array_numbers = ArrayNumbers()
    return sum(
        _share(model, v, kept, array_numbers) for v in list(model.graph.initializers.values())
    )


def _share(
    model: ir.Model, value: ir.Value, kept: dict[Key, ir.Value], array_numbers: ArrayNumbers
) -> int:
    array = constant(value)
    if array is None or array.size <= _SMALL:
        return 0
    if value.is_graph_output() or _is_layer(value):
        return 0
    readers = frozenset((use.node.op_type, use.idx) for use in value.uses())
    first = kept.setdefault((array_numbers.number(array), readers), value)
    if first is value:
        return 0
    value.replace_all_uses_with(first)
    model.graph.initializers.pop(str(value.name))
    return 1


def _is_layer(value: ir.Value) -> bool:
    return any(
        use.node.op_type == "Concat" or (use.node.op_type == "MatMul" and use.idx == 0)
        for use in value.uses()
    )
