"""Forms of ops with weights, and of pooling and resizing."""

from __future__ import annotations

from math import prod

import onnx_ir as ir

from keras2cv_export.graph.edit import integer, ints, only_reader

from .rule import Rule, computed, has, shape_at, word

CONVOLUTIONS = ("Conv", "ConvTranspose")
POOLS = ("MaxPool", "AveragePool")


def spatial(node: ir.Node) -> int:
    """Return how many axes a window has; 0 if that is unknown."""
    return max(len(shape_at(node, 0) or ()) - 2, 0)


def no_kernel_shape(node: ir.Node) -> bool:
    """The kernel's shape is in its weights alone."""
    return "kernel_shape" not in node.attributes


def computed_kernel(node: ir.Node) -> bool:
    """The kernel is computed."""
    return computed(node, 1)


def uneven_line(node: ir.Node) -> bool:
    """A window over a line has more padding on one side, or `auto_pad`."""
    pads = ints(node, "pads", (0, 0))
    return spatial(node) == 1 and (pads[0] != pads[1] or _automatic(node))


def automatic_line(node: ir.Node) -> bool:
    """A window over a line is padded by `auto_pad`."""
    return spatial(node) == 1 and _automatic(node)


def automatic_volume(node: ir.Node) -> bool:
    """A window over a volume is padded by `auto_pad`."""
    return spatial(node) == 3 and _automatic(node)


def _automatic(node: ir.Node) -> bool:
    return word(node, "auto_pad", "NOTSET") not in ("NOTSET", "VALID")


def counted_border(node: ir.Node) -> bool:
    """Border zeros are counted into the mean."""
    return bool(integer(node, "count_include_pad", 0)) and any(ints(node, "pads"))


def summed_volume(node: ir.Node) -> bool:
    """A convolution over a volume is added to another tensor, and OpenCV fuses the two."""
    reader = only_reader(node.outputs[0])
    if reader is None or reader.op_type not in ("Add", "Sum"):
        return False
    return spatial(node) == 3 and all(computed(reader, k) for k in (0, 1))


def of_volume(node: ir.Node) -> bool:
    """It goes over a volume."""
    return spatial(node) == 3


def of_line(node: ir.Node) -> bool:
    """It goes over a line."""
    return spatial(node) == 1


def uneven_crop(node: ir.Node) -> bool:
    """More is cut off on one side than on the other."""
    pads = ints(node, "pads")
    half = len(pads) // 2
    return spatial(node) == 2 and pads[:half] != pads[half:]


def dilated(node: ir.Node) -> bool:
    """The kernel has holes."""
    return spatial(node) == 2 and any(d != 1 for d in ints(node, "dilations"))


def untransposed(node: ir.Node) -> bool:
    """The weights are computed, or not stored as (out, in); or the input is not (batch, in)."""
    stored = bool(integer(node, "transB", 0)) and not integer(node, "transA", 0)
    return not stored or computed(node, 1)


def odd_bias(node: ir.Node) -> bool:
    """It adds anything but a row of constants to x W', or scales."""
    if any(n in node.attributes and node.attributes[n].as_float() != 1 for n in ("alpha", "beta")):
        return True
    if not has(node, 2):
        return False
    bias = shape_at(node, 2) or ()
    row = len(bias) >= 1 and prod(bias) == bias[-1]
    plain = not computed(node, 1) and not computed(node, 2) and not integer(node, "transA", 0)
    return not (row and plain)


def constant_batches(node: ir.Node) -> bool:
    """A constant operand has batches, or comes first."""
    return not computed(node, 0) or (not computed(node, 1) and len(shape_at(node, 1) or ()) != 2)


def unequal_batches(node: ir.Node) -> bool:
    """The operands have unequal batches."""
    a, b = shape_at(node, 0), shape_at(node, 1)
    if a is None or b is None or (len(b) == 2 and not computed(node, 1) and computed(node, 0)):
        return False
    return a[:-2] != b[:-2]


def spread_constant(node: ir.Node) -> bool:
    """The batches of a constant operand are broadcast."""
    a, b = shape_at(node, 0), shape_at(node, 1)
    if a is None or b is None or computed(node, 1) or len(b) < 3 or len(a) < 3:
        return False
    return a[:-2] != b[:-2] and prod(b[:-2]) != 1


def vector_product(node: ir.Node) -> bool:
    """An operand has one axis."""
    return any(len(shape_at(node, k) or (1, 1)) == 1 for k in (0, 1))


RULES = (
    Rule("no kernel shape", CONVOLUTIONS, no_kernel_shape, "its kernel shape is not stated"),
    Rule("computed kernel", ("ConvTranspose",), computed_kernel, "its kernel is computed"),
    Rule("uneven line", ("Conv",), lambda n: uneven_line(n) and not _automatic(n),
         "it pads a line more on one side"),
    Rule("automatic line", POOLS, automatic_line, "it pads a line automatically"),
    Rule("automatic volume", ("Conv", *POOLS), automatic_volume, "it pads a volume automatically"),
    Rule("counted border", ("AveragePool",), counted_border, "it counts its border into the mean"),
    Rule("summed volume", ("Conv",), summed_volume, "it is added to another volume"),
    Rule("pooled volume", ("GlobalAveragePool", "GlobalMaxPool"), of_volume, "it pools a volume"),
    Rule("line transposed", ("ConvTranspose",), of_line, "it goes over a line"),
    Rule("volume transposed", ("ConvTranspose",), of_volume, "it goes over a volume"),
    Rule("uneven crop", ("ConvTranspose",), uneven_crop, "it cuts off more on one side"),
    Rule("dilated transposed", ("ConvTranspose",), dilated, "it is dilated"),
    Rule("untransposed", ("Gemm",), untransposed, "its weights are not stored as (out, in)"),
    Rule("odd bias", ("Gemm",), odd_bias, "it adds anything but a row of constants"),
    Rule("constant batches", ("MatMul",), constant_batches, "its constant comes in batches"),
    Rule("unequal batches", ("MatMul",), unequal_batches, "it spreads one operand's batches"),
    Rule("spread constant", ("MatMul",), spread_constant, "it spreads batches of a constant"),
    Rule("any equation", ("Einsum",), lambda _: True, "not every equation is right"),
    Rule("vector product", ("MatMul",), vector_product, "an operand has one axis"),
)  # fmt: skip
