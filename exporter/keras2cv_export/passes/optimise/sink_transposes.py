"""Push each Transpose down through the ops that do not care about the order of axes.

    op(Transpose(x, p), constant)  ->  Transpose(op(x, constant moved by p's inverse), p)

Keras works channels last and ONNX convolutions channels first, so the conversion wraps every
convolution in a pair. tf2onnx cancels the pairs it can follow. It leaves those around Keras 3's
normalisation arithmetic, squeeze-and-excitation and padding, because it does not know that their
operands are constants. Pushed down, a Transpose meets the inverse one before the next convolution,
and `merge_transposes` removes both. ResNet50 has 102 of them before and 0 after.

Exact: the same arithmetic on the same elements.

One sweep in topological order moves every Transpose as far as it goes. An op with several
computed inputs is passed only if that moves fewer elements through Transposes than before.
Axis `a` after Transpose(p) is axis `p[a]` before it; all rules follow from that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    drop,
    integer,
    ints,
    new_constant,
    new_node,
    permutation,
    replace,
    shape_of,
)
from keras2cv_export.graph.elementwise import BROADCASTING, UNARY
from keras2cv_export.graph.misses import miss

Perm = tuple[int, ...]

ONE_AXIS = {"Concat": 0, "Softmax": -1, "LogSoftmax": -1, "Hardmax": -1, "Split": 0}
REDUCTIONS = frozenset(
    [
        "ReduceMean",
        "ReduceMax",
        "ReduceMin",
        "ReduceSum",
        "ReduceProd",
        "ReduceL1",
        "ReduceL2",
        "ReduceSumSquare",
        "ReduceLogSumExp",
        "ArgMax",
        "ArgMin",
    ]
)


def sink_transposes(model: ir.Model) -> int:
    """Rewrite in place; return how many ops a Transpose was pushed through."""
    return sum(_sink(model, node) for node in model.graph if node.domain in ("", "ai.onnx"))


def _sink(model: ir.Model, node: ir.Node) -> int:
    rule = _rule_for(node.op_type)
    perm = _perm_to_sink(node)
    if perm is None or any(shape_of(o) is None for o in node.outputs):
        return 0
    if rule is None:
        return miss(node, f"no Transpose goes past a {node.op_type}")
    return rule(model, node, perm)


def _rule_for(op: str) -> Callable[[ir.Model, ir.Node, Perm], int] | None:
    if op in UNARY:
        return _first_input_only
    if op in BROADCASTING or op == "Concat":
        return _all_inputs
    if op in ONE_AXIS:
        return _first_input_only
    if op in REDUCTIONS:
        return _reduction
    return {"Pad": _pad, "Slice": _slice, "Tile": _vector_input, "Resize": _resize}.get(op)


def _perm_to_sink(node: ir.Node) -> Perm | None:
    """Return the permutation that most elements pass, or None without any Transpose."""
    weights: dict[Perm, int] = {}
    for value in _data_inputs(node):
        perm = _perm_of(value)
        if perm is not None:
            weights[perm] = weights.get(perm, 0) + prod(shape_of(value) or (0,))
    return max(weights, key=lambda p: weights[p]) if weights else None


def _data_inputs(node: ir.Node) -> list[ir.Value]:
    several = node.op_type in BROADCASTING or node.op_type == "Concat"
    return [v for v in (node.inputs if several else node.inputs[:1]) if v is not None]


def _perm_of(value: ir.Value | None) -> Perm | None:
    producer = value.producer() if value is not None else None
    return (
        permutation(producer) if producer is not None and producer.op_type == "Transpose" else None
    )


def _inverse(perm: Perm) -> Perm:
    return tuple(int(i) for i in np.argsort(perm))


def _first_input_only(_: ir.Model, node: ir.Node, perm: Perm) -> int:
    """Unary ops, and those with one axis in an attribute."""
    _set_input(node, 0)
    _map_axis(node, perm)
    _transpose_outputs(node, perm)
    return 1


def _all_inputs(model: ir.Model, node: ir.Node, perm: Perm) -> int:
    """Broadcasting ops and Concat: the other inputs are brought into the same order."""
    rank = len(perm)
    if any(len(shape_of(o) or ()) != rank for o in node.outputs):
        return miss(node, "its operands have fewer axes than its result")
    if not _pays(node, perm):
        return miss(node, "its other operands would have to be transposed instead")
    for k, value in enumerate(node.inputs):
        if value is None:
            continue
        if _perm_of(value) == perm:
            _set_input(node, k)
        elif (array := constant(value)) is not None:
            node.replace_input_with(k, _moved_constant(model, node, value, array, perm))
        else:
            node.replace_input_with(k, _transposed(model, node, value, _inverse(perm)))
    _map_axis(node, perm)
    _transpose_outputs(node, perm)
    return 1


def _pays(node: ir.Node, perm: Perm) -> bool:
    """Whether fewer elements go through new Transposes than came through the old ones."""
    computed = [v for v in node.inputs if v is not None and constant(v) is None]
    if any(shape_of(v) is None for v in computed):
        return False
    saved = sum(prod(shape_of(v) or ()) for v in computed if _perm_of(v) == perm)
    added = sum(_moved_elements(v) for v in computed if _perm_of(v) != perm)
    return added < saved  # a tie would swing back and forth


def _moved_elements(value: ir.Value) -> int:
    shape = shape_of(value) or ()
    wide = sum(size != 1 for size in shape) > 1
    return prod(shape) if wide else 0  # with one axis longer than 1 it is a free Reshape


def _moved_constant(
    model: ir.Model, node: ir.Node, value: ir.Value, array: Array, perm: Perm
) -> ir.Value:
    moved = array
    if moved.size == 1:
        return value
    moved = moved.reshape((1,) * (len(perm) - moved.ndim) + moved.shape)
    return new_constant(model, moved.transpose(_inverse(perm)), node.outputs[0])


def _transposed(model: ir.Model, node: ir.Node, value: ir.Value, perm: Perm) -> ir.Value:
    shape = shape_of(value) or ()
    if len(shape) < len(perm):  # a lower rank broadcasts from the right, in the old order
        shape = (1,) * (len(perm) - len(shape)) + shape
        target = new_constant(model, np.array(shape, np.int64), value)
        value = new_node(node, "Reshape", [value, target], like=value, shape=shape)
    return new_node(
        node, "Transpose", [value], {"perm": perm}, like=value, shape=[shape[a] for a in perm]
    )


def _reduction(model: ir.Model, node: ir.Node, perm: Perm) -> int:
    """Reductions: the axes are mapped; without keepdims the rest is in its own order, or not."""
    rank, keep = len(perm), integer(node, "keepdims", 1)
    axes = _reduced_axes(node, rank)
    if axes is None:
        return 0
    _write_reduced_axes(model, node, [perm[a] for a in axes])
    _set_input(node, 0)
    _transpose_outputs(node, perm if keep else _order_of_the_rest(perm, axes))
    return 1


def _reduced_axes(node: ir.Node, rank: int) -> list[int] | None:
    if node.op_type in ("ArgMax", "ArgMin"):
        return [integer(node, "axis", 0) % rank]
    if len(node.inputs) > 1 and node.inputs[1] is not None:
        array = constant(node.inputs[1])
        return None if array is None else [int(a) % rank for a in array.reshape(-1)]
    axes = ints(node, "axes")
    return [a % rank for a in axes] if axes else None


def _write_reduced_axes(model: ir.Model, node: ir.Node, axes: list[int]) -> None:
    if node.op_type in ("ArgMax", "ArgMin"):
        node.attributes["axis"] = ir.AttrInt64("axis", axes[0])
    elif len(node.inputs) > 1:
        node.replace_input_with(
            1, new_constant(model, np.array(sorted(axes), np.int64), node.outputs[0])
        )
    else:
        node.attributes["axes"] = ir.AttrInt64s("axes", sorted(axes))


def _order_of_the_rest(perm: Perm, axes: Sequence[int]) -> Perm:
    """Return the permutation that reducing `axes` without keepdims leaves of `perm`."""
    rest = [p for a, p in enumerate(perm) if a not in axes]
    return tuple(sorted(rest).index(p) for p in rest)


def _pad(model: ir.Model, node: ir.Node, perm: Perm) -> int:
    pads = constant(node.inputs[1]) if len(node.inputs) > 1 else None
    if (
        pads is None
        or len(pads) != 2 * len(perm)
        or (len(node.inputs) > 3 and node.inputs[3] is not None)
    ):
        return 0
    halves = [half[list(_inverse(perm))] for half in np.split(pads, 2)]
    node.replace_input_with(1, new_constant(model, np.concatenate(halves), node.outputs[0]))
    return _first_input_only(model, node, perm)


def _slice(model: ir.Model, node: ir.Node, perm: Perm) -> int:
    rank = len(perm)
    if len(node.inputs) < 4 or node.inputs[3] is None:
        starts = constant(node.inputs[1])
        if starts is None or len(starts) != rank:
            return 0
        axes = np.arange(rank)
    else:
        given = constant(node.inputs[3])
        if given is None:
            return 0
        axes = given
    starts_dtype = node.inputs[1].dtype if node.inputs[1] is not None else None
    dtype = np.int64 if starts_dtype is None else starts_dtype.numpy()  # ONNX asks for one of all
    moved = np.array([perm[int(a) % rank] for a in axes], dtype)
    node.resize_inputs(max(4, len(node.inputs)))
    node.replace_input_with(3, new_constant(model, moved, node.outputs[0]))
    return _first_input_only(model, node, perm)


def _vector_input(model: ir.Model, node: ir.Node, perm: Perm) -> int:
    """Tile: one number per axis in the second input."""
    vector = constant(node.inputs[1])
    if vector is None or len(vector) != len(perm):
        return 0
    node.replace_input_with(1, new_constant(model, vector[list(_inverse(perm))], node.outputs[0]))
    return _first_input_only(model, node, perm)


def _resize(model: ir.Model, node: ir.Node, perm: Perm) -> int:
    """Resize: scales or sizes, one number per axis."""
    if "axes" in node.attributes:  # opset 18; tf2onnx writes opset 13
        return 0
    for k in (2, 3):
        vector = constant(node.inputs[k]) if len(node.inputs) > k else None
        if vector is not None and len(vector) == len(perm):
            moved = new_constant(model, vector[list(_inverse(perm))], node.outputs[0])
            node.replace_input_with(k, moved)
        elif (
            len(node.inputs) > k and node.inputs[k] is not None and (vector is None or len(vector))
        ):
            return 0
    return _first_input_only(model, node, perm)


def _map_axis(node: ir.Node, perm: Perm) -> None:
    if node.op_type in ONE_AXIS:
        axis = integer(node, "axis", ONE_AXIS[node.op_type]) % len(perm)
        node.attributes["axis"] = ir.AttrInt64("axis", perm[axis])


def _set_input(node: ir.Node, k: int) -> None:
    value = node.inputs[k]
    transpose = value.producer() if value is not None else None
    assert transpose is not None  # noqa: S101 - the caller saw it
    node.replace_input_with(k, transpose.inputs[0])
    drop(transpose)


def _transpose_outputs(node: ir.Node, perm: Perm) -> None:
    """Put a Transpose between each output and its readers, for the sweep to meet next."""
    if perm == tuple(range(len(perm))):
        return
    for output in node.outputs:
        shape = shape_of(output) or ()
        transpose = ir.node(
            "Transpose",
            [output],
            {"perm": perm},
            outputs=[ir.Value(type=output.type, shape=ir.Shape(shape))],
            name=f"{node.name}/Transpose",
        )
        _rewire(node, output, transpose)
        output.shape = ir.Shape([shape[a] for a in _inverse(perm)])


def _rewire(node: ir.Node, output: ir.Value, transpose: ir.Node) -> None:
    node.append(transpose)
    replace(output, transpose.outputs[0])
    transpose.replace_input_with(0, output)
