"""The error for a sample that TensorFlow cannot compute, such as a row that is not there."""

from __future__ import annotations

import re
from typing import Final

from keras2cv.errors import ModelError

# tensorflow/core/kernels/gather_op.cc and resource_variable_ops.cc, on the CPU.
_NO_SUCH_ROW: Final = re.compile(r"indices\S* = (-?\d+) is not in \[0, (\d+)\)")
_NOISE: Final = re.compile(
    r"\s*(Graph execution error:|Detected at node .*|File \".*|<stack traces unavailable>"
    r"|\[\[\{\{node .*|)\s*"
)


class SampleRefusedError(ModelError):
    """TensorFlow cannot compute the model on a sample."""


class NoSuchRowError(SampleRefusedError):
    """A sample asks for a row that a table does not have; `rows` is how many it has."""

    def __init__(self, message: str, rows: int) -> None:
        super().__init__(message)
        self.rows = rows


def refused_sample(model: str, error: Exception) -> SampleRefusedError:
    """Return the error for a sample that TensorFlow refuses, in one sentence.

    Args:
        model: The model's name.
        error: TensorFlow's InvalidArgumentError.
    """
    lines = [line.strip() for line in str(error).splitlines() if not _NOISE.fullmatch(line)]
    cause = lines[0].partition(" [Op:")[0].rstrip(".") if lines else type(error).__name__
    sentence = (
        f"TensorFlow cannot compute the model {model!r} on a sample: {cause}. Give samples that it "
        "takes, with --samples."
    )
    found = _NO_SUCH_ROW.search(str(error))
    return (
        SampleRefusedError(sentence) if found is None else NoSuchRowError(sentence, int(found[2]))
    )
