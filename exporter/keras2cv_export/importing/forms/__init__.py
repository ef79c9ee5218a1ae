"""A function per op whose form changed, or that is written by simpler ops.

Each takes the model, the node and the opset that the node is of, and leaves the form of opset 13,
with the sizes of all values. It raises RefusedFormError for a form that nothing writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import onnx_ir as ir

from . import attributes, lstm, normalization, quantized, recurrent, resizing, windows

FORMS: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {
    **attributes.FORMS,
    **lstm.FORMS,
    **normalization.FORMS,
    **quantized.FORMS,
    **recurrent.FORMS,
    **resizing.FORMS,
    **windows.FORMS,
}
