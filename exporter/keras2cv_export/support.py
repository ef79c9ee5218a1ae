"""Which ops of a graph OpenCV cannot run, each with the Keras layer that it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx
import onnx_ir as ir

from keras2cv.errors import UnsupportedError

_ONNX = ("", "ai.onnx")
# What OpenCV has no equivalent of, in any version: control flow and data-dependent shapes.
_NEVER = {
    "Loop": "a loop over time steps or elements",
    "Scan": "a loop over time steps",
    "If": "a branch that depends on values",
    "NonMaxSuppression": "box selection, whose result has no fixed size",
    "NonZero": "a result without a fixed size",
    "Unique": "a result without a fixed size",
    "RandomNormal": "random numbers", "RandomUniform": "random numbers",
    "RandomNormalLike": "random numbers", "RandomUniformLike": "random numbers",
}  # fmt: skip


@dataclass(frozen=True)
class Unsupported:
    """One node that cannot run.

    Attributes:
        op: Its type; TensorFlow's where the conversion did not know it.
        layer: The Keras layer, as the scope that TensorFlow recorded.
        why: What it is.
        hint: What to do.
    """

    op: str
    layer: str
    why: str
    hint: str

    def __str__(self) -> str:
        """Show as one line of a list."""
        return f"{self.op} in {self.layer}: {self.why}. {self.hint}"


class UnsupportedOpsError(UnsupportedError):
    """OpenCV cannot run some ops of a graph.

    Attributes:
        found: All of them, in graph order.
    """

    def __init__(self, found: Sequence[Unsupported]) -> None:
        """List them, a line each."""
        self.found = tuple(found)
        lines = "\n".join(f"  - {item}" for item in found)
        super().__init__(f"OpenCV cannot run {len(found)} ops of this model:\n{lines}")


def unsupported(model: ir.Model) -> list[Unsupported]:
    """List every node that OpenCV cannot run, in graph order."""
    return [found for node in model.graph if (found := _examine(node)) is not None]


def _examine(node: ir.Node) -> Unsupported | None:
    layer = layer_of(str(node.name or ""))
    # tf2onnx leaves what it does not know among ONNX's own ops, under TensorFlow's name.
    if node.domain not in _ONNX or not onnx.defs.has(node.op_type):
        why = "tf2onnx has no conversion of this TensorFlow op"
        return Unsupported(
            node.op_type, layer, why, "Replace the layer, or cut the model before it."
        )
    if node.op_type in _NEVER:
        hint = "Cut the model before it, and do that part outside."
        return Unsupported(node.op_type, layer, _NEVER[node.op_type], hint)
    return None


def layer_of(node_name: str) -> str:
    """Return the Keras scope of a node: `model/block/layer/op` without its op."""
    scope = node_name.rpartition("/")[0]
    return scope or node_name or "an unnamed layer"


def require_supported(model: ir.Model) -> None:
    """Raise with the whole list if anything in the graph cannot run.

    Raises:
        UnsupportedOpsError: Something cannot.
    """
    found = unsupported(model)
    if found:
        raise UnsupportedOpsError(found)
