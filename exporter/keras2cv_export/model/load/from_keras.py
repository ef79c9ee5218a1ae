"""A Keras model: Functional, Sequential, nested or subclassed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from keras2cv.bundle.manifest import ModelSource
from keras2cv.errors import ModelError
from keras2cv_export.model.spec import TensorSpec

from .error_messages import sentence
from .front import without_front
from .inputs import has_graph, inputs_of, refuse_text, separate_inputs
from .lambda_names import advice, missing_name
from .loaded import LoadedModel, Shapes
from .names import output_names
from .precision import as_float32, precision_note, refuse_float8
from .states import with_states
from .unread import resolve_read_shapes, without_unread_inputs


def keras_model(model: Any, source: ModelSource, shapes: Shapes, batch: int) -> LoadedModel:
    """Describe the inputs and outputs of a Keras 3 model, and make it callable on flat tensors.

    Args:
        model: The Keras model.
        source: Its record in the manifest.
        shapes: Sizes for open dimensions, as `load_model` takes them.
        batch: The batch size where the shapes leave it open.

    Raises:
        ModelError: The inputs are unknown, hold text, or have unknown shapes.
    """
    refuse_float8(model)
    if loaded := without_front(model, shapes, batch, partial(_rest_of, source)):
        return replace(loaded, open_batch=_open_batch(model))
    structure, names = inputs_of(model, shapes)
    flat = keras.tree.flatten(structure)
    declared = [
        TensorSpec(name, tuple(t.shape), keras.backend.standardize_dtype(t.dtype))
        for name, t in zip(names, flat, strict=True)
    ]
    refuse_text(declared, model)
    inputs, unsized = resolve_read_shapes(declared, shapes, batch)

    apart = separate_inputs(model)

    def call(*tensors: Any) -> list[tuple[str, Any]]:
        given = keras.tree.pack_sequence_as(structure, list(tensors))
        with as_float32(model), _failing_clearly(str(model.name), inputs):
            outputs = model(*given, training=False) if apart else model(given, training=False)
        pairs = zip(output_names(model, outputs), keras.tree.flatten(outputs), strict=True)
        return [(name, tensor) for name, tensor in pairs if tensor is not None]

    loaded = LoadedModel(
        str(model.name), source, inputs, call, _open_batch(model), model, precision_note(model)
    )
    return without_unread_inputs(with_states(loaded), unsized)


def _rest_of(source: ModelSource, model: Any, shapes: Shapes, batch: int) -> LoadedModel:
    return keras_model(model, source, shapes, batch)


@contextmanager
def _failing_clearly(name: str, inputs: Sequence[TensorSpec]) -> Iterator[None]:
    try:
        yield
    except tf.errors.OperatorNotAllowedInGraphError:  # the caller then traces it in another way
        raise
    except Exception as error:  # any error of the model's layers
        if "interpreted as an integer" in str(error):  # range() of a tensor, as an `if` of one
            raise tf.errors.OperatorNotAllowedInGraphError(str(error)) from error
        if missing_name(error) is not None:
            raise ModelError(
                f"The model {name!r} cannot be called: {sentence(error)} {advice({})}"
            ) from error
        raise ModelError(
            f"The model {name!r} cannot be called on {', '.join(map(str, inputs))}: "
            f"{sentence(error)} Give shapes that it takes with --input-shape; several inputs go "
            "into call()'s first argument, as a list or a dict."
        ) from error


def _open_batch(model: Any) -> frozenset[str] | None:
    """Return the outputs of a Functional model that have the batch as their first dimension."""
    if isinstance(model, keras.Sequential) and has_graph(model):
        return frozenset(output_names(model, model.outputs[0]))
    outputs = getattr(model, "output", None) if getattr(model, "inputs", None) else None
    if outputs is None:
        return None
    flat = keras.tree.flatten(outputs)
    names = output_names(model, outputs)
    if any(t.shape is None for t in flat):
        return None
    fixed = all(t.shape and t.shape[0] is not None for t in keras.tree.flatten(model.input))
    if fixed:  # Input(batch_shape=(4, ...)): the outputs have 4, not None
        return None
    return frozenset(n for n, t in zip(names, flat, strict=True) if t.shape and t.shape[0] is None)
