"""Open a Keras model, from whatever it was saved as, and say what it takes and gives."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from keras2cv.bundle import sha256_of
from keras2cv.errors import ModelError
from keras2cv.manifest import Source

from . import config as architecture
from .load_legacy import has_tf_keras, plainly, read_with_tf_keras, structure_of
from .shapes import resolve_shapes
from .spec import TensorSpec

Shapes = Mapping[str, Sequence[int]] | Sequence[int] | None


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to be traced and to be asked for its predictions.

    Attributes:
        name: The model's own name.
        source: Where it came from, for the manifest.
        inputs: In Keras' flat order, every dimension known, the batch first.
        call: Flat tensors in, (output name, tensor) pairs out, in Keras' flat order;
            `training=False`, float32.
        open_batch: Output names whose first dimension is the batch, or None where Keras cannot say.
        keras_model: The Keras object; None for a SavedModel, which is only a function.
        notes: Sentences that the user should hear.
    """

    name: str
    source: Source
    inputs: tuple[TensorSpec, ...]
    call: Callable[..., list[tuple[str, Any]]]
    open_batch: frozenset[str] | None
    keras_model: Any = None
    notes: tuple[str, ...] = field(default=())

    @property
    def batch(self) -> int:
        """The batch size that it will be exported with."""
        return int(self.inputs[0].shape[0] or 1)

    @property
    def smallest_vocabulary(self) -> int | None:
        """The fewest rows of any Embedding: indices below it are legal everywhere."""
        layers = self.keras_model._flatten_layers() if self.keras_model is not None else ()
        sizes = [x.input_dim for x in layers if type(x).__name__ == "Embedding"]  # Keras 2's too
        return min(sizes, default=None)


def load_model(
    model: Any,
    *,
    input_shapes: Shapes = None,
    batch: int = 1,
    unsafe: bool = False,
    imports: Sequence[str] = (),
) -> LoadedModel:
    """Open `model`: a live Keras model, a .keras or .h5 file, or a SavedModel folder.

    Args:
        model: What to open.
        input_shapes: Sizes for open dimensions: {input name: shape with the batch}, or one shape.
        batch: The batch size to export with, where `input_shapes` does not say.
        unsafe: Whether code inside the file (Lambda layers) may run.
        imports: Modules to import first, which define or register the model's own layers.

    Raises:
        ModelError: It cannot be opened, or not safely, or its shapes are not known.
    """
    import_modules(imports)
    if isinstance(model, str | os.PathLike):
        path = Path(model)
        if path.is_dir():
            return _saved_model(path, input_shapes, batch)
        kind = "keras" if path.suffix == ".keras" else "h5"
        source = Source(path.name, kind, _hash(path))  # type: ignore[arg-type]
        return _file_model(path, source, input_shapes, batch, unsafe=unsafe, imports=imports)
    if not isinstance(model, keras.Model):
        raise ModelError(
            f"{type(model).__name__} is not a Keras model. "
            "Give a keras.Model, a .keras or .h5 file, or a SavedModel folder."
        )
    return _keras_model(model, Source(str(model.name), "live"), input_shapes, batch)


def import_modules(names: Sequence[str]) -> None:
    """Import the user's modules, which define their layers; the working folder counts."""
    if names and "" not in sys.path:
        sys.path.insert(0, "")
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:  # whatever the user's own code raises
            raise ModelError(
                f"The module {name!r} cannot be imported ({_sentence(error).rstrip('.')}). "
                "Give its dotted name, and run from the folder that holds it."
            ) from error


def _own_objects(modules: Sequence[str], config: Any) -> dict[str, Any]:
    """Return what the imported modules, or their packages, define of what the model may name.

    Nothing that goes by a name of Keras' own: that would take its place in the model.
    """
    foreign = {name.rpartition(".")[2] for name in architecture.foreign_classes(config)}
    return {
        name: thing
        for module in modules
        for name, thing in vars(sys.modules[module]).items()
        if callable(thing) and _top(getattr(thing, "__module__", "")) == _top(module)
        if name in foreign or (isinstance(thing, type) and not hasattr(keras.layers, name))
    }


def _top(module: str) -> str:
    return str(module).partition(".")[0]


def _hash(path: Path) -> str:
    if not path.is_file():
        raise ModelError(f"There is no model at {path}. Check the path.")
    try:
        return sha256_of(path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror}). Check its permissions."
        ) from error


def _file_model(
    path: Path,
    source: Source,
    shapes: Shapes,
    batch: int,
    *,
    unsafe: bool,
    imports: Sequence[str],
) -> LoadedModel:
    config = architecture.read_config(path)
    _refuse_code(path, config, unsafe)
    own = _own_objects(imports, config)
    _refuse_unknown(path, config, own)
    try:
        model = keras.saving.load_model(path, own, compile=False, safe_mode=not unsafe)
    except Exception as error:  # Keras raises whatever a layer's constructor raises
        if source.kind != "h5":
            raise _unreadable(path, f"Keras {keras.__version__} cannot", error) from error
        return _legacy_model(path, source, shapes, batch, error)
    return _keras_model(model, source, shapes, batch)


def _unreadable(path: Path, who_cannot: str, error: Exception) -> ModelError:
    return ModelError(
        f"{path}: {who_cannot} load this model: {_sentence(error)} "
        "If it has layers of your own, pass the module that defines them with --import."
    )


def _legacy_model(
    path: Path, source: Source, shapes: Shapes, batch: int, problem: Exception
) -> LoadedModel:
    """Open with Keras 2 what Keras 3 stumbled over."""
    reader = f"Keras {keras.__version__}"
    if not has_tf_keras():
        raise ModelError(
            f"{path}: {reader} cannot load this model: {_sentence(problem)} "
            "If Keras 2 saved it, pip install 'keras2cv[legacy]' lets Keras 2 open it; "
            "if it has layers of your own, pass their module with --import."
        ) from problem
    try:
        model = read_with_tf_keras(path)
    except Exception as error:  # as above
        raise _unreadable(path, f"neither {reader} nor Keras 2 can", problem) from error
    note = f"{reader} cannot read {path.name} ({_sentence(problem)}) tf_keras opened it instead."
    return _tf_keras_model(model, source, shapes, batch, note)


def _tf_keras_model(
    model: Any, source: Source, shapes: Shapes, batch: int, note: str
) -> LoadedModel:
    structure = structure_of(model)
    flat = tf.nest.flatten(structure)
    declared = [TensorSpec(t.name, tuple(t.shape), t.dtype.name) for t in flat]
    inputs = resolve_shapes(declared, shapes, batch)

    def call(*tensors: Any) -> list[tuple[str, Any]]:
        with plainly(model):
            outputs = model(tf.nest.pack_sequence_as(structure, list(tensors)), training=False)
        flat_outputs = tf.nest.flatten(outputs)
        names = _unique(list(model.output_names)) if not isinstance(outputs, dict) else None
        return list(zip(names or _paths(outputs, "output"), flat_outputs, strict=True))

    flat_outputs = tf.nest.flatten(model.outputs)
    open_batch = None
    if len(model.output_names) == len(flat_outputs):
        pairs = zip(_unique(list(model.output_names)), flat_outputs, strict=True)
        open_batch = frozenset(n for n, t in pairs if t.shape.rank and t.shape[0] is None)
    return LoadedModel(str(model.name), source, inputs, call, open_batch, model, (note,))


def _refuse_code(path: Path, config: Any, unsafe: bool) -> None:
    found = architecture.lambdas(config)
    if found and not unsafe:
        raise ModelError(
            f"{path} has Lambda layers ({', '.join(found)}), whose Python code runs on loading. "
            "If you trust the file, pass --unsafe; better, replace them with a registered Layer."
        )


def _refuse_unknown(path: Path, config: Any, own: Mapping[str, Any]) -> None:
    known = {**keras.saving.get_custom_objects(), **own}
    foreign = architecture.foreign_classes(config)
    unknown = [name for name in foreign if not {name, name.rpartition(".")[2]} & known.keys()]
    if unknown:
        raise ModelError(
            f"{path} uses classes or functions that are not known here: {', '.join(unknown)}. "
            "Pass the module that defines them with --import mypkg.layers "
            "(in Python: imports=['mypkg.layers'])."
        )


_DECORATION = re.compile(r"\x1b\[\d*m|\{\{.*?\}\} ?|Full object config: .*")


def _sentence(error: Exception) -> str:
    """Return the line of a message of Keras' that says what is wrong, at most 300 characters."""
    said = str(error).rpartition("Exception encountered: ")[2]  # the innermost of those it wraps
    lines = [_DECORATION.sub("", line).strip() for line in said.splitlines()]
    told = [x for x in lines if x and not x.startswith("Exception encountered when calling")]
    text = told[0] if told else type(error).__name__
    return text[:300].rstrip(".") + "."


def _keras_model(model: Any, source: Source, shapes: Shapes, batch: int) -> LoadedModel:
    structure, names = _inputs_of(model, shapes)
    flat = keras.tree.flatten(structure)
    declared = [
        TensorSpec(name, tuple(t.shape), keras.backend.standardize_dtype(t.dtype))
        for name, t in zip(names, flat, strict=True)
    ]
    _refuse_text(declared)
    inputs = resolve_shapes(declared, shapes, batch)

    def call(*tensors: Any) -> list[tuple[str, Any]]:
        with as_float32(model), _failing_clearly(str(model.name), inputs):
            outputs = model(keras.tree.pack_sequence_as(structure, list(tensors)), training=False)
        pairs = zip(_output_names(model, outputs), keras.tree.flatten(outputs), strict=True)
        return [(name, tensor) for name, tensor in pairs if tensor is not None]

    return LoadedModel(
        str(model.name), source, inputs, call, _open_batch(model), model, _precision_note(model)
    )


def _refuse_text(declared: Sequence[TensorSpec]) -> None:
    for spec in declared:
        if spec.dtype == "string":
            raise ModelError(
                f"The input {spec} is text, and OpenCV takes numbers only. "
                "Look words up before the model, and export the part that follows."
            )


@contextmanager
def _failing_clearly(name: str, inputs: Sequence[TensorSpec]) -> Iterator[None]:
    try:
        yield
    except tf.errors.OperatorNotAllowedInGraphError:  # the caller traces it another way then
        raise
    except Exception as error:  # whatever the model's layers raise
        raise ModelError(
            f"The model {name!r} cannot be called on {', '.join(map(str, inputs))}: "
            f"{_sentence(error)} Give shapes that it takes with --input-shape; several inputs go "
            "into call()'s first argument, as a list or a dict."
        ) from error


def _inputs_of(model: Any, shapes: Shapes) -> tuple[Any, list[str]]:
    """Return the structure that `model(...)` takes, with shapes at its leaves, and their names."""
    if isinstance(model, keras.Sequential) and not model.built and shapes is not None:
        model.build(_only_shape(shapes))
        given = list(shapes) if isinstance(shapes, Mapping) else []
        return model.inputs[0], [str(name) for name in given if name] or ["input"]
    if isinstance(model, keras.Sequential) and model.built:
        structure = model.inputs[0]
    elif getattr(model, "inputs", None):  # Functional models know the structure too
        structure = model.input
    else:
        structure = _recorded_inputs(model, shapes)
    names = _paths(structure, default="input")
    if isinstance(structure, dict):
        return structure, names
    symbols = keras.tree.flatten(structure)
    if all(isinstance(t, keras.KerasTensor) and t.name for t in symbols) and hasattr(
        model, "inputs"
    ):
        names = _unique([str(t.name) for t in symbols])
    return structure, names


def _recorded_inputs(model: Any, shapes: Shapes) -> Any:
    """Rebuild a subclassed model's inputs from the shapes that it was first called with."""
    recorded = getattr(model, "_build_shapes_dict", None)
    if recorded and len(recorded) == 1:
        return _symbols(next(iter(recorded.values())), model)
    if isinstance(shapes, Mapping) and shapes:
        return {name: _symbol(shape, model) for name, shape in shapes.items()}
    if shapes is not None:
        return _symbol(_only_shape(shapes), model)
    raise ModelError(
        f"The model {model.name!r} has never been called, so that its input shapes are unknown. "
        "Call it once on an example, or give --input-shape."
    )


def _only_shape(shapes: Shapes) -> Sequence[int]:
    if isinstance(shapes, Mapping):
        if len(shapes) != 1:
            raise ModelError(f"This model has one input, and {len(shapes)} shapes were given.")
        return next(iter(shapes.values()))
    return tuple(shapes or ())


def _symbols(recorded: Any, model: Any) -> Any:
    if isinstance(recorded, Mapping):
        return {key: _symbols(value, model) for key, value in recorded.items()}
    if isinstance(recorded, list | tuple) and not all(isinstance(d, int | None) for d in recorded):
        return [_symbols(value, model) for value in recorded]
    return _symbol(recorded, model)


def _symbol(shape: Sequence[int | None], model: Any) -> Any:
    dtype = getattr(model, "input_dtype", None) or "float32"
    return keras.KerasTensor((None, *list(shape)[1:]), dtype=dtype)


def _paths(structure: Any, default: str) -> list[str]:
    """Name the leaves of a structure by their path in it: keys of dicts, positions in lists.

    >>> _paths({"boxes": [1.0, 2.0], "mask": 3.0}, "output"), _paths([1.0, {"b": 2.0}], "output")
    (['boxes/0', 'boxes/1', 'mask'], ['output_0', 'output_1/b'])
    """
    named = []
    for path, _ in keras.tree.flatten_with_path(structure):
        name = "/".join(map(str, path)) or default
        named.append(f"{default}_{name}" if path and isinstance(path[0], int) else name)
    return _unique(named)


def _unique(names: Sequence[str]) -> list[str]:
    result: list[str] = []
    for wish in names:
        name, k = wish, 1
        while name in result:
            k += 1
            name = f"{wish}_{k}"
        result.append(name)
    return result


def _output_names(model: Any, outputs: Any) -> list[str]:
    """Keras' names: dict keys, else the output layers', else output_0, output_1, ..."""
    if isinstance(outputs, dict):
        return _paths(outputs, "output")
    count = len(keras.tree.flatten(outputs))
    names = getattr(model, "output_names", None) or []
    if isinstance(model, keras.Sequential) and count == 1:
        names = [model.layers[-1].name]
    return _unique(names) if len(names) == count else _paths(outputs, "output")


def _open_batch(model: Any) -> frozenset[str] | None:
    """Ask a Functional model which outputs have the batch as their first dimension."""
    if isinstance(model, keras.Sequential):
        return frozenset(_output_names(model, model.outputs[0]))
    outputs = getattr(model, "output", None) if getattr(model, "inputs", None) else None
    if outputs is None:
        return None
    flat = keras.tree.flatten(outputs)
    names = _output_names(model, outputs)
    if any(t.shape is None for t in flat):
        return None
    fixed = all(t.shape and t.shape[0] is not None for t in keras.tree.flatten(model.input))
    if fixed:  # Input(batch_shape=(4, ...)): the outputs say 4, not None
        return None
    return frozenset(n for n, t in zip(names, flat, strict=True) if t.shape and t.shape[0] is None)


@contextmanager
def as_float32(model: Any) -> Iterator[None]:
    """Let a mixed-precision model compute in float32 for a while; its weights stay as they are.

    OpenCV's nets compute in float32, and float16 in the reference would hide errors of 1e-3.
    """
    changed = [layer for layer in model._flatten_layers() if layer.compute_dtype not in _KEPT]
    policies = [layer.dtype_policy for layer in changed]
    for layer in changed:
        layer.dtype_policy = keras.DTypePolicy("float32")
    try:
        yield
    finally:
        for layer, policy in zip(changed, policies, strict=True):
            layer.dtype_policy = policy


_KEPT = ("float32", None)


def _precision_note(model: Any) -> tuple[str, ...]:
    policies = {str(layer.dtype_policy.name) for layer in model._flatten_layers()}
    other = sorted(p for p in policies if p != "float32")
    if not other:
        return ()
    return (f"The model computes in {', '.join(other)}; it is exported, and checked, as float32.",)


def _saved_model(path: Path, shapes: Shapes, batch: int) -> LoadedModel:
    if not (path / "saved_model.pb").is_file():
        raise ModelError(
            f"{path} is a folder without a saved_model.pb. "
            "Give a SavedModel folder, or a .keras or .h5 file."
        )
    try:
        loaded = tf.saved_model.load(str(path))
    except Exception as error:  # whatever TensorFlow meets in the file
        raise ModelError(
            f"{path}: TensorFlow cannot load this SavedModel: {_sentence(error)}"
        ) from error
    signature = _signature(path, loaded)
    specs = signature.structured_input_signature[1]
    order = _argument_order(loaded, specs)
    declared = [TensorSpec(n, _dims(specs[n].shape), specs[n].dtype.name) for n in order]
    _refuse_text(declared)
    inputs = resolve_shapes(declared, shapes, batch)
    outputs = signature.structured_outputs
    open_batch = frozenset(n for n, t in outputs.items() if t.shape.rank and t.shape[0] is None)

    def call(*tensors: Any) -> list[tuple[str, Any]]:
        # `loaded` owns the variables; without a reference here they would be collected.
        assert loaded is not None  # noqa: S101
        results = signature(**dict(zip(order, tensors, strict=True)))
        return [(name, results[name]) for name in _result_order(results)]

    return LoadedModel(path.name, Source(path.name, "savedmodel"), inputs, call, open_batch)


def _signature(path: Path, loaded: Any) -> Any:
    signatures = dict(loaded.signatures)
    if "serving_default" in signatures:
        return signatures["serving_default"]
    if len(signatures) == 1:
        return next(iter(signatures.values()))
    raise ModelError(
        f"{path} has no signature 'serving_default' (it has: {', '.join(signatures) or 'none'}). "
        "Write it with model.export(folder)."
    )


def _argument_order(loaded: Any, specs: Mapping[str, Any]) -> list[str]:
    """Give the inputs as Keras orders them: a signature sorts them by name.

    The function that Keras 3 (`serve`) or Keras 2 (`__call__`) left beside it knows.
    """
    for name in ("serve", "__call__"):
        for concrete in getattr(getattr(loaded, name, None), "concrete_functions", ()):
            flat = tf.nest.flatten(concrete.structured_input_signature)
            names = [spec.name for spec in flat if isinstance(spec, tf.TensorSpec)]
            if sorted(names) == sorted(specs):
                return names
    return sorted(specs)


def _result_order(names: Iterable[str]) -> list[str]:
    """Give the outputs as Keras orders them: the keys of a dict, or output_0, output_1, ..."""
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
