"""A cell over a whole sequence as one op.

`CudnnRNNV3` carries it through TensorFlow's graph; its weights lie in `params` as ONNX has them.
Every OpenCV was measured (`campaigns.importers`) to compute these forms of ONNX's ops right:

    LSTM            forward and reverse; all of the outputs Y; the last cell state of a forward one;
                    the sigmoid and tanh in any place, if it goes one way
    GRU             linear_before_reset, forward and bidirectional, with a first state, both outputs

So a reversed GRU is half of a bidirectional one, and a SimpleRNN is a GRU whose gates stand still.
One that ends with a sigmoid is another one that ends with tanh (`sigmoid_states.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.tracing.tf_ops.moving import reversed_once
from keras2cv_export.tracing.tf_ops.node import known
from keras2cv_export.tracing.tf_ops.recurrent import mark_of

from .beginnings import LARGEST, SHUT, Begun, bound, gru_begun, lstm_begun
from .cells import Cell, GateTerm
from .sigmoid_states import of_tanh, to_sigmoid, to_tanh

_ORDER: Final = {"lstm": "iofg", "gru": "zrn", "rnn": "n"}  # ONNX's order of the gates
_STILL: Final = 100.0  # the sigmoid of which is 1 in float32, and of its negative 0
_HOLDS: Final = {"lstm": {"i": -SHUT, "f": SHUT}, "gru": {"z": SHUT}, "rnn": {"z": SHUT}}


@dataclass(frozen=True)
class Firsts:
    """The states before the first step.

    Attributes:
        h: (N, H).
        c: An LSTM's cell state, (N, H); None for others.
        stated: Whether OpenCV is given computed ones as they are.
        bounds: The largest |number| of tensors that recurrent layers gave, by their names.
    """

    h: Any
    c: Any
    stated: bool = True
    bounds: dict[str, float] = field(default_factory=dict)

    @property
    def are_known(self) -> bool:
        """Whether none is computed."""
        return all(v is None or known(v) is not None for v in (self.h, self.c))

    def can_begin(self, cell: Cell) -> bool:
        """Whether OpenCV can begin a cell with them, as they are or by steps in front."""
        if self.are_known or self.stated:
            return True
        if not cell.is_usual:  # the steps in front are written for tanh
            return False
        most = bound(self.h if self.c is None else self.c, self.bounds)
        return most is not None and most <= (1.0 if self.c is None else LARGEST)


@dataclass(frozen=True)
class Answers:
    """What a cell gives.

    Attributes:
        y: The state after each step, (T, N, H), in the order of x.
        h: The last state, (N, H).
        c: An LSTM's last cell state, (N, H); None for others.
    """

    y: Any
    h: Any
    c: Any


def can_be_held(cell: Cell) -> bool:
    """Whether a column behind the inputs can hold a GRU's state, and an LSTM's cell state.

    An LSTM's gates are then 0 and 1, as a sigmoid is far from 0.
    """
    return cell.kind != "lstm" or cell.functions[0] == "Sigmoid"


def over_steps(x: Any, firsts: Firsts, cell: Cell, *, reverse: bool, held: Any = None) -> Answers:
    """Write a cell as one op.

    Args:
        x: The sequence, (T, N, F).
        firsts: The states before the first step.
        cell: The cell.
        reverse: Whether it goes from the end to the beginning.
        held: Where it is 1, a GRU's state and an LSTM's cell state stay, (T, N, 1); elsewhere 0.
    """
    weights = _weights(cell)
    if held is not None:
        x = tf.concat([x, held], 2)
        weights["W"] = tf.concat([weights["W"], _holding(cell)], 1)
    steps = 0
    if not firsts.are_known and not firsts.stated:
        x, weights["W"], steps = _begun(x, firsts, weights, reverse=reverse)
        zeros = tf.zeros(firsts.h.shape)
        firsts = Firsts(zeros, None if firsts.c is None else zeros)
    y, c = _both_ways(x, firsts, weights, cell, reverse=reverse)
    y = y if not steps else y[:-steps] if reverse else y[steps:]
    return Answers(y, y[0] if reverse else y[-1], c)


def _begun(x: Any, firsts: Firsts, weights: Mapping[str, Any], *, reverse: bool) -> Begun:
    if firsts.c is None:
        return gru_begun(x, firsts.h, weights, reverse=reverse)
    most = bound(firsts.c, firsts.bounds) or 0.0
    return lstm_begun(x, firsts.h, firsts.c, weights, reverse=reverse, most=most)


def _holding(cell: Cell) -> Any:
    """Return the column of W, (gates H, 1), by which a gate holds the state."""
    width = next(term.end - term.begin for terms in cell.gates.values() for term in terms)
    order = "zrn" if cell.kind == "rnn" else _ORDER[cell.kind]
    numbers = [_HOLDS[cell.kind].get(gate, 0.0) for gate in order]
    return tf.concat([tf.fill([width, 1], tf.constant(n, tf.float32)) for n in numbers], 0)


def _weights(cell: Cell) -> dict[str, Any]:
    """Return W (gates H, F), R (gates H, H) and the biases Wb and Rb (gates H) of ONNX."""
    order = _ORDER[cell.kind]
    w = [_product(cell.gates[gate], "x") for gate in order]
    r = [_product(cell.gates["m" if cell.kind == "gru" and g == "n" else g], "h") for g in order]
    wb = [_bias(cell.gates[gate]) for gate in order]
    rb = [tf.zeros_like(b) for b in wb]
    if cell.kind == "gru":
        rb[2] = _bias(cell.gates["m"])
    if cell.kind == "rnn":  # h' = (1 - z) tanh(n) + z h, with z = 0 and r = 1
        w, r = ([tf.zeros_like(m[0]), tf.zeros_like(m[0]), m[0]] for m in (w, r))
        still = tf.ones_like(wb[0]) * _STILL
        wb, rb = [-still, still, wb[0]], [tf.zeros_like(wb[0])] * 3
    return {
        "W": tf.transpose(tf.concat(w, 1)),
        "R": tf.transpose(tf.concat(r, 1)),
        "Wb": tf.concat(wb, 0),
        "Rb": tf.concat(rb, 0),
    }


def _product(terms: Sequence[GateTerm], of: str) -> Any:
    term = next(term for term in terms if term.of == of)
    return term.weight[:, term.begin : term.end]


def _bias(terms: Sequence[GateTerm]) -> Any:
    width = terms[0].end - terms[0].begin
    parts = [tf.reshape(t.weight, [-1])[t.begin : t.end] for t in terms if t.of == "bias"]
    return tf.add_n(parts) if len(parts) > 1 else parts[0] if parts else tf.zeros(width)


def _both_ways(
    x: Any, firsts: Firsts, weights: Mapping[str, Any], cell: Cell, *, reverse: bool
) -> tuple[Any, Any]:
    """Return all outputs, (T, N, H) in the order of x, and the last cell state, (N, H) or None."""
    if cell.kind == "lstm":
        return _lstm(x, firsts, _parts(weights), cell, reverse=reverse)
    if cell.is_usual:
        return _gru(x, firsts.h, _parts(weights), reverse=reverse), None
    y = _gru(x, to_tanh(firsts.h), _parts(of_tanh(weights)), reverse=reverse)
    return to_sigmoid(y), None


def _parts(weights: Mapping[str, Any]) -> list[Any]:
    return [tf.reshape(weights[key], [-1]) for key in ("W", "R", "Wb", "Rb")]


def _lstm(
    x: Any, firsts: Firsts, parts: list[Any], cell: Cell, *, reverse: bool
) -> tuple[Any, Any]:
    """Return all outputs and the last cell state, which no OpenCV has of a reversed one."""
    h, c = firsts.h, firsts.c
    made = _op(x, (h[None], c[None]), parts, cell, reverse=reverse)
    if not reverse:
        return made[0], made[2][0]
    if cell.is_usual:
        twice = (tf.stack([h, h]), tf.stack([c, c]))
        return made[0], _op(x, twice, _twice(parts), cell, reverse=False)[2][1]
    turned = reversed_once(x, 0)  # OpenCV refuses other functions of both ways
    return made[0], _op(turned, (h[None], c[None]), parts, cell, reverse=False)[2][0]


def _gru(x: Any, h: Any, parts: list[Any], *, reverse: bool) -> Any:
    if not reverse:
        return _op(x, (h[None], h[None]), parts, None, reverse=False)[0]
    two = tf.stack([h, h])
    y = _op(x, (two, two), _twice(parts), None, reverse=False)[0]
    return y[:, :, int(h.shape[-1]) :]


def _twice(parts: Sequence[Any]) -> list[Any]:
    """Return the weights of both directions, of which the first one only stands there."""
    return [tf.concat([tf.zeros_like(part), part], 0) for part in parts]


def _op(
    x: Any, firsts: tuple[Any, Any], parts: Sequence[Any], lstm: Cell | None, *, reverse: bool
) -> tuple[Any, Any, Any]:
    """Write an LSTM, or a GRU."""
    h, c = (_as_constant(first) for first in firsts)
    both = int(h.shape[0]) == 2
    made = tf.raw_ops.CudnnRNNV3(
        input=x,
        input_h=h,
        input_c=c,
        params=tf.concat(parts, 0),
        sequence_lengths=tf.fill([int(x.shape[1])], int(x.shape[0])),
        rnn_mode="gru" if lstm is None else "lstm",
        direction="bidirectional" if both else "unidirectional",
        is_training=False,
        seed=int(reverse),  # the attributes that are free to say it
        seed2=0 if lstm is None else mark_of(lstm.functions),
    )
    return made.output, made.output_h, made.output_c


def _as_constant(value: Any) -> Any:
    """Return a tensor that is known as the constant that it is."""
    number = known(value)
    return value if number is None else tf.constant(number, value.dtype)
