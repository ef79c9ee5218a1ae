"""The messages of onnx/onnx.proto: the numbers and kinds of their fields."""

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

MODEL: Final = schema(
    ir_version=(1, INT),
    producer_name=(2, BYTES),
    producer_version=(3, BYTES),
    domain=(4, BYTES),
    model_version=(5, INT),
    doc_string=(6, BYTES),
    graph=(7, BYTES),
    opset_import=(8, MANY),
    metadata_props=(14, MANY),
    training_info=(20, MANY),
    functions=(25, MANY),
    configuration=(26, MANY),
)
GRAPH: Final = schema(
    node=(1, MANY),
    name=(2, BYTES),
    initializer=(5, MANY),
    doc_string=(10, BYTES),
    input=(11, MANY),
    output=(12, MANY),
    value_info=(13, MANY),
    quantization_annotation=(14, MANY),
    sparse_initializer=(15, MANY),
    metadata_props=(16, MANY),
)
NODE: Final = schema(
    input=(1, MANY),
    output=(2, MANY),
    name=(3, BYTES),
    op_type=(4, BYTES),
    attribute=(5, MANY),
    doc_string=(6, BYTES),
    domain=(7, BYTES),
    overload=(8, BYTES),
    metadata_props=(9, MANY),
    device_configurations=(10, MANY),
)
ATTRIBUTE: Final = schema(
    name=(1, BYTES),
    f=(2, FIXED32),
    i=(3, INT),
    s=(4, BYTES),
    t=(5, BYTES),
    g=(6, BYTES),
    floats=(7, FIXED32S),
    ints=(8, INTS),
    strings=(9, MANY),
    tensors=(10, MANY),
    graphs=(11, MANY),
    doc_string=(13, BYTES),
    tp=(14, BYTES),
    type_protos=(15, MANY),
    type=(20, INT32),
    ref_attr_name=(21, BYTES),
    sparse_tensor=(22, BYTES),
    sparse_tensors=(23, MANY),
)
# AttributeProto.type -> the one field that holds the value.
VALUE_OF: Final = {
    1: "f",
    2: "i",
    3: "s",
    4: "t",
    5: "g",
    6: "floats",
    7: "ints",
    8: "strings",
    9: "tensors",
    10: "graphs",
    11: "sparse_tensor",
    12: "sparse_tensors",
    13: "tp",
    14: "type_protos",
}
TENSOR: Final = schema(
    dims=(1, INTS),
    data_type=(2, INT32),
    segment=(3, BYTES),
    float_data=(4, FIXED32S),
    int32_data=(5, INTS),
    string_data=(6, MANY),
    int64_data=(7, INTS),
    name=(8, BYTES),
    raw_data=(9, BYTES),
    double_data=(10, FIXED64S),
    uint64_data=(11, INTS),
    doc_string=(12, BYTES),
    external_data=(13, MANY),
    data_location=(14, INT32),
    metadata_props=(16, MANY),
)
SPARSE: Final = schema(values=(1, BYTES), indices=(2, BYTES), dims=(3, INTS))
VALUE: Final = schema(name=(1, BYTES), type=(2, BYTES), doc_string=(3, BYTES), metadata=(4, MANY))
TYPE: Final = schema(
    tensor_type=(1, BYTES),
    sequence_type=(4, BYTES),
    map_type=(5, BYTES),
    denotation=(6, BYTES),
    opaque_type=(7, BYTES),
    sparse_tensor_type=(8, BYTES),
    optional_type=(9, BYTES),
)
TENSOR_TYPE: Final = schema(elem_type=(1, INT32), shape=(2, BYTES))
SHAPE: Final = schema(dim=(1, MANY))
DIMENSION: Final = schema(dim_value=(1, INT), dim_param=(2, BYTES), denotation=(3, BYTES))
FUNCTION: Final = schema(
    name=(1, BYTES),
    input=(4, MANY),
    output=(5, MANY),
    attribute=(6, MANY),
    node=(7, MANY),
    doc_string=(8, BYTES),
    opset_import=(9, MANY),
    domain=(10, BYTES),
    attribute_proto=(11, MANY),
    value_info=(12, MANY),
    overload=(13, BYTES),
    metadata_props=(14, MANY),
)
# TensorProto.DataType -> name, bits in raw_data, field of numbers, its numbers per element.
DATA_TYPES: Final = {
    1: ("float32", 32, "float_data", 1),
    2: ("uint8", 8, "int32_data", 1),
    3: ("int8", 8, "int32_data", 1),
    4: ("uint16", 16, "int32_data", 1),
    5: ("int16", 16, "int32_data", 1),
    6: ("int32", 32, "int32_data", 1),
    7: ("int64", 64, "int64_data", 1),
    8: ("string", 0, "string_data", 1),
    9: ("bool", 8, "int32_data", 1),
    10: ("float16", 16, "int32_data", 1),
    11: ("float64", 64, "double_data", 1),
    12: ("uint32", 32, "uint64_data", 1),
    13: ("uint64", 64, "uint64_data", 1),
    14: ("complex64", 64, "float_data", 2),
    15: ("complex128", 128, "double_data", 2),
    16: ("bfloat16", 16, "int32_data", 1),
    **dict.fromkeys((17, 18, 19, 20, 24), ("float8", 8, "int32_data", 1)),
    21: ("uint4", 4, "int32_data", 0.5),
    22: ("int4", 4, "int32_data", 0.5),
    23: ("float4", 4, "int32_data", 0.5),
    25: ("uint2", 2, "int32_data", 0.25),
    26: ("int2", 2, "int32_data", 0.25),
}
OPSET: Final = schema(domain=(1, BYTES), version=(2, INT))
WRAPPED: Final = schema(elem_type=(1, BYTES))  # TypeProto.Sequence and TypeProto.Optional
