"""LSTM, GRU and RNN step by step, in the ops that every OpenCV runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import onnx_ir as ir

FORMS: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {}
