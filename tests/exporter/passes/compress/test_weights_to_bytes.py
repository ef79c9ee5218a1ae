"""Storing kernels in bytes, with a scale per channel."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from keras2cv_export.passes.compress.weights_to_bytes import weights_to_bytes
from support.pass_checks import Make, made
from support.small_graphs import Array, apply, graph, random

CONV = (
    """(float[2,7,9,8] x) => (float[2,19,7,6] y) { y = Conv <kernel_shape = [3, 3]> (x, w, b) }"""
)
DEPTHWISE = """(float[2,120,9,8] x) => (float[2,120,7,6] y) {
    y = Conv <kernel_shape = [3, 3], group = 120> (x, w)
}"""
GEMM = "(float[2,37] x) => (float[2,31] y) { y = Gemm <transB = 1> (x, w, b) }"
PRODUCT = "(float[2,5,37] x) => (float[2,5,31] y) { y = MatMul (x, w) }"
TURNED = """(float[2,19,5,4] x) => (float[2,7,7,6] y) {
    y = ConvTranspose <kernel_shape = [3, 3]> (x, w)
}"""


def uneven(*shape: int) -> Array:
    """Return random numbers whose channels differ in size by six orders of magnitude."""
    sizes = np.geomspace(1e-3, 1e3, shape[0]).reshape(-1, *[1] * (len(shape) - 1))
    return np.asarray(random(*shape) * sizes, np.float32)


FORMS: dict[str, Make] = {
    "conv": made(CONV, w=random(19, 7, 3, 3), b=random(19)),
    "depthwise": made(DEPTHWISE, w=random(120, 1, 3, 3)),
    "gemm": made(GEMM, w=random(31, 37), b=random(31)),
    "product": made(PRODUCT, w=random(37, 31)),
    "turned": made(TURNED, w=random(19, 7, 3, 3)),
    "uneven": made(GEMM, w=uneven(31, 37), b=random(31)),
}
every_form = pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)


def weight(model: onnx.ModelProto, name: str) -> Array:
    """Return an initializer."""
    return np.asarray(
        numpy_helper.to_array(next(w for w in model.graph.initializer if w.name == name))
    )


@every_form
def test_it_stores_the_kernel_alone(make: Make) -> None:
    """In a quarter of its bytes and a scale per channel, decoded once, under its name."""
    found = apply(weights_to_bytes, make())
    kernel, stored = weight(found.before, "w"), weight(found.after, "w/int8")
    assert found.fired == 1
    assert (stored.dtype, stored.shape) == (np.int8, kernel.shape)
    assert weight(found.after, "w/scale").shape == kernel.shape[:1]
    decoders = [n for n in found.after.graph.node if n.op_type == "DequantizeLinear"]
    assert [list(n.output) for n in decoders] == [["w"]]


@every_form
def test_each_weight_is_within_half_a_step(make: Make) -> None:
    """Of its own channel: the largest of a channel is exact, and others cost it nothing."""
    found = apply(weights_to_bytes, make())
    kernel = weight(found.before, "w").reshape(len(weight(found.before, "w")), -1)
    steps = weight(found.after, "w/int8").reshape(kernel.shape).astype(np.float64)
    scales = weight(found.after, "w/scale").astype(np.float64)[:, None]
    assert np.abs(steps).max(axis=1).min() == 127
    assert (np.abs(steps * scales - kernel) <= 0.50001 * scales).all()


@every_form
def test_the_numbers_stay_to_a_hundredth(make: Make) -> None:
    """On each engine: equal to the rounded kernels' numbers, near the exact ones'."""
    apply(weights_to_bytes, make()).assert_same_numbers(limit=1e-2)


@every_form
def test_the_interface_stays(make: Make) -> None:
    """Inputs and outputs keep names, shapes and types."""
    apply(weights_to_bytes, make()).assert_interface_kept()


@every_form
def test_the_second_run_finds_nothing(make: Make) -> None:
    """A decoded kernel is no initializer any more."""
    assert apply(weights_to_bytes, make()).again == 0


NEAR_MISSES: dict[str, Make] = {
    "it is small": made(
        "(float[2,5] x) => (float[2,7] y) { y = Gemm <transB = 1> (x, w) }", w=random(7, 5)
    ),
    "its channels are short": made(
        "(float[2,3] x) => (float[2,500] y) { y = Gemm <transB = 1> (x, w) }", w=random(500, 3)
    ),
    "it has batches": made(
        "(float[3,5,37] x) => (float[3,5,31] y) { y = MatMul (x, w) }", w=random(3, 37, 31)
    ),
    "something else reads it": made(
        "(float[31,37] x) => (float[31,31] y) { a = Mul (x, w)  y = Gemm <transB = 1> (a, w) }",
        w=random(31, 37),
    ),
    "a number is none": made(GEMM, w=np.full((31, 37), np.inf, np.float32), b=random(31)),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where nothing is gained, or axis 0 is no channel."""
    apply(weights_to_bytes, make()).assert_untouched()


def test_a_channel_of_zeros_stays_zero() -> None:
    """Its scale is 1, and not 0 / 127."""
    kernel = random(31, 37)
    kernel[4] = 0
    found = apply(weights_to_bytes, graph(GEMM, w=kernel, b=random(31)))
    assert not weight(found.after, "w/int8")[4].any()
    assert weight(found.after, "w/scale")[4] == 1


def test_the_tiniest_numbers_do_not_wrap() -> None:
    """A channel of denormals has a scale that is one, too, and rounds to something else."""
    kernel = random(31, 37)
    kernel[4] = np.float32(3e-45)
    found = apply(weights_to_bytes, graph(GEMM, w=kernel, b=random(31)))
    assert np.isfinite(weight(found.after, "w/scale")).all()
    found.assert_same_numbers(limit=1e-2)
