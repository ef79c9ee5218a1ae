"""Give every open dimension a size, since OpenCV plans a net's memory for known shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import index

from keras2cv.errors import ModelError

from .spec import TensorSpec


def resolve_shapes(
    declared: Sequence[TensorSpec],
    given: Mapping[str, Sequence[int]] | Sequence[int] | None,
    batch: int,
) -> tuple[TensorSpec, ...]:
    """Fill the declared shapes' open dimensions from the given ones, and the batch.

    Args:
        declared: The model's own shapes, with None for an open dimension.
        given: {input name: whole shape}, or one shape for the only input, or None.
        batch: The batch size where neither `given` nor the model fixes it.

    Raises:
        ModelError: A dimension stays open, a given shape does not fit, the inputs have different
            batches, or the batch is less than 1.
    """
    if batch < 1:
        raise ModelError(f"The batch is {batch}. Give the number of samples per run, at least 1.")
    by_name = _by_name(declared, given)
    batch = _stated_batch(declared, by_name) or batch
    resolved = tuple(
        replace(spec, shape=_resolve(spec, by_name.get(spec.name), batch)) for spec in declared
    )
    if numbers := [spec.name for spec in resolved if spec.shape == ()]:
        raise ModelError(
            f"The input {numbers[0]} is one number, not one for each sample, and a bundle's inputs "
            "all begin with the batch. Save a signature, or a model around it, that gives the "
            "number a fixed value, or that takes one for each sample, of the shape (batch,)."
        )
    if len({spec.shape[:1] for spec in resolved}) > 1:
        raise ModelError(
            f"The inputs do not begin with one and the same batch: {', '.join(map(str, resolved))}."
            " Give them all the same first dimension, with --input-shape."
        )
    return resolved


def _stated_batch(
    declared: Sequence[TensorSpec], given: Mapping[str, tuple[int, ...]]
) -> int | None:
    """Return the batch size that the given and the declared shapes agree on, or None."""
    shapes = [given.get(spec.name, spec.shape) for spec in declared]
    sizes = {shape[0] for shape in shapes if shape and shape[0] is not None}
    return sizes.pop() if len(sizes) == 1 else None


def _by_name(
    declared: Sequence[TensorSpec], given: Mapping[str, Sequence[int]] | Sequence[int] | None
) -> dict[str, tuple[int, ...]]:
    if given is None:
        return {}
    names = [spec.name for spec in declared]
    if not isinstance(given, Mapping):
        given = {"": given}
    if len(declared) == 1 and set(given) == {""}:
        given = {names[0]: given[""]}
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise ModelError(
            f"--input-shape names {unknown[0]!r}, which is no input of this model. "
            f"Its inputs are: {', '.join(str(spec) for spec in declared)}."
        )
    return {name: _sizes(shape) for name, shape in given.items()}


def _sizes(shape: Sequence[int]) -> tuple[int, ...]:
    try:
        return tuple(index(d) for d in shape)
    except TypeError as error:
        raise ModelError(
            f"The shape {shape!r} is not made of whole numbers. Give one such as (1, 224, 224, 3)."
        ) from error


def _resolve(spec: TensorSpec, given: tuple[int, ...] | None, batch: int) -> tuple[int, ...]:
    if given is None:
        shape = (batch, *spec.shape[1:]) if spec.shape[:1] == (None,) else spec.shape
        if None in shape:
            example = ",".join(str(d if d is not None else "SIZE") for d in shape)
            raise ModelError(
                f"The input {spec} has open dimensions, and OpenCV needs to know them. "
                f"Give --input-shape {spec.name}:{example} with numbers."
            )
        return tuple(int(d) for d in shape if d is not None)
    fits = len(given) == len(spec.shape) and all(
        d is None or d == g for d, g in zip(spec.shape, given, strict=False)
    )
    if not fits or min(given, default=1) < 1:
        raise ModelError(
            f"The shape {given} does not fit the input {spec}. "
            "Give every dimension, the batch first; only those shown as None are free."
        )
    return given
