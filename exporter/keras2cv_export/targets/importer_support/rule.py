"""A form of a node that some importers refuse, or compute wrongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import onnx_ir as ir

from keras2cv_export.graph.edit import shape_of

Form = Callable[[ir.Node], bool]
Shape = tuple[int, ...]
ANY = ("*",)


@dataclass(frozen=True)
class Rule:
    """One form; `measured.FORMS` maps its name to the importers that do not run it.

    Attributes:
        name: A few words, unique.
        ops: The ops that have the form; ANY for all.
        form: Whether a node of these ops has it.
        why: A description of the form, as a clause.
    """

    name: str
    ops: tuple[str, ...]
    form: Form
    why: str

    def fits(self, node: ir.Node) -> bool:
        """Whether a node has the form."""
        return (self.ops == ANY or node.op_type in self.ops) and self.form(node)


def shape_at(node: ir.Node, position: int) -> Shape | None:
    """Return the static shape of an input; None where it is unknown, or not there."""
    if position >= len(node.inputs):
        return None
    tensor = _tensor(node.inputs[position])
    return shape_of(node.inputs[position]) if tensor is None else _dimensions(tensor)


def has(node: ir.Node, position: int) -> bool:
    """Whether a node has an input at a position; optional ones may be left out."""
    return position < len(node.inputs) and node.inputs[position] is not None


def computed(node: ir.Node, position: int) -> bool:
    """Whether an input is there, and is no constant, nor decoded from constants at load."""
    value = node.inputs[position] if has(node, position) else None
    return value is not None and _tensor(value) is None and not _is_decoded(value)


def constant_type(value: ir.Value | None) -> ir.DataType | None:
    """Return the type of a constant, without reading its numbers; None for a computed value."""
    tensor = _tensor(value)
    return None if tensor is None else tensor.dtype


def _tensor(value: ir.Value | None) -> ir.TensorProtocol | None:
    """Return the tensor of an initializer or a Constant node."""
    if value is None:
        return None
    node = value.producer()
    if node is None:
        return value.const_value
    attribute = node.attributes.get("value") if node.op_type == "Constant" else None
    return attribute.as_tensor() if attribute is not None else None


def _is_decoded(value: ir.Value) -> bool:
    """Whether a value is a kernel that is stored smaller than float32."""
    node = value.producer()
    return (
        node is not None
        and node.op_type in ("Cast", "DequantizeLinear")
        and all(_tensor(source) is not None for source in node.inputs)
    )


def _dimensions(tensor: ir.TensorProtocol) -> Shape:
    return tuple(int(str(n)) for n in tensor.shape)


def word(node: ir.Node, name: str, default: str) -> str:
    """Read an attribute of text."""
    attribute = node.attributes.get(name)
    return attribute.as_string() if attribute is not None else default
