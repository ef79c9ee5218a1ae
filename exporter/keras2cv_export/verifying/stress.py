"""Inputs that a model meets and that drawn samples are not: black, flat, dark, beyond the range.

A fault that only such an input shows (a NaN at night, a clipped value, statistics of a flat
picture, a rare row of an embedding) is seen by none of the usual samples, which fill the range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from keras2cv_export.model.spec import TensorSpec

from .sample_files import Sample, batch_of
from .stimuli import Array, ValueRange, draw

Outputs = Mapping[str, Array]

# Of a model above this size, only the kinds that find most: each costs TensorFlow and each engine
# a run.
FEW_ABOVE_BYTES: Final = 50_000_000
ROW_SAMPLES: Final = 8  # samples that show rows of an embedding
_SEED: Final = 77

_Shape = Callable[[Array], Array]  # a picture in 0..1 -> another

KINDS: Final[Mapping[str, _Shape]] = {
    "black": np.zeros_like,
    "nearly flat": lambda unit: 0.78 + 0.02 * unit,
    "beyond the usual range": lambda unit: 2.0 * unit - 0.5,
    "white": np.ones_like,
    "flat": lambda unit: np.full_like(unit, 0.78),
    "dark": lambda unit: 0.05 * unit,
    "bright": lambda unit: 0.9 + 0.1 * unit,
}
_FEW: Final = 3


@dataclass(frozen=True, eq=False)
class Stress:
    """One such input, and TensorFlow's answer.

    Attributes:
        name: What it is, in a word or two.
        sample: The arrays, one per input.
        expected: TensorFlow's outputs by name.
    """

    name: str
    sample: Sample
    expected: Outputs


def stress_samples(
    inputs: Sequence[TensorSpec],
    ranges: Mapping[str, ValueRange],
    rows: Mapping[str, int],
    model_bytes: int,
) -> Iterator[tuple[str, Sample]]:
    """Yield (name, sample), each input of a sample being of one kind.

    Args:
        inputs: The model's inputs.
        ranges: Input -> its usual lowest and highest value.
        rows: Input -> the rows of the embedding that it is looked up in.
        model_bytes: The size of the net's file; a large one gets fewer.
    """
    names = list(KINDS)[: _FEW if model_bytes > FEW_ABOVE_BYTES else None]
    for name in names:
        sample = tuple(_of_kind(spec, ranges, name, looked_up=spec.name in rows) for spec in inputs)
        if sum(a.size for a in sample) > 0:
            yield name, sample
    if rows:
        yield from _row_samples(inputs, ranges, rows)


def _of_kind(
    spec: TensorSpec, ranges: Mapping[str, ValueRange], kind: str, *, looked_up: bool
) -> Array:
    """Draw one input; numbers that are looked up are whole, and rows that there are."""
    low, high = ranges[spec.name]
    dtype = np.dtype(spec.dtype)
    shape = tuple(int(size or 1) for size in spec.shape[1:])
    unit = draw(shape, np.dtype(np.float64), (0.0, 1.0), 0.5, _SEED)
    unit = KINDS[kind](unit)
    if dtype.kind == "b":
        one = unit > 0.5
    elif dtype.kind in "iu" or looked_up:
        values = np.floor(low + unit * (np.asarray(high) - low + 1.0))
        one = np.clip(values, low, high).astype(dtype)
    else:
        one = (low + unit * (np.asarray(high) - low)).astype(dtype)
    return np.repeat(one[None], batch_of(spec), axis=0)


def _row_samples(
    inputs: Sequence[TensorSpec], ranges: Mapping[str, ValueRange], rows: Mapping[str, int]
) -> Iterator[tuple[str, Sample]]:
    """Yield samples that look up every row, or as many as so few samples can."""
    rng = np.random.default_rng(_SEED)
    usual = {
        spec.name: draw(
            (batch_of(spec), *(int(s or 1) for s in spec.shape[1:])),
            np.dtype(spec.dtype),
            ranges[spec.name],
            0.5,
            _SEED,
        )
        for spec in inputs
    }
    held = {name: usual[name].size for name in rows}
    count = max(-(-size // held[name]) for name, size in rows.items())
    orders = {name: rng.permutation(size) for name, size in rows.items()}
    shown = ", ".join(
        f"{min(size, ROW_SAMPLES * held[name])} of {size}" for name, size in rows.items()
    )
    for k in range(min(count, ROW_SAMPLES)):
        sample = []
        for spec in inputs:
            array: Any = usual[spec.name]
            if spec.name in rows:
                size = held[spec.name]
                picked = np.resize(np.roll(orders[spec.name], -k * size), size)
                array = picked.reshape(array.shape).astype(array.dtype)
            sample.append(array)
        yield f"of other rows of the embedding, {shown} in all", tuple(sample)
