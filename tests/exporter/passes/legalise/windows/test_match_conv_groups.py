"""Giving a convolution the number of groups that its kernel was made for."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from keras2cv_export.passes.legalise.windows.match_conv_groups import match_conv_groups
from support.pass_checks import Make, assert_close, assert_left_alone, made, onnx_numbers
from support.small_graphs import random

FORMS: dict[str, tuple[Make, int]] = {
    "volumes": (
        made(
            "(float[2,6,3,4,5] x) => (float[2,9,2,3,4] y) { y = Conv <group=3> (x, w, b) }",
            w=random(9, 2, 2, 2, 2),
            b=random(9),
        ),
        3,
    ),
    "each channel by itself": (
        made(
            "(float[2,4,5,7] x) => (float[2,8,3,5] y) { y = Conv <group=4> (x, w) }",
            w=random(8, 1, 3, 3),
        ),
        4,
    ),
}


@pytest.mark.parametrize(("make", "groups"), FORMS.values(), ids=FORMS)
def test_groups_follow_from_the_kernel(make: Make, groups: int) -> None:
    """tf2onnx writes 1; the kernel determines their number."""
    right = ir.to_proto(make())
    model = make()
    (node,) = model.graph
    node.attributes["group"] = ir.AttrInt64("group", 1)
    assert match_conv_groups(model) == 1
    assert node.attributes["group"].as_int() == groups
    assert match_conv_groups(model) == 0
    assert_close(onnx_numbers(ir.to_proto(model)), onnx_numbers(right), 0, "onnxruntime")


LEFT = {
    "as the kernel has it": FORMS["volumes"][0],
    "one group": made(
        "(float[2,4,5,7] x) => (float[2,3,3,5] y) { y = Conv (x, w) }", w=random(3, 4, 3, 3)
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_right_groups_stay(make: Make) -> None:
    """There is nothing to correct."""
    assert_left_alone(by=match_conv_groups, model=make())


def test_a_kernel_that_fits_no_number_of_groups_is_left_alone() -> None:
    """Five channels cannot be shared among kernels of two; another check reports that."""
    make = made(
        "(float[2,5,4,4] x) => (float[2,3,4,4] y) { y = Conv (x, w) }", w=random(3, 5, 1, 1)
    )
    model = make()
    (node,) = model.graph
    kernel = node.inputs[1]
    assert kernel is not None
    kernel.shape = ir.Shape([3, 2, 1, 1])
    assert match_conv_groups(model) == 0
