"""TensorFlow's answers, by twins of the layers that this processor has no kernels for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras2cv_export.model.cpu_kernels import cpu_runner


def cpu_answers(function: Callable[..., Any], *arrays: Any) -> list[Any]:
    """Return the outputs of `function`, flat.

    Without oneDNN TensorFlow has no CPU kernels for channels first, or for dilated transposed
    convolutions: `tests/exporter/model/test_cpu_kernels.py` shows that the twin is as good.
    """
    try:
        return list(tf.nest.flatten(function(*arrays)))
    except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError):
        tensors = [tf.convert_to_tensor(array) for array in arrays]
        traced = tf.function(
            lambda *given: tf.nest.flatten(function(*given)), autograph=False
        ).get_concrete_function(*(tf.TensorSpec(t.shape, t.dtype) for t in tensors))
    return list(cpu_runner(traced)(*tensors))
