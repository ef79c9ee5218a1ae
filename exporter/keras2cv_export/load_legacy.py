"""Models saved by Keras 2 that Keras 3 cannot read, opened by `tf_keras`.

Keras 3 reads most .h5 files of TensorFlow 2.0 to 2.15. It stumbles over what functional models
recorded of plain TensorFlow calls (TFOpLambda, SlicingOpLambda), over arguments that have gone
(`groups` of DepthwiseConv2D) and over old optimizers and configs. `tf_keras` is Keras 2, kept alive
for exactly that; it comes with `pip install 'keras2cv[legacy]'`.

It would run a Lambda layer's code on loading, whatever it is asked: `load.py` looks for those in
the file's configuration before either Keras sees it.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def has_tf_keras() -> bool:
    """Whether Keras 2 is installed beside Keras 3."""
    return importlib.util.find_spec("tf_keras") is not None


def read_with_tf_keras(path: Path) -> Any:
    """Return the tf_keras.Model in an .h5 file; raises whatever Keras 2 raises."""
    return importlib.import_module("tf_keras").models.load_model(path, compile=False)


def structure_of(model: Any) -> Any:
    """Return what `model(...)` takes: symbolic tensors, one, in a list or in a dict."""
    nested = getattr(model, "_nested_inputs", None)
    if nested is None:
        nested = model.inputs
    return nested[0] if isinstance(nested, list | tuple) and len(nested) == 1 else nested


@contextmanager
def plainly(model: Any) -> Iterator[None]:
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
