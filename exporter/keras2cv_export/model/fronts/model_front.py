"""A model's front: its record, and Keras' own layers to compare it with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from keras2cv.numpy_front.record import NumpyFront
from keras2cv.numpy_front.run import FrontRunner

from .calls import LayerCall

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class ModelFront:
    """The layers of a model that run before the net.

    Attributes:
        record: The same as steps of NumPy, for the manifest.
        calls: The layers' calls, in order.
        inputs: The model's own symbolic inputs, by name.
        made: The symbolic tensors that the net reads, by name.
    """

    record: NumpyFront
    calls: tuple[LayerCall, ...]
    inputs: Mapping[str, Any]
    made: Mapping[str, Any]

    def by_keras(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Return what Keras' own layers make of a batch: the inputs of the net by name."""
        with tf.device("CPU:0"):
            found = {id(t): tf.constant(values[name]) for name, t in self.inputs.items()}
            for call in self.calls:
                result = call.layer(_filled(call.given, found))
                found[id(call.outputs[0])] = result
        return {name: np.asarray(found[id(tensor)]) for name, tensor in self.made.items()}

    def by_numpy(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Return what the record's steps make of the same."""
        arrays = FrontRunner(self.record).run(values)
        return {name: arrays[name] for name in self.made}


def _filled(given: Any, found: Mapping[int, Any]) -> Any:
    if isinstance(given, Sequence):
        return [found[id(tensor)] for tensor in given]
    return found[id(given)]
