"""The messages of TensorFlow's graph.proto: the numbers and kinds of their fields."""

from __future__ import annotations

from typing import Final

from keras2cv.bundle.netfile.protobuf import (
    BYTES,
    FIXED32,
    FIXED32S,
    FIXED64S,
    INT,
    INT32,
    INTS,
    MANY,
    schema,
)

GRAPH: Final = schema(node=(1, MANY), library=(2, BYTES), version=(3, INT32), versions=(4, BYTES))
VERSIONS: Final = schema(producer=(1, INT32), min_consumer=(2, INT32), bad_consumers=(3, INTS))
NODE: Final = schema(
    name=(1, BYTES), op=(2, BYTES), input=(3, MANY), device=(4, BYTES), attr=(5, MANY)
)
ENTRY: Final = schema(key=(1, BYTES), value=(2, BYTES))
ATTRIBUTE: Final = schema(
    list=(1, BYTES),
    s=(2, BYTES),
    i=(3, INT),
    f=(4, FIXED32),
    b=(5, INT32),
    type=(6, INT32),
    shape=(7, BYTES),
    tensor=(8, BYTES),
)
LIST: Final = schema(
    s=(2, MANY), i=(3, INTS), f=(4, FIXED32S), b=(5, INTS), type=(6, INTS), shape=(7, MANY)
)
SHAPE: Final = schema(dim=(2, MANY), unknown_rank=(3, INT32))
DIMENSION: Final = schema(size=(1, INT), name=(2, BYTES))
TENSOR: Final = schema(
    dtype=(1, INT32),
    tensor_shape=(2, BYTES),
    version_number=(3, INT32),
    tensor_content=(4, BYTES),
    float_val=(5, FIXED32S),
    double_val=(6, FIXED64S),
    int_val=(7, INTS),
    string_val=(8, MANY),
    int64_val=(10, INTS),
    bool_val=(11, INTS),
    half_val=(13, INTS),
)
# DataType -> name, bytes of an element in tensor_content, field of numbers.
DATA_TYPES: Final = {
    1: ("float32", 4, "float_val"),
    2: ("float64", 8, "double_val"),
    3: ("int32", 4, "int_val"),
    4: ("uint8", 1, "int_val"),
    5: ("int16", 2, "int_val"),
    6: ("int8", 1, "int_val"),
    9: ("int64", 8, "int64_val"),
    10: ("bool", 1, "bool_val"),
    17: ("uint16", 2, "int_val"),
    19: ("float16", 2, "half_val"),
}
# What the exporter writes: ops of TensorFlow, and layers of OpenCV by their own types. OpenCV
# makes any layer of an op that it does not know, with whatever attributes.
OPS: Final = frozenset(
    [
        "Abs",
        "Acos",
        "Acosh",
        "AddV2",
        "Arg",
        "Asin",
        "Asinh",
        "Atan",
        "Atanh",
        "AvgPool",
        "BatchMatMul",
        "BiasAdd",
        "Ceil",
        "Celu",
        "ClipByValue",
        "Compare",
        "ConcatV2",
        "Const",
        "Conv2D",
        "Conv2DBackpropInput",
        "Conv3D",
        "Cos",
        "Cosh",
        "DepthToSpace",
        "ELU",
        "Eltwise",
        "Erf",
        "Exp",
        "Floor",
        "FusedBatchNormV3",
        "Gather",
        "HardSigmoid",
        "HardSwish",
        "Identity",
        "InnerProduct",
        "LRN",
        "LeakyRelu",
        "Log",
        "MatMul",
        "MaxPool",
        "Mish",
        "Mul",
        "Pad",
        "PadV2",
        "MirrorPad",
        "Placeholder",
        "Pooling",
        "Power",
        "Reciprocal",
        "Relu",
        "Relu6",
        "Reshape",
        "Resize",
        "ResizeBilinear",
        "ResizeNearestNeighbor",
        "Round",
        "Scale",
        "Selu",
        "Shrink",
        "Sigmoid",
        "Sign",
        "Silence",
        "Sin",
        "Sinh",
        "Slice",
        "SoftMax",
        "Softmax",
        "Softplus",
        "Softsign",
        "SpaceToBatchND",
        "SpaceToDepth",
        "Split",
        "Sqrt",
        "Squeeze",
        "StridedSlice",
        "Sub",
        "Tan",
        "Tanh",
        "ThresholdedRelu",
        "Transpose",
        "BatchToSpaceND",
        "Concat",
        "Flatten",
        "Permute",
        "Padding",
    ]
)
