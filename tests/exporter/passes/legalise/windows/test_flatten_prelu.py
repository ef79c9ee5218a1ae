"""PRelu of volumes."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.windows.flatten_prelu import flatten_prelu
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def prelu(slope: tuple[int, ...], size: str = "3,6,5", before: str = "a = Relu (c)") -> Make:
    """Return a maker of a convolution, an activation, and a PRelu."""
    return made(
        f"(float[2,3,{size}] x) => (float[2,4,{size}] y) "
        f"{{ c = Conv (x, w)  {before}  y = PRelu (a, s) }}",
        w=random(4, 3, *(1,) * len(size.split(","))),
        s=random(*slope),
    )


FORMS = {
    "a slope for each channel": prelu((4, 1, 1, 1)),
    "behind an exponent": prelu((4, 1, 1, 1), before="a = Exp (c)"),
    "of a sample": prelu((1, 4, 1, 1, 1), before="a = Tanh (c)"),
    "one slope": prelu((1, 1, 1, 1), before="a = Tanh (c)"),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_depth_and_height_become_one(make: Make) -> None:
    """The slopes are the same."""
    ops = {"Reshape": 2, "PRelu": 1}
    found = assert_rewritten(by=flatten_prelu, model=make())
    assert {op: found.ops[op] for op in ops} == ops


LEFT = {
    "an image": prelu((4, 1, 1), size="6,5"),
    "a slope for each voxel": prelu((4, 3, 6, 5), before="a = Abs (c)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_others_stay(make: Make) -> None:
    """They have four axes, or are refused by a rule."""
    assert_left_alone(by=flatten_prelu, model=make())
