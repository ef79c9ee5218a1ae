"""First states that are computed, such as those of a decoder, which begins where its encoder ended.

OpenCVs before 4.8 read such states as zeros, and none but 5.0's new engine has them for a GRU.
Steps in front of the sequence bring the states about instead, where they are known to be bounded:

    GRU         h' = tanh(atanh h0), its gates shut
    LSTM        c' = c + tanh(atanh part), as often as |c0| may have a part of 0.96, its output
                shut; the first step of the sequence then has h0 as inputs, with h's own weights

|h| is at most 1 for both, and |c| of an LSTM grows by 1 a step at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Final, NamedTuple

import numpy as np

from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.tracing.tf_ops.node import known

LARGEST: Final = 2048.0  # |c| for which there are few enough steps
SHUT: Final = 1000.0  # what a gate adds to it is nothing beside it
_PART: Final = 0.96
_NEXT_TO_ONE: Final = 1.0 - 2.0**-24
_MOVES: Final = ("StridedSlice", "Slice", "Reshape", "Transpose", "Identity", "Split", "SplitV",
                 "Squeeze", "ExpandDims", "Unpack", "GatherV2")  # fmt: skip
_JOINS: Final = ("ConcatV2", "Pack", "Maximum", "Minimum")
_AT_MOST_ONE: Final = ("Tanh", "Sigmoid", "Sin", "Cos", "Softmax", "Sign")


class Begun(NamedTuple):
    """A sequence with steps in front of it that bring the first states about.

    Attributes:
        x: (steps + T, N, more features), or (T + steps, ...) if it goes backwards.
        w: Its weights, (gates H, more features).
        steps: How many there are in front.
    """

    x: Any
    w: Any
    steps: int


def bound(tensor: Any, bounds: Mapping[str, float]) -> float | None:
    """Return the largest |number| that a tensor can have; None if it is not known.

    Args:
        tensor: The tensor.
        bounds: Of tensors that recurrent layers gave, by their names.
    """
    number = known(tensor)
    if number is not None:
        return float(np.abs(number).max(initial=0.0))
    if tensor.name in bounds:
        return bounds[tensor.name]
    op = tensor.op
    if op.type in _AT_MOST_ONE:
        return 1.0
    if op.type in _MOVES:
        return bound(op.inputs[1] if op.type == "Split" else op.inputs[0], bounds)
    if op.type in _JOINS:
        parts = [bound(v, bounds) for v in op.inputs if v.dtype == tensor.dtype]
        return None if None in parts else max(p for p in parts if p is not None)
    return None


def gru_begun(x: Any, h: Any, weights: Mapping[str, Any], *, reverse: bool) -> Begun:
    """Return a sequence that brings a GRU's first state about.

    Args:
        x: The sequence, (T, N, F).
        h: The state, at most 1, (N, H).
        weights: W, R, Wb and Rb as ONNX has them.
        reverse: Whether the layer goes from the end to the beginning.
    """
    shut = {"z": -SHUT, "r": -SHUT, "n": None}
    new = tf.clip_by_value(h, -_NEXT_TO_ONE, _NEXT_TO_ONE)
    return _begun(x, _atanh(new)[None], (weights["W"], weights["Wb"]), shut, reverse=reverse)


def lstm_begun(
    x: Any, h: Any, c: Any, weights: Mapping[str, Any], *, reverse: bool, most: float
) -> Begun:
    """Return a sequence that brings an LSTM's first states about.

    Args:
        x: The sequence, (T, N, F).
        h: The state, (N, H).
        c: The cell state, (N, H).
        weights: W, R, Wb and Rb as ONNX has them.
        reverse: Whether the layer goes from the end to the beginning.
        most: The largest |c|.
    """
    first = _ordered([h[None], tf.zeros((int(x.shape[0]) - 1, *h.shape))], reverse)
    wider = tf.concat([weights["W"], weights["R"]], 1), weights["Wb"] + weights["Rb"]
    shut = {"i": SHUT, "o": -SHUT, "f": SHUT, "g": None}
    parts = _parts(c, ceil(most / _PART))
    return _begun(tf.concat([x, first], 2), _atanh(parts), wider, shut, reverse=reverse)


def _begun(
    x: Any, news: Any, weights: tuple[Any, Any], shut: Mapping[str, float | None], *, reverse: bool
) -> Begun:
    """Put steps in front, whose new numbers are `news`, (steps, N, H), and their gates shut.

    The open gate gets back what it adds by itself; a GRU's is shut off by r in part.
    """
    steps, batch, units = (int(n) for n in news.shape)
    length, _, features = (int(n) for n in x.shape)
    rows = [
        _ordered([tf.zeros((steps, batch, features)), x], reverse),
        _ordered([news, tf.zeros((length, batch, units))], reverse),
        _ordered([tf.ones((steps, batch, 1)), tf.zeros((length, batch, 1))], reverse),
    ]
    biases = tf.split(weights[1], len(shut))
    gates = [
        -b if number is None else tf.fill([units], tf.constant(number, tf.float32))
        for number, b in zip(shut.values(), biases, strict=True)
    ]
    eye = [tf.eye(units) * float(number is None) for number in shut.values()]
    w = tf.concat([weights[0], tf.concat(eye, 0), tf.concat(gates, 0)[:, None]], 1)
    return Begun(tf.concat(rows, 2), w, steps)


def _ordered(parts: Sequence[Any], reverse: bool) -> Any:
    return tf.concat(parts[::-1] if reverse else parts, 0)


def _parts(c: Any, count: int) -> Any:
    """Return numbers of at most 0.96 each, which add up to c, (count, N, H)."""
    ends = np.arange(count, dtype=np.float32)[:, None, None] * np.float32(_PART)

    def of_one_sign(value: Any) -> Any:
        return tf.nn.relu(value - ends) - tf.nn.relu(value - (ends + np.float32(_PART)))

    return of_one_sign(c[None]) - of_one_sign(-c[None])


def _atanh(value: Any) -> Any:
    return 0.5 * tf.math.log((1.0 + value) / (1.0 - value))
