"""Between Keras' arrays and the net's: layout, dtype, batch, and a clear word where they differ.

The net takes float32 of a fixed shape, channels first; Keras takes any batch size, channels last,
in the dtype of the input. Everything here keeps values exactly or raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import InputTensor, Manifest, OutputTensor
from keras2cv.errors import BundleError, InputError
from keras2cv.numpy_front.record import FrontInput

Array = NDArray[Any]

EXACT_FLOAT32_INT: Final = 2**24  # all integers up to here are float32 numbers


def check_inputs(arrays: Sequence[Any], tensors: Sequence[InputTensor]) -> list[Array]:
    """Return `arrays` as (N, ...) arrays of the inputs' shapes and dtypes, N the same for all.

    Raises:
        InputError: another number of inputs, shape or dtype, with the likely reason.
    """
    if len(arrays) != len(tensors):
        raise InputError(
            f"The model takes {len(tensors)} inputs ({', '.join(t.name for t in tensors)}), "
            f"got {len(arrays)}. Give one array per input, in that order."
        )
    checked = [_check_input(*pair) for pair in zip(arrays, tensors, strict=True)]
    if len({len(array) for array in checked}) != 1:
        raise InputError(
            f"Inputs must have the same number of samples, got {[len(a) for a in checked]}. "
            "Their first dimension is the batch."
        )
    return checked


def one_sample(value: Any, tensor: InputTensor) -> Array:
    """Return one sample's array, given with or without its batch dimension, as (1, ...).

    Raises:
        InputError: another shape or dtype, or more than one sample.
    """
    array = np.asarray(value)
    array = array if array.ndim == len(tensor.keras_shape) else array[None]
    (checked,) = check_inputs([array], [tensor])
    if len(checked) != 1:
        raise InputError(
            f"Input {tensor.name} must be one sample beside one image, got {len(checked)}. "
            "Give them one at a time, or prepare the images yourself and call infer()."
        )
    return checked


class Named(Protocol):
    """Whatever has the name of an input."""

    @property
    def name(self) -> str:
        """The name."""


def by_name(arrays: Mapping[str, Any], tensors: Sequence[Named]) -> list[Any]:
    """Return the arrays of a dict in the model's order.

    Raises:
        InputError: an input is missing, or there is none of that name.
    """
    names = [tensor.name for tensor in tensors]
    if sorted(arrays) != sorted(names):
        counts = f" ({len(arrays)} of {len(names)})" if len(arrays) != len(names) else ""
        raise InputError(
            f"The model's inputs are {names}, got {list(arrays)}{counts}. Give each of them, by "
            "that name."
        )
    return [arrays[name] for name in names]


def chunks(count: int, batch: int) -> Iterator[slice]:
    """Yield the slices that cut `count` samples into runs of `batch`; the last may be shorter."""
    for start in range(0, count, batch):
        yield slice(start, min(start + batch, count))


def to_net(array: Array, tensor: InputTensor) -> Array:
    """Return a checked Keras array of at most a batch as the net takes it.

    A short batch is filled by repeating its last sample: real data, so that nothing can go wrong
    in samples that nobody asked for.
    """
    missing = tensor.net_shape[0] - len(array)
    if missing:
        array = np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])
    if tensor.layout != "same":
        array = np.moveaxis(array, -1, 1)
    return np.ascontiguousarray(array, np.float32)


def from_net(array: Array, tensor: OutputTensor, count: int) -> Array:
    """Return the net's output in Keras' layout and dtype, cut to the first `count` samples."""
    if tensor.layout != "same":
        array = np.ascontiguousarray(np.moveaxis(array, 1, -1))
    if tensor.batched:
        array = array[:count]
    if array.dtype == tensor.dtype:
        return array
    if tensor.dtype == "bool":
        return np.asarray(array != 0)
    if np.issubdtype(tensor.dtype, np.integer):
        array = np.rint(array)
    return array.astype(tensor.dtype)


def outputs_of(arrays: Mapping[str, Array], manifest: Manifest, count: int) -> dict[str, Array]:
    """Return Keras' outputs by Keras' names, from the arrays of one run by the net's names.

    If the model has steps after the net, they run on the whole batch. The first `count` samples
    are returned.

    Raises:
        BundleError: a step fails, or returns another shape than the manifest declares.
    """
    if manifest.tail is None:
        return {t.name: from_net(arrays[t.net_name], t, count) for t in manifest.outputs}
    from keras2cv.numpy_tail.finish import finish  # few nets need it

    heads = {
        h.name: from_net(arrays[h.net_name], h, manifest.model.batch) for h in manifest.tail.heads
    }
    wanted = [tensor.net_name for tensor in manifest.outputs]
    whole = {**arrays, **finish(heads, manifest.tail.steps, wanted)}
    for tensor in manifest.outputs:
        if (got := whole[tensor.net_name].shape) != tensor.net_shape:
            raise BundleError(
                f"tail: {tensor.name} comes out as {_show(got)}, and must be "
                f"{_show(tensor.net_shape)}. Export the bundle again."
            )
    return {t.name: from_net(whole[t.net_name], t, count) for t in manifest.outputs}


def join(parts: Sequence[Array], tensor: OutputTensor) -> Array:
    """Return one output of several runs as one array."""
    if len(parts) == 1 or not tensor.batched:
        return parts[0]
    return np.concatenate(parts)


def _check_input(value: Any, tensor: InputTensor) -> Array:
    array = np.asarray(value)
    expected = ("N", *tensor.keras_shape[1:])
    if array.ndim == 0 or array.shape[1:] != expected[1:]:
        raise InputError(
            f"Input {tensor.name} must be {_show(expected)} {tensor.dtype}, "
            f"got {_show(array.shape)}. {_shape_hint(array.shape, tensor)}"
        )
    if len(array) == 0:
        raise InputError(f"Input {tensor.name} holds no samples. Give at least one.")
    return _cast(array, tensor)


def _cast(array: Array, tensor: InputTensor) -> Array:
    """Return `array` in the input's dtype; integers must keep their values."""
    dtype = np.dtype(tensor.dtype)
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"Input {tensor.name} must be numbers, got {array.dtype}. "
            f"Convert it to {tensor.dtype} first."
        )
    cast = array if array.dtype == dtype else cast_exactly(array, tensor)
    if dtype.kind in "iu" and dtype.itemsize > 2:
        _check_float32_holds(cast, tensor)
    return cast


def cast_exactly(array: Array, tensor: InputTensor | FrontInput) -> Array:
    """Return numbers in an input's dtype.

    Raises:
        InputError: whole numbers of that dtype cannot hold them.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        cast = array.astype(tensor.dtype)
    if cast.dtype.kind in "biu" and not np.array_equal(cast, array):
        raise InputError(
            f"Input {tensor.name} must be {tensor.dtype}, got {array.dtype} with values that it "
            "cannot hold. Round or clip them first."
        )
    return cast


def _check_float32_holds(array: Array, tensor: InputTensor) -> None:
    largest = max(int(array.max()), -int(array.min()))
    if largest > EXACT_FLOAT32_INT:
        raise InputError(
            f"Input {tensor.name} must be within +-{EXACT_FLOAT32_INT}, the integers that OpenCV's "
            f"float32 holds exactly, got {largest}. Larger numbers would be rounded."
        )


def _shape_hint(shape: tuple[int, ...], tensor: InputTensor) -> str:
    if shape == tensor.keras_shape[1:]:
        return "The batch dimension is missing: pass array[None]."
    if tensor.layout != "same" and shape[1:] == tensor.net_shape[1:]:
        return "It is channels first; Keras' layout is channels last."
    if tensor.layout != "same" and shape == tensor.net_shape[1:]:
        return "It is channels first and has no batch dimension; Keras' layout is (N, ..., C)."
    return "Only predict() resizes images, for a bundle exported with --preprocess."


def _show(shape: Sequence[Any]) -> str:
    inner = ", ".join(map(str, shape))
    return f"({inner},)" if len(shape) == 1 else f"({inner})"
