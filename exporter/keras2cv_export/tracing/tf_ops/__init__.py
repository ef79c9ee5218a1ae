"""Exact replacements for ops that ONNX, tf2onnx or OpenCV lack, made of ops that they have.

PLAIN is applied before the conversion: a TensorFlow op -> plainer TensorFlow ops, so that
TensorFlow itself can check the numbers. ONNX is applied during it, in tf2onnx's place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import (
    bits,
    contraction,
    convolution,
    counting,
    diagonals,
    images,
    linear_algebra,
    moving,
    onnx_nodes,
    quantized,
    recurrent,
    resampling,
    scanning,
    scattering,
    special,
    spectra,
    unpooling,
    whole_numbers,
)
from .spectra import COMPLEX_OPS

__all__ = ["COMPLEX_OPS", "ONNX", "OPSET", "PLAIN"]

# The newest opset whose node forms OpenCV 4.7 and later import unchanged; the passes rewrite the
# forms that older versions cannot read. OpenCV itself ignores the number and looks at the forms.
OPSET = 13

# TensorFlow op -> function of (node, *inputs) that returns its output, or a list of its outputs, or
# None to leave this node unchanged.
PLAIN: dict[str, Callable[..., Any]] = {
    "ApproximateEqual": special.approximate_equal,
    "BatchMatMulV3": contraction.integer_matmul,
    "BiasAdd": convolution.bias_add,
    "Bincount": counting.bincount,
    "BitwiseAnd": bits.bitwise_and,
    "BitwiseXor": bits.bitwise_xor,
    "Bucketize": counting.bucketize,
    "Cast": spectra.cast,
    "Complex": spectra.make_complex,
    "ConcatV2": moving.concat,
    "Conv3D": convolution.conv_3d,
    "CropAndResize": resampling.crop_and_resize,
    "Cross": linear_algebra.cross,
    "Cumprod": scanning.cumprod,
    "DenseBincount": counting.dense_bincount,
    "Dilation2D": images.dilation_2d,
    "Einsum": contraction.einsum,
    "Erfc": special.erfc,
    "Erfinv": special.erfinv,
    "EuclideanNorm": special.euclidean_norm,
    "Expm1": special.expm1,
    "ExtractImagePatches": images.extract_patches,
    "FFT": spectra.fft,
    "FFT2D": spectra.fft2d,
    "FakeQuantWithMinMaxArgs": quantized.fake_quant_args,
    "FakeQuantWithMinMaxVars": quantized.fake_quant_vars,
    "FakeQuantWithMinMaxVarsPerChannel": quantized.fake_quant_vars,
    "FusedBatchNorm": convolution.batch_norm,
    "FusedBatchNormV2": convolution.batch_norm,
    "FusedBatchNormV3": convolution.batch_norm,
    "FloorDiv": whole_numbers.divide,
    "FloorMod": whole_numbers.divide,
    "GatherNd": scattering.gather_nd,
    "GatherV2": scattering.gather,
    "HSVToRGB": images.hsv_to_rgb,
    "IFFT": spectra.ifft,
    "IFFT2D": spectra.ifft2d,
    "ImageProjectiveTransformV2": resampling.projective_transform,
    "ImageProjectiveTransformV3": resampling.projective_transform,
    "InTopKV2": counting.in_top_k,
    "L2Loss": special.l2_loss,
    "Log1p": special.log1p,
    "LogMatrixDeterminant": linear_algebra.log_determinant,
    "LowerBound": counting.lower_bound,
    "MatMul": contraction.integer_matmul,
    "MatrixBandPart": diagonals.band_part,
    "MatrixDeterminant": linear_algebra.determinant,
    "MatrixDiag": diagonals.diagonal,
    "MatrixDiagPart": diagonals.diagonal_part,
    "MatrixDiagPartV2": diagonals.diagonal_part,
    "MatrixDiagPartV3": diagonals.diagonal_part,
    "MatrixDiagV2": diagonals.diagonal,
    "MatrixDiagV3": diagonals.diagonal,
    "MatrixInverse": linear_algebra.inverse,
    "MatrixSetDiag": diagonals.set_diagonal,
    "MatrixSetDiagV2": diagonals.set_diagonal,
    "MatrixSetDiagV3": diagonals.set_diagonal,
    "MatrixSolve": linear_algebra.solve,
    "MatrixTriangularSolve": linear_algebra.triangular_solve,
    "MaxPoolWithArgmax": unpooling.max_pool_with_argmax,
    "MirrorPad": moving.mirror_pad,
    "MulNoNan": special.mul_no_nan,
    "Ndtri": special.ndtri,
    "OneHot": counting.one_hot,
    "RFFT": spectra.rfft,
    "RFFT2D": spectra.rfft2d,
    "RGBToHSV": images.rgb_to_hsv,
    "ResizeArea": resampling.resize_area,
    "ResizeBicubic": resampling.resize_bicubic,
    "ResizeBilinear": resampling.resize_bilinear,
    "ResizeNearestNeighbor": resampling.resize_nearest,
    "ReverseSequence": moving.reverse_sequence,
    "ReverseV2": moving.reverse,
    "RightShift": bits.right_shift,
    "Roll": moving.roll,
    "ScaleAndTranslate": resampling.scale_and_translate,
    "ScatterNd": scattering.scatter_nd,
    "SegmentSum": scattering.segment_sum,
    "SplitV": moving.split,
    "StridedSlice": moving.strided_slice,
    "TensorScatterAdd": scattering.scatter_add,
    "TensorScatterUpdate": scattering.scatter_update,
    "Unique": whole_numbers.unique,
    "UniqueV2": whole_numbers.unique,
    "UnsortedSegmentSum": scattering.segment_sum,
    "UpperBound": counting.upper_bound,
    "Where": whole_numbers.where,
    "Xdivy": special.xdivy,
    "XlaDynamicUpdateSlice": scattering.slice_update,
    "Xlog1py": special.xlog1py,
    "Xlogy": special.xlogy,
}

# TensorFlow op -> (handler, extra arguments), as tf2onnx's `custom_op_handlers` takes it.
ONNX: dict[str, tuple[Callable[..., None], list[Any]]] = {
    "Conv2DBackpropInput": (onnx_nodes.conv_transpose, []),
    "Conv3DBackpropInputV2": (onnx_nodes.conv_transpose, []),
    "CudnnRNNV3": (recurrent.recurrent, []),
    "FloorDiv": (onnx_nodes.floor_div, []),
    "FloorMod": (onnx_nodes.floor_mod, []),
    "ResizeBilinear": (onnx_nodes.resize, []),
    "ResizeNearestNeighbor": (onnx_nodes.resize, []),
    "Select": (onnx_nodes.select, []),
    "SelectV2": (onnx_nodes.select, []),
}
