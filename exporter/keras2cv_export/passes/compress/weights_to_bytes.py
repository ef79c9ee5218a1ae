"""Store large kernels in bytes, with a scale per channel, for a file of a quarter of the size.

    Conv(x, W)   ->   Conv(x, DequantizeLinear(Q, s))      W ~ s Q, along axis 0

    s[k] = max |W[k]| / 127        Q[k] = round(W[k] / s[k]), -127 to 127

OpenCV computes the product once, while it loads the net, so the net runs as fast as before, on the
same float32 kernels. OpenCV 4.6 cannot do so. All later versions agree on axis 0 alone: the outputs
of Conv and Gemm, the inputs of ConvTranspose and MatMul. Each weight is rounded by at most half a
step, 1/254 of its channel's largest.

Left alone when (1) a kernel is small, as nothing is gained; (2) something else reads it, too;
(3) it has channels of fewer than 8 numbers, whose scales would take half of the space saved; (4) it
holds NaN or infinity; (5) it belongs to a MatMul with batches, whose axis 0 is no channel.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import Array, constant, new_constant
from keras2cv_export.graph.kernels import decoded, large_kernels

_STEPS = 127  # without -128, so that a kernel and its negative are stored alike
_LEAST_PER_CHANNEL = 8
_TINY = np.finfo(np.float32).tiny  # below it a scale has lost its digits


def weights_to_bytes(model: ir.Model) -> int:
    """Rewrite in place; return how many kernels are now stored in bytes."""
    return sum(_store(model, kernel) for kernel in large_kernels(model))


def _store(model: ir.Model, kernel: ir.Value) -> int:
    array = constant(kernel)
    if array is None or not _has_channels(kernel, array) or not np.isfinite(array).all():
        return 0
    steps, scales = _quantised(array)
    inputs = [
        new_constant(model, steps, kernel, "int8"),
        new_constant(model, scales, kernel, "scale"),
    ]
    decoded(model, kernel, "DequantizeLinear", inputs, {"axis": 0})
    return 1


def _has_channels(kernel: ir.Value, array: Array) -> bool:
    batched = array.ndim > 2 and any(use.node.op_type == "MatMul" for use in kernel.uses())
    return not batched and array.size >= _LEAST_PER_CHANNEL * len(array)


def _quantised(array: Array) -> tuple[Array, Array]:
    """Return Q, int8, and s, float32 (channels,)."""
    rows = array.reshape(len(array), -1)
    largest = np.abs(rows).max(axis=1)
    scales = np.where(largest > 0, np.maximum(largest / _STEPS, _TINY), 1).astype(np.float32)
    steps = np.clip(np.rint(rows / scales[:, None]), -_STEPS, _STEPS)
    return steps.astype(np.int8).reshape(array.shape), scales
