"""The steps that a mask leaves out.

A GRU's state stays where it is if its update gate is 1, so a column of the mask behind the inputs
holds it. An LSTM has no such gate for h. Its steps that count are moved to the front instead, in
their order, and each step's answer is read where its last step that counts went:

    count_t = mask_0 + ... + mask_t
    Q_tk = 1 if k is count_t - 1, else 0        (T, T), for each sample
    x_k = sum_t Q_tk mask_t x_t,    y_t = sum_k Q_tk y_k

These are products with 0 and 1, hence exact. Behind the last step that counts, the cell state is
held as a GRU's is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.tracing.tf_ops.moving import reversed_along, reversed_once
from keras2cv_export.tracing.tf_ops.node import known

from .cells import Cell
from .ops import Answers, Firsts, over_steps

MOST: Final = 2048  # steps for which a matrix of steps by steps is small


@dataclass(frozen=True)
class Mask:
    """Which steps count.

    Attributes:
        on: (N, T), 1 where a step counts, in the order of the sequence as it was before it was
            reversed.
        reverse: Whether the layer goes from the end to the beginning.
    """

    on: Any
    reverse: bool

    @classmethod
    def of(cls, whole: Any, *, reverse: bool) -> Mask:
        """Read the list of a loop, (T, N) or (T, N, 1), in the order of the loop."""
        flat = tf.reshape(_in_order(whole) if reverse else whole, [int(n) for n in whole.shape[:2]])
        return cls(tf.transpose(tf.cast(flat, tf.float32)), reverse)

    def over_steps(self, x: Any, firsts: Firsts, cell: Cell) -> Answers:
        """Write a cell as one op that keeps its states where the mask is off.

        Args:
            x: The sequence, (T, N, F).
            firsts: The states before the first step.
            cell: The cell.
        """
        if cell.kind == "lstm":
            return self._compacted(x, firsts, cell)
        off = tf.transpose(1.0 - self.on)[:, :, None]
        made = over_steps(x, firsts, cell, reverse=self.reverse, held=off)
        if _is_zero(firsts.h):
            return made
        begun = tf.minimum(self._count(), 1.0)  # Keras' outputs are 0 before the first that counts
        return Answers(made.y * tf.transpose(begun)[:, :, None], made.h, None)

    def zeroed(self, y: Any) -> Any:
        """Return outputs, (T, N, H), with zeros where the mask is off."""
        return y * tf.transpose(self.on)[:, :, None]

    def _count(self) -> Any:
        """Return how many steps count up to each, (N, T), in the direction of the layer."""
        return tf.cumsum(self.on, axis=1, reverse=self.reverse)

    def _compacted(self, x: Any, firsts: Firsts, cell: Cell) -> Answers:
        count = self._count()
        places = np.arange(int(count.shape[1]), dtype=np.float32)
        goes_to = tf.nn.relu(1.0 - tf.abs(count[:, :, None] - (places + 1.0)))  # (N, T, T)
        moves = goes_to * self.on[:, :, None]
        front = tf.matmul(moves, tf.transpose(x, (1, 0, 2)), transpose_a=True)
        all_of_them = count[:, :1] if self.reverse else count[:, -1:]
        behind = 1.0 - tf.minimum(tf.nn.relu(all_of_them - places), 1.0)
        made = over_steps(
            tf.transpose(front, (1, 0, 2)),
            firsts,
            cell,
            reverse=False,
            held=tf.transpose(behind)[:, :, None],
        )
        y = tf.transpose(tf.matmul(goes_to, tf.transpose(made.y, (1, 0, 2))), (1, 0, 2))
        last = y[0] if self.reverse else y[-1]
        if not _is_zero(firsts.h):
            last += (1.0 - tf.minimum(all_of_them, 1.0)) * firsts.h
        return Answers(y, last, made.c)


def _in_order(whole: Any) -> Any:
    """Return a reversed mask as it was before."""
    backwards = reversed_along(whole)
    return backwards[0] if backwards and backwards[1] == 0 else reversed_once(whole, 0)


def _is_zero(value: Any) -> bool:
    number = known(value)
    return number is not None and not number.any()
