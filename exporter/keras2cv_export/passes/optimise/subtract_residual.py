"""Keep a residual out of a large 1x1 convolution: negate its weights, and subtract.

    Add(r, Conv(x, W, b))   ->   Sub(r, Conv(x, -W, -b))

5.0's new engine has a matrix product (MLAS, up to AVX-512) for 1x1 convolutions, and does not use
it when a residual is added inside. Its other kernel is slowest where the output's blocks of eight
channels are an odd number: 97 GFLOP/s where the product reaches 150, in Xception's blocks of 728
channels. It adds inside whenever it can, but never subtracts. Exact: signs change.

Left alone when (1) the engine would not use the matrix product for the convolution: 1x1, no stride,
no groups, 65536 weights and 256 pixels at least, (2) the blocks are an even number, which the
engine has a good kernel for, (3) something else reads the convolution.
"""

from __future__ import annotations

import math

import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    integer,
    ints,
    new_constant,
    new_node,
    nodes,
    only_reader,
    shape_of,
    substitute,
)
from keras2cv_export.graph.misses import miss

# conv2_layer.cpp of 5.0: `big_enough` and MLAS_MIN_SPATIAL.
_WEIGHTS = 256 * 256
_PIXELS = 256
_BLOCK = 8


def subtract_residual(model: ir.Model) -> int:
    """Rewrite in place; return how many sums became differences."""
    return sum(_rewrite(model, node) for node in nodes(model, "Add"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    why = ""
    for k in (0, 1):
        value, residual = node.inputs[k], node.inputs[1 - k]
        conv = value.producer() if value is not None else None
        if value is None or conv is None or constant(residual) is not None:
            continue
        if shape_of(residual) != shape_of(value) or not _takes_the_product(conv):
            continue
        if only_reader(value) is not node:
            why = "the convolution is read elsewhere too"
            continue
        for position, operand in enumerate(conv.inputs[1:], 1):
            array = constant(operand)
            if array is not None:
                conv.replace_input_with(position, new_constant(model, -array, value, "negative"))
        return substitute(node, new_node(node, "Sub", [residual, value], like=node.outputs[0]))
    return miss(node, why) if why else 0


def _takes_the_product(conv: ir.Node) -> bool:
    shape = shape_of(conv.outputs[0])
    if conv.op_type != "Conv" or shape is None or len(shape) != 4:
        return False
    arrays = [constant(operand) for operand in conv.inputs[1:] if operand is not None]
    if any(array is None for array in arrays) or arrays[0] is None:
        return False
    plain = integer(conv, "group", 1) == 1 and all(n == 1 for n in ints(conv, "strides"))
    small = arrays[0].shape[2:] == (1, 1) and not any(ints(conv, "pads"))
    large = arrays[0].size >= _WEIGHTS and shape[2] * shape[3] >= _PIXELS
    return plain and small and large and math.ceil(shape[1] / _BLOCK) % 2 == 1
