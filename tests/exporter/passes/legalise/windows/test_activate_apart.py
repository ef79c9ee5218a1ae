"""Activations of depthwise convolutions of volumes."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.windows.activate_apart import activate_apart
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def activated(between: str, channels: int = 4, group: int = 4, size: str = "3,6,5") -> Make:
    """Return a maker of a convolution `c`, and what makes `y` of it."""
    kernel = (1,) * len(size.split(","))
    return made(
        f"(float[2,{channels},{size}] x) => (float[2,{channels},{size}] y) "
        f"{{ c = Conv <group={group}> (x, w)  {between} }}",
        w=random(channels, channels // group, *kernel),
    )


FORMS = {
    "sigmoid": activated("y = Sigmoid (c)"),
    "tanh": activated("y = Tanh (c)"),
    "elu": activated("y = Elu (c)"),
    "swish": activated("s = Sigmoid (c)  y = Mul (c, s)"),
    "one channel": activated("y = Sigmoid (c)", channels=1, group=1),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_a_reshape_comes_between(make: Make) -> None:
    """One for all readers."""
    found = assert_rewritten(by=activate_apart, model=make())
    assert found.ops["Reshape"] == 1


LEFT = {
    "relu": activated("y = Relu (c)"),
    "a group of two": activated("y = Sigmoid (c)", group=2),
    "an image": activated("y = Sigmoid (c)", size="6,5"),
    "a sum": activated("y = Add (c, x)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_others_stay(make: Make) -> None:
    """They are right as they are."""
    assert_left_alone(by=activate_apart, model=make())
