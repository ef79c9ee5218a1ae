"""Merging Transposes, and turning those that move only axes of size 1 into Reshapes."""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest

from keras2cv_export.passes.optimise.merge_transposes import merge_transposes
from support.small_graphs import apply, graph, integers

Make = Callable[[], ir.Model]


def chain() -> ir.Model:
    """Return two Transposes in a row that amount to a third."""
    text = """(float[2,3,5,7] x) => (float[3,7,2,5] y) {
        a = Transpose <perm=[0,2,3,1]> (x)
        b = Transpose <perm=[3,2,0,1]> (a)
        y = Relu (b)
    }"""
    return graph(text)


def there_and_back() -> ir.Model:
    """Return a pair that cancels; the remaining one moves nothing and becomes a Reshape."""
    text = """(float[2,3,5,7] x) => (float[2,3,5,7] y) {
        a = Transpose <perm=[0,2,3,1]> (x)
        b = Transpose <perm=[0,3,1,2]> (a)
        y = Relu (b)
    }"""
    return graph(text)


def after_pooling() -> ir.Model:
    """Return the channels of a 1x1 image, moved last: no number changes its place."""
    text = """(float[2,3,5,7] x) => (float[2,1,1,3] y) {
        a = GlobalAveragePool (x)
        y = Transpose <perm=[0,2,3,1]> (a)
    }"""
    return graph(text)


def read_twice() -> ir.Model:
    """Return a Transpose that another one reads, and that is an output too."""
    text = """(float[2,3,5,7] x) => (float[3,5,7,2] y, float[2,5,7,3] z) {
        z = Transpose <perm=[0,2,3,1]> (x)
        y = Transpose <perm=[3,1,2,0]> (z)
    }"""
    return graph(text)


FORMS = {
    "chain": (chain, 1, {"Transpose": 1, "Relu": 1}),
    "there_and_back": (there_and_back, 1, {"Transpose": 1, "Relu": 1}),
    "after_pooling": (after_pooling, 1, {"GlobalAveragePool": 1, "Reshape": 1}),
    "read_twice": (read_twice, 1, {"Transpose": 2}),
}
every_form = pytest.mark.parametrize(("make", "count", "ops"), FORMS.values(), ids=FORMS)


@every_form
def test_it_fires_for_each_pair(make: Make, count: int, ops: dict[str, int]) -> None:
    """Each pair, and each Transpose that only renames axes, counts once."""
    found = apply(merge_transposes, make())
    assert found.fired == count
    assert found.ops == ops


@every_form
def test_the_numbers_stay(make: Make, count: int, ops: dict[str, int]) -> None:
    """Moving numbers rounds nothing."""
    apply(merge_transposes, make()).assert_same_numbers(limit=0)


@every_form
def test_the_interface_stays(make: Make, count: int, ops: dict[str, int]) -> None:
    """Inputs and outputs keep names, shapes and types."""
    apply(merge_transposes, make()).assert_interface_kept()


def test_the_second_run_finds_nothing() -> None:
    """A merged pair is one Transpose, which no other touches."""
    assert apply(merge_transposes, chain()).again == 0
    assert apply(merge_transposes, after_pooling()).again == 0


NEAR_MISSES = {
    "one Transpose that moves numbers": "(float[2,3,5,7] x) => (float[2,5,7,3] y) "
    "{ y = Transpose <perm=[0,2,3,1]> (x) }",
    "two with an op between": "(float[2,3,5,7] x) => (float[2,3,5,7] y) "
    "{ a = Transpose <perm=[0,2,3,1]> (x)  b = Softmax <axis=2> (a) "
    " y = Transpose <perm=[0,3,1,2]> (b) }",
    "two axes longer than 1 change places": "(float[2,1,5,7] x) => (float[2,7,5,1] y) "
    "{ y = Transpose <perm=[0,3,2,1]> (x) }",
}


@pytest.mark.parametrize("text", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses_are_left_alone(text: str) -> None:
    """A Transpose on its own that moves numbers stays."""
    apply(merge_transposes, graph(text)).assert_untouched()


def test_the_shape_of_a_pooled_pair_is_right_at_batch_2() -> None:
    """A batch beside the channels is no obstacle: the order of the two stays."""
    text = """(float[2,3,1,1] x) => (float[1,2,1,3] y) {
        y = Transpose <perm=[2,0,3,1]> (x)
    }"""
    found = apply(merge_transposes, graph(text))
    assert found.ops == {"Reshape": 1}
    found.assert_same_numbers(limit=0)


def test_a_transpose_in_reverse_order_needs_no_perm() -> None:
    """ONNX reverses the axes where `perm` is absent."""
    text = """(float[2,3,5] x) => (float[3,5,2] y) {
        a = Transpose (x)
        y = Transpose <perm=[1,0,2]> (a)
    }"""
    apply(merge_transposes, graph(text)).assert_same_numbers(limit=0)


def test_shapes_given_as_constants_are_not_merged() -> None:
    """A Reshape between two Transposes keeps them apart."""
    text = """(float[2,3,5] x) => (float[6,5] y) {
        a = Transpose <perm=[2,0,1]> (x)
        b = Reshape (a, s)
        y = Transpose <perm=[1,0]> (b)
    }"""
    apply(merge_transposes, graph(text, s=integers(5, 6))).assert_untouched()
