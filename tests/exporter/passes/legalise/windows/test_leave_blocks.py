"""Leaving the layout of blocks in front of functions that have no number at 0."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.windows.leave_blocks import leave_blocks
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random

CONV = "Conv <kernel_shape=[1,1]>"


def _between(body: str, channels: int = 3, *, behind: str = f"y = {CONV} (b, w)") -> Make:
    text = f"""(float[2,3,5,7] x) => (float[2,4,5,7] y) {{
        a = {CONV} (x, v)  f = Abs (a)  {body}  {behind}
    }}"""
    return made(text, v=random(channels, 3, 1, 1), w=random(4, channels, 1, 1), c=random(1))


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("b = Log (f)", {"Log": 1, "Mul": 1}),
        ("b = Reciprocal (f)", {"Reciprocal": 1, "Mul": 1}),
        ("b = Div (a, f)", {"Div": 1, "Mul": 2}),
        ("d = Log (f)  b = Neg (d)", {"Log": 1, "Neg": 1, "Mul": 1}),
    ],
)
def test_a_product_with_one_comes_before(body: str, more: dict[str, int]) -> None:
    """Also where the next convolution is further on; and not again in a second run."""
    ops = {"Conv": 2, "Abs": 1, **more}
    assert_rewritten(by=leave_blocks, model=_between(body)(), ops=ops)


LEFT: dict[str, Make] = {
    "whole blocks": _between("b = Log (f)", 8),
    "a number at 0": _between("b = Sqrt (f)"),
    "a constant divides": _between("b = Div (f, c)"),
    "a product already": _between("d = Mul (f, c)  b = Log (d)"),
    "no convolution before": made(
        f"(float[2,3,5,7] x) => (float[2,4,5,7] y) {{ b = Reciprocal (x)  y = {CONV} (b, w) }}",
        w=random(4, 3, 1, 1),
    ),
    "no convolution behind": made(
        f"(float[2,3,5,7] x) => (float[2,3,5,7] y) {{ b = {CONV} (x, w)  y = Reciprocal (b) }}",
        w=random(3, 3, 1, 1),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_others_stay(make: Make) -> None:
    """Each of these looks like one."""
    assert_left_alone(leave_blocks, make())
