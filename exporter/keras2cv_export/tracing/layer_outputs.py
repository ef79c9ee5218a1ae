"""The outputs of every layer of a model in TensorFlow, and the layers that each depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras2cv_export.model.cpu_kernels import cpu_runner
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.plain_ops import plain_ops
from keras2cv_export.quiet.tensorflow import tf

from .layer_calls import LayerOutput, layer_calls

Array = np.ndarray[Any, Any]
_OUTPUT = "<output>"


@dataclass(frozen=True)
class Layer:
    """One output of one call of a layer.

    Attributes:
        key: Its key, as in `layer_calls`.
        name: The layer's path.
        kind: Its class.
        before: Keys of all outputs that it is computed from, however far back.
    """

    key: str
    name: str
    kind: str
    before: frozenset[str]


@dataclass(frozen=True)
class LayerRun:
    """All layers in the order in which they run, and their outputs for one sample.

    Attributes:
        layers: Each tensor that the outputs need, once, under the name of the innermost layer that
            returned it first; last come the outputs of the model that no layer returned.
        values: Key -> the output, in Keras' layout.
        same_as: Key -> the key of the same tensor in `layers`: of a Dropout, a nested model.
    """

    layers: tuple[Layer, ...]
    values: Mapping[str, Array]
    same_as: Mapping[str, str]


def output_key(name: str) -> str:
    """Return the key of the model's output `name` among its layers' outputs."""
    return f"{_OUTPUT} {name}"


def layer_outputs(loaded: LoadedModel, sample: Sequence[Array]) -> LayerRun:
    """Run the model once, traced as the conversion traces it, so that the keys are the same.

    Only floating-point outputs are kept, since OpenCV gives no others.
    """
    with tf.device("/CPU:0"):
        tensors = [
            tf.constant(array, dtype=s.dtype)
            for array, s in zip(sample, loaded.inputs, strict=True)
        ]
        concrete, kept, same_as = _traced(
            loaded, [tf.TensorSpec(t.shape, t.dtype) for t in tensors]
        )
        results = cpu_runner(concrete)(*tensors)
    before = _ancestors(kept)
    ends = {same_as[call] for call in same_as if call.startswith(_OUTPUT)}
    needed = ends.union(*(before[key] for key in ends))
    layers = tuple(Layer(c.key, c.layer, c.kind, before[c.key]) for c in kept if c.key in needed)
    values = {c.key: np.array(result) for c, result in zip(kept, results, strict=True)}
    return LayerRun(layers, values, same_as)


def _traced(
    loaded: LoadedModel, specs: Sequence[Any]
) -> tuple[Any, list[LayerOutput], dict[str, str]]:
    """Trace a function that returns every layer's outputs, each tensor once."""
    first: dict[str, LayerOutput] = {}
    same_as: dict[str, str] = {}

    def outputs(*tensors: Any) -> list[Any]:
        with layer_calls(loaded.keras_model) as calls:
            pairs = loaded.call(*tensors)
        calls.extend(LayerOutput(output_key(n), n, "output", t) for n, t in pairs)
        here = tf.compat.v1.get_default_graph()
        first.clear()
        for call in calls:
            if getattr(call.tensor, "graph", None) is here and call.tensor.dtype.is_floating:
                same_as[call.key] = first.setdefault(call.tensor.name, call).key
        return [call.tensor for call in first.values()]

    with plain_ops():
        try:
            concrete = tf.function(outputs, autograph=False).get_concrete_function(*specs)
        except tf.errors.OperatorNotAllowedInGraphError:  # `if` over tensors in a custom call()
            concrete = tf.function(outputs).get_concrete_function(*specs)
    return concrete, list(first.values()), same_as


def _ancestors(calls: Sequence[LayerOutput]) -> dict[str, frozenset[str]]:
    """Map each output to the keys of those that it is computed from."""
    key_of = {call.tensor.name: call.key for call in calls}
    known: dict[str, frozenset[str]] = {}  # op name -> keys at or before its outputs
    stack = [(call.tensor.op, False) for call in reversed(calls)]
    while stack:
        op, ready = stack.pop()
        if op.name in known:
            continue
        if not ready:
            stack.append((op, True))
            stack.extend((t.op, False) for t in op.inputs if t.op.name not in known)
            continue
        known[op.name] = frozenset().union(
            *(known[t.op.name] for t in op.inputs),
            *([key_of[t.name]] for t in op.inputs if t.name in key_of),
        )
    return {call.key: known[call.tensor.op.name] for call in calls}
