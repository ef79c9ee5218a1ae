"""A function per op of classical models (ai.onnx.ml) that core ops can compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import onnx_ir as ir

CLASSICAL: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {}
