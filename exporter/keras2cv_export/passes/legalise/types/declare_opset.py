"""Declare an opset that has all nodes of a graph as they are, the newest of them.

Passes write forms of several opsets, of those that importers read. OpenCV ignores which opset a
file declares; `onnx.checker` and ONNX Runtime read nodes by it.

Left alone when the declared opset has them.
"""

from __future__ import annotations

from typing import Final

import onnx_ir as ir

from keras2cv_export.graph.opsets import newest_opset

_NEWEST: Final = 17  # has every form that is written: LayerNormalization is its own


def declare_opset(model: ir.Model) -> int:
    """Declare it; return 1 if that is another one than before."""
    declared = model.opset_imports.get("")
    if declared is None or newest_opset(model.graph, declared) == declared:
        return 0
    newest = newest_opset(model.graph, _NEWEST)
    if newest is None:
        return 0
    model.opset_imports[""] = newest
    return 1
