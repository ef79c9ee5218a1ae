"""The tensors of a net: each as Keras sees it, and as the net does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Final

from keras2cv.schema.checks import check_range, check_unique
from keras2cv.schema.fields import SchemaError
from keras2cv.schema.vocabulary import DType, Layout

MAX_RANK: Final = 8
MAX_ELEMENTS: Final = 2**31 - 1
MAX_TENSORS: Final = 1000

LAYOUT_RANK: Final[Mapping[str, int]] = {"NCW": 3, "NCHW": 4, "NCDHW": 5}


@dataclass(frozen=True, slots=True)
class InputTensor:
    """One input, as Keras sees it and as the net does; dimension 0 of both is the batch.

    `layout` relates the shapes: "same", or the net's axis order where Keras' is channels-last.
    The net itself takes float32; `dtype` is Keras'.
    """

    name: str
    net_name: str
    keras_shape: tuple[int, ...]
    net_shape: tuple[int, ...]
    layout: Layout
    dtype: DType

    def __post_init__(self) -> None:
        _check_tensor(self)
        if not self.keras_shape:
            raise SchemaError("keras_shape", "must have a batch dimension, got []")


@dataclass(frozen=True, slots=True)
class StateLink:
    """A state of a stateful layer, by Keras' names: the output of a run is the next one's input."""

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class OutputTensor:
    """One output; with `batched` false it has no batch dimension and is the same for every call."""

    name: str
    net_name: str
    keras_shape: tuple[int, ...]
    net_shape: tuple[int, ...]
    layout: Layout
    dtype: DType
    batched: bool

    def __post_init__(self) -> None:
        _check_tensor(self)

    @property
    def sample_size(self) -> int:
        """How many values the output holds for one sample."""
        return prod(self.keras_shape[1:] if self.batched else self.keras_shape)


def net_shape_of(keras_shape: tuple[int, ...], layout: str) -> tuple[int, ...]:
    """Return the net's shape of a Keras tensor: (N, ..., C) -> (N, C, ...) unless "same"."""
    if layout == "same":
        return keras_shape
    return (keras_shape[0], keras_shape[-1], *keras_shape[1:-1])


def check_tensors(key: str, tensors: tuple[InputTensor, ...] | tuple[OutputTensor, ...]) -> None:
    """Raise `SchemaError` if there are none, too many, or two of one name."""
    check_range(f"{key} (count)", len(tensors), 1, MAX_TENSORS)
    check_unique(key, "name", [tensor.name for tensor in tensors])


def _check_tensor(tensor: InputTensor | OutputTensor) -> None:
    for key in ("name", "net_name"):
        if not getattr(tensor, key):
            raise SchemaError(key, "must not be empty")
    for key in ("keras_shape", "net_shape"):
        _check_shape(key, getattr(tensor, key))
    rank = LAYOUT_RANK.get(tensor.layout, len(tensor.keras_shape))
    if len(tensor.keras_shape) != rank:
        raise SchemaError("layout", f"{tensor.layout} has rank {rank}, {tensor.name} has not")
    if tensor.net_shape != (expected := net_shape_of(tensor.keras_shape, tensor.layout)):
        raise SchemaError(
            "net_shape", f"{tensor.layout} makes {list(expected)}, got {list(tensor.net_shape)}"
        )


def _check_shape(key: str, shape: tuple[int, ...]) -> None:
    check_range(f"{key} (rank)", len(shape), 0, MAX_RANK)
    for size in shape:
        check_range(key, size, 1, MAX_ELEMENTS)
    check_range(f"{key} (elements)", prod(shape), 1, MAX_ELEMENTS)
