"""Writing Squeeze, Unsqueeze and Flatten as Reshape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.passes.legalise.shapes.squeeze_to_reshape import squeeze_to_reshape
from support.small_graphs import apply, graph, inputs_for, integers

Make = Callable[[], ir.Model]

FORMS: dict[str, Make] = {
    "Squeeze": lambda: graph(
        "(float[2,1,5,1] x) => (float[2,5] y) { a = Exp (x)  y = Squeeze (a, s) }",
        s=integers(-1, 1),
    ),
    "Squeeze of all": lambda: graph(
        "(float[2,1,5,1] x) => (float[2,5] y) { a = Exp (x)  y = Squeeze (a) }"
    ),
    "Unsqueeze": lambda: graph(
        "(float[2,5] x) => (float[2,1,5] y) { a = Exp (x)  y = Unsqueeze (a, s) }",
        s=integers(-2),
    ),
    "Flatten": lambda: graph(
        "(float[2,3,5] x) => (float[2,15] y) { a = Exp (x)  y = Flatten (a) }"
    ),
    "Flatten at another axis": lambda: graph(
        "(float[2,3,5,7] x) => (float[6,35] y) { a = Exp (x)  y = Flatten <axis=2> (a) }"
    ),
}
every_form = pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)


@every_form
def test_it_fires(make: Make) -> None:
    """Each becomes a Reshape."""
    found = apply(squeeze_to_reshape, make())
    assert found.fired == 1
    assert found.ops == {"Exp": 1, "Reshape": 1}


@every_form
def test_the_numbers_stay(make: Make) -> None:
    """Renaming dimensions rounds nothing."""
    apply(squeeze_to_reshape, make()).assert_same_numbers(limit=0)


@every_form
def test_the_interface_stays(make: Make) -> None:
    """Inputs and outputs keep names, shapes and types."""
    apply(squeeze_to_reshape, make()).assert_interface_kept()


@every_form
def test_the_second_run_finds_nothing(make: Make) -> None:
    """A Reshape is no Squeeze."""
    assert apply(squeeze_to_reshape, make()).again == 0


NEAR_MISSES: dict[str, Make] = {
    "a Reshape already": lambda: graph(
        "(float[2,1,5] x) => (float[2,5] y) { a = Exp (x)  y = Reshape (a, s) }", s=integers(2, 5)
    ),
    "the shape depends on values": lambda: graph(
        "(float[1,1,5] x, float[1] k) => (float[A,B] y) "
        "{ i = Cast <to=7> (k)  a = Exp (x)  y = Squeeze (a, i) }"
    ),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where the shape is not known, there is nothing to write."""
    apply(squeeze_to_reshape, make()).assert_untouched()


def test_two_dimensions_added_at_once() -> None:
    """OpenCV 5.0's classic engine refuses an Unsqueeze with two axes, and takes the Reshape."""
    text = "(float[2,5] x) => (float[2,1,5,1] y) { a = Exp (x)  y = Unsqueeze (a, s) }"
    found = apply(squeeze_to_reshape, graph(text, s=integers(1, 3)))
    assert found.fired == 1
    exponential = np.exp(inputs_for(found.before)["x"])
    found.assert_numbers({"y": exponential[:, None, :, None]})
