"""Storing kernels in half precision."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.passes.compress.weights_to_halves import weights_to_halves
from support.pass_checks import Make, made
from support.small_graphs import Array, apply, graph, random

CONV = (
    """(float[2,7,9,8] x) => (float[2,19,7,6] y) { y = Conv <kernel_shape = [3, 3]> (x, w, b) }"""
)
GEMM = "(float[2,37] x) => (float[2,31] y) { y = Gemm <transB = 1> (x, w, b) }"
PRODUCT = "(float[2,5,37] x) => (float[2,5,31] y) { y = MatMul (x, w) }"
TURNED = """(float[2,19,5,4] x) => (float[2,7,7,6] y) {
    y = ConvTranspose <kernel_shape = [3, 3]> (x, w)
}"""
TWICE = """(float[2,37] x, float[2,37] z) => (float[2,31] y) {
    a = Gemm <transB = 1> (x, w)
    c = Gemm <transB = 1> (z, w)
    y = Sub (a, c)
}"""

FORMS: dict[str, Make] = {
    "conv": made(CONV, w=random(19, 7, 3, 3), b=random(19)),
    "gemm": made(GEMM, w=random(31, 37), b=random(31)),
    "product": made(PRODUCT, w=random(37, 31)),
    "turned": made(TURNED, w=random(19, 7, 3, 3)),
    "shared by two": made(TWICE, w=random(31, 37)),
}
every_form = pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)


@every_form
def test_it_stores_the_kernel_alone(make: Make) -> None:
    """In half of its bytes, and decodes it once, under its name; the bias stays."""
    found = apply(weights_to_halves, make())
    kernel = next(w for w in found.before.graph.initializer if w.name == "w")
    stored = {w.name: w for w in found.after.graph.initializer}
    assert found.fired == 1
    assert len(stored["w/float16"].raw_data) == len(kernel.raw_data) // 2
    assert "w" not in stored
    assert [list(n.output) for n in found.after.graph.node if n.op_type == "Cast"] == [["w"]]


@every_form
def test_the_numbers_stay_to_half_precision(make: Make) -> None:
    """Each weight is off by 2**-11 of itself at most, and most sums by less."""
    found = apply(weights_to_halves, make())
    found.assert_same_numbers(limit=2.0**-10)


@every_form
def test_the_interface_stays(make: Make) -> None:
    """Inputs and outputs keep names, shapes and types."""
    apply(weights_to_halves, make()).assert_interface_kept()


@every_form
def test_the_second_run_finds_nothing(make: Make) -> None:
    """A decoded kernel is no initializer any more."""
    assert apply(weights_to_halves, make()).again == 0


def one_number(value: float) -> Array:
    """Return a kernel with one number that is another."""
    kernel = random(31, 37)
    kernel[3, 5] = value
    return kernel


NEAR_MISSES: dict[str, Make] = {
    "it is small": made(
        "(float[2,5] x) => (float[2,7] y) { y = Gemm <transB = 1> (x, w) }", w=random(7, 5)
    ),
    "something else reads it": made(
        "(float[31,37] x) => (float[31,31] y) { a = Mul (x, w)  y = Gemm <transB = 1> (a, w) }",
        w=random(31, 37),
    ),
    "no product reads it": made(
        "(float[31,37] x) => (float[31,37] y) { y = Mul (x, w) }", w=random(31, 37)
    ),
    "a number is too large": made(GEMM, w=one_number(7e4), b=random(31)),
    "a number is none": made(GEMM, w=one_number(np.nan), b=random(31)),
    "all are too small": made(GEMM, w=random(31, 37) * np.float32(1e-7), b=random(31)),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Small ones, those that others read, and numbers that half precision does not hold."""
    apply(weights_to_halves, make()).assert_untouched()


def test_a_kernel_that_is_an_output_stays() -> None:
    """It needs its own name there."""
    model: ir.Model = graph(GEMM, w=random(31, 37), b=random(31))
    model.graph.outputs.append(model.graph.initializers["w"])
    assert weights_to_halves(model) == 0
