"""Looking rows of a small table up by a product."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.products.lookup_to_matmul import lookup_to_matmul
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random

BEFORE = "a = Abs (k)  m = Mul (a, a)  f = Floor (m)  i = Cast <to=7> (f)"
INDICES = {"Abs": 1, "Mul": 1, "Floor": 1, "Cast": 1}  # 0, 1 or 2


def lookup(shape: str, table: tuple[int, ...], target: str, axis: int = 0) -> Make:
    """Return a maker of a Gather from a constant by indices that the net computes."""
    text = f"{{ {BEFORE}  y = Gather <axis={axis}> (t, i) }}"
    return made(f"(float[{shape}] k) => (float[{target}] y) {text}", t=random(*table))


ONES = {"Sub": 2, "Abs": 2, "Sign": 1, "Cast": 2, "MatMul": 1}
COMPUTED = made(f"(float[3] k, float[4,6] t) => (float[3,6] y) {{ {BEFORE}  y = Gather (t, i) }}")
FORMS: dict[str, tuple[Make, int]] = {
    "words": (lookup("3,5", (4, 6), "3,5,6"), 2),
    "one word for each sample": (lookup("7", (4, 6), "7,6"), 1),
    "rows of several axes": (lookup("3,2", (3, 2, 5), "3,2,2,5"), 2),
    "numbers": (lookup("3,5", (4,), "3,5"), 2),
    "a computed table": (COMPUTED, 1),
}


@pytest.mark.parametrize(("make", "reshapes"), FORMS.values(), ids=FORMS)
def test_a_lookup_is_a_product(make: Make, reshapes: int) -> None:
    """A row of the matrix has a single 1: the sums are rows of the table, to the bit."""
    ops = {**INDICES, **ONES, "Reshape": reshapes}
    assert_rewritten(by=lookup_to_matmul, model=make(), ops=ops, limit=1e-6)


def test_columns_are_looked_up_as_rows_and_turned_back() -> None:
    """Along the second axis the constant is turned beforehand, and the result afterwards."""
    ops = {**INDICES, **ONES, "Reshape": 1, "Transpose": 1}
    make = lookup("3", (2, 4), "2,3", axis=1)
    assert_rewritten(by=lookup_to_matmul, model=make(), ops=ops, limit=1e-6)


LEFT = {
    "the indices are known": made(
        "(float[2,3] x) => (float[2,3] y) { r = Gather (t, i)  y = Add (x, r) }",
        t=random(4, 3),
        i=integers(3, 1),
    ),
    "the table may hold infinity": made(
        "(float[3] k, float[4,6] t) => (float[3,6] y) "
        f"{{ {BEFORE}  l = Log (t)  y = Gather (l, i) }}"
    ),
    "a large table": lookup("90,80", (150, 2), "90,80,2"),
    "whole numbers": made(
        f"(float[3] k) => (float[3] y) {{ {BEFORE}  r = Gather (t, i)  y = Cast <to=1> (r) }}",
        t=integers(7, 5, 3),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_lookups_stay(make: Make) -> None:
    """A million comparisons are the most that is worth it."""
    assert_left_alone(by=lookup_to_matmul, model=make())
