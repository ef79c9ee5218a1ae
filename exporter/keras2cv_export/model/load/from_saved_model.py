"""A SavedModel: a function with named inputs and outputs, without any Keras object."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from keras2cv.bundle.manifest import ModelSource
from keras2cv.errors import ModelError
from keras2cv_export.model.saved_graphs.graph_dangers import (
    check_assets,
    graph_dangers,
    meta_graphs,
)
from keras2cv_export.model.saved_graphs.graph_sizes import check_sizes, check_variables
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.model.untrusted.danger import dishonest, refuse, shown
from keras2cv_export.model.untrusted.saved_folder import private_copy, read_graphs

from .error_messages import sentence
from .inputs import refuse_text
from .loaded import LoadedModel, Shapes
from .remembered import changed_variables
from .signatures import DEFAULT, choose_signature
from .unknown_layers import PRUNED
from .unread import resolve_read_shapes, without_unread_inputs


def saved_model(
    path: Path, shapes: Shapes, batch: int, *, unsafe: bool, signature: str | None = None
) -> LoadedModel:
    """Open a SavedModel folder by one of its signatures.

    Args:
        path: The folder.
        shapes: Sizes for open dimensions, as `load_model` takes them.
        batch: The batch size where the shapes leave it open.
        unsafe: Whether its graphs may do more than compute.
        signature: The name of the signature; None: `serving_default`, or the only one.

    Raises:
        ModelError: The folder is no SavedModel, does more than compute, or has no signature to
            choose.
    """
    if not (path / "saved_model.pb").exists():
        raise ModelError(
            f"{path} is a folder without a saved_model.pb. "
            "Give a SavedModel folder, or a .keras or .h5 file."
        )
    raw = read_graphs(path)
    graphs = _parsed(path, raw)
    check_assets(path, graphs)
    refuse(path, graph_dangers(graphs), unsafe)
    name, note = choose_signature(path, graphs, signature)
    check_sizes(path, meta_graphs(graphs))
    loaded = _loaded(path, raw)
    with _honest_objects(path, name):
        function = loaded.signatures[name]
        specs = function.structured_input_signature[1]
        order = _argument_order(loaded, specs) if name == DEFAULT else sorted(specs)
        outputs = dict(function.structured_outputs)
    _refuse_memory(path, function)
    declared = [TensorSpec(n, _dims(specs[n].shape), specs[n].dtype.name) for n in order]
    refuse_text(declared)
    inputs, unsized = resolve_read_shapes(declared, shapes, batch)
    open_batch = frozenset(n for n, t in outputs.items() if t.shape.rank and t.shape[0] is None)

    def call(*tensors: Any) -> list[tuple[str, Any]]:
        # `loaded` owns the variables; without a reference here they would be collected.
        assert loaded is not None  # noqa: S101
        with _honest_objects(path, name):
            results = function(**dict(zip(order, tensors, strict=True)))
        return [(key, results[key]) for key in _result_order(results)]

    source = ModelSource(path.name, "savedmodel", signature=name if note else None)
    notes = (note,) if note else ()
    loaded_model = LoadedModel(path.name, source, inputs, call, open_batch, notes=notes)
    return without_unread_inputs(loaded_model, unsized)


@contextmanager
def _honest_objects(path: Path, signature: str) -> Iterator[None]:
    """Turn the errors of Python, which TensorFlow's loader meets in forged objects, into ours.

    Raises:
        ModelError: There is one.
    """
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise dishonest(
            path, f"its signature {shown(signature)} cannot be called ({type(error).__name__})"
        ) from error


def _refuse_memory(path: Path, function: Any) -> None:
    """Refuse a function that begins where its last call ended, or that was saved while training.

    Raises:
        ModelError: It is one.
    """
    graph = function.graph
    outputs = [tensor.op.name for tensor in graph.outputs]
    changes, remembers = changed_variables(graph.as_graph_def(), outputs)
    if remembers and any("prune_low_magnitude" in variable.name for variable in function.variables):
        raise ModelError(f"{path} was saved while it was pruned (tfmot). {PRUNED}")
    if remembers:
        raise ModelError(
            f"{path}: its function remembers from call to call, as stateful layers do, and a "
            "SavedModel does not show what. Export the model's .keras or .h5 file, whose states "
            "keras2cv carries from call to call."
        )
    if changes:
        raise ModelError(
            f"{path}: its function was saved in training mode: it normalizes by the batch at hand, "
            "moves its averages at each call, and answers otherwise than Keras' predict() does. "
            "Export the model's .keras or .h5 file."
        )


def _loaded(path: Path, raw: bytes) -> Any:
    """Return the objects of a SavedModel whose graphs are `raw`."""
    with private_copy(path, raw) as copy:
        check_variables(path, copy)
        try:
            return tf.saved_model.load(str(copy))
        except Exception as error:  # any error that TensorFlow finds in the file
            reason = sentence(error).replace(str(copy), str(path))
            raise ModelError(f"{path}: TensorFlow cannot load this SavedModel: {reason}") from error


def _parsed(path: Path, raw: bytes) -> Any:
    """Return the protobuf of a SavedModel."""
    graphs = saved_model_pb2.SavedModel()
    try:
        graphs.ParseFromString(raw)
    except Exception as error:  # protobuf's own error, whose class it hides well
        raise ModelError(
            f"{path}: saved_model.pb is damaged ({sentence(error).rstrip('.')}). Copy it again."
        ) from error
    return graphs


def _argument_order(loaded: Any, specs: Mapping[str, Any]) -> list[str]:
    """Return the inputs in Keras' order; a signature sorts them by name.

    The function that Keras 3 (`serve`) or Keras 2 (`__call__`) left beside it knows the order.
    """
    for name in ("serve", "__call__"):
        for concrete in getattr(getattr(loaded, name, None), "concrete_functions", ()):
            flat = tf.nest.flatten(concrete.structured_input_signature)
            names = [spec.name for spec in flat if isinstance(spec, tf.TensorSpec)]
            if sorted(names) == sorted(specs):
                return names
    return sorted(specs)


def _result_order(names: Iterable[str]) -> list[str]:
    """Return the outputs in Keras' order: the keys of a dict, or output_0, output_1, ..."""
    numbered = {name: re.fullmatch(r"output_(\d+)", name) for name in names}
    if all(numbered.values()):
        return sorted(numbered, key=lambda name: int(name.rpartition("_")[2]))
    return sorted(numbered)


def _dims(shape: Any) -> tuple[int | None, ...]:
    if shape.rank is None:
        raise ModelError(
            "An input of the SavedModel has no rank. Export it with an input signature."
        )
    return tuple(shape.as_list())
