"""Make of an ONNX file's graph one of float32 arrays alone, for both sides of the comparison.

initialisers that are inputs too   are weights, as every runtime takes them unless overruled
functions of the model's own       are put in their callers' places
float16, bfloat16, float64         are computed in float32, as Keras' low precisions are here
ZipMap                             gives its array: the map only names the array's columns
outputs of text                    are left out: OpenCV gives numbers
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx_ir as ir
from onnx_ir.passes import common

from keras2cv.errors import ModelError
from keras2cv_export.graph.edit import drop_unread

from .function_calls import require_few_nodes
from .reading import ZIPPED

_OTHER_FLOATS: Final = (ir.DataType.FLOAT16, ir.DataType.BFLOAT16, ir.DataType.DOUBLE)


def make_plain(model: ir.Model) -> tuple[str, ...]:
    """Change a graph in place; return a note for the user on what was changed.

    Raises:
        ModelError: No output is left, there are too many nodes, or functions call themselves.
    """
    common.RemoveInitializersFromInputsPass()(model)
    require_few_nodes(model)
    if model.functions:
        common.InlinePass()(model)
    names = _without_text(model)
    notes = [
        f"The output {name} is text, and is left out: OpenCV gives numbers. Give the classes "
        "with --labels."
        for name in names
    ]
    notes += _unzipped(model)
    if not model.graph.outputs:
        raise ModelError(
            f"The outputs of the ONNX model are text ({', '.join(names)}), and OpenCV gives "
            "numbers. Export the model with the scores of its classes."
        )
    found = _to_float32(model)
    if found:
        notes.append(
            f"Computed in float32: the ONNX file computes in {', '.join(sorted(found))}, whose "
            "rounding its predictions here do not have."
        )
    return tuple(notes)


def _unzipped(model: ir.Model) -> list[str]:
    zipped = model.metadata_props.pop(ZIPPED, "").split("\n")
    for value in model.graph.outputs:
        if str(value.name) in zipped:
            value.type = ir.TensorType(ir.DataType.FLOAT)
    return [
        f"The output {name} is an array here, and no map: its columns are the classes."
        for name in zipped
        if name
    ]


def _without_text(model: ir.Model) -> list[str]:
    """Take the outputs of text away, and the nodes that only they need; return their names."""
    dropped = []
    for value in list(model.graph.outputs):
        if value.dtype == ir.DataType.STRING:
            dropped.append(str(value.name))
            model.graph.outputs.remove(value)
            drop_unread(value)
    return dropped


def _to_float32(model: ir.Model) -> set[str]:
    """Give every floating-point number 32 bits; return the types that there were."""
    found: set[str] = set()
    for graph in model.graphs():
        values = [*graph.inputs, *graph.outputs, *graph.initializers.values()]
        for node in graph:
            values += node.outputs
            _widen_attributes(node, found)
        for value in values:
            if value.dtype in _OTHER_FLOATS:
                found.add(value.dtype.name.lower())
                value.type = ir.TensorType(ir.DataType.FLOAT)
            if value.const_value is not None and value.const_value.dtype in _OTHER_FLOATS:
                value.const_value = _as_float32(value.const_value)
    return found


def _widen_attributes(node: ir.Node, found: set[str]) -> None:
    for name, attribute in list(node.attributes.items()):
        if attribute.type == ir.AttributeType.TENSOR and attribute.value.dtype in _OTHER_FLOATS:
            found.add(attribute.value.dtype.name.lower())
            node.attributes[name] = ir.AttrTensor(name, _as_float32(attribute.value))
        is_type = name in ("to", "dtype") and attribute.type == ir.AttributeType.INT
        if is_type and attribute.as_int() in _OTHER_FLOATS:
            node.attributes[name] = ir.AttrInt64(name, int(ir.DataType.FLOAT))


def _as_float32(tensor: ir.TensorProtocol) -> ir.TensorProtocol:
    array = np.asarray(tensor.numpy())
    return ir.tensor(np.ascontiguousarray(array.astype(np.float32)), name=tensor.name)
