"""Removing nodes that pass their input on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.passes.legalise.shapes.remove_identity import remove_identity
from support.small_graphs import Array, apply, graph, integers, random

Make = Callable[[], ir.Model]


def between(node: str, **constants: Array) -> Make:
    """Return a maker of `b = node (a)` between two ops on a (2, 3, 5) tensor."""
    text = f"(float[2,3,5] x) => (float[2,3,5] y) {{ a = Exp (x)  {node}  y = Sigmoid (b) }}"
    return lambda: graph(text, **constants)


def only(node: str, **constants: Array) -> Make:
    """Return a maker of one op before `node`, which makes the output."""
    text = f"(float[2,3,5] x) => (float[2,3,5] y) {{ a = Exp (x)  {node} }}"
    return lambda: graph(text, **constants)


FORMS: dict[str, tuple[Make, int]] = {
    "Identity": (between("b = Identity (a)"), 1),
    "two in a row": (between("i = Identity (a)  b = Identity (i)"), 2),
    "Dropout": (between("b = Dropout (a)"), 1),
    "Cast to its own type": (between("b = Cast <to=1> (a)"), 1),
    "Transpose that moves nothing": (between("b = Transpose <perm=[0,1,2]> (a)"), 1),
    "Reshape to its own shape": (between("b = Reshape (a, s)", s=integers(2, -1, 5)), 1),
    "Expand to its own shape": (between("b = Expand (a, s)", s=integers(3, 1)), 1),
    "Mul by one": (between("b = Mul (o, a)", o=np.ones((), np.float32)), 1),
    "Mul by ones": (between("b = Mul (a, o)", o=np.ones((1, 5), np.float32)), 1),
    "Div by one": (between("b = Div (a, o)", o=np.ones(1, np.float32)), 1),
    "at the output": (only("y = Identity (a)"), 1),
    "at the input": (
        lambda: graph("(float[2,3] x) => (float[2,3] y) { a = Identity (x)  y = Exp (a) }"),
        1,
    ),
}
every_form = pytest.mark.parametrize(("make", "count"), FORMS.values(), ids=FORMS)


@every_form
def test_it_fires_for_each(make: Make, count: int) -> None:
    """Each that went counts once, and only the two ops around it stay."""
    found = apply(remove_identity, make())
    assert found.fired == count
    assert set(found.ops) <= {"Exp", "Sigmoid"}


@every_form
def test_the_numbers_stay(make: Make, count: int) -> None:
    """Nothing was computed by it."""
    apply(remove_identity, make()).assert_same_numbers(limit=2e-7)


@every_form
def test_the_interface_stays(make: Make, count: int) -> None:
    """Inputs and outputs keep names, shapes and types."""
    apply(remove_identity, make()).assert_interface_kept()


@every_form
def test_the_second_run_finds_nothing(make: Make, count: int) -> None:
    """One run removes a whole chain."""
    assert apply(remove_identity, make()).again == 0


NEAR_MISSES: dict[str, Make] = {
    "not all are one": between("b = Mul (a, o)", o=np.array([1, 1, 1, 1, 1.5], np.float32)),
    "one by it": between("b = Div (o, a)", o=np.ones(1, np.float32)),
    "ones that broadcast": lambda: graph(
        "(float[2,3] x) => (float[4,2,3] y) { a = Exp (x)  y = Mul (a, o) }",
        o=np.ones((4, 1, 1), np.float32),
    ),
    "it joins an input to an output": lambda: graph(
        "(float[2,3] x) => (float[2,3] y) { y = Identity (x) }"
    ),
    "it gives a second name to an output": lambda: graph(
        "(float[2,3] x) => (float[2,3] y, float[2,3] z) { y = Exp (x)  z = Identity (y) }"
    ),
    "it makes a weight an output": lambda: graph(
        "(float[2,3] x) => (float[2,3] y, float[5] z) { y = Exp (x)  z = Identity (c) }",
        c=random(5),
    ),
    "a Cast rounds to integers": between("i = Cast <to=6> (a)  b = Cast <to=1> (i)"),
    "a Transpose moves numbers": lambda: graph(
        "(float[2,3,5] x) => (float[3,2,5] y) { a = Exp (x)  y = Transpose <perm=[1,0,2]> (a) }"
    ),
    "a Reshape adds a dimension": lambda: graph(
        "(float[2,3] x) => (float[1,2,3] y) { a = Exp (x)  y = Reshape (a, s) }",
        s=integers(1, 2, 3),
    ),
    "an Expand repeats rows": lambda: graph(
        "(float[1,3] x) => (float[2,3] y) { a = Exp (x)  y = Expand (a, s) }", s=integers(2, 1)
    ),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Nodes that change numbers or order, or hold the interface together, stay."""
    apply(remove_identity, make()).assert_untouched()


def test_a_transpose_that_reverses_axes_is_not_taken_for_one_that_moves_nothing() -> None:
    """ONNX reverses the axes where `perm` is absent."""
    text = "(float[3,5,3] x) => (float[3,5,3] y) { a = Exp (x)  y = Transpose (a) }"
    apply(remove_identity, graph(text)).assert_untouched()


def test_a_constant_shape_of_another_dtype_stays() -> None:
    """A Cast of a constant is not the constant."""
    text = "(float[2,3] x) => (float[2,3] y) { s = Cast <to=1> (c)  y = Mul (x, s) }"
    model = graph(text, c=np.array([3, 5, 7], np.int32))
    apply(remove_identity, model).assert_untouched()
