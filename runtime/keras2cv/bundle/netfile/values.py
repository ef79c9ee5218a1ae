"""What is known of a value before a net runs: its shape, its type, and small constants."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.netfile.protobuf import Message, NetFileError, signed
from keras2cv.bundle.netfile.tensors import MAX_RANK, Tensor

MAX_ELEMENTS: Final = 2**27  # of a value that is made: 512 MiB of float32


class NotFollowed(Exception):  # noqa: N818 - no error: what it is about is for OpenCV to say
    """A form of an op that is not followed here."""


class Value:
    """A value of a net.

    Attributes:
        shape: Its dimensions.
        dtype: "float32", ...
        constant: Whether it is computed from the file alone.
        limits: The least and the largest number that can be in it; None: not known.
    """

    __slots__ = ("_numbers", "constant", "dtype", "limits", "shape", "size")

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: str = "float32",
        numbers: NDArray[Any] | Tensor | None = None,
        constant: bool = False,
        limits: tuple[float, float] | None = None,
    ) -> None:
        """Make a value.

        Args:
            shape: Its dimensions.
            dtype: The type of its elements.
            numbers: Its elements, where they are known.
            constant: Whether it is computed from the file alone.
            limits: The least and the largest number that can be in it.
        """
        self.shape, self.dtype, self._numbers, self.constant = shape, dtype, numbers, constant
        self.limits = limits
        self.size = prod(shape)

    @property
    def numbers(self) -> NDArray[Any] | None:
        """Its elements; None where they are not known."""
        if isinstance(self._numbers, Tensor):
            self._numbers = self._numbers.numbers()
        return self._numbers

    def within(self) -> tuple[float, float] | None:
        """Return the least and the largest number that can be in it; None: not known."""
        numbers = self.numbers
        if self.limits is None and numbers is not None and numbers.size:
            self.limits = (float(numbers.min()), float(numbers.max()))
        return self.limits


def checked(op: str, shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape that a node makes.

    Raises:
        NetFileError: It is empty, negative, or larger than any net needs.
    """
    if min(shape, default=1) < 1 or len(shape) > MAX_RANK or prod(shape) > MAX_ELEMENTS:
        raise NetFileError(
            f"has a node of {op} that makes the shape {list(shape)[:MAX_RANK]}; "
            f"a net has {MAX_ELEMENTS} numbers in one place at most, and none of no size"
        )
    return tuple(shape)


class Args:
    """The inputs and attributes of a node, for its rule."""

    __slots__ = ("_attributes", "inputs", "op", "opset", "outputs")

    def __init__(
        self,
        op: str,
        inputs: list[Value | None],
        attributes: dict[str, Message],
        outputs: int,
        opset: int,
    ) -> None:
        """Collect them.

        Args:
            op: The op.
            inputs: None for one that is left out.
            attributes: By name.
            outputs: How many outputs are asked for.
            opset: The version of ONNX' operators.
        """
        self.op, self.inputs, self._attributes = op, inputs, attributes
        self.outputs, self.opset = outputs, opset

    def value(self, index: int) -> Value:
        """Return an input.

        Raises:
            NetFileError: It is missing.
        """
        found = self.optional(index)
        if found is None:
            raise self.wrong(f"without input {index}")
        return found

    def optional(self, index: int) -> Value | None:
        """Return an input, or None where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else None

    def numbers(self, index: int) -> list[int]:
        """Return the integers of a constant input.

        Raises:
            NotFollowed: It is computed.
            NetFileError: It is no list of integers.
        """
        value = self.value(index)
        if value.numbers is None:
            raise NotFollowed(f"{self.op} of sizes that are computed")
        if len(value.shape) > 1 or value.numbers.dtype.kind not in "iu":
            raise self.wrong(f"whose input {index} is no list of integers")
        return [int(n) for n in value.numbers.ravel()]

    def has(self, name: str) -> bool:
        """Whether an attribute is there."""
        return name in self._attributes

    def integer(self, name: str, default: int) -> int:
        """Return an attribute that is an integer.

        Raises:
            NetFileError: It is something else.
        """
        return signed(self._get(name, "i")) if name in self._attributes else default

    def integers(self, name: str) -> list[int] | None:
        """Return an attribute that is a list of integers; None if it is not there.

        Raises:
            NetFileError: It is something else.
        """
        if name not in self._attributes:
            return None
        values = self._get(name, "ints", [])
        if any(not isinstance(v, int) for v in values):
            raise self.wrong(f"with thousands of {name}")
        return [signed(v) for v in values]

    def real(self, name: str, default: float) -> float:
        """Return an attribute that is a number.

        Raises:
            NetFileError: It is something else.
        """
        if name not in self._attributes:
            return default
        return float(struct.unpack("<f", self._get(name, "f"))[0])

    def text(self, name: str, default: str) -> str:
        """Return an attribute that is a text.

        Raises:
            NetFileError: It is something else.
        """
        if name not in self._attributes:
            return default
        return str(self._get(name, "s"), "utf-8", "replace")

    def texts(self, name: str) -> list[str]:
        """Return an attribute that is a list of texts; none if it is not there.

        Raises:
            NetFileError: It is something else.
        """
        if name not in self._attributes:
            return []
        return [str(one, "utf-8", "replace") for one in self._get(name, "strings")]

    def tensor(self, name: str) -> Tensor:
        """Return an attribute that is a tensor.

        Raises:
            NetFileError: It is something else.
        """
        found: Tensor = self._get(name, "t")
        return found

    def axis(self, axis: int, rank: int) -> int:
        """Return an axis that may be counted from the end.

        Raises:
            NetFileError: There is none.
        """
        if not -rank <= axis < rank:
            raise self.wrong(f"along axis {axis} of {rank}")
        return axis % rank

    def wrong(self, how: str) -> NetFileError:
        """Return an error for this node."""
        shapes = ", ".join("-" if v is None else str(list(v.shape)) for v in self.inputs[:5])
        return NetFileError(f"has a node of {self.op} {how}, on shapes {shapes}")

    def _get(self, name: str, field: str, default: Any = None) -> Any:
        found = self._attributes[name].get(field, default)
        if found is None:
            raise self.wrong(f"whose attribute {name} is of another type")
        return found


def broadcast(args: Args, values: Sequence[Value]) -> tuple[int, ...]:
    """Return the shape that values of these shapes spread to.

    Raises:
        NetFileError: They do not fit.
    """
    try:
        return tuple(np.broadcast_shapes(*(v.shape for v in values)))
    except ValueError:
        raise args.wrong("whose inputs do not fit") from None
