"""A model's outputs, by which roles are recognised: a sample's shape, and the last activation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final

from keras2cv.errors import UsageError

if TYPE_CHECKING:
    from keras2cv_export.convert import Converted

# The tasks that read pictures, channels last.
PICTURES_OUT: Final = frozenset({"segment", "image", "keypoints"})


@dataclass(frozen=True)
class Output:
    """One output: `shape` is a sample's, `activation` its last, in `recognise.Head`'s words."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    activation: str

    def __str__(self) -> str:
        """Show as `boxes (N, 100, 4) float32`."""
        return f"{self.name} ({', '.join(['N', *map(str, self.shape)])}) {self.dtype}"

    @property
    def size(self) -> int:
        """The number of values in a sample."""
        return prod(self.shape)

    def is_called(self, pattern: str) -> bool:
        """Whether a part of the name matches `pattern`."""
        return re.search(pattern, self.name, re.IGNORECASE) is not None


def outputs_of(converted: Converted) -> tuple[Output, ...]:
    """Return the outputs in Keras' order."""
    return tuple(
        Output(tensor.name, tensor.keras_shape[tensor.batched :], tensor.dtype, head.activation)
        for tensor, head in zip(converted.outputs, converted.heads, strict=True)
    )


def named(outputs: Sequence[Output], name: str, role: str) -> Output:
    """Return the output of that name.

    Raises:
        UsageError: There is none.
    """
    for output in outputs:
        if output.name == name:
            return output
    raise UsageError(
        f"There is no output {name!r} for {role}. The model has {listed(outputs)}. Name one."
    )


def only(found: Iterable[Output], pattern: str) -> Output | None:
    """Return the only output, or the only one with a name like `pattern`; None if there is none."""
    several = tuple(found)
    if len(several) > 1:
        several = tuple(output for output in several if output.is_called(pattern))
    return several[0] if len(several) == 1 else None


def listed(outputs: Sequence[Output]) -> str:
    """Return all outputs as text for a message."""
    return ", ".join(map(str, outputs))
