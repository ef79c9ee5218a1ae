"""Give inputs and outputs the form that OpenCV's users expect: NCHW float32 blobs.

`cv2.dnn.blobFromImage` makes (N, C, H, W) float32, so the net's 4-D inputs and outputs have that
form. `Predictor.infer` restores Keras' own layout and dtypes: it reads the layouts that these
functions return from the manifest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx_ir as ir

from keras2cv.schema.vocabulary import Layout

from .edit import drop, nodes, permutation, shape_of

_TO_FIRST = {4: (0, 3, 1, 2), 5: (0, 4, 1, 2, 3)}
_TO_LAST = {4: (0, 2, 3, 1), 5: (0, 2, 3, 4, 1)}
_NAME: dict[int, Layout] = {4: "NCHW", 5: "NCDHW"}
_FLOAT = ir.TensorType(ir.DataType.FLOAT)


@dataclass(frozen=True)
class NetTensor:
    """The name, shape and layout of an input or output of the net."""

    net_name: str
    shape: tuple[int, ...]
    layout: Layout


def blobs_in_and_out(
    model: ir.Model,
    input_names: Sequence[str],
    output_names: Sequence[str],
    *,
    moved: tuple[bool, bool] = (True, True),
) -> None:
    """Rename inputs and outputs, and make them float32 and the 4-D ones channels first, in place.

    Runs before the passes, which cancel most of the Transposes that it adds.

    Args:
        model: The graph.
        input_names: The new names.
        output_names: The new names.
        moved: Whether 4-D inputs, and outputs, are channels last; others keep their axes.
    """
    for k, name in enumerate(input_names):
        _take_blob(model, k, name, moved=moved[0])
    taken = {*input_names, *output_names}
    for k, name in enumerate(output_names):
        free = _unlike(name, taken) if name in input_names else name
        _give_blob(model, k, free, moved=moved[1])


def _unlike(name: str, taken: set[str]) -> str:
    """Return a free name for an output called like an input: an ONNX value has one name."""
    wish = f"{name}_out"
    while wish in taken:
        wish = f"{wish}_"
    return wish


def _take_blob(model: ir.Model, k: int, name: str, *, moved: bool) -> None:
    old = model.graph.inputs[k]
    shape = shape_of(old) or ()
    first = _TO_FIRST[4] if len(shape) == 4 and moved else None
    blob = ir.Value(
        name=name, type=_FLOAT, shape=ir.Shape([shape[a] for a in first] if first else shape)
    )
    value, chain = blob, []
    if old.dtype != ir.DataType.FLOAT:
        chain.append(ir.node("Cast", [value], {"to": old.dtype}, name=f"{name}/Cast"))
        value = chain[-1].outputs[0]
        value.type, value.shape = old.type, blob.shape
    if first:
        chain.append(ir.node("Transpose", [value], {"perm": _TO_LAST[4]}, name=f"{name}/Transpose"))
        value = chain[-1].outputs[0]
        value.type, value.shape = old.type, old.shape
    old.replace_all_uses_with(value, replace_graph_outputs=True)
    model.graph.inputs[k] = blob
    for node in reversed(chain):
        model.graph.insert_before(model.graph[0], node)


def _give_blob(model: ir.Model, k: int, name: str, *, moved: bool) -> None:
    value = model.graph.outputs[k]
    shape = shape_of(value) or ()
    if value.dtype != ir.DataType.FLOAT:
        value = _append(model, "Cast", value, {"to": ir.DataType.FLOAT}, shape)
    if len(shape) == 4 and moved:
        perm = _TO_FIRST[4]
        value = _append(model, "Transpose", value, {"perm": perm}, [shape[a] for a in perm])
    if value is model.graph.outputs[k] and _has_another_name(model, value):
        value = _append(model, "Identity", value, {}, shape)
    value.name = name
    model.graph.outputs[k] = value


def _has_another_name(model: ir.Model, value: ir.Value) -> bool:
    given = sum(output is value for output in model.graph.outputs)
    return value.is_initializer() or value.is_graph_input() or given > 1


def _append(
    model: ir.Model, op: str, value: ir.Value, attributes: dict[str, object], shape: Sequence[int]
) -> ir.Value:
    node = ir.node(op, [value], attributes, name=f"{value.name}/{op}")  # type: ignore[arg-type]
    node.outputs[0].type, node.outputs[0].shape = _FLOAT, ir.Shape(shape)
    model.graph.append(node)
    return node.outputs[0]


def settle(
    model: ir.Model, *, moved: tuple[bool, bool] = (True, True)
) -> tuple[list[NetTensor], list[NetTensor]]:
    """Drop the Transposes left at 5-D inputs and outputs, and return the layout of each.

    A 4-D blob is always NCHW, by contract. A 5-D one is NCDHW only where the net begins or ends
    in 3-D convolutions; reordering a (batch, time, height, width, channels) clip would add the
    very Transpose that this removes. Those that are not `moved` keep the axes that they have.
    """
    graph = model.graph
    inputs = [_absorb_at_input(model, k) for k in range(len(graph.inputs))] if moved[0] else None
    outputs = [_absorb_at_output(model, k) for k in range(len(graph.outputs))] if moved[1] else None
    return (
        _as_they_are(graph.inputs) if inputs is None else inputs,
        _as_they_are(graph.outputs) if outputs is None else outputs,
    )


def _as_they_are(values: Sequence[ir.Value]) -> list[NetTensor]:
    return [NetTensor(str(value.name), shape_of(value) or (), "same") for value in values]


def _absorb_at_input(model: ir.Model, k: int) -> NetTensor:
    value = model.graph.inputs[k]
    shape = shape_of(value) or ()
    readers = [use.node for use in value.uses()]
    if len(shape) == 5 and readers and all(_is_transpose(r, _TO_FIRST[5]) for r in readers):
        for node in readers:
            node.outputs[0].replace_all_uses_with(value, replace_graph_outputs=True)
            drop(node)
        value.shape = ir.Shape([shape[a] for a in _TO_FIRST[5]])
        return NetTensor(str(value.name), shape_of(value) or (), _NAME[5])
    return NetTensor(str(value.name), shape, _NAME[4] if len(shape) == 4 else "same")


def _absorb_at_output(model: ir.Model, k: int) -> NetTensor:
    value = model.graph.outputs[k]
    node, shape = value.producer(), shape_of(value) or ()
    if (
        node is not None
        and len(shape) == 5
        and _is_transpose(node, _TO_LAST[5])
        and not value.uses()
    ):
        source, name = node.inputs[0], str(value.name)
        if source is not None and not (source.is_graph_input() or source.is_graph_output()):
            value.name = f"{name}/transposed"
            model.graph.outputs[k] = source
            source.name = name
            drop(node)
            return NetTensor(name, shape_of(source) or (), _NAME[5])
    return NetTensor(str(value.name), shape, _NAME[4] if len(shape) == 4 else "same")


def _is_transpose(node: ir.Node, perm: tuple[int, ...]) -> bool:
    return node.op_type == "Transpose" and permutation(node) == perm


def transposes(model: ir.Model) -> int:
    """Count the Transposes of computed values, each of which copies its tensor in memory."""
    return len(nodes(model, "Transpose"))
