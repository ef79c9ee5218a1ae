"""Look at every node of a graph: its op first, then the forms that it may have."""

from __future__ import annotations

from typing import Final

import onnx
import onnx_ir as ir

from keras2cv_export.targets.importers import CLASSIC, IMPORTERS, since

from . import arithmetic, moving, recurrent, weighted, whole
from .found import Unsupported, layer_of
from .measured import FORMS, OPS
from .rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    *arithmetic.RULES,
    *moving.RULES,
    *recurrent.RULES,
    *weighted.RULES,
    *whole.RULES,
)

_ONNX = ("", "ai.onnx")
_CUT = "Cut the model before it, and do that part outside."
_REPLACE = "Replace the layer, or cut the model before it."
# Ops without an equivalent in any OpenCV: control flow and data-dependent shapes.
NEVER = {
    "Loop": "a loop over time steps or elements",
    "Scan": "a loop over time steps",
    "If": "a branch that depends on values",
    "NonMaxSuppression": "box selection, whose result has no fixed size",
    "NonZero": "a result without a fixed size",
    "Unique": "a result without a fixed size",
    "RandomNormal": "random numbers", "RandomUniform": "random numbers",
    "RandomNormalLike": "random numbers", "RandomUniformLike": "random numbers",
}  # fmt: skip


def examine(model: ir.Model) -> list[Unsupported]:
    """List every node that any importer cannot run, in graph order."""
    return [found for node in model.graph if (found := _examine(node)) is not None]


def _examine(node: ir.Node) -> Unsupported | None:
    layer = layer_of(_scoped_name(node))
    # tf2onnx leaves unknown ops among ONNX's own, under TensorFlow's name.
    if node.domain not in _ONNX or not onnx.defs.has(node.op_type):
        why = "tf2onnx has no conversion of this TensorFlow op"
        return Unsupported(node.op_type, layer, why, _REPLACE)
    if node.op_type in NEVER:
        return Unsupported(node.op_type, layer, NEVER[node.op_type], _CUT)
    reasons = _reasons(node)
    if not reasons:
        return None
    refusing = tuple(one for one in IMPORTERS if any(one in broken for broken in reasons.values()))
    whys = [why for why, broken in reasons.items() if broken]
    return Unsupported(node.op_type, layer, _sentence(whys, refusing), _hint(refusing), refusing)


def _scoped_name(node: ir.Node) -> str:
    """Return the node's name, or a neighbour's where tf2onnx made the node up and gave it none."""
    readers = [use.node.name for output in node.outputs for use in output.uses()]
    producers = [value.producer() for value in node.inputs if value is not None]
    writers = [producer.name for producer in producers if producer is not None]
    names = [node.name, *(output.name for output in node.outputs), *readers, *writers]
    return next((name for name in names if name and "/" in name), node.name or "")


def _reasons(node: ir.Node) -> dict[str, tuple[str, ...]]:
    """Return reason -> the importers that do not run a node; empty if all run it."""
    found: dict[str, tuple[str, ...]] = {}
    if node.op_type not in OPS:
        found["nobody has seen OpenCV run this op"] = IMPORTERS
    elif broken := OPS[node.op_type]:
        found["it has no such op"] = broken
    for rule in RULES:
        if rule.fits(node):
            found[rule.why] = FORMS[rule.name]
    return found


def _sentence(whys: list[str], refusing: tuple[str, ...]) -> str:
    return f"{'; '.join(whys)} (OpenCV {_span(refusing)})"


def _span(refusing: tuple[str, ...]) -> str:
    """Format a range of versions: "4.6 to 4.10", "4.6", "4.6, 4.10", or "5.0 classic"."""
    places = [IMPORTERS.index(one) for one in refusing]
    whole_run = places == list(range(places[0], places[-1] + 1)) and len(places) > 1
    return f"{refusing[0]} to {refusing[-1]}" if whole_run else ", ".join(refusing)


def _hint(refusing: tuple[str, ...]) -> str:
    version = since(refusing)
    if version is None:
        return _REPLACE
    engine = " --engine new" if set(CLASSIC) & set(refusing) else ""
    return f"Aim at a newer OpenCV with --opencv {version}{engine}, or replace the layer."
