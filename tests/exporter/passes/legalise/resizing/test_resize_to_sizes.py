"""Giving Resize the output's size rather than a scale."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.graph.edit import constant
from keras2cv_export.passes.legalise.resizing.resize_to_sizes import resize_to_sizes
from support.pass_checks import assert_close, onnx_numbers
from support.small_graphs import apply, graph, inputs_for, integers

Make = Callable[[], ir.Model]

NEAREST = 'mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"'
HALF_PIXEL = 'mode="linear", coordinate_transformation_mode="half_pixel"'


def resize(how: str, rows: int, columns: int) -> Make:
    """Return a maker of a 5x7 picture made `rows` x `columns` by scales."""
    text = (
        f"(float[2,3,5,7] x) => (float[2,3,{rows},{columns}] y) {{ y = Resize <{how}> (x, , s) }}"
    )
    return lambda: graph(text, s=np.array([1, 1, rows / 5, columns / 7], np.float32))


FORMS: dict[str, Make] = {
    "nearest, larger": resize(NEAREST, 10, 21),
    "linear, larger": resize(HALF_PIXEL, 15, 14),
    "linear, smaller": resize(HALF_PIXEL, 3, 4),
}
every_form = pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)


@every_form
def test_it_fires(make: Make) -> None:
    """The Resize keeps its mode, and holds the size of its output."""
    model = make()
    found = apply(resize_to_sizes, model)
    assert found.fired == 1
    (node,) = found.after.graph.node
    assert node.input[1:3] == ["", ""]
    assert [a.name for a in node.attribute] == [
        a.name for a in found.before.graph.node[0].attribute
    ]


@every_form
def test_the_numbers_stay(make: Make) -> None:
    """Where the scale gives the size exactly, it is the same picture."""
    apply(resize_to_sizes, make()).assert_same_numbers(limit=2e-7)


@every_form
def test_the_interface_stays(make: Make) -> None:
    """Inputs and outputs keep names, shapes and types."""
    apply(resize_to_sizes, make()).assert_interface_kept()


@every_form
def test_the_second_run_finds_nothing(make: Make) -> None:
    """A size is given once."""
    assert apply(resize_to_sizes, make()).again == 0


NEAR_MISSES: dict[str, Make] = {
    "it has sizes": lambda: graph(
        f"(float[2,3,5,7] x) => (float[2,3,8,9] y) {{ y = Resize <{NEAREST}> (x, , , s) }}",
        s=integers(2, 3, 8, 9),
    ),
    "the scales are computed": lambda: graph(
        f"(float[2,3,5,7] x, float[4] k) => (float[N,C,H,W] y) "
        f"{{ s = Exp (k)  y = Resize <{NEAREST}> (x, , s) }}"
    ),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where the size is given already, or unknown, nothing changes."""
    apply(resize_to_sizes, make()).assert_untouched()


def test_a_scale_that_floors_to_one_row_less_is_put_right() -> None:
    """7 * float32(31 / 7) is less than 31: by scales, the last row would be lost."""
    scales = np.array([1, 1, 31 / 7, 1], np.float32)
    assert int(7 * scales[2]) == 30
    text = f"(float[2,3,7,5] x) => (float[2,3,30,5] y) {{ y = Resize <{NEAREST}> (x, , s) }}"
    model = graph(text, s=scales)
    model.graph.outputs[0].shape = ir.Shape([2, 3, 31, 5])  # as given to TensorFlow
    assert resize_to_sizes(model) == 1
    picture = inputs_for(ir.to_proto(model))["x"]
    rows = np.arange(31) * 7 // 31
    apply(resize_to_sizes, model).assert_numbers({"y": picture[:, :, rows]}, limit=0)


def test_the_part_that_a_resize_cuts_out_is_kept() -> None:
    """`tf_crop_and_resize` enlarges a part of the picture, which only its second input names."""
    text = """(float[2,3,5,7] x) => (float[2,3,8,12] y) {
        y = Resize <mode="linear", coordinate_transformation_mode="tf_crop_and_resize"> (x, r, s)
    }"""
    corners = np.array([0, 0, 0.2, 0.3, 1, 1, 0.8, 0.9], np.float32)
    scales = np.array([1, 1, 5 / 3, 7 / 4], np.float32)
    found = apply(resize_to_sizes, graph(text, r=corners, s=scales))
    (node,) = found.after.graph.node
    assert node.input[1] == "r"
    assert node.input[3]
    assert_close(onnx_numbers(found.after), onnx_numbers(found.before), 1e-6, "onnxruntime")


def test_a_size_that_is_left_open_is_filled_in() -> None:
    """tf2onnx writes -1 for samples and channels after a slice."""
    text = f"(float[2,3,5,7] x) => (float[2,3,8,9] y) {{ y = Resize <{NEAREST}> (x, , , s) }}"
    model = graph(text, s=integers(-1, -1, 8, 9))
    assert resize_to_sizes(model) == 1
    (node,) = model.graph
    assert constant(node.inputs[3]).tolist() == [2, 3, 8, 9]  # type: ignore[union-attr]
    assert resize_to_sizes(model) == 0
