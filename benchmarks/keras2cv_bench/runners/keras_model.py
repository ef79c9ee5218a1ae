"""The Keras model in TensorFlow, run as `job.how`: a tf.function, `model(x)` or `model.predict`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import read_manifest
from keras2cv.errors import UsageError
from keras2cv_bench.calibrate import packed
from keras2cv_bench.pipeline import Array, Job, Pipeline, around
from keras2cv_export.model.load import LoadedModel, import_modules, load_model
from keras2cv_export.model.reference import on_cpu, reference
from keras2cv_export.model.untrusted.confined import confine_child
from keras2cv_export.quiet.tensorflow import keras, tf

_LIMIT = "ONEDNN_MAX_CPU_ISA"  # read by oneDNN, in TensorFlow
FUNCTION, CALL, PREDICT = "tf.function", "model(x)", "model.predict"


def open_pipeline(job: Job) -> Pipeline:
    """Open the model's file, as the exporter does."""
    tf.config.threading.set_intra_op_parallelism_threads(job.threads)
    tf.config.threading.set_inter_op_parallelism_threads(job.threads)
    manifest = read_manifest(job.bundle)
    confine(job)
    loaded = load_model(
        job.file,
        input_shapes=_shapes(manifest, job),
        unsafe=job.unsafe,
        imports=job.imports,
        signature=manifest.source.signature,
    )
    about = f"TensorFlow {tf.__version__}, {job.threads} threads, oneDNN {_onednn()}"
    if limit := os.environ.get(_LIMIT):
        about += f", no further than {limit}"
    return around(job).pipeline(about, _FUNCTIONS[job.how](loaded))


def confine(job: Job) -> None:
    """Let this process write beside the job's samples alone, once the user's modules are here."""
    if not job.unsafe:
        import_modules(job.imports)
        confine_child(job.inputs.parent, network=bool(job.imports))


def _onednn() -> str:
    """Return "on" or "off", as TensorFlow itself sees it."""
    try:
        from tensorflow.python.util import _pywrap_util_port

        return "on" if _pywrap_util_port.IsMklEnabled() else "off"
    except (ImportError, AttributeError):  # no public name says it
        return "unknown"


def _shapes(manifest: Manifest, job: Job) -> Any:
    """Return the shapes; a single one needs no name, which may differ between model and bundle."""
    shapes = {t.name: (job.batch, *t.keras_shape[1:]) for t in manifest.own_inputs}
    return next(iter(shapes.values())) if len(shapes) == 1 else shapes


def _function(loaded: LoadedModel) -> Callable[[list[Array]], list[Array]]:
    run, names = reference(loaded), [spec.name for spec in loaded.inputs]
    return lambda arrays: list(run(dict(zip(names, arrays, strict=True))).values())


def _call(loaded: LoadedModel) -> Callable[[list[Array]], list[Array]]:
    _require_keras(loaded)

    def run(arrays: list[Array]) -> list[Array]:
        with on_cpu():
            return [np.array(t) for _, t in loaded.call(*(tf.constant(a) for a in arrays))]

    return run


def _predict(loaded: LoadedModel) -> Callable[[list[Array]], list[Array]]:
    _require_keras(loaded)
    model = loaded.keras_model

    def run(arrays: list[Array]) -> list[Array]:
        with on_cpu():
            found = model.predict(packed(model, arrays), batch_size=len(arrays[0]), verbose=0)
        return [np.asarray(array) for array in keras.tree.flatten(found)]

    return run


def _require_keras(loaded: LoadedModel) -> None:
    if loaded.keras_model is None:
        raise UsageError("A SavedModel is a function, without a Keras model around it.")


_FUNCTIONS = {FUNCTION: _function, CALL: _call, PREDICT: _predict}
