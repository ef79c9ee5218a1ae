"""Giving a constant matrix one copy per matrix that it is multiplied with."""

from __future__ import annotations

import pytest

from keras2cv_export.graph.edit import constant
from keras2cv_export.passes.legalise.products.match_matmul_batches import match_matmul_batches
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def product(shape: str, kernel: tuple[int, ...], to: str, operands: str = "x, k") -> Make:
    """Return a maker of a product with a constant."""
    text = f"(float[{shape}] x) => (float[{to}] y) {{ y = MatMul ({operands}) }}"
    return made(text, k=random(*kernel))


FORMS: dict[str, tuple[Make, tuple[int, ...]]] = {
    "copied along one axis": (product("4,3,6,2", (4, 1, 2, 5), "4,3,6,5"), (4, 3, 2, 5)),
    "samples that share it": (product("2,3,6,5", (1, 3, 5, 4), "2,3,6,4"), (2, 3, 5, 4)),
    "an axis that it lacks": (product("2,3,6,5", (3, 5, 4), "2,3,6,4"), (2, 3, 5, 4)),
    "heads that share it": (product("2,3,6,5", (2, 1, 5, 4), "2,3,6,4"), (2, 3, 5, 4)),
    "without the first axis": (product("7,3,6,4", (3, 4, 2), "7,3,6,2"), (7, 3, 4, 2)),
    "on the left": (product("2,3,4,5", (3, 6, 4), "2,3,6,5", "k, x"), (2, 3, 6, 4)),
}


@pytest.mark.parametrize(("make", "shape"), FORMS.values(), ids=FORMS)
def test_a_constant_is_copied(make: Make, shape: tuple[int, ...]) -> None:
    """It has the batches of the result, then."""
    assert_rewritten(by=match_matmul_batches, model=make(), ops={"MatMul": 1})
    model = make()
    match_matmul_batches(model)
    (node,) = model.graph
    (array,) = (a for a in map(constant, node.inputs) if a is not None)
    assert array.shape == shape


def test_what_it_is_multiplied_with_grows_too() -> None:
    """A capsule network multiplies each capsule by several matrices."""
    make = product("2,7,1,1,4", (7, 3, 4, 6), "2,7,3,1,6")
    ops = {"MatMul": 1, "Expand": 1}
    assert_rewritten(by=match_matmul_batches, model=make(), ops=ops, fired=2)


LEFT = {
    "one matrix": product("4,3,6,2", (2, 5), "4,3,6,5"),
    "one matrix of more axes": product("4,3,6,2", (1, 1, 2, 5), "4,3,6,5"),
    "as many as there are": product("4,3,6,2", (4, 3, 2, 5), "4,3,6,5"),
    "computed": made(
        "(float[4,3,6,2] x, float[4,1,2,5] k) => (float[4,3,6,5] y) { y = MatMul (x, k) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_products_stay(make: Make) -> None:
    """OpenCV multiplies those with the right one."""
    assert_left_alone(by=match_matmul_batches, model=make())
