"""The function that writes each op."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import onnx_ir as ir

from .activation import (
    NUMBERED,
    PLAIN,
    write_clip,
    write_neg,
    write_numbered,
    write_plain,
)
from .arithmetic import write_arithmetic
from .choice import write_arg, write_compare
from .convolution import write_conv, write_conv_transpose
from .dense import write_gemm, write_matmul
from .depth import write_depth_to_space, write_space_to_depth
from .graph import Graph
from .joining import write_concat, write_pad
from .normalization import write_batch_norm, write_log_softmax, write_lrn, write_softmax
from .pooling import write_global_pool, write_pool
from .resize import write_resize
from .shape import write_reshape, write_same, write_transpose
from .slicing import write_gather, write_slice, write_split

Writer = Callable[[Graph, ir.Node], None]

WRITERS: Final[Mapping[str, Writer]] = {
    **dict.fromkeys(PLAIN, write_plain),
    **dict.fromkeys(NUMBERED, write_numbered),
    "Add": write_arithmetic,
    "ArgMax": write_arg,
    "ArgMin": write_arg,
    "AveragePool": write_pool,
    "BatchNormalization": write_batch_norm,
    "Cast": write_same,
    "Clip": write_clip,
    "Concat": write_concat,
    "Conv": write_conv,
    "ConvTranspose": write_conv_transpose,
    "DepthToSpace": write_depth_to_space,
    "Div": write_arithmetic,
    "Equal": write_compare,
    "Flatten": write_reshape,
    "Gather": write_gather,
    "Gemm": write_gemm,
    "GlobalAveragePool": write_global_pool,
    "GlobalMaxPool": write_global_pool,
    "Greater": write_compare,
    "Identity": write_same,
    "LRN": write_lrn,
    "Less": write_compare,
    "LogSoftmax": write_log_softmax,
    "MatMul": write_matmul,
    "Max": write_arithmetic,
    "MaxPool": write_pool,
    "Min": write_arithmetic,
    "Mul": write_arithmetic,
    "Neg": write_neg,
    "Pad": write_pad,
    "Reshape": write_reshape,
    "Resize": write_resize,
    "Slice": write_slice,
    "Softmax": write_softmax,
    "SpaceToDepth": write_space_to_depth,
    "Split": write_split,
    "Squeeze": write_reshape,
    "Sub": write_arithmetic,
    "Transpose": write_transpose,
    "Unsqueeze": write_reshape,
}
