"""Write Gemm as every OpenCV reads it: transB=1, constant kernel (out, in), bias (out,).

    Gemm(a, b (in, out), c (out,))        ->  Gemm(a, b' (out, in), c, transB=1)
    Gemm(a, b, c, alpha, beta)            ->  Gemm(a, alpha b', beta c, transB=1)
    Gemm(a, b, c that is computed)        ->  Gemm(a, b', transB=1) + c
    Gemm(a, b that is computed)           ->  MatMul(a, b) + c
    MatMul(a (n, in), b (in, out))        ->  Gemm(a, b', transB=1)

The importers of 4.5 and 4.6 read transB=0, or its absence, as if the kernel were transposed
already and stop at an assertion in fully_connected_layer.cpp. Up to 4.8 they ignore alpha. A
computed c, which tf2onnx makes of the MatMul and Add in every recurrent cell, is refused up to
4.8 and computed wrongly by the classic engine of 5.0.
Exact: the same products; alpha and beta are multiplied into constants.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    shape_of,
    substitute,
    transpose,
)


def gemm_to_dense(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    gemms = sum(_rewrite_gemm(model, node) for node in nodes(model, "Gemm"))
    return gemms + sum(_matmul_to_gemm(model, node) for node in nodes(model, "MatMul"))


def _rewrite_gemm(model: ir.Model, node: ir.Node) -> int:
    kernel, addend = node.inputs[1], _addend(node)
    shape = shape_of(node.outputs[0])
    if _is_dense(node) or shape is None or kernel is None:
        return 0
    array, bias = constant(kernel), _bias(addend, shape[1]) if addend is not None else None
    output, left = node.outputs[0], _left(node)
    if array is None:
        right = transpose(node, kernel, (1, 0), like=output) if _flag(node, "transB") else kernel
        product = new_node(node, "MatMul", [left, right], like=output)
        return substitute(node, _add(model, node, _times(model, node, product, "alpha"), addend))
    stored = array if _flag(node, "transB") else array.T
    inputs = [left, new_constant(model, stored * np.float32(_number(node, "alpha")), output)]
    if bias is not None:
        inputs.append(new_constant(model, bias * np.float32(_number(node, "beta")), output))
        addend = None
    product = new_node(node, "Gemm", inputs, {"transB": 1}, like=output)
    return substitute(node, _add(model, node, product, addend))


def _is_dense(node: ir.Node) -> bool:
    addend, out = _addend(node), shape_of(node.inputs[1])
    plain = _number(node, "alpha") == 1 and (_number(node, "beta") == 1 or addend is None)
    return (
        constant(node.inputs[1]) is not None
        and (addend is None or (constant(addend) is not None and shape_of(addend) == out[:1]))
        and (_flag(node, "transB") and not _flag(node, "transA") and plain)
        if out is not None
        else True
    )


def _addend(node: ir.Node) -> ir.Value | None:
    return node.inputs[2] if len(node.inputs) > 2 else None


def _bias(addend: ir.Value, out: int) -> Array | None:
    """Return a constant that is the same for every row as (out,), or None."""
    array = constant(addend)
    if array is None or (array.ndim == 2 and array.shape[0] != 1):
        return None
    return np.broadcast_to(array.reshape(-1), (out,))


def _left(node: ir.Node) -> ir.Value | None:
    value = node.inputs[0]
    if value is None or not _flag(node, "transA"):
        return value
    return transpose(node, value, (1, 0), like=node.outputs[0])


def _add(model: ir.Model, node: ir.Node, value: ir.Value, addend: ir.Value | None) -> ir.Value:
    if addend is None or _number(node, "beta") == 0:
        return value
    return new_node(node, "Add", [value, _times(model, node, addend, "beta")], like=node.outputs[0])


def _times(model: ir.Model, node: ir.Node, value: ir.Value, name: str) -> ir.Value:
    if _number(node, name) == 1:
        return value
    factor = new_constant(model, np.array(_number(node, name), np.float32), node.outputs[0])
    return new_node(node, "Mul", [value, factor], like=value)


def _number(node: ir.Node, name: str) -> float:
    return node.attributes[name].as_float() if name in node.attributes else 1.0


def _flag(node: ir.Node, name: str) -> bool:
    return bool(integer(node, name, 0))


def _matmul_to_gemm(model: ir.Model, node: ir.Node) -> int:
    kernel, shape = constant(node.inputs[1]), shape_of(node.inputs[0])
    if kernel is None or kernel.ndim != 2 or shape is None or len(shape) != 2:
        return 0
    output = node.outputs[0]
    inputs = [node.inputs[0], new_constant(model, kernel.T, output)]
    return substitute(node, new_node(node, "Gemm", inputs, {"transB": 1}, like=output))
