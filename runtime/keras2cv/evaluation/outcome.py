"""What is kept of one sample: enough for every number, small enough for 50 000 of them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """The result for one sample beside its truth.

    Attributes:
        name: The sample's.
        truth: In words.
        answer: In words.
        error: How wrong the answer is, the more the higher; 0 where it is right.
        is_right: Whether it is right; None where that is a matter of degree.
        data: What the task's measure adds up.
    """

    name: str
    truth: str
    answer: str
    error: float
    is_right: bool | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types, arrays as their bytes."""
        return {
            "truth": self.truth,
            "answer": self.answer,
            "error": self.error,
            "is_right": self.is_right,
            "data": {key: _packed(value) for key, value in self.data.items()},
        }

    @classmethod
    def from_dict(cls, name: str, record: Mapping[str, Any]) -> Outcome:
        """Return the outcome of such a record.

        Raises:
            InputError: it is none.
        """
        try:
            data = {key: _unpacked(value) for key, value in record["data"].items()}
            is_right = record["is_right"]
            return cls(
                name, str(record["truth"]), str(record["answer"]), float(record["error"]),
                None if is_right is None else bool(is_right), data,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"The record of {name} cannot be read: {error}.") from error


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        return {"dtype": value.dtype.str, "shape": list(value.shape), "base64": data}
    return value.item() if isinstance(value, np.generic) else value


def _unpacked(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    dtype = np.dtype(value["dtype"])
    if dtype.kind not in "biuf":
        raise ValueError(f"an array of {dtype}")
    data = np.frombuffer(base64.b64decode(value["base64"], validate=True), dtype)
    return data.reshape(value["shape"])
