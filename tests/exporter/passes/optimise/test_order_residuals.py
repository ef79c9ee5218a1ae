"""Computing the convolution of a residual sum last."""

from __future__ import annotations

from itertools import pairwise

import pytest

from keras2cv_export.passes.optimise.order_residuals import order_residuals
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Rewritten, apply, random

START = "(float[3,4,7,9] x, float[3,6,9,11] z) =>"
POOL = "MaxPool <kernel_shape=[3,3]>"
SUM = "Conv <pads=[1,1,1,1]> (x, w, k)"
GIVEN = {"w": random(6, 4, 3, 3), "k": random(6), "v": random(6, 6, 3, 3), "s": random(6, 7, 9)}


def body(text: str, outputs: str = "float[3,6,7,9] y") -> Make:
    """Return a maker of a graph over x (3, 4, 7, 9) and z (3, 6, 9, 11)."""
    return made(f"{START} ({outputs}) {{ {text} }}", **GIVEN)


FORMS: dict[str, tuple[Make, int]] = {
    "a pooling after it": (body(f"a = {SUM}  b = {POOL} (z)  y = Add (b, a)"), 1),
    "the convolution is the first operand": (body(f"a = {SUM}  b = {POOL} (z)  y = Add (a, b)"), 1),
    "an activation follows": (
        body(f"a = {SUM}  b = {POOL} (z)  c = Add (b, a)  y = Relu (c)"),
        1,
    ),
    "an activation of a convolution": (
        body(f"a = {SUM}  c = Conv (z, v)  b = Relu (c)  y = Add (a, b)"),
        1,
    ),
    "a convolution that others read": (
        body(f"a = {SUM}  b = Conv (z, v)  c = Add (a, b)  d = Relu (b)  y = Mul (c, d)"),
        1,
    ),
    "two sums": (
        body(
            f"a = {SUM}  c = Conv <pads=[1,1,1,1]> (x, w)  b = {POOL} (z)  d = Add (a, b)"
            "  e = Relu (d)  y = Add (c, e)"
        ),
        2,
    ),
}


@pytest.mark.parametrize(("make", "fired"), FORMS.values(), ids=FORMS)
def test_the_convolution_comes_last(make: Make, fired: int) -> None:
    """Right before the sum, and nothing else changes."""
    found = assert_rewritten(by=order_residuals, model=make(), fired=fired)
    assert found.ops == apply(lambda _: 0, make()).ops
    ops = order(found)
    before_sums = {op for op, after in pairwise(ops) if after == "Add"}
    assert before_sums == {"Conv"}


def order(found: Rewritten) -> list[str]:
    """List the ops of a rewritten graph in order."""
    return [node.op_type for node in found.after.graph.node]


LEFT: dict[str, Make] = {
    "it comes last": body(f"b = {POOL} (z)  a = {SUM}  y = Add (b, a)"),
    "the later one is a convolution": body(f"a = {SUM}  b = Conv (z, v)  y = Add (a, b)"),
    "others read it": body(f"a = {SUM}  b = {POOL} (z)  c = Add (a, b)  y = Mul (c, a)"),
    "it is an output": body(
        f"a = {SUM}  b = {POOL} (z)  y = Add (a, b)", "float[3,6,7,9] y, float[3,6,7,9] a"
    ),
    "a convolution plus itself": body(f"a = {SUM}  y = Add (a, a)"),
    "no convolution": body(f"c = {SUM}  a = Relu (c)  b = {POOL} (z)  y = Add (a, b)"),
    "other shapes": body(f"a = {SUM}  c = {POOL} (z)  b = GlobalMaxPool (c)  y = Add (a, b)"),
    "a constant": body(f"a = {SUM}  y = Add (a, s)"),
    "an input": made(
        "(float[3,4,7,9] x, float[3,6,7,9] z) => (float[3,6,7,9] y) "
        f"{{ a = {SUM}  y = Add (z, a) }}",
        **GIVEN,
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where nothing is gained, or the engines would not take the sum."""
    assert_left_alone(by=order_residuals, model=make())
