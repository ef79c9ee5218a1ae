"""Tensors of a net's file: as many elements as they declare, stored in one way.

Every OpenCV takes a tensor's shape for the size of its data, and reads past the end of less.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.netfile.protobuf import NetFileError, View, signed, unpacked

MAX_RANK: Final = 16
MAX_ELEMENTS: Final = 2**31 - 1  # of a tensor, as of a cv::Mat
MAX_KNOWN: Final = 4096  # elements of a tensor that are looked at: sizes, axes, indices


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a net's file.

    Attributes:
        name: As in the file.
        dtype: "float32", ...; NumPy's names, and a few of ONNX' own.
        shape: Its dimensions.
        stored: Pieces of its data: views of raw or packed numbers, or single numbers.
        packed: Whether views in `stored` hold varints.
    """

    name: bytes
    dtype: str
    shape: tuple[int, ...]
    stored: tuple[Any, ...]
    packed: bool = False

    @property
    def size(self) -> int:
        """How many elements it has."""
        return prod(self.shape)

    def numbers(self) -> NDArray[Any] | None:
        """Return its elements; None if there are too many to look at, or they are no numbers."""
        if self.size > MAX_KNOWN or self.dtype not in _READABLE:
            return None
        kind = np.dtype(self.dtype)
        if self.packed or (self.stored and isinstance(self.stored[0], int)):
            values = [signed(v) for piece in self.stored for v in _varints(piece)]
            array = np.array(values, np.int64).astype(kind)
        else:
            array = np.frombuffer(b"".join(self.stored), kind.newbyteorder("<"))
        return array.reshape(self.shape) if array.size == self.size else _spread(array, self.shape)


_READABLE: Final = frozenset(
    [
        "float32",
        "float64",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
    ]
)


def _varints(piece: Any) -> list[int]:
    return [piece] if isinstance(piece, int) else unpacked(piece)


def _spread(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any] | None:
    """Return one number in the whole shape, as TensorFlow's graphs store it."""
    return np.full(shape, array[0]) if array.size == 1 else None


def checked_shape(name: str, sizes: list[int]) -> tuple[int, ...]:
    """Return the shape of these sizes.

    Raises:
        NetFileError: No array has it.
    """
    shape = tuple(map(signed, sizes))
    if (
        len(shape) > MAX_RANK
        or any(not 0 <= size <= MAX_ELEMENTS for size in shape)
        or prod(shape) > MAX_ELEMENTS
    ):
        raise NetFileError(f"has {name} of the shape {list(shape[:MAX_RANK])}")
    return shape


def check_count(name: str, shape: tuple[int, ...], found: int, wanted: int, unit: str) -> None:
    """Raise unless a tensor holds as much data as its shape needs.

    Args:
        name: What to call it, "a tensor 'kernel'".
        shape: Its shape.
        found: How much there is.
        wanted: How much there should be.
        unit: Of both, "bytes".

    Raises:
        NetFileError: It does not.
    """
    if found != wanted:
        raise NetFileError(
            f"has {name} of the shape {list(shape)}, and {found} {unit} of data for it, "
            f"not {wanted}"
        )


def view_bytes(view: View | None) -> bytes:
    """Return the bytes of a field that may be absent."""
    return b"" if view is None else bytes(view)
