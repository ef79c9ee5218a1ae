"""Letting outputs that no input reaches depend on one."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.shapes.feed_constant_outputs import feed_constant_outputs
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random

ADDED = {"Slice": 1, "Relu": 2, "Neg": 1, "Add": 1}


@pytest.mark.parametrize("shape", [(4,), (2, 3), (1, 2, 3, 5)])
def test_a_constant_output_becomes_a_sum(shape: tuple[int, ...]) -> None:
    """Of a zero that is computed, in the constant's own shape."""
    sizes = ",".join(map(str, shape))
    make = made(
        f"(float[3,7] x) => (float[3,7] y, float[{sizes}] c) {{ y = Exp (x) }}", c=random(*shape)
    )
    reshaped = {} if len(shape) == 2 else {"Reshape": 1}
    assert_rewritten(by=feed_constant_outputs, model=make(), ops={"Exp": 1, **ADDED, **reshaped})


def test_the_first_output_may_be_one_and_other_inputs_may_be_whole_numbers() -> None:
    """The names and the order of the outputs stay."""
    text = """(int64[3,2] i, float[2,5] x) => (float[1,2] c, float[2,5] y) { y = Exp (x) }"""
    model = made(text, c=random(1, 2))()
    assert feed_constant_outputs(model) == 1
    assert [value.name for value in model.graph.outputs] == ["c", "y"]
    assert feed_constant_outputs(model) == 0


LEFT: dict[str, Make] = {
    "whole numbers": made(
        "(float[3,7] x) => (float[3,7] y, int64[2] c) { y = Exp (x) }", c=integers(4, 5)
    ),
    "no input of numbers": made(
        "(int64[3,7] x) => (int64[3,7] y, float[2] c) { y = Neg (x) }",
        c=np.zeros(2, np.float32),
    ),
    "nothing is constant": made("(float[3,7] x) => (float[3,7] y) { y = Add (x, c) }", c=random(7)),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_others_stay(make: Make) -> None:
    """Each of these looks like one."""
    assert_left_alone(feed_constant_outputs, make())
