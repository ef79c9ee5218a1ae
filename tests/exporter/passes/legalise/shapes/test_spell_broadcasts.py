"""Bringing the operands of arithmetic into the shapes that OpenCV 4.6 broadcasts right."""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.graph.edit import constant, shape_of
from keras2cv_export.passes.legalise.shapes.spell_broadcasts import spell_broadcasts
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random

Shape = tuple[int, ...]


def text(shape: Shape) -> str:
    """Write sizes as ONNX's syntax has them."""
    return ",".join(map(str, shape))


def safe(array: Array) -> Array:
    """Return numbers that may be divided by."""
    return np.sign(array) * np.maximum(np.abs(array), 0.4)


def known(op: str, full: Shape, shape: Shape, *, first: bool = False) -> Make:
    """Return a maker of an op of exp(x) and a constant, in either order."""
    operands = "k, a" if first else "a, k"
    result = np.broadcast_shapes(full, shape)
    return made(
        f"(float[{text(full)}] x) => (float[{text(result)}] y) "
        f"{{ a = Exp (x)  y = {op} ({operands}) }}",
        k=safe(random(*shape)),
    )


def computed(op: str, left: Shape, right: Shape) -> Make:
    """Return a maker of an op of exp(x) and exp(z)."""
    result = np.broadcast_shapes(left, right)
    return made(
        f"(float[{text(left)}] x, float[{text(right)}] z) => (float[{text(result)}] y) "
        f"{{ a = Exp (x)  b = Exp (z)  y = {op} (a, b) }}"
    )


# The sizes of the operands: first no two alike, so that no axis is taken for another, and then all
# alike, so that only the shapes can tell.
PICTURE, CUBE = (2, 3, 4, 5), (3, 3, 3, 3)
CONSTANTS: dict[str, Make] = {
    "a row": known("Mul", PICTURE, (5,)),
    "a row of a cube": known("Mul", CUBE, (3,)),
    "rows of a cube": known("Mul", CUBE, (3, 1)),
    "one for each sample": known("Mul", PICTURE, (2, 1, 1, 1)),
    "samples and rows": known("Add", PICTURE, (2, 1, 4, 1)),
    "channels and columns": known("Mul", PICTURE, (3, 1, 5)),
    "everything": known("Mul", PICTURE, PICTURE),
    "a row for a series": known("Mul", (1, 4, 5), (5,)),
    "a number divided": known("Div", PICTURE, (), first=True),
    "a row divided": known("Div", PICTURE, (5,), first=True),
    "divided by a row": known("Div", PICTURE, (5,)),
    "a column times a row": known("Mul", (1, 4, 1), (5,)),
    "a column plus a row": known("Add", (2, 4, 1), (5,)),
    "at most a row": known("Min", PICTURE, (5,)),
    "at least a picture": known("Max", PICTURE, (3, 4, 5), first=True),
}


@pytest.mark.parametrize("make", CONSTANTS.values(), ids=CONSTANTS)
def test_a_constant_is_a_block_that_is_read(make: Make) -> None:
    """Of two or three axes with the block second; or of equal shapes."""
    assert_settles(make)


def convolved(op: str, full: Shape, shape: Shape) -> Make:
    """Return a maker of an op of a convolution and a constant."""
    channels = full[1]
    return made(
        f"(float[{text(full)}] x) => (float[{text(full)}] y) "
        f"{{ c = Conv <kernel_shape=[1,1]> (x, w)  y = {op} (c, k) }}",
        w=random(channels, channels, 1, 1),
        k=safe(random(*shape)),
    )


MERGED = {
    "a row added": convolved("Add", CUBE, (3,)),
    "a picture added": convolved("Add", PICTURE, (3, 4, 5)),
    "everything subtracted": convolved("Sub", PICTURE, PICTURE),
    "a picture multiplied": convolved("Mul", PICTURE, (3, 4, 5)),
}


@pytest.mark.parametrize("make", MERGED.values(), ids=MERGED)
def test_a_constant_is_parted_from_a_convolution(make: Make) -> None:
    """A constant with other than one number per channel would be taken for the bias."""
    assert_settles(make)
    found = assert_rewritten(by=spell_broadcasts, model=make())
    made_by = {name: node.op_type for node in found.after.graph.node for name in node.output}
    (op,) = (n for n in found.after.graph.node if n.op_type in ("Add", "Sub", "Mul"))
    assert made_by[op.input[0]] == "Reshape"


COMPUTED: dict[str, Make] = {
    "a number for each channel": computed("Sub", PICTURE, (2, 3, 1, 1)),
    "the smaller first": computed("Add", (1, 3, 4, 5), PICTURE),
    "the smaller first, subtracted from": computed("Sub", (2, 3, 1, 1), PICTURE),
    "the smaller first, divided": computed("Div", (2, 3, 1, 1), PICTURE),
    "a row": computed("Add", PICTURE, (1, 1, 1, 5)),
    "axes apart": computed("Add", PICTURE, (2, 1, 4, 1)),
    "each has what the other lacks": computed("Mul", (2, 3, 1, 5), (1, 3, 4, 1)),
    "the smaller of a maximum": computed("Max", PICTURE, (2, 3, 1, 1)),
    "a single number": computed("Mul", PICTURE, (1, 1, 1, 1)),
    "six axes": computed("Add", (2, 1, 3, 1, 2, 2), (2, 1, 3, 1, 2, 2)),
}


@pytest.mark.parametrize("make", COMPUTED.values(), ids=COMPUTED)
def test_a_computed_operand_is_a_block_too(make: Make) -> None:
    """Or is expanded to the whole."""
    assert_settles(make)


def assert_settles(make: Make) -> None:
    """Check the numbers, and that 4.6 reads the result of a few runs."""
    model = make()
    rounds = 0
    while spell_broadcasts(model):
        rounds += 1
        assert rounds < 4
    assert rounds > 0
    for node in model.graph:
        if node.op_type in ("Add", "Sub", "Mul", "Div"):
            assert_read(node)
    first = make()
    fired = spell_broadcasts(first)
    again = spell_broadcasts(first)
    assert_rewritten(by=spell_broadcasts, model=make(), fired=fired, again=again)


def assert_read(node: ir.Node) -> None:
    """Check that the smaller operand is one block of neighbouring axes, or as large."""
    full = shape_of(node.outputs[0]) or ()
    shapes = [shape_of(value) or () for value in node.inputs]
    assert prod(full) in [prod(shape) for shape in shapes]
    small = min(shapes, key=prod)
    padded = (1,) * (len(full) - len(small)) + small
    varied = [axis for axis, n in enumerate(padded) if n != 1]
    assert varied == list(range(varied[0], varied[-1] + 1)) if varied else True
    if constant(node.inputs[0]) is not None:
        assert node.op_type != "Div"


LEFT = {
    "equal shapes": computed("Add", PICTURE, PICTURE),
    "a number": known("Mul", PICTURE, ()),
    "a number of one axis": known("Add", PICTURE, (1,)),
    "everything added": known("Add", PICTURE, PICTURE),
    "channels of a product": known("Mul", PICTURE, (3, 1, 1)),
    "a row added": known("Add", CUBE, (3,)),
    "rows and columns": known("Add", PICTURE, (4, 5)),
    "channels of a cube": known("Sub", CUBE, (3, 1, 1), first=True),
    "a bias of channels": convolved("Add", PICTURE, (3, 1, 1)),
    "a scale of channels": convolved("Mul", CUBE, (3, 1, 1)),
    "whole numbers": made(
        "(float[2,3] x) => (float[2,3] y) "
        "{ i = Cast <to=7> (x)  j = Add (i, k)  y = Cast <to=1> (j) }",
        k=np.array([3, 4, 5]),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_what_is_read_stays(make: Make) -> None:
    """4.6 takes the second axis for the channels of a product, and counts axes in a sum."""
    assert_left_alone(by=spell_broadcasts, model=make())
