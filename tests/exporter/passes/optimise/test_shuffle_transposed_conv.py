"""Transposed convolutions as convolutions whose channels are pixels."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.optimise.shuffle_transposed_conv import shuffle_transposed_conv
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random

SHUFFLED = {"Conv": 1, "Reshape": 2, "Transpose": 1}


def turned(text: str, kernel: tuple[int, int] = (2, 2), **constants: Array) -> Make:
    """Return a maker of a graph that convolves x (2, 3, 5, 7) with w (3, 4, k, l)."""
    numbers = {"w": random(3, 4, *kernel), "b": random(4)} | constants
    words = text.replace("(", " ").replace(")", " ").replace(",", " ").split()
    used = {k: v for k, v in numbers.items() if k in words}
    return made(f"(float[2,3,5,7] x) => (float[n,c,h,l] y) {{ {text} }}", **used)


FORMS: dict[str, Make] = {
    "a U-Net's": turned("y = ConvTranspose <strides=[2,2]> (x, w, b)"),
    "three taps, same": turned(
        "y = ConvTranspose <strides=[2,2], pads=[0,0,1,1]> (x, w)", (3, 3)
    ),
    "four taps, same": turned(
        "y = ConvTranspose <strides=[2,2], pads=[1,1,1,1]> (x, w, b)", (4, 4)
    ),
    "five taps, same": turned(
        "y = ConvTranspose <strides=[2,2], pads=[1,1,2,2]> (x, w)", (5, 5)
    ),
    "more in one direction": turned(
        "y = ConvTranspose <strides=[3,2], pads=[1,2,1,2]> (x, w)", (5, 6)
    ),
    "strides beyond the kernel": turned(
        "y = ConvTranspose <strides=[4,3], output_padding=[2,1]> (x, w, b)"
    ),
    "padding of more than a stride": turned(
        "y = ConvTranspose <strides=[2,2], pads=[3,3,3,3], auto_pad=\"NOTSET\"> (x, w)", (6, 6)
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_pixels_are_channels_first(make: Make) -> None:
    """The same numbers of one convolution, moved once."""
    assert_rewritten(by=shuffle_transposed_conv, model=make(), ops=SHUFFLED)


def test_stride_one_moves_nothing() -> None:
    """A convolution by the flipped kernel is left."""
    make = turned("y = ConvTranspose <pads=[1,1,1,1]> (x, w, b)", (3, 4))
    assert_rewritten(by=shuffle_transposed_conv, model=make(), ops={"Conv": 1})


def test_an_activation_comes_before_the_move() -> None:
    """Where the convolution before it can take it; another reader needs the pixels as they were."""
    alone = turned("v = ConvTranspose <strides=[2,2]> (x, w)  y = LeakyRelu <alpha=0.3> (v)")
    found = assert_rewritten(
        by=shuffle_transposed_conv, model=alone(), ops={**SHUFFLED, "LeakyRelu": 1}
    )
    assert [node.op_type for node in found.after.graph.node][:2] == ["Conv", "LeakyRelu"]
    shared = turned("v = ConvTranspose <strides=[2,2]> (x, w)  r = Relu (v)  y = Add (v, r)")
    found = assert_rewritten(
        by=shuffle_transposed_conv, model=shared(), ops={**SHUFFLED, "Relu": 1, "Add": 1}
    )
    assert found.after.graph.node[-2].op_type == "Relu"


LEFT: dict[str, Make] = {
    "groups": turned(
        "y = ConvTranspose <strides=[2,2], group=3> (x, w)", w=random(3, 2, 2, 2)
    ),
    "holes": turned("y = ConvTranspose <dilations=[2,2]> (x, w)"),
    "computed weights": turned("v = Neg (w)  y = ConvTranspose <strides=[2,2]> (x, v)"),
    "a computed bias": turned("v = Neg (b)  y = ConvTranspose <strides=[2,2]> (x, w, v)"),
    "a stated shape": turned(
        "y = ConvTranspose <strides=[2,2], output_shape=[10,14]> (x, w)"
    ),
    "automatic padding": turned(
        "y = ConvTranspose <strides=[2,2], auto_pad=\"SAME_UPPER\"> (x, w)", (3, 3)
    ),
    "no multiple of the stride": turned("y = ConvTranspose <strides=[2,2]> (x, w)", (3, 3)),
    "a line": made(
        "(float[2,3,9] x) => (float[2,4,18] y) { y = ConvTranspose <strides=[2]> (x, w) }",
        w=random(3, 4, 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where the phases differ from the strides, or weights are unknown."""
    assert_left_alone(by=shuffle_transposed_conv, model=make())
