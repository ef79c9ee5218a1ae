"""Reasons why OpenCV cannot compute an op, each with advice for the user."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .node import RefusedError

_BEFORE = "Do that part before the model, and export the part after it."
_REASONS = (
    (
        r"Random|Multinomial|Truncated.*Normal|ParameterizedNormal|Shuffle|^Rng|RngBitGenerator",
        "it draws random numbers",
        "Make the layer pass its input on at inference (training=False).",
    ),
    (
        r"String|Regex|Unicode|Substr|Base64|Bytes|Tokeniz|Wordpiece|Ngrams|Lookup|SparseCross",
        "it works on text or hashes",
        _BEFORE,
    ),
    (r"Decode|Encode|ReadFile|WriteFile|Audio", "it reads or writes files", _BEFORE),
    (r"Dataset|Iterator|Queue|Reader|Barrier|Stage", "it reads a stream of data", _BEFORE),
    (
        r"^(Ref)?(Enter|Exit|Switch|Merge|NextIteration|LoopCond)$",
        "a loop or branch in the form of TensorFlow 1",
        "Save the model again with TensorFlow 2, or cut it before.",
    ),
    (
        r"^NonMaxSuppressionWithOverlaps",
        "it selects boxes by overlaps that the model computes",
        "Give the boxes themselves to tf.image.non_max_suppression, or end the model before it and "
        "let the bundle do it: --nms.",
    ),
    (
        r"^NonMaxSuppression",
        "it keeps a number of boxes that depends on values",
        "Use tf.image.combined_non_max_suppression, whose result has a fixed size, or end the "
        "model before it and let the bundle do it: --nms.",
    ),
    (
        r"Ragged|Sparse|Unique|DynamicPartition|SetDiff|ListDiff",
        "its result has a size that depends on values",
        "Cut the model before it, and do that part outside.",
    ),
    (
        r"Cholesky|Qr|Svd|Eig|Lu$|MatrixSquareRoot|MatrixLogarithm|MatrixExponential|Triangular",
        "OpenCV has no linear algebra",
        "Compute it outside of the model.",
    ),
    (
        r"Bitcast|Bitwise|Shift|PopulationCount",
        "it works on bits, and OpenCV computes in float32",
        "Write it with arithmetic.",
    ),
    (
        r"^Xla|^PyFunc|^EagerPyFunc|^NumericCast|CustomCall",
        "it calls code from outside of TensorFlow",
        "Write it with keras.ops.",
    ),
)


def refusal(op: str) -> RefusedError:
    """Return the error for a TensorFlow op that cannot be converted."""
    for pattern, why, hint in _REASONS:
        if re.search(pattern, op):
            return RefusedError(why, hint)
    return RefusedError(
        "neither ONNX nor OpenCV has such an op",
        "Write it with others, or cut the model before it.",
    )


def is_of_any_size(op: str, outputs: Sequence[Any]) -> bool:
    """Whether an op's output has a row per box found, a size that OpenCV cannot leave open."""
    return op.startswith("NonMaxSuppression") and not all(
        tensor.shape.is_fully_defined() for tensor in outputs
    )


def is_random(op: str) -> bool:
    """Whether an op draws random numbers, which differ from call to call."""
    return re.search(_REASONS[0][0], op) is not None
