"""Own conversions of ops that tf2onnx writes as invalid ONNX, or with wrong result shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto
from tf2onnx.utils import make_name

_FLOAT = TensorProto.FLOAT


def resize(ctx: Any, node: Any, name: str, args: list[Any]) -> None:  # noqa: ARG001
    """ResizeBilinear, ResizeNearestNeighbor -> Resize to a size.

    tf2onnx gives a scale, new / old, which is seldom a float32: the result is a row short then.
    Nearest ones that get here are whole enlargements (see resampling.resize_nearest), for which
    all roundings agree.
    """
    sizes = [int(d) for d in node.inputs[1].get_tensor_value()]
    batch, _, _, channels = ctx.get_shape(node.input[0])
    shape = [batch, channels, *sizes]
    wanted = ctx.make_const(make_name(f"{name}/sizes"), np.array(shape, np.int64))
    inputs = [_channels_first(ctx, node, node.input[0]), "", "", wanted.output[0]]
    _replace(ctx, node, _make(ctx, node, "Resize", inputs, _sampling(node), shape))


def _sampling(node: Any) -> dict[str, Any]:
    if node.type == "ResizeNearestNeighbor":
        return {
            "mode": "nearest",
            "nearest_mode": "floor",
            "coordinate_transformation_mode": "asymmetric",
        }
    mode = "half_pixel" if node.get_attr_value("half_pixel_centers") else "asymmetric"
    if node.get_attr_value("align_corners"):
        mode = "align_corners"
    return {"mode": "linear", "coordinate_transformation_mode": mode}


def conv_transpose(ctx: Any, node: Any, name: str, args: list[Any]) -> None:  # noqa: ARG001
    """Conv2DBackpropInput, Conv3DBackpropInputV2 -> ConvTranspose with pads and output padding.

    TensorFlow gives the size of the result, `out`. The full result has (i - 1) s + (k - 1) d + 1
    numbers. If that is more than `out`, the surplus is cut off: half of it in front with SAME
    padding, the rest behind. If it is less, output padding adds numbers behind. tf2onnx would cut
    off a negative number instead.
    """
    rank = len(ctx.get_shape(node.input[2])) - 2
    last = _text(node, "data_format", "NHWC").endswith("C")
    spatial = slice(1, 1 + rank) if last else slice(2, 2 + rank)
    wanted = ctx.get_shape(node.output[0])
    given, out = ctx.get_shape(node.input[2])[spatial], wanted[spatial]
    strides, dilations = (
        list(node.get_attr_value(key) or [1] * (rank + 2))[spatial]
        for key in ("strides", "dilations")
    )
    kernel = ctx.get_shape(node.input[1])[:rank]
    surplus = [
        (i - 1) * s + (k - 1) * d + 1 - o
        for i, s, k, d, o in zip(given, strides, kernel, dilations, out, strict=True)
    ]
    begins = _begins(node, surplus, spatial)
    ends = [x - b for x, b in zip(surplus, begins, strict=True)]
    attributes = {
        "strides": strides,
        "dilations": dilations,
        "kernel_shape": kernel,
        "pads": [*begins, *(max(e, 0) for e in ends)],
        "output_padding": [max(-e, 0) for e in ends],
    }
    x = _channels_first(ctx, node, node.input[2]) if last else node.input[2]
    perm = [rank + 1, rank, *range(rank)]  # (k, ..., out, in) -> (in, out, k, ...)
    weights = _transposed(ctx, node, node.input[1], perm)
    shape = [wanted[0], wanted[-1], *out] if last else wanted
    inputs = [x, weights, *node.input[3:]]  # a bias, where tf2onnx joined a BiasAdd
    made = _make(ctx, node, "ConvTranspose", inputs, attributes, shape)
    _replace(ctx, node, made, channels_last=last)


def floor_div(ctx: Any, node: Any, name: str, args: list[Any]) -> None:  # noqa: ARG001
    """FloorDiv -> the floor of a quotient of floats; tf2onnx rounds integers towards zero."""
    _replace(ctx, node, _cast(ctx, node, _floor_of_quotient(ctx, node)), channels_last=False)


def floor_mod(ctx: Any, node: Any, name: str, args: list[Any]) -> None:  # noqa: ARG001
    """FloorMod -> x - y floor(x / y), of floats."""
    x, y = (_as_float(ctx, node, value) for value in node.input)
    whole = _floor_of_quotient(ctx, node).output[0]
    part = _of_floats(ctx, node, "Mul", [y, whole]).output[0]
    rest = _of_floats(ctx, node, "Sub", [x, part])
    _replace(ctx, node, _cast(ctx, node, rest), channels_last=False)


def _floor_of_quotient(ctx: Any, node: Any) -> Any:
    operands = [_as_float(ctx, node, value) for value in node.input]
    quotient = _of_floats(ctx, node, "Div", operands)
    return _of_floats(ctx, node, "Floor", [quotient.output[0]])


def _as_float(ctx: Any, node: Any, value: str) -> str:
    if ctx.get_dtype(value) == _FLOAT:
        return value
    made = ctx.make_node(
        "Cast",
        [value],
        attr={"to": _FLOAT},
        name=make_name(f"{node.name}/Cast"),
        shapes=[ctx.get_shape(value)],
        dtypes=[_FLOAT],
    )
    return str(made.output[0])


def _of_floats(ctx: Any, node: Any, op: str, inputs: list[str]) -> Any:
    shape = ctx.get_shape(node.output[0])
    name = make_name(f"{node.name}/{op}")
    return ctx.make_node(op, inputs, name=name, shapes=[shape], dtypes=[_FLOAT])


def _cast(ctx: Any, node: Any, made: Any) -> Any:
    """Give floats the dtype of a node's result."""
    dtype, shape = ctx.get_dtype(node.output[0]), ctx.get_shape(node.output[0])
    if dtype == _FLOAT:
        return made
    return _make(ctx, node, "Cast", [made.output[0]], {"to": dtype}, shape)


def _begins(node: Any, surplus: Sequence[int], spatial: slice) -> list[int]:
    padding = _text(node, "padding", "VALID")
    if padding == "EXPLICIT":
        return list(node.get_attr_value("explicit_paddings"))[::2][spatial]
    return [max(x, 0) // 2 if padding == "SAME" else 0 for x in surplus]


def _text(node: Any, name: str, default: str) -> str:
    value = node.get_attr_value(name, default)
    return value.decode() if isinstance(value, bytes) else str(value)


def _make(
    ctx: Any, node: Any, op: str, inputs: list[str], attributes: dict[str, Any], shape: list[int]
) -> Any:
    """Add a node in the layer of TensorFlow's node, with its dtype."""
    return ctx.make_node(
        op,
        inputs,
        attr=attributes,
        name=make_name(f"{node.name}/{op}"),
        shapes=[shape],
        dtypes=[ctx.get_dtype(node.output[0])],
    )


def _channels_first(ctx: Any, node: Any, value: str) -> str:
    rank = len(ctx.get_shape(value))
    return _transposed(ctx, node, value, [0, rank - 1, *range(1, rank - 1)])


def _transposed(ctx: Any, node: Any, value: str, perm: Sequence[int]) -> str:
    shape = [ctx.get_shape(value)[axis] for axis in perm]
    return str(_make(ctx, node, "Transpose", [value], {"perm": list(perm)}, shape).output[0])


def _replace(ctx: Any, node: Any, made: Any, *, channels_last: bool = True) -> None:
    """Replace TensorFlow's node by a channels-first node, under the same name."""
    rank = len(ctx.get_shape(made.output[0]))
    perm = [0, *range(2, rank), 1] if channels_last else list(range(rank))
    shapes, dtypes, outputs = node.output_shapes, node.output_dtypes, node.output
    ctx.remove_node(node.name)
    ctx.make_node(
        "Transpose",
        [made.output[0]],
        attr={"perm": perm},
        name=node.name,
        outputs=outputs,
        shapes=shapes,
        dtypes=dtypes,
    )


def select(ctx: Any, node: Any, name: str, args: list[Any]) -> None:  # noqa: ARG001
    """Select, SelectV2 -> Where; of truth values: (p and a) or (not p and b).

    tf2onnx writes most as p a + (1 - p) b, which is no number where what is left out is infinite:
    `tf.where(x > 0, tf.math.log(x), 0.0)`. Select's condition may have one axis, for the samples.
    """
    condition = node.input[0]
    given, full = ctx.get_shape(condition), ctx.get_shape(node.output[0])
    if node.type == "Select" and len(given) == 1 and len(full) > 1:
        shape = np.array([given[0], *[1] * (len(full) - 1)], np.int64)
        wanted = ctx.make_const(make_name(f"{name}/shape"), shape).output[0]
        column = ctx.make_node("Reshape", [condition, wanted], name=make_name(name))
        ctx.replace_input(node, condition, column.output[0], 0)
    if ctx.get_dtype(node.output[0]) == TensorProto.BOOL:
        _select_truth(ctx, node, name)
    else:
        node.type = "Where"


def _select_truth(ctx: Any, node: Any, name: str) -> None:
    condition, yes, no = node.input
    left_out = ctx.make_node("Not", [condition], name=make_name(name)).output[0]
    pairs = ((condition, yes), (left_out, no))
    chosen = [ctx.make_node("And", list(pair), name=make_name(name)).output[0] for pair in pairs]
    node.type = "Or"
    ctx.replace_inputs(node, chosen)
