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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from keras2cv.bundle.manifest import ModelSource
from keras2cv.errors import ModelError
from keras2cv_export.model.spec import TensorSpec

from .allocation import no_more_weights
from .error_messages import sentence
from .loaded import LoadedModel, Shapes
from .names import paths, unique
from .unread import resolve_read_shapes, without_unread_inputs


def legacy_model(
    path: Path,
    source: ModelSource,
    shapes: Shapes,
    batch: int,
    problem: Exception,
    weight_bytes: int,
) -> LoadedModel:
    """Open with Keras 2 a file that Keras 3 cannot load.

    Args:
        path: The file.
        source: Its record in the manifest.
        shapes: Sizes for open dimensions, as `load_model` takes them.
        batch: The batch size where the shapes leave it open.
        problem: The error of Keras 3.
        weight_bytes: The most numbers that its layers may ask for.

    Raises:
        ModelError: Keras 2 is not installed, or cannot load the file either.
    """
    reader = f"Keras {keras.__version__}"
    if not has_tf_keras():
        raise ModelError(
            f"{path}: {reader} cannot load this model: {sentence(problem)} "
            "If Keras 2 saved it, pip install 'keras2cv[legacy]' lets Keras 2 open it; "
            "if it has layers of your own, pass their module with --import."
        ) from problem
    model = _read(path, weight_bytes, f"neither {reader} nor Keras 2 can", problem)
    note = f"{reader} cannot read {path.name} ({sentence(problem)}) tf_keras opened it instead."
    return _tf_keras_model(model, source, shapes, batch, note)


def meant_for_keras_2(
    path: Path,
    source: ModelSource,
    shapes: Shapes,
    batch: int,
    changed: Sequence[str],
    weight_bytes: int,
) -> LoadedModel:
    """Open with Keras 2 a file that Keras 3 would load, and compute differently.

    Args:
        path: The file.
        source: Its record in the manifest.
        shapes: Sizes for open dimensions, as `load_model` takes them.
        batch: The batch size where the shapes leave it open.
        changed: A sentence for each difference, from `changed_meanings`.
        weight_bytes: The most numbers that its layers may ask for.

    Raises:
        ModelError: Keras 2 is not installed, or cannot load the file.
    """
    difference = "; ".join(changed)
    if not has_tf_keras():
        raise ModelError(
            f"{path} was saved by Keras 1 or 2, and {difference}. "
            "pip install 'keras2cv[legacy]' lets Keras 2 open it; a model that was loaded and "
            "retrained in Keras 3 has to be saved there."
        )
    model = _read(path, weight_bytes, "Keras 2, which wrote it, cannot")
    note = f"{path.name} was saved by Keras 1 or 2, so tf_keras opened it: {difference}."
    return _tf_keras_model(model, source, shapes, batch, note)


def unreadable(path: Path, who_cannot: str, error: Exception) -> ModelError:
    """Return the error for a file that no Keras can open."""
    return ModelError(
        f"{path}: {who_cannot} load this model: {sentence(error)} "
        "If it has layers of your own, pass the module that defines them with --import."
    )


def _tf_keras_model(
    model: Any, source: ModelSource, shapes: Shapes, batch: int, note: str
) -> LoadedModel:
    structure = _structure_of(model)
    flat = tf.nest.flatten(structure)
    declared = [TensorSpec(t.name, tuple(t.shape), t.dtype.name) for t in flat]
    inputs, unsized = resolve_read_shapes(declared, shapes, batch)

    def call(*tensors: Any) -> list[tuple[str, Any]]:
        with _plainly(model):
            outputs = model(tf.nest.pack_sequence_as(structure, list(tensors)), training=False)
        flat_outputs = tf.nest.flatten(outputs)
        names = unique(list(model.output_names)) if not isinstance(outputs, dict) else None
        return list(zip(names or paths(outputs, "output"), flat_outputs, strict=True))

    flat_outputs = tf.nest.flatten(model.outputs)
    open_batch = None
    if len(model.output_names) == len(flat_outputs):
        pairs = zip(unique(list(model.output_names)), flat_outputs, strict=True)
        open_batch = frozenset(n for n, t in pairs if t.shape.rank and t.shape[0] is None)
    loaded = LoadedModel(str(model.name), source, inputs, call, open_batch, model, (note,))
    return without_unread_inputs(loaded, unsized)


def has_tf_keras() -> bool:
    """Whether Keras 2 is installed beside Keras 3."""
    return importlib.util.find_spec("tf_keras") is not None


def _read(path: Path, weight_bytes: int, who_cannot: str, problem: Exception | None = None) -> Any:
    """Return the tf_keras.Model in a file; an error names `problem`, or the one of Keras 2."""
    try:
        tf_keras = importlib.import_module("tf_keras")
        with no_more_weights(tf_keras.layers.Layer, path, weight_bytes):
            model = tf_keras.models.load_model(path, compile=False)
        if not all(hasattr(tensor, "shape") for tensor in tf.nest.flatten(model.outputs)):
            raise ModelError(f"{path} has an output that is no tensor. Save the model again.")
        return model
    except ModelError:
        raise
    except Exception as error:  # Keras raises whatever a layer's constructor raises
        raise unreadable(path, who_cannot, problem or error) from error


def _structure_of(model: Any) -> Any:
    """Return the structure that `model(...)` takes: one symbolic tensor, a list or a dict."""
    nested = getattr(model, "_nested_inputs", None)
    if nested is None:
        nested = model.inputs
    return nested[0] if isinstance(nested, list | tuple) and len(nested) == 1 else nested


@contextmanager
def _plainly(model: Any) -> Iterator[None]:
    """Let a tf_keras model compute in float32, and its recurrent layers step by step, for a while.

    A static length unrolls exactly; the loops and cuDNN branches that Keras 2 builds otherwise have
    no counterpart in OpenCV.
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
        yield layer, "unroll", True
    if hasattr(layer, "_could_use_gpu_kernel"):
        yield layer, "_could_use_gpu_kernel", False
    if layer.compute_dtype not in ("float32", None):
        yield (
            layer,
            "_dtype_policy",
            importlib.import_module("tf_keras").mixed_precision.Policy("float32"),
        )
        yield layer, "_compute_dtype_object", importlib.import_module("tensorflow").float32
