"""Adding up along an axis by a product with a triangle of ones."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.reductions.cumsum_to_matmul import cumsum_to_matmul
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers

TURNED = {"Transpose": 2, "MatMul": 1}


def summed(axis: int, how: str = "", shape: str = "2,3,5,4") -> Make:
    """Return a maker of a graph that adds up along `axis`."""
    text = f"(float[{shape}] x) => (float[{shape}] y) {{ y = CumSum {how} (x, k) }}"
    return made(text, k=integers(axis))


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "the last axis": (summed(3), {"MatMul": 1}),
    "the last from the back": (summed(-1, "<exclusive=1>"), {"MatMul": 1}),
    "rows": (summed(2, "<reverse=1>"), TURNED),
    "channels": (summed(1, "<exclusive=1, reverse=1>"), TURNED),
    "samples": (summed(-4), TURNED),
    "a matrix": (summed(0, shape="4,3"), TURNED),
}


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_sums_are_products(make: Make, ops: dict[str, int]) -> None:
    """The axis is brought to the end, and back."""
    assert_rewritten(by=cumsum_to_matmul, model=make(), ops=ops)


WAYS = ("", "<exclusive=1>", "<reverse=1>", "<exclusive=1, reverse=1>")


@pytest.mark.parametrize("how", WAYS)
def test_what_may_be_infinite_is_added_slice_by_slice(how: str) -> None:
    """The sums before the first infinity are finite."""
    text = f"{{ r = Relu (x)  l = Log (r)  s = CumSum {how} (l, k)  y = Exp (s) }}"
    make = made(f"(float[2,3,5,4] x) => (float[2,3,5,4] y) {text}", k=integers(2))
    assert_rewritten(by=cumsum_to_matmul, model=make(), gone=["CumSum", "MatMul"])


LEFT = {
    "a vector": summed(0, shape="6"),
    "a long axis": summed(1, shape="2,2049"),
    "a computed axis": made(
        "(float[2,3] x, float[1] a) => (float[2,3] y) { k = Cast <to=7> (a)  y = CumSum (x, k) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_sums_stay(make: Make) -> None:
    """A matrix of two thousand rows squared costs more than it is worth."""
    assert_left_alone(by=cumsum_to_matmul, model=make())
