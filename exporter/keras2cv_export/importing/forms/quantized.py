"""QuantizeLinear and DequantizeLinear in float32: the numbers on the grid, without bytes.

    Dequantize(Quantize(x))  ->  (clip(round(x / s) + z) - z) s

A quantised weight is a constant, which `fold_constants` has multiplied out before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, integer, new_constant, shape_of
from keras2cv_export.importing.refused_form import RefusedFormError

from .attributes import known
from .normalization import NodeWriter


def _along(
    node: ir.Node, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]
) -> Sequence[int]:
    """Return the shape in which a number per channel broadcasts."""
    if array.size == 1:
        return ()
    shape = shape_of(node.inputs[0])
    if shape is None or array.ndim != 1:
        raise RefusedFormError("it has a scale for each block")
    axis = integer(node, "axis", 1) % len(shape)
    return [size if k == axis else 1 for k, size in enumerate(shape)]


def _grid(model: ir.Model, node: ir.Node) -> tuple[ir.Value, ir.Value, np.dtype[np.generic]]:
    scale, zero = known(node, 1, "scale"), known(node, 2, "zero point")
    assert scale is not None  # noqa: S101 - ONNX' checker saw it
    output = node.outputs[0]
    along = _along(node, scale)
    zeros = np.zeros(along, np.float32) if zero is None else zero.astype(np.float32).reshape(along)
    parts = scale.astype(np.float32).reshape(along), zeros
    dtype = np.dtype(np.uint8) if zero is None else zero.dtype
    return (
        new_constant(model, parts[0], output, "scale"),
        new_constant(model, parts[1], output, "zero"),
        dtype,
    )


def _quantize(model: ir.Model, node: ir.Node, _: int) -> None:
    scale, zero, dtype = _grid(model, node)
    if dtype.kind not in "iu" or dtype.itemsize > 2 or dtype.names is not None:
        raise RefusedFormError(f"it makes numbers of {dtype}")
    output, write = node.outputs[0], NodeWriter(model, node)
    bounds = np.iinfo(dtype.name)
    steps = write.op("Round", write.op("Div", node.inputs[0], scale))
    moved = write.op("Add", steps, zero)
    low, high = write.number(bounds.min, "low"), write.number(bounds.max, "high")
    cut = write.op("Clip", moved, low, high)
    output.type = ir.TensorType(ir.DataType.FLOAT)
    write.put(cut)


def _dequantize(model: ir.Model, node: ir.Node, _: int) -> None:
    scale, zero, _dtype = _grid(model, node)
    write, source = NodeWriter(model, node), node.inputs[0]
    array = constant(source)
    if array is not None:
        source = new_constant(model, array.astype(np.float32), node.outputs[0], "steps")
    elif source is not None and source.dtype not in (ir.DataType.FLOAT, None):
        source = write.op("Cast", source, to=int(ir.DataType.FLOAT), shape=shape_of(source))
    write.put(write.op("Mul", write.op("Sub", source, zero), scale))


FORMS: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {
    "DequantizeLinear": _dequantize,
    "QuantizeLinear": _quantize,
}
