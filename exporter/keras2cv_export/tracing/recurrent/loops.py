"""Write the loop of a recurrent layer as one op, where every OpenCV computes that right.

Unrolled, a layer of 40 steps is 500 nodes, which OpenCV takes seconds to load. It has had LSTM and
GRU since 4.6, and was measured (`campaigns.importers`) to compute these forms of them right:

    LSTM            forward and reverse, their first states constant; all of the outputs Y; the
                    last cell state of a forward one
    GRU             linear_before_reset, forward and bidirectional, with a first state, both outputs

So a reversed GRU is half of a bidirectional one, and a SimpleRNN is a GRU whose gates stand still.
Whatever else a loop computes is unrolled: other activations, masks, states that are computed.

One step is walked with stand-ins for what it reads, at the loop's beginning and at its end. If
both are the same cell, reading and writing the elements in turn, the loop is that layer.
`CudnnRNNV3` carries it through TensorFlow's graph; its weights lie in `params` as ONNX has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from ..flatten_lists import TensorList
from ..tf_ops.moving import reversed_along, reversed_once
from ..tf_ops.node import known, must_know
from .cells import Cell, GateTerm, Step

FEWEST: Final = 3  # steps that are worth an op of their own

Call = Callable[[Sequence[Any]], list[Any]]
"""Walks the body of the loop once: its state in, the next state out."""

_ORDER: Final = {"lstm": "iofg", "gru": "zrn", "rnn": "n"}  # ONNX's order of the gates
_STILL: Final = 100.0  # the sigmoid of which is 1 in float32, and of its negative 0


@dataclass(frozen=True)
class Loop:
    """A loop and how to walk it.

    Attributes:
        state: Its inputs.
        fixed: The places of those that it passes on unchanged.
        body: Walks its body.
        goes_on: Walks its condition; None where that is not known.
    """

    state: Sequence[Any]
    fixed: frozenset[int]
    body: Call
    goes_on: Callable[[Sequence[Any]], bool | None]


def as_recurrence(loop: Loop) -> list[Any] | None:
    """Return the loop's results by one op; None if it is no recurrent layer that OpenCV has."""
    places = _Places.of(loop)
    if places is None:
        return None
    probes = [places.probe(loop, at) for at in (0, places.steps - 1)]
    first, last = probes
    if first is None or last is None or not places.ends(loop, first):
        return None
    cell = first.step.cell()
    if cell is None or last.step.cell() is None or first.writes != 0:
        return None
    if last.writes not in (0, places.steps - 1):
        return None
    return _written(loop, places, first, cell, all_steps=last.writes > 0)


@dataclass(frozen=True)
class _Probe:
    """A walk of one step.

    Attributes:
        step: Its tensors.
        writes: The place of the list that it wrote.
        results: All that it returned.
        h: The place of the state that it wrote to the list.
    """

    step: Step
    writes: int
    results: list[Any]
    h: int


@dataclass(frozen=True)
class _Places:
    """Where a loop's state has what.

    Attributes:
        source: The list of inputs.
        written: The list of results.
        states: The states of the layer.
        counters: Whole numbers that each step changes.
        steps: How many elements the inputs have.
    """

    source: int
    written: int
    states: tuple[int, ...]
    counters: tuple[int, ...]
    steps: int

    @classmethod
    def of(cls, loop: Loop) -> _Places | None:
        """Find them; None if it is another loop."""
        lists = [k for k, value in enumerate(loop.state) if isinstance(value, TensorList)]
        sources = [k for k in lists if k in loop.fixed and loop.state[k].whole is not None]
        written = [k for k in lists if k not in loop.fixed]
        changed = [k for k in range(len(loop.state)) if k not in loop.fixed and k not in lists]
        values = [loop.state[k] for k in changed]
        if not all(isinstance(value, tf.Tensor) for value in values):
            return None
        states = tuple(k for k in changed if loop.state[k].dtype == tf.float32)
        counters = tuple(k for k in changed if loop.state[k].dtype.is_integer)
        if len(sources) != 1 or len(written) != 1 or len(states) not in (1, 2):
            return None
        if len(states) + len(counters) != len(changed):
            return None
        shapes = {tuple(loop.state[k].shape) for k in states}
        plain = len(shapes) == 1 and all(len(s) == 2 and None not in s for s in shapes)
        begun = all(known(loop.state[k]) is not None for k in (*states, *counters))
        source = loop.state[sources[0]].whole
        if not plain or not begun or source.dtype != tf.float32 or source.shape.rank != 3:
            return None
        steps = int(source.shape[0])
        return cls(sources[0], written[0], states, counters, steps) if steps >= FEWEST else None

    def at(self, loop: Loop, steps: int) -> list[Any]:
        """Return the loop's state with its counters so many steps on, each by one."""
        state = list(loop.state)
        for k in self.counters:
            begun = must_know(loop.state[k], "counter")
            state[k] = tf.constant(begun + steps, loop.state[k].dtype)
        return state

    def probe(self, loop: Loop, at: int) -> _Probe | None:
        """Walk a step with stand-ins for the element that it reads and for the states."""
        state = self.at(loop, at)
        items = loop.state[self.source]
        x = tf.identity(items.elements[at])
        state[self.source] = items.holding(
            [x if k == at else element for k, element in enumerate(items.elements)]
        )
        for k in self.states:
            state[k] = tf.identity(loop.state[k])
        results = loop.body(state)
        before, after = loop.state[self.written].elements, results[self.written]
        if not isinstance(after, TensorList):
            return None
        new = [k for k, e in enumerate(after.elements) if k >= len(before) or e is not before[k]]
        if len(new) != 1:
            return None
        hs = [k for k in self.states if results[k] is after.elements[new[0]]]
        if len(hs) != 1:
            return None
        h = hs[0]
        c = next((k for k in self.states if k != h), None)
        cell = (None, None) if c is None else (state[c], results[c])
        step = Step(x, state[h], cell[0], results[h], cell[1])
        return _Probe(step, new[0], results, h)

    def ends(self, loop: Loop, probe: _Probe) -> bool:
        """Whether each counter goes on by one, and the loop ends with the list of inputs."""
        for k in self.counters:
            before, after = known(loop.state[k]), known(probe.results[k])
            if before is None or after is None or not np.array_equal(before + 1, after):
                return False
        last, over = (loop.goes_on(self.at(loop, steps)) for steps in (self.steps - 1, self.steps))
        return last is True and over is False


def _written(
    loop: Loop, places: _Places, probe: _Probe, cell: Cell, *, all_steps: bool
) -> list[Any]:
    """Return the loop's results, of one op."""
    whole = loop.state[places.source].whole
    x, reverse = _unreversed(whole)
    firsts = {k: known(loop.state[k]) for k in places.states}
    h = firsts[probe.h]
    c = next((firsts[k] for k in places.states if k != probe.h), None)
    y, cell_state = _carrier(x, h, c, _weights(cell), cell.kind, reverse=reverse)
    last = y[0] if reverse else y[-1]
    results = places.at(loop, places.steps)
    for k in places.states:
        results[k] = last if k == probe.h else cell_state
    if not all_steps:
        results[places.written] = loop.state[places.written].holding(
            [last, *loop.state[places.written].elements[1:]]
        )
        return results
    elements = tf.unstack(y)
    ordered = elements[::-1] if reverse else elements
    results[places.written] = TensorList(
        (*ordered[:-1], last),
        y.dtype,
        tuple(int(n) for n in y.shape[1:]),
        reversed_once(y, 0) if reverse else y,
    )
    return results


def _unreversed(whole: Any) -> tuple[Any, bool]:
    """Return a sequence as it was before it was reversed, and whether it was."""
    backwards = reversed_along(whole)
    return (backwards[0], True) if backwards is not None and backwards[1] == 0 else (whole, False)


def _weights(cell: Cell) -> dict[str, Any]:
    """Return W (gates H, C), R (gates H, H) and the biases Wb and Rb (gates H) of ONNX."""
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


def _carrier(
    x: Any, h: Any, c: Any, weights: Mapping[str, Any], kind: str, *, reverse: bool
) -> tuple[Any, Any]:
    """Return all outputs, (T, N, H) in the order of x, and the last cell state, (N, H) or None."""
    lstm = kind == "lstm"
    parts = [tf.reshape(weights[key], [-1]) for key in ("W", "R", "Wb", "Rb")]
    if not reverse or lstm:
        made = _op(x, h[None], h[None] if c is None else c[None], parts, kind, reverse=reverse)
        if not lstm:
            return made[0], None
        if not reverse:
            return made[0], made[2][0]
        twice = (np.stack([h, h]), np.stack([c, c]))
        return made[0], _op(x, *twice, _twice(parts), kind, reverse=False)[2][1]
    two = np.stack([h, h])
    y = _op(x, two, two, _twice(parts), kind, reverse=False)[0]
    return y[:, :, int(h.shape[-1]) :], None


def _twice(parts: Sequence[Any]) -> list[Any]:
    """Return the weights of both directions, of which the first one only stands there."""
    return [tf.concat([tf.zeros_like(part), part], 0) for part in parts]


def _op(
    x: Any, h: Any, c: Any, parts: Sequence[Any], kind: str, *, reverse: bool
) -> tuple[Any, Any, Any]:
    both = len(h) == 2
    made = tf.raw_ops.CudnnRNNV3(
        input=x,
        input_h=tf.constant(h),
        input_c=tf.constant(c),
        params=tf.concat(parts, 0),
        sequence_lengths=tf.fill([int(x.shape[1])], int(x.shape[0])),
        rnn_mode="lstm" if kind == "lstm" else "gru",
        direction="bidirectional" if both else "unidirectional",
        is_training=False,
        seed=int(reverse),  # the only attribute that is free to say it
    )
    return made.output, made.output_h, made.output_c
