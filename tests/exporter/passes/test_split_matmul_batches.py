"""Multiplying by several constant matrices one after the other."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.split_matmul_batches import split_matmul_batches
from pass_checks import Make, assert_left_alone, assert_rewritten, made
from small_graphs import random


def product(shape: str, kernel: tuple[int, ...], to: str) -> Make:
    """Return a maker of a product with a constant on the right."""
    text = f"(float[{shape}] x) => (float[{to}] y) {{ y = MatMul (x, k) }}"
    return made(text, k=random(*kernel))


FORMS: dict[str, tuple[Make, int]] = {
    "batches": (product("2,4,3", (2, 3, 5), "2,4,5"), 2),
    "two axes of batches": (product("2,3,4,5", (2, 3, 5, 6), "2,3,4,6"), 6),
}


@pytest.mark.parametrize(("make", "count"), FORMS.values(), ids=FORMS)
def test_each_matrix_has_its_product(make: Make, count: int) -> None:
    """They are put together again."""
    found = assert_rewritten(by=split_matmul_batches, model=make(), gone=["Split"])
    assert (found.ops["MatMul"], found.ops["Slice"], found.ops["Concat"]) == (count, count, 1)


LEFT = {
    "one matrix": product("2,4,3", (3, 5), "2,4,5"),
    "a batch of one": product("1,4,3", (1, 3, 5), "1,4,5"),
    "batches that differ": product("2,3,4,5", (3, 5, 6), "2,3,4,6"),
    "too many": product("300,2,3", (300, 3, 2), "300,2,2"),
    "computed": made("(float[2,4,3] x, float[2,3,5] k) => (float[2,4,5] y) { y = MatMul (x, k) }"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_products_stay(make: Make) -> None:
    """256 products are the most that is worth it."""
    assert_left_alone(by=split_matmul_batches, model=make())
