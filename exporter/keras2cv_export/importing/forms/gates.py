"""GRU and RNN in the one form that every OpenCV computes.

That is a GRU that resets its state behind the product, with a first state that is a constant,
forwards or both ways, whose outputs are all of its states. One that goes backwards is half of one
that goes both ways. An RNN is one whose gates stand still: h' = (1 - z) tanh(n) + z h, with z = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, integer, new_constant, replace

from .attributes import known
from .normalization import NodeWriter

Array = np.ndarray[Any, Any]

_STILL: Final = 100.0  # the sigmoid of which is 1 in float32, and of its negative 0


@dataclass(frozen=True)
class _Weights:
    """A GRU's weights: W (D, 3 H, F), R (D, 3 H, H), B (D, 6 H), and its first states (D, N, H)."""

    w: Array
    r: Array
    b: Array
    h: Array

    def with_idle_first(self) -> _Weights:
        """Return those of a layer that goes both ways, of which the first way stands still."""
        parts = (self.w, self.r, self.b, self.h)
        return _Weights(*(np.concatenate([np.zeros_like(part), part]) for part in parts))


def stays_one_op(
    model: ir.Model, node: ir.Node, sizes: tuple[int, int, int], directions: Sequence[bool]
) -> bool:
    """Rewrite a node in place; False where no op of every OpenCV computes it.

    Args:
        model: The graph.
        node: A GRU or an RNN, with the usual activations.
        sizes: Steps, batch and features.
        directions: Of each, whether it runs forward.
    """
    weights = _weights(node, sizes[1])
    if weights is None:
        return False
    write, units = NodeWriter(model, node), weights.r.shape[2]
    backwards = tuple(directions) == (False,)
    both = weights.with_idle_first() if backwards else weights
    count = len(both.w)
    shape = [sizes[0], count, sizes[1], units]
    operands = [
        new_constant(model, np.ascontiguousarray(part, np.float32), write.like, "weights")
        for part in (both.w, both.r, both.b, both.h)
    ]
    way = "bidirectional" if count == 2 else "forward"
    y = write.op("GRU", node.inputs[0], *operands[:3], None, operands[3], shape=shape,
                 hidden_size=units, direction=way, linear_before_reset=1)  # fmt: skip
    if backwards:
        y = _cut(write, y, [sizes[0], 1, sizes[1], units], axis=1, begin=1)
    _put(write, y, directions, (sizes[0], sizes[1], units))
    return True


def _weights(node: ir.Node, batch: int) -> _Weights | None:
    """Return a node's weights as those of a GRU; None if it has another form."""
    gru = node.op_type == "GRU"
    if gru and not integer(node, "linear_before_reset", 0):
        return None
    first = node.inputs[5] if len(node.inputs) > 5 else None
    h = None if first is None else constant(first)
    if first is not None and h is None:
        return None
    w, r = (known(node, k, "weights") for k in (1, 2))
    assert w is not None  # noqa: S101 - ONNX' checker saw it
    assert r is not None  # noqa: S101
    count, units = r.shape[0], r.shape[2]
    b = known(node, 3, "biases")
    b = np.zeros((count, 2 * w.shape[1])) if b is None else b
    h = np.zeros((count, batch, units)) if h is None else h
    return _Weights(w, r, b, h) if gru else _still(w, r, b, h)


def _still(w: Array, r: Array, b: Array, h: Array) -> _Weights:
    count, units = r.shape[0], r.shape[2]
    off, still = np.zeros((count, units)), np.full((count, units), _STILL)
    parts = [-still, still, b[:, :units] + b[:, units:], off, off, off]
    idle_w, idle_r = (np.zeros((count, 2 * units, part.shape[2])) for part in (w, r))
    return _Weights(
        np.concatenate([idle_w, w], 1),
        np.concatenate([idle_r, r], 1),
        np.concatenate(parts, 1),
        h,
    )


def _put(
    write: NodeWriter, y: ir.Value, directions: Sequence[bool], sizes: tuple[int, int, int]
) -> None:
    """Let Y, and the last states that are read off it, take the node's place."""
    node, (steps, batch, units) = write.node, sizes
    last = node.outputs[1] if len(node.outputs) > 1 else None
    if last is not None and (last.uses() or last.is_graph_output()):
        rows = []
        for k, forward in enumerate(directions):
            end = _cut(write, y, [1, len(directions), batch, units], axis=0,
                       begin=steps - 1 if forward else 0)  # fmt: skip
            if len(directions) > 1:
                end = _cut(write, end, [1, 1, batch, units], axis=1, begin=k)
            rows.append(write.op("Reshape", end, write.whole([1, batch, units]),
                                 shape=[1, batch, units]))  # fmt: skip
        full = [len(directions), batch, units]
        joined = rows[0] if len(rows) == 1 else write.op("Concat", *rows, axis=0, shape=full)
        replace(last, joined)
    if node.outputs[0].uses() or node.outputs[0].is_graph_output():
        replace(node.outputs[0], y)
    write.model.graph.remove(node, safe=True)


def _cut(
    write: NodeWriter, value: ir.Value, shape: Sequence[int], *, axis: int, begin: int
) -> ir.Value:
    """Return one element of an axis, which stays."""
    limits = (write.whole([k], "cut") for k in (begin, begin + 1, axis))
    return write.op("Slice", value, *limits, shape=shape)
