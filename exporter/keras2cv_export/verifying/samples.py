"""Draw samples for the model's inputs, or read them from files (sample_files.py).

A sample is a tuple with one array per input, in the model's order, in Keras' layout and dtype, the
batch dimension included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras2cv.errors import InputError, UsageError
from keras2cv_export.model.spec import TensorSpec

from .sample_files import Sample, batch_of, dtype_of, load_samples
from .stimuli import Array, ValueRange, draw

__all__ = ["Sample", "ValueRange", "default_samples", "load_samples"]


def default_samples(
    inputs: Sequence[TensorSpec],
    count: int,
    seed: int,
    *,
    value_range: ValueRange | Mapping[str, ValueRange] | None = None,
    smooth: bool = False,
) -> list[Sample]:
    """Draw `count` distinct, structured samples; the same arguments give the same samples.

    Args:
        inputs: The model's inputs; an open batch dimension becomes 1.
        count: How many samples.
        seed: Not negative. No global random state is read or changed.
        value_range: Lowest and highest value the model expects, both included, for all inputs or by
            name. Pass the range of the preprocessed values, (0, 255) where a Rescaling layer comes
            first, and (0, vocabulary - 1) for an Embedding. The default is 0..255 for uint8, 0..9
            for other integers, 0..1 for pictures, -1..1 for other floats.
        smooth: Draw without edges and texture.

    Raises:
        UsageError: `count` is less than 1 or `seed` less than 0; `value_range` is empty, does not
            fit the dtype, or names no input.
        InputError: an input has an open dimension beyond the batch, or holds text.
    """
    if count < 1 or seed < 0:
        raise UsageError(
            f"Samples were asked with count {count} and seed {seed}. "
            "Give a count of at least 1 and a seed of at least 0."
        )
    if isinstance(value_range, Mapping):
        _require_inputs(inputs, value_range)
    columns = [
        _draw_input(
            spec,
            count,
            np.random.SeedSequence([seed, k]),
            _range_of(spec, value_range),
            smooth=smooth,
        )
        for k, spec in enumerate(inputs)
    ]
    return list(zip(*columns, strict=True))


def _draw_input(
    spec: TensorSpec,
    count: int,
    seed: np.random.SeedSequence,
    value_range: ValueRange,
    *,
    smooth: bool,
) -> list[Array]:
    """Draw one input of every sample; each row of a batch is a drawing of its own."""
    batch, shape = batch_of(spec), _static_shape(spec)
    rows = count * batch
    seeds = [int(child.generate_state(1)[0]) for child in seed.spawn(rows)]
    # One level per row, spread over 0..1 in random order: no two rows are equally bright.
    levels = (np.random.default_rng(seed).permutation(rows) + 0.5) / rows
    dtype = np.dtype(spec.dtype)
    drawn = [
        _draw_sample(spec, shape, dtype, value_range, float(level), row, smooth=smooth)
        for level, row in zip(levels, seeds, strict=True)
    ]
    return [np.stack(drawn[i * batch : (i + 1) * batch]) for i in range(count)]


def _draw_sample(
    spec: TensorSpec,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    value_range: ValueRange,
    level: float,
    seed: int,
    *,
    smooth: bool,
) -> Array:
    """Draw one sample; it is drawn with its channels last, however the input has them."""
    if not spec.channels_first:
        return draw(shape, dtype, value_range, level, seed, smooth=smooth)
    last = (*shape[1:], shape[0])
    return np.moveaxis(draw(last, dtype, value_range, level, seed, smooth=smooth), -1, 0)


def _static_shape(spec: TensorSpec) -> tuple[int, ...]:
    """Return the shape beyond the batch dimension, which must be closed."""
    shape = tuple(size for size in spec.shape[1:] if size is not None)
    if len(shape) < len(spec.shape) - 1:
        raise InputError(
            f"The input {spec} has an open dimension, for which no samples can be drawn. "
            f"Give it a size with --input-shape {spec.name}:1,..."
        )
    return shape


def _require_inputs(inputs: Sequence[TensorSpec], value_range: Mapping[str, ValueRange]) -> None:
    names = [spec.name for spec in inputs]
    unknown = sorted(set(value_range) - set(names))
    if unknown:
        raise UsageError(
            f"A value range is given for {unknown[0]!r}, and no input has that name. "
            f"The inputs are: {', '.join(map(repr, names))}."
        )


def _range_of(
    spec: TensorSpec, value_range: ValueRange | Mapping[str, ValueRange] | None
) -> ValueRange:
    """Choose the range of one input's values, and check it."""
    dtype = dtype_of(spec)
    if isinstance(value_range, Mapping):
        value_range = value_range.get(spec.name)
    if value_range is None or dtype.kind == "b":
        return usual_range(spec)
    low, high = value_range
    if isinstance(low, np.ndarray) or isinstance(high, np.ndarray):
        return low, high
    fits = np.isfinite([low, high]).all() and (low < high or (low == high and dtype.kind in "iu"))
    if fits and dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        fits = bounds.min <= low and high <= bounds.max and low == int(low) and high == int(high)
    if not fits:
        raise UsageError(
            f"The value range ({low}, {high}) does not fit the input {spec}. "
            f"Give the lowest and the highest value that {dtype} is to hold."
        )
    return float(low), float(high)


def usual_range(spec: TensorSpec) -> ValueRange:
    """Return the range of an input of which nothing but shape and dtype is known."""
    dtype = dtype_of(spec)
    if dtype.kind == "b":
        return 0.0, 1.0
    if dtype == np.uint8:
        return 0.0, 255.0
    if dtype.kind in "iu":
        return 0.0, 9.0
    return (0.0, 1.0) if spec.is_image else (-1.0, 1.0)
