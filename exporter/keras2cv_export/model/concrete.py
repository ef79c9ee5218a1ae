"""Trace a model whose layers decide in Python by tensors: `if`, `for` and `while` in a `call`.

A graph has no value to decide by. Where the decision follows from shapes, `tf.shape` gives numbers
for the time of the trace, and a tensor that is computed from such numbers has a value; otherwise
AutoGraph makes branches and loops of the graph of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Final

import numpy as np
from tensorflow.python.framework import smart_cond

from keras2cv.errors import ModelError
from keras2cv_export.quiet.tensorflow import tf

from .plain_ops import patched

_LAYER = re.compile(r"when calling ([\w.]+)\.call\(\)|encountered when calling layer \W*([\w.]+)")


def concrete_function(function: Callable[..., Any], specs: Sequence[Any]) -> Any:
    """Trace a function at static shapes, in the plainest way in which it can be.

    Raises:
        ModelError: A layer decides in Python by a tensor, and no way helps.
    """
    found: Exception | None = None
    for autograph in (False, True):
        for shapes in (nullcontext(), known_shapes()):
            with shapes:
                try:
                    traced = tf.function(function, autograph=autograph)
                    return traced.get_concrete_function(*specs)
                except tf.errors.OperatorNotAllowedInGraphError as error:
                    found = found or error
    raise ModelError(_sentence(str(found))) from found


@contextmanager
def known_shapes() -> Iterator[None]:
    """Let `tf.shape` give an array of numbers for a tensor whose shape is known."""
    with patched(tf, "shape", _known_shape), _known_values():
        yield


@contextmanager
def _known_values() -> Iterator[None]:
    """Let a tensor of a graph be used as a number of Python's where no input decides about it."""
    missing = object()
    before = {name: vars(tf.Tensor).get(name, missing) for name in _AS_NUMBER}
    for name, convert in _AS_NUMBER.items():
        setattr(tf.Tensor, name, _as_number(name, convert))
    try:
        yield
    finally:
        for name, method in before.items():
            if method is missing:
                delattr(tf.Tensor, name)
            else:
                setattr(tf.Tensor, name, method)


_AS_NUMBER: Final = {"__bool__": bool, "__int__": int, "__index__": int, "__float__": float}


def _as_number(name: str, convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def method(tensor: Any) -> Any:
        value = smart_cond.smart_constant_value(tensor)
        if value is not None and np.ndim(value) == 0:
            return convert(value)
        raise tf.errors.OperatorNotAllowedInGraphError(
            f"{name} of {tensor.name}, which depends on the input"
        )

    return method


def _known_shape(original: Callable[..., Any]) -> Callable[..., Any]:
    def shape(input: Any, out_type: Any = None, name: Any = None) -> Any:  # noqa: A002 - TensorFlow's
        known = getattr(input, "shape", None)
        if not isinstance(known, tf.TensorShape) or not known.is_fully_defined():
            wanted = {} if out_type is None else {"out_type": out_type}
            return original(input, name=name, **wanted)
        dtype = tf.as_dtype(out_type or tf.int32).as_numpy_dtype
        return np.array(known.as_list(), dtype)

    return shape


def _sentence(text: str) -> str:
    match = _LAYER.search(text)
    layer = f"The layer {match[1] or match[2]}" if match is not None else "A layer"
    return (
        f"{layer} decides in Python by a tensor's value (an `if`, `for` or `while`), which no "
        "graph holds. Decide by the static x.shape, or with tf.cond or keras.ops.cond."
    )
