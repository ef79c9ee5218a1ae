"""How a file may store its weights, and which OpenCV decodes them."""

from __future__ import annotations

from typing import Final, get_args

from keras2cv.errors import UsageError
from keras2cv.schema.vocabulary import Storage
from keras2cv_export.targets.target import Target, Version, dotted

STORAGES: Final[tuple[str, ...]] = ("fp32", *get_args(Storage))

# 4.6 refuses float16 and per-channel DequantizeLinear; 4.7 to 5.0, both engines, compute the same
# from them as onnxruntime, and no slower: docs/weights.md.
FIRST_TO_DECODE: Final[Version] = (4, 7)


def require_decodable(weights: str, target: Target, file_format: str) -> None:
    """Refuse a storage that the target could not decode, before anything is converted.

    Raises:
        UsageError: There is no such storage, not in this format, or the requested OpenCV is too old
            for it.
    """
    if weights not in STORAGES:
        raise UsageError(f"Weights cannot be stored as {weights!r}. Take {', '.join(STORAGES)}.")
    if weights != "fp32" and file_format != "onnx":
        raise UsageError(
            f"A {file_format} file stores its weights as they are, and no OpenCV decodes others. "
            f"Take --format onnx for --weights {weights}."
        )
    if weights != "fp32" and target.asked and target.opencv < FIRST_TO_DECODE:
        raise UsageError(
            f"OpenCV {dotted(target.opencv)} cannot decode weights stored as {weights}: before "
            f"{dotted(FIRST_TO_DECODE)} it reads neither float16 nor a scale per channel. "
            f"Take --opencv {dotted(FIRST_TO_DECODE)} or newer, or leave --weights out."
        )
