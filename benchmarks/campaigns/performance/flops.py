"""How much a net computes, and how much this machine can."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from campaigns import PACKAGES
from keras2cv.isolation import Entry, Limits, run_once

_SIDE: Final = 2048
_THREADS: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_TIMEOUT_S: Final = 300.0


def peak_gflops(threads: int) -> float:
    """Return this machine's rate for one big matrix product in float32, in GFLOP/s.

    The best of twelve products of 2048x2048 by NumPy's BLAS, in a process of its own, which gets
    its threads from the environment.
    """
    variables = {**os.environ, **dict.fromkeys(_THREADS, str(threads))}
    entry = Entry("campaigns.performance.flops:answer", PACKAGES, variables=variables)
    return float(run_once(entry, {}, Limits(_TIMEOUT_S))["gflops"])


def answer(_: Mapping[str, Any], __: Callable[..., None]) -> dict[str, float]:
    """Multiply, as the child's entry."""
    import numpy as np

    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((_SIDE, _SIDE), np.float32) for _ in range(2))
    best_s = math.inf
    for _round in range(12):
        started = time.perf_counter()
        a @ b
        best_s = min(best_s, time.perf_counter() - started)
    return {"gflops": 2 * _SIDE**3 / best_s / 1e9}


def gflop_of(path: Path) -> float:
    """Return the arithmetic of an ONNX file's convolutions and products, in GFLOP per run.

    Two operations per multiplication, as is usual; a Winograd convolution does fewer. Element-wise
    ops are not counted: they wait for memory.
    """
    import onnx

    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    graph = model.graph
    shapes = {value.name: _shape(value) for value in (*graph.value_info, *graph.output)}
    shapes |= {value.name: _shape(value) for value in graph.input}
    shapes |= {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    return sum(_operations(node, shapes) for node in graph.node) / 1e9


def _shape(value: Any) -> list[int]:
    return [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]


_COUNTED: Final = ("Conv", "ConvTranspose", "MatMul", "Gemm", "LSTM", "GRU", "RNN")


def _operations(node: Any, shapes: dict[str, list[int]]) -> float:
    if node.op_type not in _COUNTED:
        return 0.0
    out, first = shapes.get(node.output[0], []), shapes.get(node.input[0], [])
    weights = shapes.get(node.input[1], [])
    if node.op_type in ("LSTM", "GRU", "RNN"):  # (directions, gates * units, in) for each step
        cells = math.prod(weights) + math.prod(shapes.get(node.input[2], []))
        return 2.0 * math.prod(first[:2]) * cells
    if node.op_type == "Conv":  # weights (out, in / groups, ...)
        return 2.0 * math.prod(out) * math.prod(weights[1:])
    if node.op_type == "ConvTranspose":  # weights (in, out / groups, ...)
        return 2.0 * math.prod(first) * math.prod(weights[1:])
    if node.op_type == "MatMul":
        return 2.0 * math.prod(out) * first[-1]
    transposed = any(a.name == "transA" and a.i for a in node.attribute)
    return 2.0 * math.prod(out) * first[0 if transposed else -1]
