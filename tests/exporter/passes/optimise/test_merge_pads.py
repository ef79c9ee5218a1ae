"""Padding in the convolution or pooling instead of before it."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.optimise.merge_pads import merge_pads
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, integers, random

IMAGE = "(float[2,3,7,9] x) => (float[2,3,?,?] y)"
AROUND = integers(0, 0, 0, 1, 0, 0, 2, 0)  # one column in front, two rows behind


def body(text: str, **constants: Array) -> Make:
    """Return a maker of a graph from x (2, 3, 7, 9) to y."""
    return made(f"{IMAGE} {{ {text} }}".replace("?,?", "h,w"), **constants)


def pooled(text: str, **constants: Array) -> Make:
    """Return a maker of a padded Relu of x, and its pooling."""
    return body(f"r = Relu (x)  a = Pad (r, p)  {text}", **{"p": AROUND} | constants)


KERNEL = random(3, 3, 3, 3)
MINUS_INFINITY = np.array(-np.inf, np.float32)
FORMS: dict[str, tuple[Make, int, dict[str, int]]] = {
    "a convolution": (body("a = Pad (x, p)  y = Conv (a, w)", p=AROUND, w=KERNEL), 1, {"Conv": 1}),
    "one that pads too": (
        body("a = Pad (x, p)  y = Conv <pads=[1,0,1,2], strides=[2,1]> (a, w)", p=AROUND, w=KERNEL),
        1,
        {"Conv": 1},
    ),
    "a depthwise one, of zeros that are said": (
        body(
            "a = Pad (x, p, z)  y = Conv <group=3> (a, w)",
            p=integers(0, 0, 0, 1, 0, 0, 1, 0),
            z=np.array(0, np.float32),
            w=random(3, 1, 3, 3),
        ),
        1,
        {"Conv": 1},
    ),
    "a maximum of what is never negative": (
        pooled("y = MaxPool <kernel_shape=[3,2], strides=[2,2]> (a)"),
        1,
        {"Relu": 1, "MaxPool": 1},
    ),
    "a maximum beside the smallest number": (
        body(
            "a = Pad (x, p, z)  y = MaxPool <kernel_shape=[3,2], pads=[0,0,0,1]> (a)",
            p=AROUND,
            z=MINUS_INFINITY,
        ),
        1,
        {"MaxPool": 1},
    ),
    "two readers": (
        body(
            "a = Pad (x, p)  b = Conv (a, w)  c = Conv (a, v)  y = Add (b, c)",
            p=AROUND,
            w=KERNEL,
            v=random(3, 3, 3, 3) * 0.7,
        ),
        2,
        {"Conv": 2, "Add": 1},
    ),
}


@pytest.mark.parametrize(("make", "fired", "ops"), FORMS.values(), ids=FORMS)
def test_the_window_pads_by_itself(make: Make, fired: int, ops: dict[str, int]) -> None:
    """The Pad goes, once all its readers have its numbers."""
    assert_rewritten(by=merge_pads, model=make(), fired=fired, ops=ops)


def test_a_pad_that_others_read_stays() -> None:
    """For them alone."""
    make = made(
        "(float[2,3,7,9] x) => (float[2,3,7,8] y, float[2,3,9,10] a)"
        " { a = Pad (x, p)  y = Conv (a, w) }",
        p=AROUND,
        w=KERNEL,
    )
    assert_rewritten(by=merge_pads, model=make(), ops={"Pad": 1, "Conv": 1})


LEFT: dict[str, Make] = {
    "other numbers than zeros": body(
        "a = Pad (x, p, z)  y = Conv (a, w)", p=AROUND, z=np.array(0.5, np.float32), w=KERNEL
    ),
    "a mirrored border": body(
        "a = Pad <mode='reflect'> (x, p)  y = Conv (a, w)".replace("'", '"'), p=AROUND, w=KERNEL
    ),
    "channels": body(
        "a = Pad (x, p)  y = Conv (a, w)", p=integers(0, 1, 0, 0, 0, 0, 0, 0), w=random(3, 4, 3, 3)
    ),
    "what is cropped": body(
        "a = Pad (x, p)  y = Conv (a, w)", p=integers(0, 0, -1, 0, 0, 0, 0, 0), w=KERNEL
    ),
    "a maximum of negative numbers": body(
        "a = Pad (x, p)  y = MaxPool <kernel_shape=[3,2]> (a)", p=AROUND
    ),
    "a window of padding alone": pooled("y = MaxPool <kernel_shape=[2,2]> (a)"),
    "a maximum with holes": pooled("y = MaxPool <kernel_shape=[3,2], dilations=[2,1]> (a)"),
    "a mean": pooled("y = AveragePool <kernel_shape=[3,2]> (a)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where merging would change a number, or an old OpenCV would."""
    assert_left_alone(by=merge_pads, model=make())
