"""Recognise the cell of a recurrent layer in the tensors of one of its steps.

    LSTM        c' = p(f) c + p(i) q(g),  h' = p(o) r(c')
    GRU         h' = s(z) h + (1 - s(z)) q(n + s(r) m)
    SimpleRNN   h' = q(n)

Each letter is a sum of products of x or h with weights, and of biases; s is the sigmoid, and each
of p, q and r the sigmoid or tanh. Layers of Keras 2 and 3, SavedModels and own cells that compute
this are all recognised. A GRU that applies its reset gate before the product (`reset_after=False`)
is not: up to 5.0's classic engine, no OpenCV computes ONNX's form of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from keras2cv_export.tracing.tf_ops.node import known

_SUMS = ("AddV2", "Add", "BiasAdd")
_FUNCTIONS = ("Sigmoid", "Tanh")
_USUAL: Final = {"lstm": ("Sigmoid", "Tanh", "Tanh"), "gru": ("Tanh",), "rnn": ("Tanh",)}
_SHAPES = ("Squeeze", "ExpandDims", "Reshape")  # Keras adds a single row as it adds a bias


class GateTerm(NamedTuple):
    """A part of a sum: columns of x or h times a matrix, or of a bias."""

    of: str  # "x", "h" or "bias"
    weight: Any
    begin: int
    end: int


Sum = tuple[GateTerm, ...]


@dataclass(frozen=True)
class Cell:
    """A recognised cell.

    Attributes:
        kind: "lstm", "gru" or "rnn".
        gates: Letter -> its sum.
        functions: "Sigmoid" or "Tanh": of an LSTM's gates, of g and of c'; of another's n.
    """

    kind: str
    gates: dict[str, Sum]
    functions: tuple[str, ...]

    @property
    def is_usual(self) -> bool:
        """Whether its functions are those that Keras and ONNX have by default."""
        return self.functions == _USUAL[self.kind]


@dataclass(frozen=True)
class Step:
    """The tensors of one step: what goes in, and the new states.

    Attributes:
        x: What the cell reads, (N, F).
        h: Its state, (N, H).
        c: An LSTM's cell state, (N, H); None for others.
        new_h: The next state.
        new_c: The next cell state.
        ends: All that is another number in each step; what depends on none of it is a weight.
    """

    x: Any
    h: Any
    c: Any
    new_h: Any
    new_c: Any
    ends: tuple[Any, ...]

    def cell(self) -> Cell | None:
        """Return the cell that computes the new states; None: it is not known."""
        if self.c is not None:
            return self._lstm()
        return self._gru() or self._rnn()

    def _lstm(self) -> Cell | None:
        for out, shown in _both(self.new_h, "Mul"):
            if shown.op.type not in _FUNCTIONS or shown.op.inputs[0] is not self.new_c:
                continue
            for kept, added in _both(self.new_c, "AddV2"):
                f = next((a for a, b in _both(kept, "Mul") if b is self.c), None)
                if f is None or f.op.type not in _FUNCTIONS or out.op.type != f.op.type:
                    continue
                for i, g in _both(added, "Mul"):  # the same if all three have one function
                    if i.op.type == f.op.type and g.op.type in _FUNCTIONS:
                        letters = zip("ifgo", (i, f, g, out), strict=True)
                        functions = (f.op.type, g.op.type, shown.op.type)
                        sums = {letter: tensor.op.inputs[0] for letter, tensor in letters}
                        return self._cell("lstm", sums, functions)
        return None

    def _gru(self) -> Cell | None:
        for kept, added in _both(self.new_h, "AddV2"):
            z = next((a for a, b in _both(kept, "Mul") if b is self.h), None)
            n = next((b for a, b in _both(added, "Mul") if _is_rest(a, z)), None)
            if z is None or n is None or n.op.type not in _FUNCTIONS:
                continue
            for part, reset in _both(n.op.inputs[0], "AddV2"):
                for r, m in _both(reset, "Mul"):
                    if r.op.type == "Sigmoid":
                        letters = {"z": _of(z, "Sigmoid"), "r": _of(r, "Sigmoid")}
                        letters |= {"n": part, "m": m}
                        return self._cell("gru", letters, (n.op.type,))
        return None

    def _rnn(self) -> Cell | None:
        if self.new_h.op.type not in _FUNCTIONS:
            return None
        return self._cell("rnn", {"n": self.new_h.op.inputs[0]}, (self.new_h.op.type,))

    def _cell(self, kind: str, letters: dict[str, Any], functions: tuple[str, ...]) -> Cell | None:
        gates = {name: None if t is None else self._sum(t) for name, t in letters.items()}
        found = {name: terms for name, terms in gates.items() if terms is not None}
        wanted = {"n": ("x",), "m": ("h",)} if kind == "gru" else {}
        for name, terms in found.items():
            products = sorted(term.of for term in terms if term.of != "bias")
            if products != list(wanted.get(name, ("h", "x"))):
                return None
        widths = {term.end - term.begin for terms in found.values() for term in terms}
        same = widths == {int(self.h.shape[-1])}
        return Cell(kind, found, functions) if len(found) == len(gates) and same else None

    def _sum(self, tensor: Any) -> Sum | None:
        """Return the terms of a sum; None if something else is in it."""
        op = tensor.op
        if not self._depends(tensor):
            width = int(tensor.shape[-1]) if tensor.shape.rank else 0
            is_row = width > 0 and tensor.shape.num_elements() == width
            return (GateTerm("bias", tensor, 0, width),) if is_row else None
        if op.type in _SUMS:
            parts = [self._sum(value) for value in op.inputs]
            return None if None in parts else tuple(t for part in parts for t in part or ())
        if op.type in _SHAPES and op.inputs[0].shape[-1] == tensor.shape[-1]:
            return self._sum(op.inputs[0])
        if op.type == "MatMul":
            return self._product(op)
        return self._columns(tensor)

    def _product(self, op: Any) -> Sum | None:
        source, weight = op.inputs[0], op.inputs[1]
        turned = op.get_attr("transpose_a") or op.get_attr("transpose_b")
        of = "x" if source is self.x else "h" if source is self.h else None
        if of is None or turned or self._depends(weight):
            return None
        return (GateTerm(of, weight, 0, int(weight.shape[1])),)

    def _columns(self, tensor: Any) -> Sum | None:
        """Return the sum of which a split or a StridedSlice takes columns."""
        op = tensor.op
        if op.type == "Split":
            source, axis = op.inputs[1], known(op.inputs[0])
            if axis is None or int(axis) not in (source.shape.rank - 1, -1):
                return None
            width = int(source.shape[-1]) // len(op.outputs)
            begin = width * tensor.value_index
        else:
            found = _sliced(op) if op.type == "StridedSlice" else _parted(tensor)
            if found is None:
                return None
            source, (begin, width) = op.inputs[0], found
        terms = self._sum(source)
        if terms is None:
            return None
        return tuple(t._replace(begin=t.begin + begin, end=t.begin + begin + width) for t in terms)

    def _depends(self, tensor: Any) -> bool:
        """Whether a tensor depends on the step's inputs, and not on weights alone."""
        stack, seen = [tensor], set()
        while stack:
            one = stack.pop()
            if any(one is end for end in self.ends):
                return True
            if one.op.name not in seen:
                seen.add(one.op.name)
                stack.extend(one.op.inputs)
        return False


def _of(tensor: Any, op: str) -> Any | None:
    """Return the input of an op, None if the tensor is not its result."""
    return tensor.op.inputs[0] if tensor is not None and tensor.op.type == op else None


def _both(tensor: Any, op: str) -> Iterator[tuple[Any, Any]]:
    """Yield the operands of an op whose order does not matter, in both orders."""
    if tensor is not None and tensor.op.type == op:
        a, b = tensor.op.inputs
        yield a, b
        yield b, a


def _is_rest(tensor: Any, gate: Any) -> bool:
    """Whether a tensor is 1 - gate."""
    if gate is None or tensor.op.type != "Sub" or tensor.op.inputs[1] is not gate:
        return False
    one = known(tensor.op.inputs[0])
    return one is not None and bool((one == 1).all())


def _parted(tensor: Any) -> tuple[int, int] | None:
    """Return the first column and the width of a part of a SplitV of columns."""
    op, part = tensor.op, tensor.value_index
    if op.type != "SplitV":
        return None
    sizes, axis = known(op.inputs[1]), known(op.inputs[2])
    rank, whole = op.inputs[0].shape.rank, op.inputs[0].shape[-1]
    if sizes is None or axis is None or int(axis) not in (rank - 1, -1) or whole is None:
        return None
    widths = [int(size) for size in sizes]
    widths = [size if size >= 0 else int(whole) - sum(widths) - 1 for size in widths]
    return sum(widths[:part]), widths[part]


def _sliced(op: Any) -> tuple[int, int] | None:
    """Return the first column and the width of a StridedSlice of columns side by side."""
    shape = op.inputs[0].shape
    limits = [known(value) for value in op.inputs[1:4]]
    masks = {k: op.get_attr(f"{k}_mask") for k in ("begin", "end", "ellipsis", "new_axis")}
    if any(v is None for v in limits) or shape.rank != 2 or op.get_attr("shrink_axis_mask"):
        return None
    if masks["new_axis"] or any(v is None or v.size != 2 for v in limits):
        return None
    begin, end, stride = (np.asarray(v).tolist() for v in limits)
    row, column = (
        slice(
            None if masks["begin"] >> k & 1 else begin[k],
            None if masks["end"] >> k & 1 else end[k],
            stride[k],
        )
        for k in (0, 1)
    )
    rows, columns = (range(int(n))[s] for n, s in zip(shape, (row, column), strict=True))
    whole = len(rows) == int(shape[0]) and rows.step == 1 and columns.step == 1
    return (columns.start, len(columns)) if whole and not masks["ellipsis"] else None
