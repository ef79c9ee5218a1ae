"""TensorFlow functions as the front end sees them: traced, flattened, and run again.

traced = flat(lambda x: tf.reverse(x, [1]), random(2, 5))
traced.assert_same(limit=0)
assert "ReverseV2" not in traced.ops
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from keras2cv.bundle.manifest import ModelSource
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.tracing.capture import TracedGraph, trace

Array = NDArray[Any]


@dataclass(frozen=True)
class Flat:
    """A function after tracing.

    Attributes:
        graph: The traced graph.
        outputs: Its results.
        expected: TensorFlow's results, computed eagerly.
    """

    graph: TracedGraph
    outputs: list[Array]
    expected: list[Array]

    @property
    def ops(self) -> Counter[str]:
        """How many nodes of each type are left."""
        return Counter(node.op for node in self.graph.graph_def.node)

    def assert_same(self, limit: float = 2e-6) -> None:
        """The numbers agree to `limit` of the largest; their shapes and types are the same."""
        assert len(self.outputs) == len(self.expected) > 0
        for got, wanted in zip(self.outputs, self.expected, strict=True):
            assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
            largest = float(np.abs(wanted.astype(np.float64)).max())
            assert largest > 0
            difference = np.abs(got.astype(np.float64) - wanted.astype(np.float64))
            assert difference.max() <= limit * largest


def flat(function: Callable[..., Any], *arrays: Array) -> Flat:
    """Trace `function` at the shapes of `arrays`, and compute its value twice."""
    graph = trace(loaded(function, *arrays))
    with tf.Graph().as_default() as session_graph, tf.device("/CPU:0"):
        tf.import_graph_def(graph.graph_def, name="")
        with tf.compat.v1.Session(graph=session_graph) as session:
            feeds = dict(zip(graph.inputs, arrays, strict=True)) | dict(graph.weights)
            outputs = session.run(list(graph.outputs), feeds)
    expected = [np.asarray(t) for t in _several(function(*[tf.constant(a) for a in arrays]))]
    return Flat(graph, outputs, expected)


def loaded(function: Callable[..., Any], *arrays: Array) -> LoadedModel:
    """Return a function as a model with the inputs x0, x1, ... and the outputs y0, y1, ..."""
    specs = tuple(
        TensorSpec(f"x{k}", tuple(array.shape), array.dtype.name) for k, array in enumerate(arrays)
    )

    def call(*tensors: Any) -> list[tuple[str, Any]]:
        return [(f"y{k}", t) for k, t in enumerate(_several(function(*tensors)))]

    return LoadedModel("function", ModelSource("function", "live"), specs, call, None)


def _several(result: Any) -> list[Any]:
    return list(result) if isinstance(result, list | tuple) else [result]


def random(*shape: int, seed: int = 0) -> Array:
    """Return float32 numbers of size 0.4 to 1.6, of both signs, other ones for other shapes."""
    rng = np.random.default_rng((31, seed, *shape))
    return np.asarray(rng.uniform(0.4, 1.6, shape) * rng.choice([-1, 1], shape), np.float32)


def integers(below: int, *shape: int, dtype: str = "int32") -> Array:
    """Return integers from 0 to `below` - 1, other ones for other shapes."""
    rng = np.random.default_rng((37, below, *shape))
    return rng.integers(0, below, shape).astype(dtype)
