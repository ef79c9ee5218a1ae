"""Informative inputs for any Keras model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras2cv_bench.calibrate import sublayers

Array = NDArray[Any]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]
"""Draws one input of the given shape (batch first); the array's dtype must be the input's."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


def inputs_for(
    model: keras.Model,
    batch: int,
    seed: int,
    *,
    input_shapes: Mapping[str, tuple[int, ...]] = NOTHING,
    value_range: tuple[float, float] = (-2.0, 2.5),
    draw: Mapping[str, Draw] = NOTHING,
) -> list[Array]:
    """Structured inputs of any rank: no two samples, rows, columns or channels alike.

    Integer inputs stay below the smallest vocabulary in the model; uint8 inputs are images, 0 to
    255.

    Args:
        model: Names and shapes of its inputs are used.
        batch: Samples.
        seed: Determines the numbers.
        input_shapes: Name -> shape without the batch, where the model leaves it open.
        value_range: Of float inputs.
        draw: Name -> a function that draws that input.

    Raises:
        ValueError: `input_shapes` does not fix an open dimension, or a draw does not fit.
    """
    arrays = []
    for index, (name, shape, dtype) in enumerate(_input_specs(model, batch, input_shapes)):
        rng = np.random.default_rng((seed, index))
        if name in draw:
            array = draw[name](rng, shape)
        else:
            array = _draw(rng, shape, dtype, value_range, _vocabulary(model))
        if array.shape != shape or array.dtype != np.dtype(dtype):
            raise ValueError(
                f"Input {name!r}: expected {shape} {dtype}, got {array.shape} {array.dtype}. "
                "Correct its draw."
            )
        arrays.append(array)
    return arrays


def _input_specs(
    model: keras.Model, batch: int, input_shapes: Mapping[str, tuple[int, ...]]
) -> Iterable[tuple[str, tuple[int, ...], str]]:
    tensors = getattr(model, "inputs", None)
    if not tensors:  # a subclassed model names no inputs: the case does, in call order, float32
        if not input_shapes:
            raise ValueError(f"Model {model.name!r} names no inputs. Give the case input_shapes.")
        return [(name, (batch, *shape), "float32") for name, shape in input_shapes.items()]
    return [(t.name, _fixed(t.name, t.shape, batch, input_shapes), t.dtype) for t in tensors]


def _fixed(
    name: str,
    shape: tuple[int | None, ...],
    batch: int,
    input_shapes: Mapping[str, tuple[int, ...]],
) -> tuple[int, ...]:
    """The input's own shape where it has one, otherwise the case's."""
    stated = input_shapes.get(name, shape[1:])
    agrees = len(stated) == len(shape) - 1 and all(
        a in (None, b) for a, b in zip(shape[1:], stated, strict=True)
    )
    sizes = [size for size in stated if size is not None]
    if not agrees or len(sizes) != len(stated):
        raise ValueError(
            f"Input {name!r} has shape {shape}, the case says {stated}. Fix every open dimension."
        )
    return (shape[0] or batch, *sizes)


def _vocabulary(model: keras.Model) -> int:
    """Exclusive upper bound of integer inputs: the smallest table one of them could index."""
    sizes = [
        int(getattr(layer, size))
        for layer in sublayers(model)
        for size in ("input_dim", "num_tokens")
        if isinstance(getattr(layer, size, None), int)
    ]
    return min(sizes, default=11)


def _draw(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    dtype: str,
    value_range: tuple[float, float],
    vocabulary: int,
) -> Array:
    if dtype == "bool":
        return _alternating(rng, shape)
    if dtype == "uint8":
        return np.round(_field(rng, shape) * 255.0).astype(np.uint8)
    if np.issubdtype(np.dtype(dtype), np.integer):
        return rng.integers(0, vocabulary, shape).astype(dtype)
    low, high = value_range
    return (low + (high - low) * _field(rng, shape)).astype(dtype)


def _alternating(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Random truth values, both kinds in every sample: a mask never hides everything or nothing."""
    values = rng.random(shape) < 0.7
    values[..., :1] = True
    if shape[-1] > 1:
        values[..., -1:] = False
    return values


def _field(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Values in 0 to 1, a fresh wave for every sample."""
    return 0.5 + 0.5 * np.tanh(0.8 * np.stack([_wave(rng, shape[1:]) for _ in range(shape[0])]))


def _wave(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Along every axis a wave of its own frequency and phase on a ramp, plus noise."""
    values = 0.35 * rng.standard_normal(shape) + rng.uniform(-0.3, 0.3)
    for axis, size in enumerate(shape):
        position = np.arange(size) / size
        wave = (
            np.sin(2 * np.pi * (rng.uniform(0.4, 1.7) * position + rng.random())) + 0.5 * position
        )
        values = values + rng.uniform(0.4, 0.8) * wave.reshape(
            [-1 if a == axis else 1 for a in range(len(shape))]
        )
    return values
