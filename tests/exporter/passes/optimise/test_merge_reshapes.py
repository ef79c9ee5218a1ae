"""Merging a Reshape of a Reshape."""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest

from keras2cv_export.passes.optimise.merge_reshapes import merge_reshapes
from support.small_graphs import apply, graph, integers

Make = Callable[[], ir.Model]


def pair() -> ir.Model:
    """Return two in a row."""
    text = """(float[2,3,35] x) => (float[6,5,7] y) {
        a = Reshape (x, s)
        b = Reshape (a, t)
        y = Relu (b)
    }"""
    return graph(text, s=integers(2, 3, 5, 7), t=integers(6, 5, 7))


def three() -> ir.Model:
    """Return three in a row, the last with a dimension left to be inferred."""
    text = """(float[2,3,35] x) => (float[14,15] y) {
        a = Reshape (x, s)
        b = Reshape (a, t)
        y = Reshape (b, u)
    }"""
    return graph(text, s=integers(2, 3, 5, 7), t=integers(210), u=integers(-1, 15))


def read_twice() -> ir.Model:
    """Return a Reshape that another one reads, and that is an output too."""
    text = """(float[2,15] x) => (float[5,6] y, float[2,3,5] z) {
        z = Reshape (x, s)
        y = Reshape (z, t)
    }"""
    return graph(text, s=integers(2, 3, 5), t=integers(5, 6))


FORMS = {"pair": (pair, 1, 1), "three": (three, 2, 1), "read_twice": (read_twice, 1, 2)}
every_form = pytest.mark.parametrize(("make", "count", "left"), FORMS.values(), ids=FORMS)


@every_form
def test_it_fires_for_each_pair(make: Make, count: int, left: int) -> None:
    """The last of a chain stays; one that is an output stays as well."""
    found = apply(merge_reshapes, make())
    assert found.fired == count
    assert found.ops["Reshape"] == left


@every_form
def test_the_numbers_stay(make: Make, count: int, left: int) -> None:
    """Renaming dimensions rounds nothing."""
    apply(merge_reshapes, make()).assert_same_numbers(limit=0)


@every_form
def test_the_interface_stays(make: Make, count: int, left: int) -> None:
    """Inputs and outputs keep names, shapes and types."""
    apply(merge_reshapes, make()).assert_interface_kept()


@every_form
def test_the_second_run_finds_nothing(make: Make, count: int, left: int) -> None:
    """One run merges a whole chain."""
    assert apply(merge_reshapes, make()).again == 0


NEAR_MISSES = {
    "the second shape copies a dimension of the first": lambda: graph(
        "(float[2,15] x) => (float[2,5,3] y) { a = Reshape (x, s)  y = Reshape (a, t) }",
        s=integers(2, 3, 5),
        t=integers(0, 5, 3),
    ),
    "an op lies between": lambda: graph(
        "(float[2,15] x) => (float[6,5] y) { a = Reshape (x, s)  b = Relu (a)"
        "  y = Reshape (b, t) }",
        s=integers(2, 3, 5),
        t=integers(6, 5),
    ),
    "the first is a Flatten": lambda: graph(
        "(float[2,3,5] x) => (float[6,5] y) { a = Flatten (x)  y = Reshape (a, t) }",
        t=integers(6, 5),
    ),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where the second shape copies a dimension, nothing changes."""
    apply(merge_reshapes, make()).assert_untouched()
