"""The calls of a Functional or Sequential model's layers, of Keras 3 and of Keras 2 alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf


@dataclass(frozen=True)
class LayerCall:
    """One call of a layer in the graph of a model.

    Attributes:
        layer: The layer.
        inputs: The symbolic tensors that it reads.
        outputs: Those that it makes.
        given: Its only argument, as the layer takes it: a tensor or a list of them; None where
            there are several.
    """

    layer: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    given: Any

    @property
    def kind(self) -> str:
        """The name of the layer's class."""
        return type(self.layer).__name__

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(self.layer.name)

    @property
    def reads_text(self) -> bool:
        """Whether one of its inputs is text."""
        return any(dtype_of(tensor) == "string" for tensor in self.inputs)


def calls_of(model: Any) -> list[LayerCall]:
    """Return the calls in the order of the graph; none for a model without one."""
    graph = getattr(model, "_functional", None) or model  # a Sequential of Keras 3 holds one
    by_depth = getattr(graph, "_nodes_by_depth", None)
    if not by_depth:
        return []
    nodes = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
    return [call for node in nodes for call in _call(node)]


def dtype_of(tensor: Any) -> str:
    """Return the name of a symbolic tensor's dtype."""
    return str(getattr(tensor.dtype, "name", tensor.dtype))


def _call(node: Any) -> Iterator[LayerCall]:
    if node.is_input:
        return
    if hasattr(node, "operation"):
        arguments = node.arguments
        alone = len(arguments.args) == 1 and not any(
            value is not None for value in arguments.kwargs.values()
        )
        given = arguments.args[0] if alone else None
        yield LayerCall(
            node.operation, tuple(node.input_tensors), tuple(_flat(node.outputs)), given
        )
    else:
        given = node.call_args[0] if len(node.call_args) == 1 else None
        yield LayerCall(
            node.layer, tuple(node.keras_inputs), tuple(tf.nest.flatten(node.outputs)), given
        )


def _flat(tensors: Any) -> list[Any]:
    return list(keras.tree.flatten(tensors))
