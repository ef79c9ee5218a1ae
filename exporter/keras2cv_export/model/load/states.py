"""Stateful recurrent layers: what they remember becomes inputs and outputs of the function.

A layer with `stateful=True` begins each call where the last one ended. A net in OpenCV remembers
nothing: it takes the states as further inputs and gives the new ones as further outputs, and the
runtime carries them from one call to the next.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from keras2cv_export.model.spec import TensorSpec

from .loaded import LoadedModel
from .names import unique


@dataclass(frozen=True)
class _Stateful:
    """A stateful layer, and the specs of the states that it takes."""

    layer: Any
    inputs: tuple[TensorSpec, ...]

    @contextmanager
    def given(self, states: Sequence[Any]) -> Iterator[list[Any]]:
        """Let the layer begin with `states` for a while; yield the list of those that it ends with.

        It is called as a layer that is not stateful and returns its states, which Keras supports.
        """
        layer, new = self.layer, list[Any]()
        original, returns = layer.call, layer.return_state
        structure = tf.nest.map_structure(lambda _: 0, _plain(layer.states))
        initial = tf.nest.pack_sequence_as(structure, list(states))

        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            if kwargs.get("initial_state") is None:
                kwargs["initial_state"] = initial
            output, *ends = original(*args, **kwargs)
            new[:] = tf.nest.flatten(ends)
            return (output, *ends) if returns else output

        layer.call, layer.stateful, layer.return_state = call, False, True
        try:
            yield new
        finally:
            layer.call, layer.stateful, layer.return_state = original, True, returns


def with_states(loaded: LoadedModel) -> LoadedModel:
    """Return the model with the states of its stateful layers as inputs and outputs."""
    found = _stateful(loaded)
    if not found:
        return loaded
    inputs = [spec for one in found for spec in one.inputs]
    ends = unique([*(f"{spec.name}_next" for spec in inputs)])
    own = len(loaded.inputs)

    def call(*tensors: Any) -> list[tuple[str, Any]]:
        given = list(tensors[own:])
        with ExitStack() as stack:
            new = [
                stack.enter_context(one.given([given.pop(0) for _ in one.inputs])) for one in found
            ]
            pairs = loaded.call(*tensors[:own])
            states = [tensor for tensors in new for tensor in tensors]
        return pairs + list(zip(ends, states, strict=True))

    open_batch = loaded.open_batch
    return replace(
        loaded,
        inputs=(*loaded.inputs, *inputs),
        call=call,
        open_batch=None if open_batch is None else open_batch | set(ends),
        notes=(*loaded.notes, _note(found)),
        states=tuple(zip((spec.name for spec in inputs), ends, strict=True)),
    )


def _stateful(loaded: LoadedModel) -> list[_Stateful]:
    layers = [
        layer
        for layer in loaded.keras_model._flatten_layers()
        if getattr(layer, "stateful", False) and hasattr(layer, "cell") and _plain(layer.states)
    ]
    taken = [spec.name for spec in loaded.inputs]
    found = []
    for layer in layers:
        states = tf.nest.flatten(_plain(layer.states))
        names = unique([*taken, *(f"{layer.name}_state_{i}" for i in range(len(states)))])
        taken, names = names, names[len(taken) :]
        pairs = zip(names, states, strict=True)
        specs = [TensorSpec(name, tuple(map(int, s.shape)), "float32") for name, s in pairs]
        found.append(_Stateful(layer, tuple(specs)))
    return found


def _plain(states: Any) -> Any:
    """Return states as plain lists: Keras tracks them in lists of its own classes."""
    if isinstance(states, list | tuple):
        return [_plain(one) for one in states if one is not None]
    return states


def _note(found: Sequence[_Stateful]) -> str:
    names = ", ".join(one.layer.name for one in found)
    return (
        f"The layer{'s' if len(found) > 1 else ''} {names} remember{'s' if len(found) == 1 else ''}"
        " from call to call: infer() and predict() carry the states on, and model.reset() sets "
        "them to zero."
    )
