"""Folding a per-channel Mul, Add or Sub into the convolution or Dense layer before it."""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest

from keras2cv_export.passes.optimise.fold_scale_into_conv import fold_scale_into_conv
from support.small_graphs import Array, apply, graph, random

Make = Callable[[], ir.Model]

CONV = "(float[2,3,7,9] x) => (float[2,5,5,7] y) { c = Conv (x, w, b)  %s }"
SCALE_AND_SHIFT = CONV % "m = Mul (c, s)  y = Add (m, t)"


def conv(body: str = SCALE_AND_SHIFT, **constants: Array) -> ir.Model:
    """Return a 3x3 convolution of 3 channels to 5, with `body` after it."""
    return graph(body, **{"w": random(5, 3, 3, 3), "b": random(5)} | constants)


def scaled_and_shifted() -> ir.Model:
    """Return how Keras 3 normalises after a convolution."""
    return conv(s=random(1, 5, 1, 1), t=random(5, 1, 1))


def dense() -> ir.Model:
    """Return a Dense layer, scaled and then shifted the other way round."""
    text = """(float[2,6] x) => (float[2,4] y) {
        g = Gemm <transB=1> (x, w, b)
        m = Mul (s, g)
        y = Sub (m, t)
    }"""
    return graph(text, w=random(4, 6), b=random(4), s=random(1, 4), t=random(4))


def transposed() -> ir.Model:
    """Return a transposed convolution of 3 channels to 5, scaled and shifted."""
    text = """(float[2,3,7,9] x) => (float[2,5,9,11] y) {
        c = ConvTranspose (x, w)
        m = Mul (c, s)
        y = Add (m, t)
    }"""
    return graph(text, w=random(3, 5, 3, 3), s=random(5, 1, 1), t=random(5, 1, 1))


def grouped_1d() -> ir.Model:
    """Return a grouped 1-D convolution without bias, multiplied by one number."""
    text = """(float[2,4,9] x) => (float[2,6,7] y) {
        c = Conv <group=2> (x, w)
        y = Mul (c, s)
    }"""
    return graph(text, w=random(6, 2, 3), s=random(1))


FOLDED = {
    "conv": (scaled_and_shifted, 2),
    "dense": (dense, 2),
    "transposed": (transposed, 2),
    "grouped_1d": (grouped_1d, 1),
}
every_form = pytest.mark.parametrize(("make", "count"), FOLDED.values(), ids=FOLDED)


@every_form
def test_it_fires_for_each_op_after_the_layer(make: Make, count: int) -> None:
    """A Mul and an Add after one convolution are two, and only the convolution stays."""
    found = apply(fold_scale_into_conv, make())
    assert found.fired == count
    assert found.ops.total() == 1


@every_form
def test_the_numbers_stay(make: Make, count: int) -> None:
    """OpenCV computes the same, up to the rounding of the folded weights."""
    apply(fold_scale_into_conv, make()).assert_same_numbers()


@every_form
def test_the_interface_stays(make: Make, count: int) -> None:
    """Inputs and outputs keep names, shapes and types."""
    apply(fold_scale_into_conv, make()).assert_interface_kept()


@every_form
def test_the_second_run_finds_nothing(make: Make, count: int) -> None:
    """One run folds a whole chain."""
    assert apply(fold_scale_into_conv, make()).again == 0


NEAR_MISSES = {
    "the convolution's output is read elsewhere too": lambda: conv(
        CONV % "m = Mul (c, s)  r = Relu (c)  y = Add (m, r)", s=random(5, 1, 1)
    ),
    "the convolution's output is an output": lambda: conv(
        "(float[2,3,7,9] x) => (float[2,5,5,7] y, float[2,5,5,7] c) "
        "{ c = Conv (x, w, b)  y = Mul (c, s) }",
        s=random(5, 1, 1),
    ),
    "the constant varies along the columns": lambda: conv(CONV % "y = Mul (c, s)", s=random(7)),
    "the constant varies along the batch": lambda: conv(
        CONV % "y = Mul (c, s)", s=random(2, 1, 1, 1)
    ),
    "the constant has more dimensions": lambda: conv(
        "(float[2,3,7,9] x) => (float[1,2,5,5,7] y) { c = Conv (x, w, b)  y = Mul (c, s) }",
        s=random(1, 1, 1, 1, 1),
    ),
    "the value is subtracted from the constant": lambda: conv(
        CONV % "y = Sub (s, c)", s=random(5, 1, 1)
    ),
    "the scale is computed": lambda: graph(
        "(float[2,3,7,9] x, float[1,5,1,1] s) => (float[2,5,7,9] y) "
        "{ c = Conv (x, w)  y = Mul (c, s) }",
        w=random(5, 3, 1, 1),
    ),
    "the bias is computed": lambda: graph(
        "(float[2,3,7,9] x, float[5] b) => (float[2,5,7,9] y) "
        "{ c = Conv (x, w, b)  y = Mul (c, s) }",
        w=random(5, 3, 1, 1),
        s=random(5, 1, 1),
    ),
    "a grouped transposed convolution's channels are not those of its weights": lambda: graph(
        "(float[2,4,7,9] x) => (float[2,6,7,9] y) "
        "{ c = ConvTranspose <group=2> (x, w)  y = Mul (c, s) }",
        w=random(4, 3, 1, 1),
        s=random(6, 1, 1),
    ),
    "the Gemm scales its product": lambda: graph(
        "(float[2,6] x) => (float[2,4] y) "
        "{ g = Gemm <transB=1, alpha=0.5> (x, w, b)  y = Add (g, t) }",
        w=random(4, 6),
        b=random(4),
        t=random(4),
    ),
    "the product grows by broadcasting": lambda: graph(
        "(float[2,6] x) => (float[3,2,4] y) { g = Gemm <transB=1> (x, w)  y = Add (g, t) }",
        w=random(4, 6),
        t=random(3, 1, 1),
    ),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where the algebra does not hold, nothing is touched."""
    apply(fold_scale_into_conv, make()).assert_untouched()


def test_a_shared_kernel_is_not_scaled_for_the_other_layer() -> None:
    """Two convolutions with one kernel: only one is scaled, and the other keeps its numbers."""
    text = """(float[2,3,7,9] x) => (float[2,5,7,9] y, float[2,5,7,9] z) {
        c = Conv (x, w)
        y = Mul (c, s)
        z = Conv (x, w)
    }"""
    found = apply(fold_scale_into_conv, graph(text, w=random(5, 3, 1, 1), s=random(5, 1, 1)))
    assert found.fired == 1
    found.assert_same_numbers()


def test_one_number_shifts_every_channel() -> None:
    """A constant of size 1 is added to each channel's bias, or becomes it."""
    found = apply(fold_scale_into_conv, conv(CONV % "y = Add (c, s)", s=random()))
    assert found.fired == 1
    found.assert_same_numbers()


def test_a_bias_that_varies_by_sample_is_left_alone() -> None:
    """ONNX broadcasts a Gemm's C from (2, 4) too, which is no bias that a scale could go into."""
    text = """(float[2,6] x) => (float[2,4] y) {
        g = Gemm <transB=1> (x, w, b)
        y = Mul (g, t)
    }"""
    found = apply(fold_scale_into_conv, graph(text, w=random(4, 6), b=random(2, 4), t=random(4)))
    found.assert_untouched()
