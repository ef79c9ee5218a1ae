"""Trace a model into a TensorFlow graph whose weights are inputs.

Freezing copies every weight into the graph: VGG16 then costs 6.9 GB before the conversion has
begun. Here each captured variable becomes a placeholder instead, the graph stays a few hundred
kilobytes whatever the model's size, and the weights are attached to the converted graph later,
without a copy in between.

It is `model.stateless_call` with the weights as arguments, in effect, but reached from the
captures of a traced function. That serves SavedModel signatures too, finds the constants that
layers capture without telling Keras (Normalization's statistics), and leaves nothing for tf2onnx
to leak as an extra graph input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_letters
from typing import Any

import numpy as np
import tensorflow as tf
from tf2onnx.tf_loader import tf_optimize_grappler

from keras2cv.errors import ModelError

from .load import LoadedModel
from .spec import TensorSpec
from .to_plain_ops import plain_ops

_INPUT = "keras2cv_input"
_OUTPUT = "keras2cv_output"

# What a layer may do to a variable on the way to its value, beside reading it.
_READS = {"ReadVariableOp": "Identity", "ResourceGather": "GatherV2"}


@dataclass(frozen=True)
class TracedGraph:
    """A TensorFlow graph without weights, and the weights.

    Attributes:
        graph_def: tf.compat.v1.GraphDef, functions inlined.
        inputs: Tensor names such as "image:0", in Keras' flat order.
        outputs: Tensor names, in Keras' flat order.
        output_specs: The same outputs as Keras names and shapes them.
        weights: Placeholder tensor name -> the weight, a NumPy view of TensorFlow's own memory.
    """

    graph_def: Any
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    output_specs: tuple[TensorSpec, ...]
    weights: Mapping[str, np.ndarray[Any, Any]]


def trace(loaded: LoadedModel) -> TracedGraph:
    """Trace a model at the static shapes of its inputs.

    Raises:
        ModelError: The model keeps what OpenCV has no place for (text, lookup tables).
    """
    concrete, output_names = _concrete(loaded)
    captures = list(zip(concrete.graph.internal_captures, concrete.captured_inputs, strict=True))
    inputs = tuple(t.name for t in concrete.inputs[: len(loaded.inputs)])
    specs = tuple(_spec(n, t) for n, t in zip(output_names, concrete.outputs, strict=True))
    graph_def = _name_outputs(concrete)
    _spell_out_ellipses(graph_def, concrete.graph)
    _forget_assignments(graph_def)
    weights = _lift_captures(graph_def, captures)
    outputs = tuple(f"{_OUTPUT}_{k}:0" for k in range(len(specs)))
    with tf.Graph().as_default():  # grappler's front door is closed while TensorFlow is eager
        optimized = tf_optimize_grappler([*inputs, *weights], list(outputs), graph_def)
    return TracedGraph(optimized, inputs, outputs, specs, _still_used(weights, optimized))


def _concrete(loaded: LoadedModel) -> tuple[Any, list[str]]:
    specs = [
        tf.TensorSpec(s.shape, s.dtype, name=f"{_INPUT}_{k}") for k, s in enumerate(loaded.inputs)
    ]
    names: list[str] = []

    def outputs(*tensors: Any) -> list[Any]:
        pairs = loaded.call(*tensors)
        names[:] = [name for name, _ in pairs]
        return [tf.convert_to_tensor(tensor) for _, tensor in pairs]

    with plain_ops(loaded.keras_model), tf.device("/CPU:0"):
        try:
            concrete = tf.function(outputs, autograph=False).get_concrete_function(*specs)
        except tf.errors.OperatorNotAllowedInGraphError:
            # Python `if` and `for` over tensors inside a custom call().
            concrete = tf.function(outputs).get_concrete_function(*specs)
    return concrete, names


def _spec(name: str, tensor: Any) -> TensorSpec:
    if not tensor.shape.is_fully_defined():
        raise ModelError(
            f"The output {name!r} has the shape {tensor.shape}, which depends on values. "
            "OpenCV needs shapes that are known: end the model before that layer."
        )
    return TensorSpec(name, tuple(tensor.shape.as_list()), tensor.dtype.name)


def _name_outputs(concrete: Any) -> Any:
    """Give the outputs names of ours: a model may return one tensor twice, or an input."""
    with concrete.graph.as_default():
        for k, output in enumerate(concrete.outputs):
            tf.identity(output, name=f"{_OUTPUT}_{k}")
    return concrete.graph.as_graph_def()


def _forget_assignments(graph_def: Any) -> None:
    """Remove the nodes that write to variables: the state of a random generator, a step count.

    What they write is read by the next call. A model whose predictions depend on the calls before
    is caught when its answers are compared.
    """
    writes = {n.name for n in graph_def.node if n.op.startswith("Assign")}
    kept = [node for node in graph_def.node if node.name not in writes]
    for node in kept:
        inputs = [i for i in node.input if not (i.startswith("^") and i[1:] in writes)]
        del node.input[:]
        node.input.extend(inputs)
    del graph_def.node[:]
    graph_def.node.extend(kept)


def _spell_out_ellipses(graph_def: Any, graph: Any) -> None:
    """Write `...a,ab->...b` as `xya,ab->xyb`: tf2onnx reads letters only."""
    for node in graph_def.node:
        if node.op == "Einsum" and b"..." in node.attr["equation"].s:
            ranks = [t.shape.rank for t in graph.get_operation_by_name(node.name).inputs]
            equation = node.attr["equation"].s.decode().replace(" ", "")
            node.attr["equation"].s = spell_out_ellipsis(equation, ranks).encode()


def spell_out_ellipsis(equation: str, ranks: Sequence[int]) -> str:
    """Replace `...` by unused letters, as many as the operands' ranks leave room for.

    >>> spell_out_ellipsis("...a,ab->...b", [3, 2])
    'cda,ab->cdb'
    """
    left, right = equation.split("->")
    free = [c for c in ascii_letters if c not in equation]
    terms = left.split(",")
    rooms = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True)]
    most = max(room for term, room in zip(terms, rooms, strict=True) if "..." in term)
    letters = "".join(free[:most])
    spelled = [
        t.replace("...", letters[most - room :]) for t, room in zip(terms, rooms, strict=True)
    ]
    return ",".join(spelled) + "->" + right.replace("...", letters)


def _lift_captures(graph_def: Any, captures: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
    """Turn each captured variable or constant into a placeholder of its value, in place."""
    nodes = {node.name: node for node in graph_def.node}
    weights = {}
    for placeholder, captured in captures:
        node = nodes[placeholder.op.name]
        value = _value_of(captured, node.name)
        node.attr["dtype"].type = tf.as_dtype(value.dtype).as_datatype_enum
        node.attr["shape"].shape.CopyFrom(tf.TensorShape(value.shape).as_proto())
        for unneeded in ("_user_specified_name", "_handle_dtypes", "_handle_shapes"):
            node.attr.pop(unneeded, None)
        weights[f"{node.name}:0"] = value
    _read_placeholders(graph_def, {name.removesuffix(":0") for name in weights})
    return weights


def _value_of(captured: Any, name: str) -> np.ndarray[Any, Any]:
    """Return the value behind a capture, sharing TensorFlow's memory where it allows that."""
    if captured.dtype == tf.resource:
        captured = _read_handle(captured, name)
    if captured.dtype == tf.string:
        msg = (
            f"{name}: the model holds text ({captured.shape}), which OpenCV has no type for. "
            "Look words up before the model, and export the part after it."
        )
        raise ModelError(msg)
    if captured.dtype in (tf.bfloat16, tf.bool):
        return np.asarray(captured.numpy())
    array: np.ndarray[Any, Any] = np.asarray(memoryview(captured))
    return array.reshape(captured.shape)


def _read_handle(handle: Any, name: str) -> Any:
    data = handle._handle_data
    if data is None or not data.is_set or not data.shape_and_type:
        msg = (
            f"{name}: the model keeps something that is not a variable (a lookup table, an "
            "iterator). OpenCV has nothing for it: export the part of the model after it."
        )
        raise ModelError(msg)
    return tf.raw_ops.ReadVariableOp(resource=handle, dtype=data.shape_and_type[0].dtype)


def _read_placeholders(graph_def: Any, lifted: set[str]) -> None:
    """Make the nodes that read a lifted variable read the placeholder instead."""
    passed_on = {n.name for n in graph_def.node if n.op == "Identity" and n.input[0] in lifted}
    sources = lifted | passed_on
    for node in list(graph_def.node):
        if node.op in _READS and node.input[0].removesuffix(":0") in sources:
            _read_plainly(graph_def, node)


def _read_plainly(graph_def: Any, node: Any) -> None:
    dtype = node.attr["dtype"].type
    if node.op == "ResourceGather":
        axis = graph_def.node.add(name=f"{node.name}/axis", op="Const")
        axis.attr["dtype"].type = tf.int32.as_datatype_enum
        axis.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(0, tf.int32))
        node.input.append(axis.name)
        node.attr["Tparams"].type = dtype
        node.attr["Taxis"].type = tf.int32.as_datatype_enum
    else:
        node.attr["T"].type = dtype
    node.op = _READS[node.op]
    for unneeded in ("dtype", "validate_indices", "_has_manual_control_dependencies"):
        node.attr.pop(unneeded, None)


def _still_used(weights: Mapping[str, Any], graph_def: Any) -> dict[str, Any]:
    kept = {node.name for node in graph_def.node if node.op == "Placeholder"}
    return {name: value for name, value in weights.items() if name.removesuffix(":0") in kept}
