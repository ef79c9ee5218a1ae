"""One run of a graph against TensorFlow, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras2cv_export.graph.origin import Origin
from keras2cv_export.tracing.layer_outputs import Layer, LayerRun

from .report import LayerError

Array = np.ndarray[Any, Any]

# The error may begin in a layer below the limit, and grow in the layers after it.
_BEGINS = 0.3  # of the limit
_JUMP = 10.0  # times the error of the values that it is computed from
_NOISE = 0.03  # of the limit: the error that float32 alone makes in a right value


def distance(expected: Array, got: Array) -> float:
    """Return max |got - expected| / max |expected|; infinite for NaN or another number of values.

    Where all expected values are 0, it is the error itself.
    """
    if expected.size != got.size:
        return math.inf
    wide, other = expected.astype(np.float64), got.astype(np.float64).reshape(expected.shape)
    if not (np.isfinite(wide).all() and np.isfinite(other).all()):
        return math.inf
    scale = float(np.abs(wide).max(initial=0.0)) or 1.0
    return float(np.abs(wide - other).max(initial=0.0)) / scale


@dataclass(frozen=True)
class Readable:
    """A layer's output that is a value of the exported graph.

    Attributes:
        layer: The layer.
        origin: Its place in the graph.
        expected: TensorFlow's output, in Keras' layout.
        value: The same in the graph's layout.
    """

    layer: Layer
    origin: Origin
    expected: Array
    value: Array

    def error_of(self, got: Array | None) -> float:
        """Return how far a value of the graph is from TensorFlow's."""
        return math.inf if got is None else distance(self.value, got)


def readable(
    run: LayerRun, origins: Mapping[str, Origin], shapes: Mapping[str, Sequence[int]]
) -> Iterator[Readable]:
    """Yield the layers that can be read from a graph with these `shapes`, in their order."""
    places: dict[str, list[Origin]] = {}
    for key, origin in origins.items():
        if key in run.same_as and origin.value in shapes:
            places.setdefault(run.same_as[key], []).append(origin)
    for layer in run.layers:
        expected = run.values[layer.key]
        for origin in places.get(layer.key, ()):
            shape = shapes[origin.value]
            if expected.size and math.prod(shape) == expected.size:
                value = np.asarray(origin.to_net(expected, shape), np.float32)
                yield Readable(layer, origin, expected, value)
                break


def errors(layers: Sequence[Readable], values: Mapping[str, Array]) -> tuple[LayerError, ...]:
    """Measure how far every layer is off."""
    return tuple(
        LayerError(
            r.layer.name,
            r.layer.key,
            r.layer.kind,
            r.error_of(values.get(r.origin.value)),
            r.origin.value,
        )
        for r in layers
    )


@dataclass(frozen=True)
class Found:
    """The keys of the wrong layers with right values before them, in order."""

    roots: tuple[str, ...]
    gradual: bool = False


def roots(layers: Sequence[Readable], found: Sequence[LayerError], limit: float) -> Found:
    """Find the layers that are wrong although the values that they are computed from are right."""
    error = {e.key: e.error for e in found}
    before = {r.layer.key: r.layer.before for r in layers}

    def worst_before(key: str) -> float:
        return max((error[b] for b in before[key] if b in error), default=0.0)

    def begins(key: str, least: float) -> bool:
        floor = max(worst_before(key), _NOISE * limit)
        return error[key] > least and error[key] >= _JUMP * floor

    beyond = [k for k in error if error[k] > limit]
    first = [k for k in beyond if not any(error.get(b, 0.0) > limit for b in before[k])]
    earlier = {
        k: next((b for b in error if b in before[k] and begins(b, _BEGINS * limit)), k)
        for k in first
    }
    return Found(tuple(dict.fromkeys(earlier.values())))


def steepest(layers: Sequence[Readable], found: Sequence[LayerError], limit: float) -> str | None:
    """Find the layer in which the error grows most, where none is beyond the limit."""
    error = {e.key: e.error for e in found}

    def growth(r: Readable) -> float:
        worst = max((error[b] for b in r.layer.before if b in error), default=0.0)
        return error[r.layer.key] - worst

    best = max(layers, key=growth, default=None)
    return best.layer.key if best is not None and growth(best) > _NOISE * limit else None
