"""Padding before a convolution of one pixel."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.windows.pad_before_pointwise import pad_before_pointwise
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def pointwise(to: str, size: str = "6,5", out: int = 4, **attributes: object) -> Make:
    """Return a maker of a convolution of one pixel of x (2, 4, ...)."""
    kernel = (1,) * len(size.split(","))
    listed = ", ".join(f"{name}={value}" for name, value in attributes.items())
    group = int(str(attributes.get("group", 1)))
    return made(
        f"(float[2,4,{size}] x) => (float[2,{out},{to}] y) {{ y = Conv <{listed}> (x, w, b) }}",
        w=random(out, 4 // group, *kernel),
        b=random(out),
    )


FORMS = {
    "all around": pointwise("8,7", pads=[1, 1, 1, 1]),
    "one side": pointwise("6,6", pads=[0, 1, 0, 0], strides=[1, 1]),
    "each channel for itself": pointwise("8,7", pads=[1, 1, 1, 1], group=4),
    "a volume": pointwise("4,7,6", "3,6,5", pads=[1, 1, 1, 0, 0, 0]),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_the_zeros_are_written_down(make: Make) -> None:
    """The border is the bias."""
    assert_rewritten(by=pad_before_pointwise, model=make(), ops={"Pad": 1, "Conv": 1})


LEFT = {
    "no padding": pointwise("6,5", pads=[0, 0, 0, 0]),
    "nothing said": pointwise("6,5", group=1),
    "a stride": pointwise("4,4", pads=[1, 1, 1, 1], strides=[2, 2]),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_others_stay(make: Make) -> None:
    """They are right as they are."""
    assert_left_alone(by=pad_before_pointwise, model=make())
