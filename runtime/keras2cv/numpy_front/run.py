"""Run a front's steps: what a user gives in, the net's inputs out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import BundleError, InputError
from keras2cv.numpy_front.farmhash import fingerprint64, joined
from keras2cv.numpy_front.record import FrontStep, NumpyFront
from keras2cv.numpy_front.rules import HashRule, LookupTable, unescaped
from keras2cv.numpy_front.siphash import siphash
from keras2cv.numpy_front.texts import standardized, words_of

Array = NDArray[Any]
Lists: TypeAlias = "list[list[Any]]"  # words or numbers of each sample, as many as it has
Value: TypeAlias = "Array | Lists"

MAX_ELEMENTS: Final = 2**26  # of an array that a step makes: 256 MiB of float32
_CROSS_KEY: Final = 0xDECAFCAFFE
_WRAP: Final = 2**64 - 1


class FrontRunner:
    """Runs the steps of one front; its tables are made once.

    It may be used from several threads: nothing changes after it is made.
    """

    def __init__(self, front: NumpyFront) -> None:
        """Make the tables."""
        self._front = front
        self._tables = {
            step.output: {unescaped(w): i for i, w in enumerate(step.table.words, step.table.first)}
            for step in front.steps
            if step.table is not None
        }

    def run(self, given: Mapping[str, Array]) -> dict[str, Array]:
        """Return all arrays by name, from the arrays (N, ...) of the front's inputs.

        Args:
            given: text as an array of objects, bytes of UTF-8; numbers in the inputs' dtypes.

        Raises:
            BundleError: a step does not fit its inputs.
            InputError: a word that the model does not take.
        """
        values: dict[str, Value] = dict(given)
        for number, step in enumerate(self._front.steps):
            inputs = [values[name] for name in step.inputs]
            try:
                values[step.output] = self._step(step, inputs)
            except (BundleError, InputError):
                raise
            except (ValueError, TypeError, IndexError, AttributeError) as error:
                raise BundleError(
                    f"front.steps[{number}]: {step.op} does not fit its inputs ({error}). "
                    "Export the bundle again."
                ) from error
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}

    def _step(self, step: FrontStep, inputs: list[Value]) -> Value:
        first = inputs[0]
        if step.table is not None:
            return self._looked_up(step, step.table, first)
        if step.op == "cross" and step.hashing is not None:
            return _crossed([_array(value) for value in inputs], step.hashing)
        return _STEPS[step.op](step, first)

    def _looked_up(self, step: FrontStep, rule: LookupTable, value: Value) -> Value:
        table, name = self._tables[step.output], step.inputs[0]

        def number_of(key: Any) -> int:
            word = _text_of(key)
            if rule.mask is not None and word == mask:
                return int(rule.mask_number or 0)
            found = table.get(word)
            return _unknown(key, word, rule, name) if found is None else found

        mask = unescaped(rule.mask or "")
        if rule.whole_numbers and isinstance(value, np.ndarray):
            value = _whole(value)
        return _each(value, number_of)


def _each(value: Value, function: Callable[[Any], int]) -> Value:
    """Return the numbers that a function makes of each element."""
    if isinstance(value, list):
        return [[function(one) for one in row] for row in value]
    known: dict[Any, int] = {}
    for one in value.reshape(-1).tolist():
        if one not in known:
            known[one] = function(one)
    flat = [known[one] for one in value.reshape(-1).tolist()]
    return np.array(flat, np.int64).reshape(value.shape)


def _unknown(key: Any, word: bytes, rule: LookupTable, name: str) -> int:
    """Return the number of a word that no table has.

    Raises:
        InputError: The model takes no others.
    """
    if rule.unknown == 0:
        raise InputError(
            f"{word.decode('utf-8', 'replace')[:60]!r} is no word that the model knows "
            f"(read from {name}), and it takes no others. Leave that sample out."
        )
    if rule.unknown == 1:
        return rule.unknown_first
    place = int(key) % rule.unknown if rule.remainder else _bin(word, rule.unknown, rule.salt)
    return rule.unknown_first + place


def _split(step: FrontStep, value: Value) -> Value:
    assert step.text is not None  # noqa: S101 - the record checks it
    texts = _array(value)
    if step.text.split == "none":
        return standardized(texts, step.text)
    return words_of(texts, step.text)


def _padded(step: FrontStep, value: Value) -> Value:
    length = int(step.length or 1)
    if isinstance(value, list):
        _require_room((len(value), length))
        result = np.zeros((len(value), length), np.int64)
        for row, numbers in zip(result, value, strict=True):
            row[: len(numbers)] = numbers[:length]
        return result
    cut = value[..., :length]
    _require_room((*cut.shape[:-1], length))
    return np.asarray(np.pad(cut, [(0, 0)] * (cut.ndim - 1) + [(0, length - cut.shape[-1])]))


def _encoded(step: FrontStep, value: Value) -> Value:
    rule = step.encoding
    assert rule is not None  # noqa: S101 - the record checks it
    if rule.mode == "one_hot":
        return _one_hot(_array(value), rule.depth)
    rows = value if isinstance(value, list) else _array(value)
    counts = _counted(rows, rule.depth)
    if rule.mode == "multi_hot":
        return np.asarray(np.minimum(counts, np.float32(1)))
    return counts if rule.weights is None else counts * np.asarray(rule.weights, np.float32)


def _one_hot(numbers: Array, depth: int) -> Array:
    if numbers.ndim > 1 and numbers.shape[-1] == 1:
        numbers = numbers[..., 0]
    _require_room((*numbers.shape, depth))
    return np.asarray(numbers[..., None] == np.arange(depth)).astype(np.float32)


def _counted(rows: Value, depth: int) -> Array:
    """Return how often each number is in a sample: axis 1 goes."""
    if isinstance(rows, list):
        _require_room((len(rows), depth))
        return np.array([_bincount(row, depth) for row in rows], np.float32).reshape(-1, depth)
    if rows.ndim < 2:
        raise ValueError(f"an axis to count along, got {rows.shape}")
    moved = np.moveaxis(rows, 1, -1)
    _require_room((*moved.shape[:-1], depth))
    flat = moved.reshape(prod(moved.shape[:-1]), moved.shape[-1])
    counts = np.array([_bincount(row, depth) for row in flat], np.float32)
    return counts.reshape(*moved.shape[:-1], depth)


def _bincount(row: Iterable[int], depth: int) -> Array:
    numbers = np.fromiter(row, np.int64)
    return np.bincount(numbers[(numbers >= 0) & (numbers < depth)], minlength=depth)


def _hashed(step: FrontStep, value: Value) -> Value:
    rule = step.hashing
    assert rule is not None  # noqa: S101 - the record checks it
    array = _array(value)
    mask = None if rule.mask is None or rule.bins == 1 else unescaped(rule.mask)
    given = array if array.dtype == object else _as_text(array)
    hashed = _each(_whole(array) if array.dtype != object else array, lambda v: _number(v, rule))
    if mask is None:
        return hashed
    return np.where(given == mask, 0, hashed)


def _number(value: Any, rule: HashRule) -> int:
    masked = rule.mask is not None and rule.bins > 1
    return masked + _bin(_text_of(value), rule.bins - masked, rule.salt)


def _crossed(columns: list[Array], rule: HashRule) -> Array:
    """Return the number of each combination, as tf.sparse.cross_hashed does."""
    if len({column.shape for column in columns}) != 1:
        raise ValueError(f"columns of one shape, got {[c.shape for c in columns]}")
    flat = [
        (column if column.dtype == object else _whole(column)).reshape(-1).tolist()
        for column in columns
    ]
    numbers = [_combined(row) % rule.bins for row in zip(*flat, strict=True)]
    return np.array(numbers, np.int64).reshape(columns[0].shape)


def _combined(row: Iterable[Any]) -> int:
    result = _CROSS_KEY
    for value in row:
        other = fingerprint64(value) if isinstance(value, bytes) else int(value) & _WRAP
        result = joined(result, other)
    return result


def _binned(step: FrontStep, value: Value) -> Value:
    numbers = _array(value).astype(np.float32)
    edges = np.asarray(step.edges, np.float32)
    return np.searchsorted(edges, numbers, side="right").astype(np.int32)  # NaN lies behind all


def _reshaped(step: FrontStep, value: Value) -> Value:
    array = _array(value)
    return array.reshape(len(array), *(step.shape or ()))


def _array(value: Value) -> Array:
    if isinstance(value, list):
        raise ValueError("an array, got words of any number")
    return value


def _bin(word: bytes, bins: int, salt: tuple[int, ...] | None) -> int:
    return (fingerprint64(word) if salt is None else siphash(word, (salt[0], salt[1]))) % bins


def _text_of(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(int(value)).encode("ascii")


def _as_text(numbers: Array) -> Array:
    """Return numbers as a mask is written: whole ones without a point."""
    texts = np.empty(numbers.size, object)
    flat = numbers.reshape(-1).tolist()
    texts[:] = [repr(int(v) if v == v // 1 else v).encode("ascii") for v in flat]
    return np.asarray(texts.reshape(numbers.shape))


def _whole(numbers: Array) -> Array:
    """Return numbers as int64, without what is behind the point, as TensorFlow casts them."""
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return numbers.astype(np.int64)


def _require_room(shape: tuple[int, ...]) -> None:
    if prod(shape) > MAX_ELEMENTS:
        raise InputError(
            f"{prod(shape)} numbers come before the net, and {MAX_ELEMENTS} is the limit. "
            "Give fewer samples at a time."
        )


_STEPS: Final[Mapping[str, Callable[[FrontStep, Value], Value]]] = {
    "split": _split,
    "pad": _padded,
    "encode": _encoded,
    "hash": _hashed,
    "bins": _binned,
    "reshape": _reshaped,
}
