"""Products of matrices."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, integer

from .graph import Graph, sizes, weights
from .node import Array, Unwritable

_FLOAT = np.dtype(np.float32)


def write_gemm(graph: Graph, node: ir.Node) -> None:
    """Write a Dense layer: x (n, i) by a constant (i, o), plus a constant (o,).

    Raises:
        Unwritable: The first matrix is transposed, or the second is computed.
    """
    factor, offset = (_number(node, name) for name in ("alpha", "beta"))
    if integer(node, "transA", 0):
        raise Unwritable("its first matrix is transposed")
    kernel = weights(node.inputs[1], "its second matrix") * factor
    kernel = kernel.T if integer(node, "transB", 0) else kernel
    bias = np.zeros(kernel.shape[1], np.float32)
    if len(node.inputs) > 2 and node.inputs[2] is not None:
        bias = np.broadcast_to(weights(node.inputs[2], "its bias").reshape(-1) * offset, bias.shape)
    _dense(graph, graph.read(node.inputs[0]), kernel, bias, node.outputs[0])


def _number(node: ir.Node, name: str) -> float:
    return node.attributes[name].as_float() if name in node.attributes else 1.0


def _dense(graph: Graph, source: str, kernel: Array, bias: Array, output: ir.Value) -> None:
    """Write MatMul and always BiasAdd: the importer looks for a bias, and takes any Add for one."""
    stored = graph.const(kernel, output, "kernel")
    made = graph.emit("MatMul", (source, stored), output, T=_FLOAT)
    graph.emit("BiasAdd", (made, graph.const(bias, output, "bias")), output, "biased", T=_FLOAT)


def write_matmul(graph: Graph, node: ir.Node) -> None:
    """Write a product with a constant as a layer with weights, and one of two tensors as a MatMul.

    Raises:
        Unwritable: The importer takes no such operands.
    """
    left, right = node.inputs[:2]
    output, rank = node.outputs[0], len(sizes(left))
    kernel = constant(right)
    if kernel is None:
        if constant(left) is not None:
            raise Unwritable("its first matrix is a constant, and its second is computed")
        if sizes(left)[:-2] != sizes(right)[:-2]:
            raise Unwritable("the products of a batch do not go together one by one")
        op = "MatMul" if rank == 2 else "BatchMatMul"
        graph.emit(op, (graph.read(left), graph.read(right)), output, T=_FLOAT)
    elif kernel.ndim != 2:
        raise Unwritable("its second matrix is a batch of constants")
    elif rank == 2:
        _dense(graph, graph.read(left), kernel, np.zeros(kernel.shape[1], np.float32), output)
    else:
        stored = graph.const(np.ascontiguousarray(kernel.T), output, "kernel")
        graph.emit(
            "InnerProduct",
            (graph.read(left), stored),
            output,
            num_output=kernel.shape[1],
            axis=rank - 1,
            bias_term=False,
        )
