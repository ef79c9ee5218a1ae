"""The opsets of ONNX that have a node in the form that it has, with the same meaning.

OpenCV ignores the opset that a file declares and reads forms of any, side by side. `onnx.checker`
and ONNX Runtime read a file by the opset alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

import onnx
import onnx_ir as ir

from .edit import constant, integer, ints, shape_of

OLDEST: Final = 9  # older than any form that is written
_NEGATIVE_AXES: Final = 11
_SOFTMAX_ALONG_ONE_AXIS: Final = 13  # before, the axes from the given one on were one
_SOFTMAX: Final = ("Softmax", "LogSoftmax", "Hardmax")
_OPTIONAL: Final = onnx.defs.OpSchema.FormalParameterOption.Optional


def newest_opset(nodes: Iterable[ir.Node], at_most: int) -> int | None:
    """Return the newest opset up to `at_most` that has all of the nodes as they are, or None."""
    listed = [node for node in nodes if node.domain in ("", "ai.onnx")]
    versions = range(at_most, OLDEST - 1, -1)
    return next((v for v in versions if all(has_form(node, v) for node in listed)), None)


def has_form(node: ir.Node, opset: int) -> bool:
    """Whether an opset has a node as it is, with the meaning that it has in the newest one."""
    schema = _schema(node.op_type, opset)
    if schema is None or schema.deprecated:
        return False
    return (
        _has_attributes(node, schema)
        and _has_inputs(node, schema)
        and _has_types(node, schema)
        and _keeps_meaning(node, opset)
    )


@cache
def _schema(op: str, opset: int) -> onnx.defs.OpSchema | None:
    try:
        return onnx.defs.get_schema(op, opset, "")
    except onnx.defs.SchemaError:
        return None


def _has_attributes(node: ir.Node, schema: onnx.defs.OpSchema) -> bool:
    needed = {name for name, attribute in schema.attributes.items() if attribute.required}
    return needed <= set(node.attributes) <= set(schema.attributes)


def _has_inputs(node: ir.Node, schema: onnx.defs.OpSchema) -> bool:
    if not schema.min_input <= len(node.inputs) <= schema.max_input:
        return False
    return all(
        value is not None or schema.inputs[k].option == _OPTIONAL
        for k, value in enumerate(node.inputs)
    )


def _has_types(node: ir.Node, schema: onnx.defs.OpSchema) -> bool:
    found: dict[str, str] = {}  # such as "Tind", of which all indices are -> a type
    for k, value in enumerate(node.inputs):
        if value is None or value.dtype is None:
            continue
        formal = schema.inputs[min(k, len(schema.inputs) - 1)]
        own = f"tensor({value.dtype.name.lower()})"
        same = not formal.is_homogeneous or found.setdefault(formal.type_str, own) == own
        if own not in formal.types or not same:
            return False
    return True


def _keeps_meaning(node: ir.Node, opset: int) -> bool:
    """Whether opset means the same by the attributes that opsets read in different ways."""
    if node.op_type in _SOFTMAX and opset < _SOFTMAX_ALONG_ONE_AXIS:
        shape = shape_of(node.inputs[0])
        return "axis" in node.attributes and shape is not None and _axis(node) == len(shape) - 1
    return opset >= _NEGATIVE_AXES or min((0, *_axes(node))) == 0


def _axis(node: ir.Node) -> int:
    return integer(node, "axis", -1)


def _axes(node: ir.Node) -> list[int]:
    """Return the axes that a node states, as attributes or, for a Slice, as an input."""
    found = [*ints(node, "axes")]
    if "axis" in node.attributes:
        found.append(_axis(node))
    if node.op_type == "Slice" and len(node.inputs) > 3:
        axes = constant(node.inputs[3])
        found += [] if axes is None else axes.reshape(-1).tolist()
    return found
