"""What a manifest says of its ONNX file, beside the file."""

from __future__ import annotations

from typing import Final

import onnx_ir as ir

from keras2cv.bundle.claims import false_claims, passes_on
from keras2cv.bundle.manifest import Manifest

from .findings import CheckFinding

_NAMES: Final = {
    ir.DataType.FLOAT: "float32",
    ir.DataType.FLOAT16: "float16",
    ir.DataType.INT8: "int8",
    ir.DataType.UINT8: "int8",
}


def check_claims(manifest: Manifest, graph: ir.Graph) -> tuple[CheckFinding, ...]:
    """Return a finding for everything that the file shows to be false."""
    ends = {str(value.name): _end(value) for value in graph.outputs}
    kernels = [t.dtype for v in graph.initializers.values() if (t := v.const_value) and t.size > 1]
    dtypes = {_NAMES[dtype] for dtype in kernels if dtype in _NAMES}
    found = false_claims(manifest, ends, dtypes)
    return tuple(CheckFinding(_stage(text), "fail", f"{text}.") for text in found)


def _stage(text: str) -> str:
    return "storage" if text.startswith("weights") else "postprocessing"


def _end(value: ir.Value) -> str:
    node = value.producer()
    while node is not None and passes_on(node.op_type):
        before = node.inputs[0]
        node = before.producer() if before is not None else None
    return node.op_type if node is not None else ""
