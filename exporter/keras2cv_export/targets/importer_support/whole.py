"""Forms of ops that look at many numbers at once: reductions, softmax, resizing, casts, bounds."""

from __future__ import annotations

from math import prod

import onnx_ir as ir

from keras2cv_export.graph.edit import constant, integer, ints, shape_of
from keras2cv_export.graph.whole_numbers import is_whole

from .rule import Rule, has, shape_at, word

REDUCTIONS = (
    "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
    "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare",
)  # fmt: skip


def bounds_as_inputs(node: ir.Node) -> bool:
    """The bounds are inputs."""
    return has(node, 1) or has(node, 2)


def vector(node: ir.Node) -> bool:
    """It looks at a tensor of one axis."""
    return len(shape_at(node, 0) or (1, 1)) == 1


def no_axis(node: ir.Node) -> bool:
    """The axis is the default, which opsets disagree about."""
    return "axis" not in node.attributes and len(shape_at(node, 0) or ()) > 2


def axes_as_input(node: ir.Node) -> bool:
    """The axes are an input."""
    return has(node, 1)


def many_axes(node: ir.Node) -> bool:
    """Three axes or more at once, but not all."""
    shape, axes = shape_at(node, 0), _axes(node)
    return shape is not None and 3 <= len(axes) < len(shape)


def nothing_summed(node: ir.Node) -> bool:
    """It reduces one number each; the classic engines then return it as it is."""
    shape, axes = shape_at(node, 0), _axes(node)
    return shape is not None and bool(axes) and prod(shape[a] for a in axes) == 1


def _axes(node: ir.Node) -> tuple[int, ...]:
    rank = len(shape_at(node, 0) or ())
    axes = ints(node, "axes")
    if not axes and has(node, 1):
        array = constant(node.inputs[1])
        axes = tuple(int(n) for n in array.flat) if array is not None else ()
    return tuple(a % rank for a in axes) if rank else ()


def not_an_image(node: ir.Node) -> bool:
    """It resizes anything but the last two of four axes."""
    given, made = shape_at(node, 0), shape_of(node.outputs[0])
    return given is not None and made is not None and (len(given) != 4 or given[:2] != made[:2])


def cubic(node: ir.Node) -> bool:
    """It interpolates by cubic splines."""
    return _mode(node) == "cubic"


def antialiased(node: ir.Node) -> bool:
    """It filters before it samples."""
    return bool(integer(node, "antialias", 0))


def partial_scales(node: ir.Node) -> bool:
    """Its factors are not whole."""
    scales = constant(node.inputs[2]) if has(node, 2) and not has(node, 3) else None
    return scales is not None and any(float(s) != round(float(s)) for s in scales.flat)


def tf_corners(node: ir.Node) -> bool:
    """It counts corners as old TensorFlow did."""
    return word(node, "coordinate_transformation_mode", "half_pixel") == "tf_half_pixel_for_nn"


def odd_nearest(node: ir.Node) -> bool:
    """It takes the nearest pixel by a rule that is neither of OpenCV's two."""
    if _mode(node) != "nearest":
        return False
    rule = word(node, "nearest_mode", "round_prefer_floor")
    corners = word(node, "coordinate_transformation_mode", "half_pixel")
    return (corners, rule) not in _NEAREST and not tf_corners(node)


def uneven_nearest(node: ir.Node) -> bool:
    """It takes the nearest pixel's centre, by factors that are not whole."""
    given, made = shape_at(node, 0), shape_of(node.outputs[0])
    centred = word(node, "coordinate_transformation_mode", "half_pixel").endswith("half_pixel")
    if _mode(node) != "nearest" or not centred or given is None or made is None:
        return False
    return any(n % m for n, m in zip(made, given, strict=False))


def _mode(node: ir.Node) -> str:
    return word(node, "mode", "nearest")


_NEAREST = (
    ("asymmetric", "floor"),
    ("half_pixel", "round_prefer_floor"),
    ("pytorch_half_pixel", "round_prefer_floor"),
    ("align_corners", "round_prefer_floor"),
)


def to_truth(node: ir.Node) -> bool:
    """Anything but truth values becomes truth values: the classic engines leave it as it is."""
    given = node.inputs[0]
    truth = node.attributes["to"].as_int() == ir.DataType.BOOL
    return truth and given is not None and given.dtype not in (None, ir.DataType.BOOL)


def to_whole(node: ir.Node) -> bool:
    """Fractions are cut off: the classic engines leave them."""
    given, made = node.inputs[0], ir.DataType(node.attributes["to"].as_int())
    known = given is not None and given.dtype is not None and given.dtype.is_floating_point()
    return known and made.is_integer() and given is not None and not is_whole(given)


def full_slope(node: ir.Node) -> bool:
    """Its slopes vary along more than the channels."""
    slope = shape_at(node, 1)
    if slope is None or prod(slope) == 1 or len(shape_at(node, 0) or ()) < 3:
        return False
    return len(slope) < 2 or prod(slope) != slope[0]


RULES = (
    Rule("bounds as inputs", ("Clip",), bounds_as_inputs, "its bounds are inputs"),
    Rule("softmax of a vector", ("Softmax", "LogSoftmax"), vector, "it takes one axis"),
    Rule("softmax without axis", ("Softmax", "LogSoftmax"), no_axis, "its axis is not stated"),
    Rule("reduced vector", REDUCTIONS, vector, "it reduces a tensor of one axis"),
    Rule("axes of reduction", REDUCTIONS, axes_as_input, "its axes are an input"),
    Rule("many axes", REDUCTIONS, many_axes, "it reduces three axes or more at once"),
    # opencv issues 24044 and 24198, mended in 4.9: right for the smallest tensors alone
    Rule("shared reduction", REDUCTIONS, lambda _: True, "threads share it from wrong places on"),
    Rule("nothing reduced", ("ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceSumSquare"),
         nothing_summed, "it reduces an axis of one"),
    Rule("no image", ("Resize",), not_an_image, "it resizes other axes than height and width"),
    Rule("cubic", ("Resize",), cubic, "it is cubic"),
    Rule("antialiased", ("Resize",), antialiased, "it is antialiased"),
    Rule("partial scales", ("Resize",), partial_scales, "its factors are not whole"),
    Rule("old corners", ("Resize",), tf_corners, "it counts corners as old TensorFlow does"),
    Rule("odd nearest", ("Resize",), odd_nearest, "its nearest pixel is another than OpenCV's"),
    Rule("uneven nearest", ("Resize",), uneven_nearest, "its nearest pixel is between two"),
    Rule("to truth", ("Cast",), to_truth, "it makes truth values of numbers"),
    Rule("to whole numbers", ("Cast",), to_whole, "it cuts off fractions"),
    Rule("full slope", ("PRelu",), full_slope, "its slopes are for more than each channel"),
)  # fmt: skip
