"""Which tensors of a flat graph have open rows, and which numbers are sizes of such."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.tracing.tf_ops.node import Node, RefusedError, known

Array = np.ndarray[Any, Any]

HINT = (
    "Use tf.image.combined_non_max_suppression, whose result has a fixed size, or end the model "
    "before it and let the bundle do it: --nms."
)


@dataclass(frozen=True)
class Rows:
    """The open axis of a tensor.

    Attributes:
        axis: Its place.
        mask: A boolean tensor, one per row: those that are there, which come first.
    """

    axis: int
    mask: Any

    @property
    def size(self) -> int:
        """How many rows there can be."""
        return int(self.mask.shape[0])


@dataclass(frozen=True)
class Sizes:
    """Whole numbers that follow from how many rows are there, such as a shape.

    Attributes:
        mask: Of the rows.
        full: The numbers if all of the rows are there.
        more: The numbers if there were one row more.
    """

    mask: Any
    full: Array
    more: Array


@dataclass
class OpenRows:
    """Tensor name -> its open axis, and tensor name -> the sizes that it holds."""

    rows: dict[str, Rows] = field(default_factory=dict)
    sizes: dict[str, Sizes] = field(default_factory=dict)
    orders: dict[tuple[str, ...], tuple[Any, Any]] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)  # mask -> how many rows are there
    cut_at: dict[str, bool] = field(default_factory=dict)  # further ops that the net is cut before

    def of(self, value: Any) -> Rows | None:
        """Return a tensor's open axis, or None."""
        return self.rows.get(value.name) if isinstance(value, tf.Tensor) else None

    def sizes_in(self, value: Any) -> Sizes | None:
        """Return the sizes that a tensor holds, or None."""
        return self.sizes.get(value.name) if isinstance(value, tf.Tensor) else None

    def concern(self, values: Iterable[Any]) -> bool:
        """Whether one of some values is open, holds sizes, or is a list with such elements."""
        return any(
            self.of(v) is not None
            or self.sizes_in(v) is not None
            or (isinstance(elements := _elements(v), tuple) and self.concern(elements))
            for v in values
        )

    def refuse(self, values: Iterable[Any], where: str) -> None:
        """Raise RefusedError if one of some values is open.

        Raises:
            RefusedError: It is.
        """
        if self.concern(values):
            raise RefusedError(f"{where} on a number of boxes that depends on values", HINT)

    def mark(self, tensor: Any, axis: int, mask: Any) -> Any:
        """Note a tensor's open axis, and return the tensor."""
        self.rows[tensor.name] = Rows(axis, mask)
        return tensor

    def fixed(self, value: Any) -> Any:
        """Return the numbers that sizes are if all rows are there; any other tensor as it is."""
        sizes = self.sizes_in(value)
        return value if sizes is None else tf.constant(sizes.full, value.dtype)

    def first(self, mask: Any, most: int) -> Any:
        """Return the mask of at most so many of the rows."""
        part = mask[:most]
        if (count := self.counts.get(mask.name)) is not None:
            self.counts[part.name] = tf.minimum(count, most)
        return part

    def filled(self, tensor: Any, number: Any) -> Any:
        """Return an open tensor with a number in the rows that are not there."""
        rows = self.rows[tensor.name]
        shape = [rows.size if a == rows.axis else 1 for a in range(len(tensor.shape))]
        mask = tf.reshape(rows.mask, shape)
        return tf.where(mask, tensor, tf.cast(tf.constant(number), tensor.dtype))

    def closed(self, tensor: Any) -> Any:
        """Return an output: zeros in the rows that are not there."""
        return tensor if self.of(tensor) is None else self.filled(tensor, 0)

    def trimmed(self, values: Sequence[Any]) -> tuple[list[Any], Any]:
        """Return tensors of as many open rows each, and their mask.

        TensorFlow computes with two of them only if both have as many rows, so that the larger
        ones have nothing behind the size of the smallest.
        """
        masks = [rows.mask for value in values if (rows := self.of(value)) is not None]
        masks += [sizes.mask for value in values if (sizes := self.sizes_in(value)) is not None]
        mask = min(masks, key=lambda m: int(m.shape[0]))
        size = int(mask.shape[0])
        return [self._cut(value, size, mask) for value in values], mask

    def _cut(self, value: Any, size: int, mask: Any) -> Any:
        rows = self.of(value)
        if rows is None or rows.size == size:
            return value
        part = [slice(size) if a == rows.axis else slice(None) for a in range(len(value.shape))]
        return self.mark(value[tuple(part)], rows.axis, mask)

    def shapes_with_one_more(
        self, node: Node, inputs: Sequence[Any], make: Callable[..., list[Any]]
    ) -> list[tuple[int, ...]] | None:
        """Return the shapes of a node's outputs if there were one row more; None: it would fail."""
        with tf.Graph().as_default():
            try:
                made = make(node, [self._one_more(value) for value in inputs])
            except (RefusedError, ValueError):
                return None
        shapes = [t.shape for t in made]
        if not all(shape.is_fully_defined() for shape in shapes):
            return None
        return [tuple(int(d) for d in shape) for shape in shapes]

    def _one_more(self, value: Any) -> Any:
        """Return a stand-in for an input, in a graph of its own."""
        if (sizes := self.sizes_in(value)) is not None:
            return tf.constant(sizes.more, value.dtype)
        rows, number = self.of(value), known(value)
        if rows is None and number is not None:
            return tf.constant(number, value.dtype)
        shape = [int(d) for d in value.shape]
        if rows is not None:
            shape[rows.axis] += 1
        return tf.compat.v1.placeholder(value.dtype, shape)


def _elements(value: Any) -> Any:
    try:
        return getattr(value, "elements", None)
    except RefusedError:  # a list that is one tensor
        return None
