"""Write Gemm the one way that every OpenCV reads: transB=1, the kernel stored as (out, in).

    Gemm(a, b (in, out), c)  ->  Gemm(a, b' (out, in), c, transB=1)
    MatMul(a (n, in), b (in, out))  ->  the same Gemm without c

The importers of 4.5 and 4.6 read transB=0, or its absence, as if the kernel were transposed
already and stop at an assertion in fully_connected_layer.cpp. Exact: b' is b transposed; alpha
and beta other than 1 are left alone (Keras makes none).
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph import (
    Array,
    constant,
    drop,
    integer,
    new_constant,
    new_node,
    nodes,
    replace,
    shape_of,
)


def gemm_to_dense(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    gemms = sum(_transpose_kernel(model, node) for node in nodes(model, "Gemm"))
    return gemms + sum(_matmul_to_gemm(model, node) for node in nodes(model, "MatMul"))


def _transpose_kernel(model: ir.Model, node: ir.Node) -> int:
    kernel = constant(node.inputs[1])
    plain = all(
        node.attributes[a].as_float() == 1.0 for a in ("alpha", "beta") if a in node.attributes
    )
    if kernel is None or integer(node, "transB", 0) or integer(node, "transA", 0) or not plain:
        return 0
    _dense(model, node, kernel, node.inputs[2] if len(node.inputs) > 2 else None)
    return 1


def _matmul_to_gemm(model: ir.Model, node: ir.Node) -> int:
    kernel, shape = constant(node.inputs[1]), shape_of(node.inputs[0])
    if kernel is None or kernel.ndim != 2 or shape is None or len(shape) != 2:
        return 0
    _dense(model, node, kernel, None)
    return 1


def _dense(model: ir.Model, node: ir.Node, kernel: Array, bias: ir.Value | None) -> None:
    output = node.outputs[0]
    transposed = new_constant(model, kernel.T, output)
    inputs = [node.inputs[0], transposed] + ([bias] if bias is not None else [])
    replace(output, new_node(node, "Gemm", inputs, {"transB": 1}, like=output))
    drop(node)
