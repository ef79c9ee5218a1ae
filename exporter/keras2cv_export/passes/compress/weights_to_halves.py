"""Store large kernels in half precision, for a file of half the size.

    Conv(x, W)   ->   Conv(x, Cast(W'))      W' in float16, 10 bits of fraction

OpenCV computes the Cast once, while it loads the net, so the net runs as fast as before. OpenCV 4.6
has no float16. Each weight is rounded by at most 2**-11 of itself.

Left alone when (1) a kernel is small, as nothing is gained; (2) something else reads it, too;
(3) its numbers do not fit: above 65504, or so small that half precision rounds them by more than
its unit roundoff, taken over the whole kernel.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import Array, constant, new_constant
from keras2cv_export.graph.kernels import decoded, large_kernels

_ROUNDOFF = 2.0**-11
_LARGEST = float(np.finfo(np.float16).max)


def weights_to_halves(model: ir.Model) -> int:
    """Rewrite in place; return how many kernels are now stored in half precision."""
    return sum(_store(model, kernel) for kernel in large_kernels(model))


def _store(model: ir.Model, kernel: ir.Value) -> int:
    array = constant(kernel)
    if array is None or (half := _rounded(array)) is None:
        return 0
    stored = new_constant(model, half, kernel, "float16")
    decoded(model, kernel, "Cast", [stored], {"to": ir.DataType.FLOAT})
    return 1


def _rounded(array: Array) -> Array | None:
    """Return the numbers as float16; None where they do not fit."""
    if not np.abs(array).max() <= _LARGEST:  # not for NaN either
        return None
    half = array.astype(np.float16)
    lost = np.linalg.norm((array - half).ravel())
    return half if lost <= _ROUNDOFF * np.linalg.norm(array.ravel()) else None
