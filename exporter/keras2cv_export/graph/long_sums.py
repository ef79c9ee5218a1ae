"""Which sums and means are over so many numbers that float32 loses digits.

A sum of n equal numbers, added one after the other, is off by up to n / 2 units of its last digit:
5e-4 for a picture of 224 x 224, which a division by its small deviation makes visible.
"""

from __future__ import annotations

from math import prod

import onnx_ir as ir

from .edit import integer, reduced_axes, shape_of

# Of several axes, as of a picture; one axis alone is often that of features, which are normalised
# fast, and vary.
SEVERAL_AXES = 1024
ONE_AXIS = 4096

_IMAGE = 4
_MOVES = ("Identity", "Reshape", "Squeeze", "Unsqueeze")


def long_axes(node: ir.Node | None) -> tuple[int, ...]:
    """Return the axes with more than one number that a ReduceMean or ReduceSum adds up, if many.

    Sums over rows and columns of each channel are none of them: TensorFlow adds those one after
    the other, too.
    """
    axes = summed_axes(node)
    shape = shape_of(node.inputs[0]) if node is not None and axes else None
    if shape is None or is_pooling(axes, shape):
        return ()
    return axes


def summed_axes(node: ir.Node | None) -> tuple[int, ...]:
    """Do the same, sums over the rows and columns of each channel included."""
    if node is None or node.op_type not in ("ReduceMean", "ReduceSum"):
        return ()
    shape = shape_of(node.inputs[0])
    if shape is None or integer(node, "noop_with_empty_axes", 0):
        return ()
    axes = tuple(a for a in reduced_axes(node, len(shape)) or () if shape[a] > 1)
    few = ONE_AXIS if len(axes) == 1 else SEVERAL_AXES
    return axes if prod(shape[a] for a in axes) > few else ()


def is_pooling(axes: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether axes are rows and columns of an image with several channels, last or first."""
    return len(shape) == _IMAGE and any(
        axes == image and shape[channels] > 1 for image, channels in (((1, 2), 3), ((2, 3), 1))
    )


def mean_of(value: ir.Value | None, mean: ir.Value | None) -> ir.Node | None:
    """Return the ReduceMean behind `mean`, whatever its shape by now, if it is that of `value`."""
    maker = mean.producer() if mean is not None else None
    while maker is not None and maker.op_type in _MOVES:
        mean = maker.inputs[0]
        maker = mean.producer() if mean is not None else None
    if maker is None or maker.op_type != "ReduceMean" or maker.inputs[0] is not value:
        return None
    return maker


def spreads_alike(mean: ir.Value, reduction: ir.Node) -> bool:
    """Whether a mean's shape broadcasts to where the mean was taken, and to nowhere else."""
    shape, whole = shape_of(mean), shape_of(reduction.inputs[0])
    if shape is None or whole is None or len(shape) > len(whole):
        return False
    kept = [1 if axis in summed_axes(reduction) else size for axis, size in enumerate(whole)]
    return [1] * (len(kept) - len(shape)) + list(shape) == kept
