"""While a model is traced, let Keras build plain ops where it would build clever ones.

Each of these gives the same numbers on static shapes, and a graph that can be converted:

    argmax, argmin           one op         instead of a bit pattern test for -0.0 before it
    signbit                  x < 0          -0.0 counts as positive
    LSTM, GRU on a GPU       step by step   instead of one cuDNN op

Three more let Keras build a graph at all of a model that it computes eagerly:

    layer names              letters        a space is legal to Keras and not in a graph's scope
    adaptive pooling to 1    one window     the second, one larger than the input, is never read
    associative_scan         known slices   the axis is known, also where it is counted from the end

Loops and calls of tf.function stay: `flatten_graph` unrolls and inlines them, in SavedModels as
well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any

from keras2cv_export.quiet.tensorflow import tf

from .plain_scan import plain_scan

# The functions that the layers really call have no public names.
core, nn, numpy, rnn = (
    import_module(f"keras.src.backend.tensorflow.{name}") for name in ("core", "nn", "numpy", "rnn")
)

_ILLEGAL_IN_SCOPE = re.compile(r"[^A-Za-z0-9_.\\/>-]")


@contextmanager
def plain_ops() -> Iterator[None]:
    """Replace all of the above for the time of a trace, and restore everything afterwards."""
    with ExitStack() as stack:
        stack.enter_context(traceable())
        for name in ("argmax", "argmin"):
            stack.enter_context(patched(numpy, name, _plain_arg(name)))
        stack.enter_context(patched(numpy, "signbit", lambda _: _plain_signbit))
        stack.enter_context(patched(rnn, "cudnn_ok", lambda _: _never))
        yield


@contextmanager
def traceable() -> Iterator[None]:
    """Let Keras build a graph of a model that it otherwise computes eagerly only."""
    with ExitStack() as stack:
        stack.enter_context(patched(core.name_scope, "__init__", _legal_scope))
        stack.enter_context(
            patched(nn, "compute_adaptive_pooling_window_sizes", _window_within_input)
        )
        stack.enter_context(patched(core, "associative_scan", plain_scan))
        yield


@contextmanager
def patched(owner: Any, name: str, wrap: Callable[[Any], Any]) -> Iterator[None]:
    """Replace `owner.name` by `wrap` of it for a while, and restore it afterwards."""
    if not hasattr(owner, name):  # an older Keras, without the function to replace
        yield
        return
    original = getattr(owner, name)
    setattr(owner, name, wrap(original))
    try:
        yield
    finally:
        setattr(owner, name, original)


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


def _never(*args: Any, **kwargs: Any) -> bool:  # noqa: ARG001
    return False


def _legal_scope(original: Any) -> Any:
    def init(scope: Any, name: str, **kwargs: Any) -> None:
        original(scope, name, **kwargs)
        legal = _ILLEGAL_IN_SCOPE.sub("_", name)
        scope._tf_name_scope = tf.name_scope(legal if legal[:1] not in "_/\\>-" else f"l{legal}")

    return init


def _window_within_input(original: Any) -> Any:
    def sizes(input_size: int, output_size: int) -> tuple[int, int]:
        small, big = original(input_size, output_size)
        return small, min(big, input_size)

    return sizes
