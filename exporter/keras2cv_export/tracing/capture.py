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

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from tf2onnx.tf_loader import tf_optimize_grappler

from keras2cv.errors import ModelError
from keras2cv_export.model.concrete import concrete_function
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.plain_ops import plain_ops
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.targets.importer_support import UnsupportedOpsError

from .cut_numpy_tail import CutNumpyTail, cut_numpy_tail
from .flatten_graph import Flattener
from .flatten_state import Handle, Opaque, State
from .flatten_weights import Weights
from .graph_body import graph_body
from .layer_calls import LayerOutput, layer_calls
from .sizes import check_inputs
from .tf_ops.node import INPUT

Array = np.ndarray[Any, Any]

_OUTPUT = "keras2cv_output"


@dataclass(frozen=True)
class TracedGraph:
    """A TensorFlow graph without weights, and the weights.

    Attributes:
        graph_def: tf.compat.v1.GraphDef, flat: no functions, no control flow, no variables.
        inputs: Tensor names such as "image:0", in Keras' flat order.
        outputs: Tensor names, in Keras' flat order; then those of the heads that the NumPy tail
            reads.
        output_specs: The same outputs as Keras names and shapes them.
        tail: The steps that were cut off. `outputs` are then the model's outputs that the graph
            still makes, followed by the heads. None if nothing was cut off; `outputs` are then the
            model's.
        model_specs: All outputs of the model, whether the graph or the tail makes them.
        opened: The names of those that have as many rows as there can be, where the model has as
            many as it finds.
        weights: Placeholder tensor name -> the weight, a NumPy view of TensorFlow's own memory.
        layers: Key of a layer's output (see `layer_calls`) -> tensor name. The tensor may have been
            removed since.
    """

    graph_def: Any
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    output_specs: tuple[TensorSpec, ...]
    weights: Mapping[str, Array]
    layers: Mapping[str, str] = field(default_factory=dict)
    tail: CutNumpyTail | None = None
    model_specs: tuple[TensorSpec, ...] = ()
    opened: tuple[str, ...] = ()


def trace(
    loaded: LoadedModel,
    *,
    ranking: bool = False,
    unrolled: bool = False,
    stated: Collection[str] = (),
) -> TracedGraph:
    """Trace a model at the static shapes of its inputs.

    Args:
        loaded: The model.
        ranking: Whether to cut the graph before a top-k of many numbers too; see `cut_numpy_tail`.
        unrolled: Whether recurrent layers are unrolled, for files that have no ops for them.
        stated: The recurrent cells that may begin with computed states; see `recurrent.loop`.

    Raises:
        ModelError: An output's shape depends on values.
        UnsupportedOpsError: OpenCV cannot compute parts of the model; the error names them all.
    """
    check_inputs(loaded.inputs)
    concrete, names, calls = _concrete(loaded)
    held = [_held(captured) for captured in concrete.captured_inputs]
    with tf.Graph().as_default() as flat:
        weights = Weights()
        functions = {f.signature.name: f for f in concrete.graph.as_graph_def().library.function}
        walk = Flattener(functions, weights, unrolled=unrolled, stated=frozenset(stated))
        outputs, layers = _flatten(concrete, held, walk, len(loaded.inputs), calls)
        pairs = list(zip(names, outputs, strict=True))
        opened = tuple(name for name, tensor in pairs if walk.rows.of(tensor) is not None)
        outputs = [walk.rows.closed(tensor) for tensor in outputs]
        model_specs = tuple(_spec(n, t) for n, t in zip(names, outputs, strict=True))
        taken = [*names, *(spec.name for spec in loaded.inputs)]
        searches = walk.rows.cut_at
        tail = cut_numpy_tail(outputs, taken, ranking=ranking, searches=searches)
        outputs, specs = _of_net(outputs, model_specs, tail)
        for k, output in enumerate(outputs):  # a model may return one tensor twice, or an input
            tf.identity(output, name=f"{_OUTPUT}_{k}")
        inputs = tuple(f"{INPUT}_{k}:0" for k in range(len(loaded.inputs)))
        ends = tuple(f"{_OUTPUT}_{k}:0" for k in range(len(specs)))
        pruned = tf.compat.v1.graph_util.extract_sub_graph(
            flat.as_graph_def(), [name.removesuffix(":0") for name in (*inputs, *ends)]
        )
    with tf.Graph().as_default():  # grappler's front door is closed while TensorFlow is eager
        kept = weights.read_by(pruned)
        optimized = tf_optimize_grappler([*inputs, *kept], list(ends), pruned)
    read = weights.read_by(optimized)
    return TracedGraph(optimized, inputs, ends, specs, read, layers, tail, model_specs, opened)


def _of_net(
    outputs: Sequence[Any], specs: tuple[TensorSpec, ...], tail: CutNumpyTail | None
) -> tuple[list[Any], tuple[TensorSpec, ...]]:
    """Return the outputs that the net gives: those that no tail makes, then the tail's heads."""
    if tail is None:
        return list(outputs), specs
    own = [k for k in range(len(specs)) if k not in tail.made]
    heads = tuple(_spec(name, tensor) for name, tensor in tail.heads.items())
    return [*(outputs[k] for k in own), *tail.heads.values()], (*(specs[k] for k in own), *heads)


def _concrete(loaded: LoadedModel) -> tuple[Any, list[str], list[LayerOutput]]:
    specs = [
        tf.TensorSpec(s.shape, s.dtype, name=f"{INPUT}_{k}") for k, s in enumerate(loaded.inputs)
    ]
    names: list[str] = []
    calls: list[LayerOutput] = []

    def outputs(*tensors: Any) -> list[Any]:
        with layer_calls(loaded.keras_model) as called:
            pairs = loaded.call(*tensors)
        calls[:] = called
        names[:] = [name for name, _ in pairs]
        return [tf.convert_to_tensor(tensor) for _, tensor in pairs]

    with plain_ops(), tf.device("/CPU:0"):
        concrete = concrete_function(outputs, specs)
    return concrete, names, [c for c in calls if getattr(c.tensor, "graph", None) is concrete.graph]


def _flatten(
    concrete: Any,
    held: Sequence[Any],
    walk: Flattener,
    input_count: int,
    calls: Sequence[LayerOutput],
) -> tuple[list[Any], dict[str, str]]:
    """Add the model to the current graph; return its output tensors, and the layers' names.

    Raises:
        UnsupportedOpsError: Parts of the model cannot be flattened; the error names them all.
    """
    graph = concrete.graph
    graph_def = graph.as_graph_def()
    sources = [*concrete.inputs[:input_count], *graph.internal_captures]
    body = graph_body(
        graph_def.node, [t.op.name for t in sources], [t.name for t in concrete.outputs]
    )
    arguments = [
        tf.compat.v1.placeholder(t.dtype, t.shape, name=f"{INPUT}_{k}")
        for k, t in enumerate(sources[:input_count])
    ]
    captured = [
        walk.weights.take(t.op.name, value)
        for t, value in zip(graph.internal_captures, held, strict=True)
    ]
    walk.budget.weights = walk.weights.count
    needed = {node.name for node in body.nodes}
    seen = [c for c in calls if c.tensor.op.name in needed]
    ends = (*body.outputs, *(c.tensor.name for c in seen))
    results = walk.run(replace(body, outputs=ends), [*arguments, *captured])
    if walk.refused:
        raise UnsupportedOpsError(walk.refused)
    walk.budget.check_all(tf.compat.v1.get_default_graph().get_operations())
    outputs, layers = results[: len(body.outputs)], results[len(body.outputs) :]
    return outputs, {
        c.key: t.name for c, t in zip(seen, layers, strict=True) if isinstance(t, tf.Tensor)
    }


def _spec(name: str, tensor: Any) -> TensorSpec:
    if not tensor.shape.is_fully_defined():
        raise ModelError(
            f"The output {name!r} has the shape {tensor.shape}, which depends on values. "
            "OpenCV needs shapes that are known: end the model before that layer."
        )
    return TensorSpec(name, tuple(tensor.shape.as_list()), tensor.dtype.name)


def _held(captured: Any) -> Any:
    """Return the value behind a capture: a tensor, a variable's State, a Handle, or an Opaque."""
    if captured.dtype in (tf.string, tf.variant):
        return Opaque("text" if captured.dtype == tf.string else "a list from outside the model")
    if captured.dtype != tf.resource:
        return captured
    data = captured._handle_data
    if data is None or not data.is_set or not data.shape_and_type:
        return Handle(captured)
    dtype = data.shape_and_type[0].dtype
    return State(tf.raw_ops.ReadVariableOp(resource=captured, dtype=dtype))
