"""TensorFlow's own answer, which everything else is measured against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from .load import LoadedModel

Array = np.ndarray[Any, Any]
Runner = Callable[[Mapping[str, Array]], dict[str, Array]]


def reference(loaded: LoadedModel) -> Runner:
    """Return a runner of the native model: Keras names and layout in and out, `training=False`.

    It is compiled by tf.function, as `model.predict` is, on the CPU, so that a GPU's TF32 does not
    blur the reference.
    """
    names: list[str] = []

    def outputs(*tensors: Any) -> list[Any]:
        pairs = loaded.call(*tensors)
        names[:] = [name for name, _ in pairs]
        return [tensor for _, tensor in pairs]

    compiled = [tf.function(outputs, autograph=False, reduce_retracing=True)]

    def answer(tensors: list[Any]) -> list[Any]:
        try:
            return list(compiled[0](*tensors))
        except tf.errors.OperatorNotAllowedInGraphError:  # `if` over tensors in a custom call()
            compiled[0] = tf.function(outputs, reduce_retracing=True)
            return list(compiled[0](*tensors))

    def run(sample: Mapping[str, Array]) -> dict[str, Array]:
        with tf.device("/CPU:0"):
            tensors = [tf.constant(sample[s.name], dtype=s.dtype) for s in loaded.inputs]
            results = answer(tensors)
        return {name: np.array(t) for name, t in zip(names, results, strict=True)}

    return run
