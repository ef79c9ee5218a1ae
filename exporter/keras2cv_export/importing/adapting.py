"""Write each node in the form of opset 13, and by core ops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import onnx
import onnx_ir as ir

from keras2cv_export.graph.edit import nodes
from keras2cv_export.passes.legalise.shapes.fold_constants import fold_constants
from keras2cv_export.targets.importer_support import (
    NEVER,
    Unsupported,
    UnsupportedOpsError,
    layer_of,
)

from .forms import FORMS
from .functions import body_of, put_body
from .ml import CLASSICAL
from .refused_form import RefusedFormError

OPSET: Final = 13
_ONNX: Final = ("", "ai.onnx")
_DEEPEST: Final = 4  # functions in the bodies of functions

Adapter = Callable[[ir.Model, ir.Node, int], None]


def adapt(model: ir.Model, depth: int = 0) -> None:
    """Change a graph in place: ops of other opsets, and those that ONNX defines by others.

    Raises:
        UnsupportedOpsError: Some nodes have forms that nothing writes in other ops; all are named.
    """
    opset = int(model.opset_imports.get("", OPSET))
    refused: list[Unsupported] = []
    for node in list(model.graph):
        try:
            _adapt(model, node, opset, depth)
        except RefusedFormError as refusal:
            refused.append(_refused(node, str(refusal)))
    if refused:
        raise UnsupportedOpsError(refused)
    model.opset_imports.clear()
    model.opset_imports[""] = OPSET


def _adapt(model: ir.Model, node: ir.Node, opset: int, depth: int) -> None:
    table: Mapping[str, Adapter] = FORMS if node.domain in _ONNX else CLASSICAL
    adapter = table.get(node.op_type)
    if adapter is not None:
        adapter(model, node, opset)
        return
    body = body_of(node, opset) if depth < _DEEPEST else None
    if body is not None:
        fold_constants(body)
        adapt(body, depth + 1)
        put_body(model, node, body)


def require_known_ops(model: ir.Model) -> None:
    """Refuse ops of other domains than ONNX' own, all of them named.

    Raises:
        UnsupportedOpsError: There are some.
    """
    found = [
        _refused(node, f"it is no op of ONNX' own, but one of {node.domain}")
        for node in model.graph
        if node.domain not in _ONNX
        and not (node.domain == "ai.onnx.ml" and node.op_type in CLASSICAL)
    ]
    found += [
        _refused(node, "it works on text, and OpenCV takes numbers only")
        for node in nodes(model, "StringNormalizer", "TfIdfVectorizer", "StringSplit")
    ]
    found += [
        _refused(node, _why_never(node.op_type))
        for node in model.graph
        if node.domain in _ONNX and (node.op_type in NEVER or not onnx.defs.has(node.op_type))
    ]
    if found:
        raise UnsupportedOpsError(found)


def _why_never(op: str) -> str:
    return NEVER.get(op, "ONNX has no such op")


def _refused(node: ir.Node, why: str) -> Unsupported:
    hint = "Export the model with other ops, or cut it before this one."
    return Unsupported(node.op_type, layer_of(str(node.name)), why, hint)
