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

from keras2cv_export.graph.edit import (
    constant,
    integer,
    ints,
    new_constant,
    replace,
    shape_of,
)

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
    full = (sizes[0], sizes[1], units)
    operands = [
        new_constant(model, np.ascontiguousarray(part, np.float32), write.like, "weights")
        for part in (both.w, both.r, both.b, both.h)
    ]
    way = "bidirectional" if count == 2 else "forward"
    y = write.op("GRU", node.inputs[0], *operands[:3], None, operands[3],
                 shape=[full[0], count, *full[1:]],
                 hidden_size=units, direction=way, linear_before_reset=1)  # fmt: skip
    if count == 1:
        _put(write, y, [_shaped(write, y, full)], directions)
        return True
    halves = _halves(write, y, full)
    ways = halves[1:] if backwards else halves
    whole = not backwards and _is_joined(node.outputs[0])
    _put(write, y if whole else None, ways, directions)
    return True


def _is_joined(y: ir.Value) -> bool:
    """Whether both ways of all states are joined at once, as PyTorch's exporters do.

    Before 5.0's new engine, the states are in the order of (T, N, D, H) and said to be (T, 1, N,
    D H). Transposed and reshaped to (T, N, D H), they are right; every other reader is not.
    """
    moves = [node for node, _ in y.uses()]
    perms = [ints(node, "perm", ()) for node in moves if node.op_type == "Transpose"]
    readers = [reader for node in moves for reader, _ in node.outputs[0].uses()]
    outside = y.is_graph_output() or any(node.outputs[0].is_graph_output() for node in moves)
    ordered = len(perms) == len(moves) and all(tuple(perm) == (0, 2, 1, 3) for perm in perms)
    return ordered and not outside and all(node.op_type == "Reshape" for node in readers)


def _halves(write: NodeWriter, y: ir.Value, full: tuple[int, int, int]) -> list[ir.Value]:
    """Return all states of each of two ways, (T, N, H)."""
    steps, batch, units = full
    moved = write.op("Transpose", y, perm=[0, 2, 1, 3], shape=[steps, batch, 2, units])
    rows = _shaped(write, moved, [steps, batch, 2 * units])
    return [_cut(write, rows, list(full), axis=2, begin=k * units) for k in (0, 1)]


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
    write: NodeWriter, y: ir.Value | None, ways: Sequence[ir.Value], directions: Sequence[bool]
) -> None:
    """Let all states, and the last ones that are read off them, take the node's outputs' places.

    Args:
        write: Writes the nodes.
        y: All states of all ways, (T, D, N, H); None if they are made of `ways`.
        ways: All states of each, (T, N, H).
        directions: Of each, whether it runs forward.
    """
    node, count = write.node, len(ways)
    steps, batch, units = shape_of(ways[0]) or ()
    last = node.outputs[1] if len(node.outputs) > 1 else None
    if last is not None and (last.uses() or last.is_graph_output()):
        one = [1, batch, units]
        ends = [
            _cut(write, way, one, axis=0, begin=steps - 1 if forward else 0)
            for way, forward in zip(ways, directions, strict=True)
        ]
        replace(last, _joined(write, ends, axis=0, shape=[count, batch, units]))
    every = node.outputs[0]
    if every.uses() or every.is_graph_output():
        if y is None:
            parts = [_shaped(write, way, [steps, 1, batch, units]) for way in ways]
            y = _joined(write, parts, axis=1, shape=[steps, count, batch, units])
        replace(every, y)
    write.model.graph.remove(node, safe=True)


def _joined(
    write: NodeWriter, parts: Sequence[ir.Value], *, axis: int, shape: Sequence[int]
) -> ir.Value:
    return parts[0] if len(parts) == 1 else write.op("Concat", *parts, axis=axis, shape=shape)


def _shaped(write: NodeWriter, value: ir.Value, shape: Sequence[int]) -> ir.Value:
    return write.op("Reshape", value, write.whole(shape), shape=shape)


def _cut(
    write: NodeWriter, value: ir.Value, shape: Sequence[int], *, axis: int, begin: int
) -> ir.Value:
    """Return elements of an axis, as many as the shape has."""
    limits = (write.whole([k], "cut") for k in (begin, begin + shape[axis], axis))
    return write.op("Slice", value, *limits, shape=shape)
