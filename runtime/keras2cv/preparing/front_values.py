"""What a user gives to a model with a front (text, numbers) becomes the arrays of the net."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import InputTensor
from keras2cv.errors import BundleError, InputError
from keras2cv.net.tensors import cast_exactly
from keras2cv.numpy_front.record import ANY_SIZE, FrontInput, NumpyFront
from keras2cv.numpy_front.run import FrontRunner
from keras2cv.numpy_front.texts import encoded

Array = NDArray[Any]


class FrontPreparer:
    """Prepares the values of a model whose first steps are not in the net."""

    def __init__(self, tensors: Sequence[InputTensor], front: NumpyFront) -> None:
        """Make the tables of a front that makes the inputs of a net."""
        self._inputs = front.inputs
        self._tensors = tensors
        self._runner = FrontRunner(front)

    @property
    def names(self) -> tuple[str, ...]:
        """Keras' names of what a user gives."""
        return tuple(one.name for one in self._inputs)

    def arrays(self, given: Sequence[Any]) -> list[Array]:
        """Return an array for each input of the net, from an array or list for each of the model's.

        Raises:
            BundleError: the front makes something else than the net takes.
            InputError: another number of inputs, shape or dtype than the model takes.
        """
        made = self._runner.run(self.columns(given))
        arrays = [made[tensor.name] for tensor in self._tensors]
        for array, tensor in zip(arrays, self._tensors, strict=True):
            if array.shape[1:] != tensor.keras_shape[1:]:
                raise BundleError(
                    f"front: {tensor.name} comes out as {array.shape[1:]} per sample, and the net "
                    f"takes {tensor.keras_shape[1:]}. Export the bundle again."
                )
        return arrays

    def columns(self, given: Sequence[Any]) -> dict[str, Array]:
        """Return what a user gives as arrays (N, ...) by name, N the same for all.

        Raises:
            InputError: another number of inputs, shape or dtype than the model takes.
        """
        if len(given) != len(self._inputs):
            raise InputError(
                f"The model takes {len(self._inputs)} inputs ({', '.join(self.names)}), got "
                f"{len(given)}. Give one array per input, in that order, or a dict by their names."
            )
        columns = [_column(*pair) for pair in zip(self._inputs, given, strict=True)]
        if len({len(column) for column in columns}) != 1 or len(columns[0]) == 0:
            raise InputError(
                "Inputs must have the same number of samples, and at least one, got "
                f"{[len(column) for column in columns]}. Their first dimension is the batch."
            )
        return dict(zip(self.names, columns, strict=True))

    def by_name(self, given: Mapping[str, Any]) -> list[Any]:
        """Return a dict's values in the inputs' order.

        Raises:
            InputError: an input is missing, or there is none of that name.
        """
        if sorted(given) != sorted(self.names):
            raise InputError(
                f"The model's inputs are {list(self.names)}, got {list(given)}. Give each of "
                "them, by that name."
            )
        return [given[name] for name in self.names]

    def beside_pictures(self, given: Any, pictures: Collection[str]) -> Any:
        """Return a sample, or several, with the net's inputs in place of text and numbers.

        Args:
            given: A dict by the model's inputs, of one sample or of lists, or a list of dicts.
            pictures: The inputs that are pictures, which stay.

        Raises:
            InputError: It is none, or values of another shape or dtype than the model takes.
        """
        if isinstance(given, Mapping):
            return self._with_numbers(given, pictures)
        if isinstance(given, Sequence) and all(isinstance(one, Mapping) for one in given):
            return [self._with_numbers(one, pictures) for one in given]
        raise InputError(
            f"The model takes {', '.join(self.names)}, got {type(given).__name__}. Give a dict by "
            "those names for each sample."
        )

    def _with_numbers(self, given: Mapping[str, Any], pictures: Collection[str]) -> dict[str, Any]:
        values = dict(zip(self.names, self.by_name(given), strict=True))
        own = [one for one in self._inputs if one.name not in pictures]
        alone = all(_is_one(one, values[one.name]) for one in own)
        columns = {
            one.name: _column(one, [values[one.name]] if alone else values[one.name]) for one in own
        }
        made = self._runner.run(columns)
        arrays = {t.name: made[t.name] for t in self._tensors if t.name not in pictures}
        kept = {name: values[name] for name in self.names if name in pictures}
        return {**kept, **{name: a if alone else list(a) for name, a in arrays.items()}}

    def batch(self, given: Any) -> tuple[list[Any], bool]:
        """Return columns, and whether what `predict` was given is a single sample.

        Raises:
            InputError: not values for each input.
        """
        if isinstance(given, Sequence) and given and all(isinstance(v, Mapping) for v in given):
            rows = [self.by_name(row) for row in given]
            return [list(column) for column in zip(*rows, strict=True)], False
        if isinstance(given, Mapping):
            values = self.by_name(given)
        elif len(self._inputs) == 1:
            values = [given]
        elif isinstance(given, Sequence) and not isinstance(given, str | bytes):
            values = list(given)
        else:
            values = [given]
        if len(values) != len(self._inputs):
            return values, False  # `arrays` says what is wrong
        if all(_is_one(one, value) for one, value in zip(self._inputs, values, strict=True)):
            return [[value] for value in values], True
        return values, False


def _is_one(one: FrontInput, value: Any) -> bool:
    """Return whether a value is that of one sample; ["a"] is a batch of one."""
    rank = np.ndim(value)
    return rank == 0 if one.shape in ((), (1,)) else rank == len(one.shape)


def _column(one: FrontInput, value: Any) -> Array:
    """Return an input's values as (N, ...) of its shape and dtype.

    Raises:
        InputError: they are of another.
    """
    try:
        array = encoded(value, one.name) if one.dtype == "string" else _numbers(one, value)
    except ValueError as error:  # numpy's, of ragged lists
        raise InputError(
            f"Input {one.name} must be {_shown(one)}, got lists of several lengths. "
            "Give the same number of values in each sample."
        ) from error
    if one.shape == (1,) and array.ndim == 1:
        array = array[:, None]
    expected = one.shape
    fits = array.ndim == len(expected) + 1 and all(
        size in (ANY_SIZE, got) for size, got in zip(expected, array.shape[1:], strict=True)
    )
    if not fits:
        raise InputError(
            f"Input {one.name} must be {_shown(one)}, got {array.shape}. Give one row per sample."
        )
    return array


def _numbers(one: FrontInput, value: Any) -> Array:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"Input {one.name} must be numbers, got {array.dtype}. Convert it to {one.dtype} first."
        )
    return cast_exactly(array, one)


def _shown(one: FrontInput) -> str:
    sizes = ", ".join("any" if size == ANY_SIZE else str(size) for size in one.shape)
    return f"(N, {sizes}) {one.dtype}" if sizes else f"(N,) {one.dtype}"
