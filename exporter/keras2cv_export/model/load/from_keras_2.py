"""Models saved by Keras 2 that Keras 3 cannot read, opened by `tf_keras`.

Keras 3 reads most .h5 files of TensorFlow 2.0 to 2.15. It fails on the plain TensorFlow calls that
functional models recorded (TFOpLambda, SlicingOpLambda), on arguments that have gone (`groups` of
DepthwiseConv2D) and on old optimizers and configs. `tf_keras` is Keras 2, kept alive for exactly
that; it comes with `pip install 'keras2cv[legacy]'`.

It would run a Lambda layer's code on loading, and follow any name into TensorFlow, whatever its
options are: `untrusted/dangers.py` looks through the architecture before either Keras sees it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from keras2cv.bundle.manifest import ModelSource
from keras2cv.errors import ModelError
from keras2cv_export.model.config import with_bare_function_names
from keras2cv_export.model.fronts.cutting import Cut, has_front
from keras2cv_export.model.spec import TensorSpec

from .allocation import no_more_weights
from .error_messages import sentence
from .front import batch_of, find_cut, nodes_kept
from .gpu_layers import of_gpus_as_plain
from .inputs import refuse_text
from .lambda_names import names_given
from .loaded import LoadedModel, Shapes
from .names import paths, unique
from .states import with_states
from .unknown_layers import unreadable
from .unread import resolve_read_shapes, without_unread_inputs


@dataclass(frozen=True)
class Keras2File:
    """A file for Keras 2.

    Attributes:
        path: The file.
        source: Its record in the manifest.
        config: Its architecture.
        keras_version: The Keras that wrote it, as far as the file records it.
        weight_bytes: The most numbers that its layers may ask for.
        own: The user's layers and functions, by the names that the file gives them.
        unsafe: Whether the file may run code of its own.
        imports: The user's modules.
    """

    path: Path
    source: ModelSource
    config: Mapping[str, Any]
    keras_version: str | None
    weight_bytes: int
    own: Mapping[str, Any]
    unsafe: bool
    imports: Sequence[str] = ()


def legacy_model(file: Keras2File, shapes: Shapes, batch: int, problem: Exception) -> LoadedModel:
    """Open with Keras 2 a file that Keras 3 cannot load.

    Args:
        file: The file.
        shapes: Sizes for open dimensions, as `load_model` takes them.
        batch: The batch size where the shapes leave it open.
        problem: The error of Keras 3.

    Raises:
        ModelError: Keras 2 is not installed, or cannot load the file either.
    """
    reader = f"Keras {keras.__version__}"
    if not has_tf_keras():
        raise ModelError(
            f"{file.path}: {reader} cannot load this model: {sentence(problem)} "
            "If Keras 2 saved it, pip install 'keras2cv[legacy]' lets Keras 2 open it; "
            "if it has layers of your own, pass their module with --import."
        ) from problem
    model = _read(file, f"neither {reader} nor Keras 2 can", problem)
    note = f"{reader} cannot read {file.path.name} ({_cause(problem)}), so tf_keras opened it."
    return keras_2_model(model, file.source, shapes, batch, (note,))


def meant_for_keras_2(
    file: Keras2File, shapes: Shapes, batch: int, reasons: Sequence[str]
) -> LoadedModel:
    """Open with Keras 2 a file that Keras 3 would load, and compute differently.

    Args:
        file: The file.
        shapes: Sizes for open dimensions, as `load_model` takes them.
        batch: The batch size where the shapes leave it open.
        reasons: A half sentence for each difference, as `changed_meanings` returns them.

    Raises:
        ModelError: Keras 2 is not installed, or cannot load the file.
    """
    difference = "; ".join(reasons)
    if not has_tf_keras():
        raise ModelError(
            f"{file.path} was saved by Keras 1 or 2, and {difference}. "
            "pip install 'keras2cv[legacy]' lets Keras 2 open it; a model that was loaded and "
            "retrained in Keras 3 has to be saved there."
        )
    model = _read(file, "Keras 2, which wrote it, cannot")
    note = f"{file.path.name} was saved by Keras 1 or 2, so tf_keras opened it: {difference}."
    return keras_2_model(model, file.source, shapes, batch, (note,))


def _cause(problem: Exception) -> str:
    """Return the first sentence of an error, which names the cause; advice on Keras 3 follows."""
    return sentence(problem).partition(". ")[0].rstrip(".")


def keras_2_model(
    model: Any, source: ModelSource, shapes: Shapes, batch: int, notes: tuple[str, ...] = ()
) -> LoadedModel:
    """Describe a tf_keras.Model, and make it callable on flat tensors.

    Args:
        model: The tf_keras.Model.
        source: Its record in the manifest.
        shapes: Sizes for open dimensions, as `load_model` takes them.
        batch: The batch size where the shapes leave it open.
        notes: Sentences for the user.

    Raises:
        ModelError: The inputs are unknown, hold text, or have unknown shapes.
    """
    structure = _structure_of(model)
    flat = tf.nest.flatten(structure)
    declared = [TensorSpec(t.name, tuple(t.shape), t.dtype.name) for t in flat]
    if has_front(model) and (cut := find_cut(model, declared, flat, shapes)):
        return _behind(model, cut, source, shapes, batch, notes)
    refuse_text(declared, model)
    inputs, unsized = resolve_read_shapes(declared, shapes, batch)

    def call(*tensors: Any) -> list[tuple[str, Any]]:
        with _plainly(model):
            outputs = model(tf.nest.pack_sequence_as(structure, list(tensors)), training=False)
        flat_outputs = tf.nest.flatten(outputs)
        names = unique(list(model.output_names)) if _names_outputs(model, outputs) else None
        return list(zip(names or paths(outputs, "output"), flat_outputs, strict=True))

    loaded = LoadedModel(str(model.name), source, inputs, call, _open_batch(model), model, notes)
    return without_unread_inputs(with_states(loaded), unsized)


def _behind(
    model: Any, cut: Cut, source: ModelSource, shapes: Shapes, batch: int, notes: tuple[str, ...]
) -> LoadedModel:
    """Open what follows the layers that look text up.

    Args:
        model: The tf_keras.Model.
        cut: Where it is cut.
        source: Its record in the manifest.
        shapes: Sizes for open dimensions, by the model's own inputs.
        batch: The batch size where the shapes leave it open.
        notes: Sentences for the user.
    """
    tf_keras = importlib.import_module("tf_keras")
    batch = batch_of(shapes, batch)
    with nodes_kept(model):
        rest = tf_keras.Model(dict(cut.tensors), model._nested_outputs, name=model.name)
    for name, tensor in rest._nested_inputs.items():
        tensor._name = name  # Keras 2 calls several the same
    sizes = {name: (batch, *shape) for name, shape in cut.shapes.items()}
    loaded = keras_2_model(rest, source, sizes, batch, notes)
    return replace(loaded, open_batch=_open_batch(model), front=cut.front)


def _names_outputs(model: Any, outputs: Any) -> bool:
    """Whether the model, a Functional one, names each of its outputs."""
    names = getattr(model, "output_names", None) or ()
    return not isinstance(outputs, dict) and len(names) == len(tf.nest.flatten(outputs))


def _open_batch(model: Any) -> frozenset[str] | None:
    """Return the outputs that have the batch as their first dimension; None: not known."""
    if not model.outputs or not _names_outputs(model, model.outputs):
        return None
    if all(t.shape.rank and t.shape[0] is not None for t in tf.nest.flatten(model.inputs)):
        return None  # Input(batch_shape=(4, ...)): the outputs have 4, not None
    pairs = zip(unique(list(model.output_names)), tf.nest.flatten(model.outputs), strict=True)
    return frozenset(n for n, t in pairs if t.shape.rank and t.shape[0] is None)


def has_tf_keras() -> bool:
    """Whether Keras 2 is installed beside Keras 3."""
    return importlib.util.find_spec("tf_keras") is not None


def is_of_keras_2(thing: Any) -> bool:
    """Whether a model or a layer, or its class, derives from tf_keras."""
    tf_keras = sys.modules.get("tf_keras")
    if tf_keras is None:
        return False
    return issubclass(thing if isinstance(thing, type) else type(thing), tf_keras.layers.Layer)


def _read(file: Keras2File, who_cannot: str, problem: Exception | None = None) -> Any:
    """Return the tf_keras.Model in a file; an error names `problem`, or the one of Keras 2.

    Of a file that Keras 2 wrote, Keras 3's problem is the age of the file: Keras 2's is the cause.
    """
    try:
        tf_keras = importlib.import_module("tf_keras")
        own = {**of_gpus_as_plain(tf_keras), **file.own}
        with (
            names_given(tf_keras, file.imports),
            no_more_weights(tf_keras.layers.Layer, file.path, file.weight_bytes),
            tf_keras.utils.custom_object_scope(own),
        ):
            if file.source.kind == "keras":
                model = tf_keras.models.load_model(
                    file.path, compile=False, safe_mode=not file.unsafe
                )
            else:
                with with_bare_function_names(file.path, file.config) as readable:
                    model = tf_keras.models.load_model(readable, compile=False)
        if not all(hasattr(tensor, "shape") for tensor in tf.nest.flatten(model.outputs)):
            raise ModelError(f"{file.path} has an output that is no tensor. Save the model again.")
        return model
    except ModelError:
        raise
    except Exception as error:  # Keras raises whatever a layer's constructor raises
        cause = problem or error
        if (file.keras_version or "").startswith("2."):
            cause = error
        raise unreadable(file.path, who_cannot, cause, file.config, file.keras_version) from error


def _structure_of(model: Any) -> Any:
    """Return the structure that `model(...)` takes: one symbolic tensor, a list or a dict.

    Raises:
        ModelError: It is a subclassed model that was never called.
    """
    nested = getattr(model, "_nested_inputs", None)
    if nested is None:
        nested = model.inputs
    if nested is None:
        nested = _first_call(model)
    return nested[0] if isinstance(nested, list | tuple) and len(nested) == 1 else nested


def _first_call(model: Any) -> Any:
    spec = getattr(model, "_saved_model_inputs_spec", None)
    if spec is None:
        raise ModelError(
            f"The model {model.name!r} has never been called, so that its input shapes are "
            "unknown. Call it once on an example."
        )
    named = [
        tf.TensorSpec((None, *one.shape[1:]), one.dtype, one.name or "input")
        for one in tf.nest.flatten(spec)
    ]
    return tf.nest.pack_sequence_as(spec, named)


@contextmanager
def _plainly(model: Any) -> Iterator[None]:
    """Let a tf_keras model compute in float32, its recurrent layers in plain loops, for a while.

    The cuDNN branches that Keras 2 builds otherwise have no counterpart in OpenCV. A loop becomes
    one op, or is unrolled later (`tracing/recurrent/`).
    """
    changes = [change for layer in model._flatten_layers() for change in _changes(layer)]
    before = [(layer, name, getattr(layer, name)) for layer, name, _ in changes]
    try:
        for layer, name, value in changes:
            setattr(layer, name, value)
        yield
    finally:
        for layer, name, value in before:
            setattr(layer, name, value)


def _changes(layer: Any) -> Iterator[tuple[Any, str, Any]]:
    if hasattr(layer, "unroll"):
        yield layer, "unroll", False
    if hasattr(layer, "_could_use_gpu_kernel"):
        yield layer, "_could_use_gpu_kernel", False
    if layer.compute_dtype not in ("float32", None):
        yield (
            layer,
            "_dtype_policy",
            importlib.import_module("tf_keras").mixed_precision.Policy("float32"),
        )
        yield layer, "_compute_dtype_object", importlib.import_module("tensorflow").float32
