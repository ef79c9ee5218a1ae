"""One node of a TensorFlow graph, as the rules in `PLAIN` read it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorflow.python.framework import smart_cond  # evaluates what depends on constants only

from keras2cv_export.quiet.tensorflow import tf

Array = np.ndarray[Any, Any]

LARGEST_ARRAY = 2**26  # numbers
MOST_EXACT = 2**24  # all whole numbers up to here are float32 numbers
INPUT = "keras2cv_input"  # the names of the inputs' placeholders begin with it


class RefusedError(Exception):
    """A node that OpenCV cannot compute: the reason, and what the user can do."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(f"{why}. {hint}")
        self.why, self.hint = why, hint


@dataclass(frozen=True)
class Node:
    """A node's type, name and attributes.

    Attributes:
        proto: TensorFlow's NodeDef.
        name: Its name in the new graph, scopes included.
    """

    proto: Any
    name: str

    @property
    def op(self) -> str:
        """TensorFlow's name of the op."""
        return str(self.proto.op)

    def attr(self, name: str, default: Any = None) -> Any:
        """Return an attribute as a Python value: number, bool, str, dtype, or a list of them."""
        if name not in self.proto.attr:
            return default
        value = self.proto.attr[name]
        kind = value.WhichOneof("value")
        if kind == "list":
            return [_plain(item, field.name) for field, items in value.list.ListFields()
                    for item in items]  # fmt: skip
        return _plain(getattr(value, kind), kind)


def _plain(value: Any, kind: str) -> Any:
    if kind == "s":
        return value.decode()
    return tf.dtypes.as_dtype(value) if kind == "type" else value


def known(tensor: Any) -> Array | None:
    """Return the value of a tensor that does not depend on the model's inputs, else None.

    Shapes count as known where they are static. Weights do not: they are attached later.
    """
    value = smart_cond.smart_constant_value(tensor)
    return None if value is None else np.asarray(value)


def require_room(*sizes: int) -> None:
    """Refuse to make an array of `sizes`, which a file may have chosen.

    Raises:
        RefusedError: It would have more than 2^26 numbers.
    """
    if math.prod(sizes) > LARGEST_ARRAY:
        shape = " x ".join(map(str, sizes))
        raise RefusedError(
            f"it makes an array of {shape} numbers, more than there is room for",
            "Give a smaller --input-shape, or end the model before that layer.",
        )


def require_exact(count: int, label: str) -> None:
    """Refuse to tell more numbers apart than float32 can; `label` names them in the message.

    Raises:
        RefusedError: There are more than 2^24.
    """
    if count > MOST_EXACT:
        raise RefusedError(
            f"it has {count:,} {label}, and OpenCV counts in float32, which is exact up to 2^24",
            "Make it smaller, or end the model before that layer.",
        )


def is_computed(tensor: Any) -> bool:
    """Whether a tensor depends on the model's inputs, rather than on weights and constants only."""
    stack, seen = [tensor.op], set()
    while stack:
        op = stack.pop()
        if op.name.startswith(INPUT):
            return True
        if op.name not in seen:
            seen.add(op.name)
            stack.extend(source.op for source in op.inputs)
    return False


def must_know(tensor: Any, label: str) -> Array:
    """Return a tensor's value; `label` names the tensor in the error message.

    Raises:
        RefusedError: The tensor depends on the model's inputs.
    """
    value = known(tensor)
    if value is None:
        raise RefusedError(
            f"its {label} depends on the input", "Compute that part outside of the model."
        )
    return value


def static(tensor: Any) -> list[int]:
    """Return the static shape of a tensor.

    Raises:
        RefusedError: Part of it is unknown.
    """
    if not tensor.shape.is_fully_defined():
        raise RefusedError(
            f"a tensor of shape {tensor.shape} that depends on values",
            "End the model before that layer.",
        )
    return [int(d) for d in tensor.shape]
