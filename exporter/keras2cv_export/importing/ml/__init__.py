"""A function per op of classical models (ai.onnx.ml) that core ops can compute.

They work as those of `forms`. An op that is missing here is refused by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import onnx_ir as ir

from . import features, linear, trees

CLASSICAL: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {
    **features.OPS,
    **linear.OPS,
    **trees.OPS,
}
