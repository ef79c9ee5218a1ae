"""TensorFlow ops that tf2onnx does not know, each as the ONNX ops that compute it exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .special import convert_erfc, convert_expm1, convert_log1p

# TensorFlow op -> (handler, extra arguments), as tf2onnx's `custom_op_handlers` takes it.
HANDLERS: dict[str, tuple[Callable[..., None], list[Any]]] = {
    "Erfc": (convert_erfc, []),
    "Log1p": (convert_log1p, []),
    "Expm1": (convert_expm1, []),
}
