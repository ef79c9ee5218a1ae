"""Python tuples in place of TensorFlow's lists of tensors, in which loops collect their results.

Once the loop is unrolled, each element is written and read at a known index, and nothing of the
list itself is left in the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from keras2cv_export.quiet.tensorflow import tf

from .tf_ops.node import Node, RefusedError, known, must_know


@dataclass(frozen=True)
class TensorList:
    """The state of a list between two operations on it.

    Attributes:
        elements: Tensors; None for an element that was never written, which reads as zeros.
        dtype: Of each element.
        shape: Of each element; None where TensorFlow does not know.
        whole: All elements as one tensor, where there is one.
    """

    elements: tuple[Any, ...]
    dtype: Any
    shape: tuple[int, ...] | None
    whole: Any = None

    def holding(self, elements: Sequence[Any]) -> TensorList:
        """Return the list with other elements."""
        return TensorList(tuple(elements), self.dtype, self.shape)

    def element(self, k: int) -> Any:
        """Return element k, zeros if it was never written.

        Raises:
            RefusedError: The element was never written and its shape is unknown.
        """
        if self.elements[k] is not None:
            return self.elements[k]
        shape = next((tuple(e.shape) for e in self.elements if e is not None), self.shape)
        if shape is None:
            raise RefusedError("a list with an element of unknown shape", "Write it first.")
        return tf.zeros(shape, self.dtype)

    def stacked(self) -> Any:
        """Return all elements as one tensor, along a new first axis."""
        if self.whole is not None:
            return self.whole
        if not self.elements:
            return tf.zeros((0, *(self.shape or ())), self.dtype)
        return tf.stack([self.element(k) for k in range(len(self.elements))])


@dataclass(frozen=True)
class StackedList:
    """A list in a loop of an unknown number of steps: all of its elements as one tensor."""

    table: Any  # (elements, *shape)

    @property
    def elements(self) -> tuple[Any, ...]:
        """Refuse what changes the size of the list, or reads its elements apart.

        Raises:
            RefusedError: Always.
        """
        raise RefusedError(
            "a list in a loop whose number of steps depends on the input, which is more than read "
            "and written at places",
            "Give the TensorArray its size, write to it, and stack it.",
        )

    def element(self, _k: int) -> Any:
        """Refuse the same.

        Raises:
            RefusedError: Always.
        """
        return self.elements[0]


def stacked_list(items: TensorList, shape: Sequence[int] | None) -> StackedList | None:
    """Return a list as one tensor; None if nothing shows the shape of its elements.

    Args:
        items: The list.
        shape: Of an element that a step of the loop writes; None if it is not known.
    """
    shapes = [tuple(e.shape) for e in items.elements if e is not None]
    shape = next(iter(shapes), items.shape if items.shape is not None else shape)
    if shape is None or not items.elements:
        return None
    return StackedList(replace(items, shape=tuple(shape)).stacked())


def _known_shape(shape: Any) -> tuple[int, ...] | None:
    value = known(shape)
    if value is None or value.ndim == 0 or (value < 0).any():
        return None
    return tuple(int(d) for d in value)


def _index(index: Any) -> int:
    return int(must_know(index, "position in a list"))


def _reserve(node: Node, shape: Any, count: Any) -> list[Any]:
    elements = (None,) * int(must_know(count, "number of elements"))
    return [TensorList(elements, node.attr("element_dtype"), _known_shape(shape))]


def _empty(node: Node, shape: Any, _most: Any) -> list[Any]:
    return [TensorList((), node.attr("element_dtype"), _known_shape(shape))]


def _from_tensor(_: Node, tensor: Any, _shape: Any) -> list[Any]:
    elements = tuple(tf.unstack(tensor))
    return [TensorList(elements, tensor.dtype, tuple(tensor.shape[1:]), tensor)]


def _set_item(_: Node, items: Any, index: Any, item: Any) -> list[Any]:
    if isinstance(items, StackedList):
        place = tf.reshape(index, (1, 1))
        return [StackedList(tf.tensor_scatter_nd_update(items.table, place, item[None]))]
    k = _index(index)
    grown = items.elements + (None,) * (k + 1 - len(items.elements))
    return [items.holding((*grown[:k], item, *grown[k + 1 :]))]


def _get_item(_: Node, items: Any, index: Any, _shape: Any) -> list[Any]:
    if isinstance(items, StackedList):
        return [tf.gather(items.table, index)]
    return [items.element(_index(index))]


def _stack(_: Node, items: Any, _shape: Any) -> list[Any]:
    if isinstance(items, StackedList):
        return [items.table]
    return [items.stacked()]


def _concat(_: Node, items: TensorList, _shape: Any, _leading: Any) -> list[Any]:
    elements = [items.element(k) for k in range(len(items.elements))]
    return [tf.concat(elements, 0), tf.constant([int(e.shape[0]) for e in elements], tf.int64)]


def _gather(_: Node, items: Any, indices: Any, _shape: Any) -> list[Any]:
    if isinstance(items, StackedList):
        return [tf.gather(items.table, indices)]
    wanted = must_know(indices, "positions in a list").ravel()
    return [tf.stack([items.element(int(k)) for k in wanted])]


def _scatter(_: Node, tensor: Any, indices: Any, _shape: Any, count: Any) -> list[Any]:
    places = [int(k) for k in must_know(indices, "positions in a list").ravel()]
    size = max(int(must_know(count, "number of elements")), max(places, default=-1) + 1)
    by_place = dict(zip(places, tf.unstack(tensor), strict=True))
    elements = tuple(by_place.get(k) for k in range(size))
    return [TensorList(elements, tensor.dtype, tuple(tensor.shape[1:]))]


def _scatter_into(_: Node, items: TensorList, tensor: Any, indices: Any) -> list[Any]:
    elements = list(items.elements)
    for k, item in zip(must_know(indices, "positions in a list"), tf.unstack(tensor), strict=True):
        elements[int(k)] = item
    return [items.holding(elements)]


def _push_back(_: Node, items: TensorList, item: Any) -> list[Any]:
    return [items.holding((*items.elements, item))]


def _pop_back(_: Node, items: TensorList, _shape: Any) -> list[Any]:
    last = items.element(len(items.elements) - 1)
    return [items.holding(items.elements[:-1]), last]


def _length(_: Node, items: Any) -> list[Any]:
    if isinstance(items, StackedList):
        return [tf.constant(items.table.shape[0], tf.int32)]
    return [tf.constant(len(items.elements), tf.int32)]


def _resize(_: Node, items: TensorList, size: Any) -> list[Any]:
    count = int(must_know(size, "number of elements"))
    grown: Sequence[Any] = items.elements + (None,) * (count - len(items.elements))
    return [items.holding(grown[:count])]


LIST_OPS: dict[str, Callable[..., list[Any]]] = {
    "TensorListReserve": _reserve,
    "EmptyTensorList": _empty,
    "TensorListFromTensor": _from_tensor,
    "TensorListSetItem": _set_item,
    "TensorListGetItem": _get_item,
    "TensorListStack": _stack,
    "TensorListConcatV2": _concat,
    "TensorListGather": _gather,
    "TensorListScatterV2": _scatter,
    "TensorListScatterIntoExistingList": _scatter_into,
    "TensorListPushBack": _push_back,
    "TensorListPopBack": _pop_back,
    "TensorListLength": _length,
    "TensorListResize": _resize,
}
