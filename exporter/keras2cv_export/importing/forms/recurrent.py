"""GRU and RNN as one op where every OpenCV has it (`gates.py`); others step by step.

An LSTM is an op that they all have (`lstm.py`).

GRU   z = s(x Wz + h Rz + bz),  r = s(x Wr + h Rr + br)
      n = tanh(x Wn + bn + r (h Rn + cn)),  h' = (1 - z) n + z h
RNN   h' = tanh(x W + h R + b)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import integer, replace, shape_of
from keras2cv_export.importing.refused_form import RefusedFormError

from .attributes import known
from .gates import stays_one_op
from .normalization import NodeWriter

Array = np.ndarray[Any, Any]

_MOST_STEPS: Final = 1000
_ACTIVATIONS: Final = {"GRU": ["sigmoid", "tanh"], "RNN": ["tanh"]}


class _Layer:
    """One direction of a recurrent layer: its weights, and the steps that it is written as."""

    def __init__(self, write: NodeWriter, direction: int, sizes: tuple[int, int, int]) -> None:
        self.write, self.sizes = write, sizes
        self._steps = 0
        node = write.node
        kernel, recurrent = known(node, 1, "weights"), known(node, 2, "weights")
        assert kernel is not None  # noqa: S101 - ONNX' checker saw it
        assert recurrent is not None  # noqa: S101
        gates = kernel.shape[1] // recurrent.shape[2]
        self.units = recurrent.shape[2]
        bias = known(node, 3, "biases")
        both = np.zeros(2 * gates * self.units) if bias is None else bias[direction]
        shape = (gates, self.units)
        self.kernels = [part.T for part in np.split(kernel[direction], gates)]
        self.recurrents = [part.T for part in np.split(recurrent[direction], gates)]
        self.biases = both[: gates * self.units].reshape(shape)
        self.recurrent_biases = both[gates * self.units :].reshape(shape)

    def number(self, array: Array, role: str) -> ir.Value:
        """Return a float32 constant."""
        from keras2cv_export.graph.edit import new_constant

        return new_constant(self.write.model, array.astype(np.float32), self.write.like, role)

    def op(self, op: str, *inputs: ir.Value, **attributes: object) -> ir.Value:
        """Return a new value of (batch, units)."""
        shape = (self.sizes[1], self.units)
        return self.write.op(op, *inputs, shape=shape, **attributes)

    def product(self, value: ir.Value, weights: Array, bias: Array) -> ir.Value:
        """Return value times weights, plus the bias."""
        product = self.op("MatMul", value, self.number(weights, "kernel"))
        return self.op("Add", product, self.number(bias, "bias"))

    def gate(self, x: ir.Value, h: ir.Value, k: int) -> ir.Value:
        """Return gate `k` before its activation."""
        bias = self.biases[k] + self.recurrent_biases[k]
        own = self.op("MatMul", h, self.number(self.recurrents[k], "recurrent"))
        return self.op("Add", self.product(x, self.kernels[k], bias), own)

    def gru(self, x: ir.Value, h: ir.Value, *, reset_after: bool) -> ir.Value:
        """Return the state after one step of a GRU."""
        z, r = (self.op("Sigmoid", self.gate(x, h, k)) for k in (0, 1))
        if reset_after:
            inner = self.product(h, self.recurrents[2], self.recurrent_biases[2])
            inner = self.op("Mul", r, inner)
        else:
            reset = self.op("Mul", r, h)
            inner = self.product(reset, self.recurrents[2], self.recurrent_biases[2])
        new = self.op(
            "Tanh", self.op("Add", self.product(x, self.kernels[2], self.biases[2]), inner)
        )
        change = self.op("Mul", z, self.op("Sub", h, new))
        return self.op("Add", new, change)

    def rnn(self, x: ir.Value, h: ir.Value) -> ir.Value:
        """Return the state after one step of a plain layer."""
        return self.op("Tanh", self.gate(x, h, 0))


def _unrolled(model: ir.Model, node: ir.Node, _: int) -> None:
    sizes = _sizes(node)
    steps, batch, features = sizes
    _require_plain(node, steps)
    write = NodeWriter(model, node)
    directions = _directions(node)
    if stays_one_op(model, node, sizes, directions):
        return
    states: list[list[ir.Value]] = []
    for place, forward in enumerate(directions):
        layer = _Layer(write, place, sizes)
        order = range(steps) if forward else range(steps - 1, -1, -1)
        xs = {t: _step(write, t, (batch, features)) for t in order}
        h, found = _first(write, layer, place, batch), {}
        for t in order:
            h = (
                layer.gru(xs[t], h, reset_after=bool(integer(node, "linear_before_reset", 0)))
                if node.op_type == "GRU"
                else layer.rnn(xs[t], h)
            )
            found[t] = h
        states.append([found[t] for t in range(steps)])
    _put_outputs(write, states, directions, (batch, layer.units))


def _sizes(node: ir.Node) -> tuple[int, int, int]:
    shape = shape_of(node.inputs[0])
    if shape is None or len(shape) != 3:
        raise RefusedFormError("the number of its steps depends on values")
    return shape[0], shape[1], shape[2]


def _require_plain(node: ir.Node, steps: int) -> None:
    if integer(node, "layout", 0):
        raise RefusedFormError("it has the batch first (layout 1)")
    if len(node.inputs) > 4 and node.inputs[4] is not None:
        lengths = known(node, 4, "lengths")
        if lengths is not None and (lengths != steps).any():
            raise RefusedFormError("its samples have lengths of their own")
    if "clip" in node.attributes or integer(node, "input_forget", 0):
        raise RefusedFormError("it cuts its values off")
    names = node.attributes.get("activations")
    given = [] if names is None else [str(name).lower() for name in names.as_strings()]
    usual = _ACTIVATIONS[node.op_type] * len(_directions(node))
    if given and given != usual:
        raise RefusedFormError(f"it has the activations {', '.join(given)}")
    if steps > _MOST_STEPS:
        raise RefusedFormError(f"it has {steps} steps, and {_MOST_STEPS} are the most")


def _directions(node: ir.Node) -> Sequence[bool]:
    """Return of each direction whether it runs forward."""
    attribute = node.attributes.get("direction")
    kind = "forward" if attribute is None else attribute.as_string()
    return {"forward": (True,), "reverse": (False,)}.get(kind, (True, False))


def _step(write: NodeWriter, t: int, shape: Sequence[int]) -> ir.Value:
    """Return the numbers of one step, (batch, features)."""
    one = [1, *shape]
    cut = write.op(
        "Slice",
        write.node.inputs[0],
        *(write.whole([k], "cut") for k in (t, t + 1, 0)),
        shape=one,
    )
    return write.op("Reshape", cut, write.whole(shape), shape=shape)


def _first(write: NodeWriter, layer: _Layer, place: int, batch: int) -> ir.Value:
    """Return the state before the first step."""
    given = write.node.inputs[5] if len(write.node.inputs) > 5 else None
    if given is None:
        return layer.number(np.zeros((batch, layer.units)), "state")
    cut = write.op(
        "Slice",
        given,
        *(write.whole([k], "cut") for k in (place, place + 1, 0)),
        shape=[1, batch, layer.units],
    )
    shape = [batch, layer.units]
    return write.op("Reshape", cut, write.whole(shape), shape=shape)


def _put_outputs(
    write: NodeWriter,
    states: Sequence[Sequence[ir.Value]],
    directions: Sequence[bool],
    shape: tuple[int, int],
) -> None:
    node, steps, count = write.node, len(states[0]), len(states)
    ends = [own[-1] if forward else own[0] for own, forward in zip(states, directions, strict=True)]
    every, last = node.outputs[0], node.outputs[1] if len(node.outputs) > 1 else None
    if every.uses() or every.is_graph_output():
        rows = [
            _lifted(write, states[d][t], [1, 1, *shape]) for t in range(steps) for d in range(count)
        ]
        joined = rows[0]
        if len(rows) > 1:
            joined = write.op("Concat", *rows, axis=0, shape=[steps * count, 1, *shape])
        full = [steps, count, *shape]
        replace(every, write.op("Reshape", joined, write.whole(full), shape=full))
    if last is not None and (last.uses() or last.is_graph_output()):
        rows = [_lifted(write, end, [1, *shape]) for end in ends]
        joined = rows[0]
        if count > 1:
            joined = write.op("Concat", *rows, axis=0, shape=[count, *shape])
        replace(last, joined)
    write.model.graph.remove(node, safe=True)


def _lifted(write: NodeWriter, value: ir.Value, shape: Sequence[int]) -> ir.Value:
    return write.op("Reshape", value, write.whole(shape), shape=shape)


FORMS: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {
    "GRU": _unrolled,
    "RNN": _unrolled,
}
