"""Multiplying many numbers by halves."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.products.halve_product import halve_product
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made


def product(shape: str, axes: str, to: str, keep: int = 1) -> Make:
    """Return a maker of a product along some axes of exp(x)."""
    node = f"a = Exp (x)  y = ReduceProd <keepdims={keep}, axes=[{axes}]> (a)"
    return made(f"(float[{shape}] x) => (float[{to}] y) {{ {node} }}")


FORMS: dict[str, tuple[Make, int]] = {
    "two": (product("3,2,4", "1", "3,1,4"), 1),
    "five": (product("3,5", "1", "3", keep=0), 3),
    "six, from the back": (product("3,6,2", "-2", "3,1,2"), 3),
    "seven in two axes of one block": (product("2,7,1,3", "1,2", "2,1,1,3"), 4),
    "the first axis": (product("4,3", "0", "1,3"), 2),
    "one": (product("3,1,2", "1", "3,2", keep=0), 0),
}


@pytest.mark.parametrize(("make", "products"), FORMS.values(), ids=FORMS)
def test_halves_are_multiplied(make: Make, products: int) -> None:
    """An odd one is kept for the end."""
    found = assert_rewritten(by=halve_product, model=make(), gone=["ReduceProd"], limit=1e-5)
    assert found.ops["Mul"] == products


LEFT = {
    "two blocks": product("2,3,4", "0,2", "1,3,1"),
    "a sum": made("(float[2,3] x) => (float[2,1] y) { y = ReduceMax <axes=[1]> (x) }"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_reductions_stay(make: Make) -> None:
    """One block at a time comes before."""
    assert_left_alone(by=halve_product, model=make())
