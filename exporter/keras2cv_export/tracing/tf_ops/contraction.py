"""Sums of products: Einsum, and matrix products of integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_letters
from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .node import Node, RefusedError, static


def einsum(node: Node, *operands: Any) -> Any:
    """Einsum -> Transpose, Reshape and one MatMul (or Mul), exactly the same sums.

    Labels that only one operand has are summed first if the result lacks them. The others are
    shared and kept (batch), shared and summed (inner), or one operand's own:

        a (batch, own_a, inner) x b (batch, inner, own_b) -> (batch, own_a, own_b)

    Raises:
        RefusedError: It takes a diagonal, or has more than two operands.
    """
    ranks = [len(operand.shape) for operand in operands]
    left, result = spell_out(str(node.attr("equation")), ranks)
    for labels in left:
        if len(set(labels)) != len(labels):
            raise RefusedError(
                f"an einsum over a diagonal ({node.attr('equation')})",
                "Write it with keras.ops.diagonal.",
            )
    terms = [Term(x, labels) for x, labels in zip(operands, left, strict=True)]
    if len(terms) == 1:
        return terms[0].only(result).in_order(result)
    if len(terms) == 2:
        return _product(terms[0], terms[1], result)
    raise RefusedError("an einsum of more than two operands", "Split it into products of two.")


def spell_out(equation: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """Parse an equation with both sides; replace `...` by unused letters, one per dimension.

    >>> spell_out("...a,ab->...b", [3, 2])
    (['cda', 'ab'], 'cdb')
    """
    left, result = equation.replace(" ", "").split("->")
    free = [letter for letter in ascii_letters if letter not in equation]
    terms = left.split(",")
    rooms = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True)]
    letters = "".join(free[: max(rooms)])
    spelled = [
        term.replace("...", letters[len(letters) - room :])
        for term, room in zip(terms, rooms, strict=True)
    ]
    return spelled, result.replace("...", letters)


@dataclass(frozen=True)
class Term:
    """A tensor and one letter for each of its dimensions."""

    tensor: Any
    labels: str

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each letter."""
        return dict(zip(self.labels, static(self.tensor), strict=True))

    def only(self, wanted: str) -> Term:
        """Sum over the letters that are not wanted."""
        lost = [k for k, label in enumerate(self.labels) if label not in wanted]
        if not lost:
            return self
        kept = "".join(label for label in self.labels if label in wanted)
        return Term(tf.reduce_sum(self.tensor, lost), kept)

    def in_order(self, labels: str) -> Any:
        """Return the tensor with its dimensions in the order of `labels`."""
        order = [self.labels.index(label) for label in labels]
        if order == sorted(order):
            return self.tensor
        return tf.transpose(self.tensor, order)

    def grouped(self, *groups: str) -> Any:
        """Return the tensor with one dimension per group of letters."""
        ordered = self.in_order("".join(groups))
        shape = [int(np.prod([self.sizes[x] for x in group])) for group in groups]
        return ordered if static(ordered) == shape else tf.reshape(ordered, shape)

    def broadcast(self, labels: str) -> Any:
        """Return the tensor with a dimension for every one of `labels`, 1 where it has none."""
        ordered = self.in_order("".join(x for x in labels if x in self.labels))
        shape = [self.sizes.get(label, 1) for label in labels]
        return ordered if static(ordered) == shape else tf.reshape(ordered, shape)


def _product(a: Term, b: Term, result: str) -> Any:
    a, b = a.only(b.labels + result), b.only(a.labels + result)
    batch = "".join(x for x in result if x in a.labels and x in b.labels)
    inner = "".join(x for x in a.labels if x in b.labels and x not in result)
    own_a = "".join(x for x in a.labels if x not in batch + inner)
    own_b = "".join(x for x in b.labels if x not in batch + inner)
    if not inner:
        return a.broadcast(result) * b.broadcast(result)
    # Without a batch the first operand keeps its dimensions: MatMul takes (..., inner) as it is.
    rows = (*batch, own_a) if batch else (*own_a,)
    product = tf.matmul(a.grouped(*rows, inner), b.grouped(*batch, inner, own_b)) if rows else (
        tf.reshape(tf.matmul(a.grouped("", inner), b.grouped(inner, own_b)), [-1])
    )  # fmt: skip
    sizes = a.sizes | b.sizes
    labels = batch + own_a + own_b
    shape = [sizes[label] for label in labels]
    full = product if static(product) == shape else tf.reshape(product, shape)
    return Term(full, labels).in_order(result)


def integer_matmul(node: Node, a: Any, b: Any) -> Any:
    """MatMul of integers -> MatMul of the same numbers as float32, cast back.

    OpenCV's quantized layers want scales; these are bare integers. The sums are exact below 2^24:
    a thousand products of int8, and beyond that to 6e-8 relative.
    """
    if not (a.dtype.is_integer and b.dtype.is_integer):
        return None
    flags = {
        "transpose_a": node.attr("adj_x", node.attr("transpose_a", default=False)),
        "transpose_b": node.attr("adj_y", node.attr("transpose_b", default=False)),
    }
    product = tf.matmul(tf.cast(a, tf.float32), tf.cast(b, tf.float32), **flags)
    return tf.cast(product, node.attr("Tout", node.attr("T")))
