"""Build a specimen in its collection's environment, save it, and keep Keras' answers."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module, util
from pathlib import Path
from typing import Any, Final

from campaigns.zoo.smooth import smooth

_SEEDS: Final = (5, 6)
_CALIBRATION_BATCH: Final = 4
Model = Any
Array = Any


def make(job: Mapping[str, Any]) -> dict[str, Any]:
    """Make the file of the job's specimen, and `io.npz` with samples and Keras' answers."""
    _prepare(job)
    file, model = _make(job)
    shapes = _input_shapes(model, job)
    arrays: dict[str, Array] = {}
    for i, seed in enumerate(_SEEDS):
        inputs = [_draw(s, 1, seed + 10 * k, job["values"]) for k, s in enumerate(shapes)]
        inputs = [_held(array, model, k) for k, array in enumerate(inputs)]
        arrays |= {f"in/{i}/{k}": array for k, array in enumerate(inputs)}
        arrays |= {f"out/{i}/{k}": array for k, array in enumerate(_predict(model, inputs))}
    import numpy as np

    np.savez(job["io"], **arrays)
    return {"file": str(file), "weights_bytes": _weights_bytes(model)}


def export_plainly(job: Mapping[str, Any]) -> dict[str, Any]:
    """Export the saved file as Keras does; Keras 2 has no such export."""
    _prepare(job)
    import keras
    import onnx

    model = keras.saving.load_model(job["file"], compile=False)
    model.export(job["plain"], format="onnx", verbose=False)
    graph = onnx.load(job["plain"], load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    return {
        "inputs": [value.name for value in graph.input if value.name not in weights],
        "outputs": [value.name for value in graph.output],
    }


def _prepare(job: Mapping[str, Any]) -> None:
    warnings.simplefilter("ignore")
    for name in job["imports"]:
        import_module(name)


def _make(job: Mapping[str, Any]) -> tuple[Path, Model]:
    if "/" in job["build"]:
        return _shipped(job["build"])
    model = _built(job["build"], job["arguments"])
    specs = _input_shapes(model, job)
    if not model.weights:
        model(*[_draw(s, 1, 1, job["values"]) for s in specs])
    if not job["trained"]:
        _calibrate(model, specs, job["values"])
    return _saved(model, job), model


def _saved(model: Model, job: Mapping[str, Any]) -> Path:
    """Save the model; where its own Keras cannot load the file again, as a SavedModel."""
    folder = Path(job["folder"])
    if job["format"] != "saved":
        path = folder / f"model.{job['format']}"
        try:
            model.save(str(path))
            _library_of(model).models.load_model(str(path), compile=False)
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
        else:
            return path
    model.export(str(folder / "saved"))
    return folder / "saved"


def _library_of(model: Model) -> Any:
    """Return the Keras that a model is of."""
    import keras

    return keras if isinstance(model, keras.Model) else import_module("tf_keras")


def _built(dotted: str, arguments: Mapping[str, Any]) -> Model:
    home, _, name = dotted.rpartition(".")
    given = {key: tuple(v) if isinstance(v, list) else v for key, v in arguments.items()}
    return getattr(import_module(home), name)(**given)


def _calibrate(model: Model, shapes: Sequence[Sequence[int]], values: Sequence[float]) -> None:
    from keras2cv_bench.calibrate import randomize

    randomize(model, 1, [_draw(s, _CALIBRATION_BATCH, 1, values) for s in shapes])


def _shipped(place: str) -> tuple[Path, Model]:
    """Return a package's file, and the model in it, opened by its own library."""
    package, _, rest = place.partition("/")
    spec = util.find_spec(package)
    assert spec is not None  # noqa: S101 - the environment was just made
    path = Path(str(spec.origin)).parent / rest
    if path.is_dir():
        import tensorflow as tf

        return path, tf.saved_model.load(str(path))
    import tf_keras

    return path, tf_keras.models.load_model(str(path), compile=False)


def _input_shapes(model: Model, job: Mapping[str, Any]) -> list[list[int]]:
    if job["shapes"]:
        return [list(shape) for shape in job["shapes"]]
    return [[int(size) for size in tensor.shape[1:]] for tensor in model.inputs]


def _draw(shape: Sequence[int], batch: int, seed: int, values: Sequence[float]) -> Array:
    return smooth((batch, *shape), seed, (float(values[0]), float(values[1])))


def _held(array: Array, model: Model, k: int) -> Array:
    """Return an input's values as its dtype holds them, in float32: pictures of bytes are whole."""
    tensors = getattr(model, "inputs", None) or ()
    kind = str(getattr(tensors[k], "dtype", "")) if k < len(tensors) else ""
    return array.round() if "int" in kind else array


def _predict(model: Model, inputs: Sequence[Array]) -> list[Array]:
    """Return the outputs in the order of a bundle."""
    import numpy as np
    import tensorflow as tf

    if hasattr(model, "signatures"):  # a SavedModel
        run = model.signatures["serving_default"]
        names = sorted(run.structured_input_signature[1])
        found = run(**{n: tf.constant(a) for n, a in zip(names, inputs, strict=True)})
    else:
        from keras2cv_bench.calibrate import packed

        found = model(packed(model, [tf.constant(array) for array in inputs]), training=False)
    return [np.asarray(array) for array in tf.nest.flatten(found)]


def _weights_bytes(model: Model) -> int:
    import numpy as np

    variables = model.variables if hasattr(model, "variables") else model.weights
    return sum(4 * int(np.prod(v.shape)) for v in variables)
