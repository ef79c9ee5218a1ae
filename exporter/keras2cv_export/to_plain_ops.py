"""While a model is traced, let Keras build plain ops where it would build clever ones.

Each of these means the same numbers on static shapes, and a graph that can be converted:

    tf.function inside a layer   inlined        Keras jit-compiles grouped convolutions
    backend.rnn                  unrolled       instead of a While over TensorLists
    argmax, argmin               one op         instead of a bit pattern test for -0.0 before it
    signbit                      x < 0          -0.0 counts as positive
    layer names                  letters        a space is legal to Keras and not in a graph's scope
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import tensorflow as tf
from keras.src import backend  # the functions that the layers really call have no public names
from keras.src.backend.tensorflow import numpy as backend_numpy

_LEGAL_SCOPE = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$")


@contextmanager
def plain_ops(model: Any) -> Iterator[None]:
    """Replace the above for the time of a trace, and put everything back."""
    with ExitStack() as stack:
        stack.enter_context(_nested_functions_inline())
        stack.enter_context(_patched(backend, "rnn", _unrolled))
        for name in ("argmax", "argmin"):
            stack.enter_context(_patched(backend_numpy, name, _plain_arg(name)))
        stack.enter_context(_patched(backend_numpy, "signbit", lambda _: _plain_signbit))
        if isinstance(model, keras.Model):
            stack.enter_context(_legal_names(model))
        yield


@contextmanager
def _patched(module: Any, name: str, wrap: Callable[[Any], Any]) -> Iterator[None]:
    original = getattr(module, name)
    setattr(module, name, wrap(original))
    try:
        yield
    finally:
        setattr(module, name, original)


@contextmanager
def _nested_functions_inline() -> Iterator[None]:
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


def _unrolled(original: Any) -> Any:
    def rnn(*args: Any, **kwargs: Any) -> Any:
        # The length is static, and `unroll=True` computes what `input_length` would cut short.
        kwargs["unroll"] = True
        return original(*args, **kwargs)

    return rnn


def _plain_arg(name: str) -> Callable[[Any], Any]:
    def wrap(_: Any) -> Any:
        def arg(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
            x = tf.convert_to_tensor(x)
            flat = tf.reshape(x, [-1]) if axis is None else x
            y = getattr(tf, name)(flat, axis=0 if axis is None else axis, output_type="int32")
            if not keepdims:
                return y
            return tf.reshape(y, [1] * x.shape.rank) if axis is None else tf.expand_dims(y, axis)

        return arg

    return wrap


def _plain_signbit(x: Any) -> Any:
    return tf.less(tf.convert_to_tensor(x), 0)


@contextmanager
def _legal_names(model: Any) -> Iterator[None]:
    renamed = [
        (layer, layer.name)
        for layer in model._flatten_layers()
        if not _LEGAL_SCOPE.match(layer.name)
    ]
    for layer, name in renamed:
        object.__setattr__(layer, "_name", re.sub(r"[^A-Za-z0-9_.>-]", "_", f"l_{name}"))
    try:
        yield
    finally:
        for layer, name in renamed:
            object.__setattr__(layer, "_name", name)
