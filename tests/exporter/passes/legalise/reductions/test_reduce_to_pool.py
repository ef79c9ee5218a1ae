"""Reducing by pooling, and by products with ones."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.reductions.reduce_to_pool import reduce_to_pool
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made


def reduced(op: str, shape: str, axes: str, to: str, keep: int = 1) -> Make:
    """Return a maker of a reduction; ReduceSum has its axes as an input."""
    node = f"y = {op} <keepdims={keep}, axes=[{axes}]> (x)"
    if op == "ReduceSum":
        ints = f"a = Constant <value = int64[{len(axes.split(','))}] {{{axes}}}> ()"
        node = f"{ints}  y = ReduceSum <keepdims={keep}> (x, a)"
    return made(f"(float[{shape}] x) => (float[{to}] y) {{ {node} }}")


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "a picture's mean": (
        reduced("ReduceMean", "2,3,4,5", "2,3", "2,3,1,1"), {"GlobalAveragePool": 1},
    ),
    "a picture's largest": (
        reduced("ReduceMax", "2,3,4,5", "2,3", "2,3", keep=0), {"GlobalMaxPool": 1, "Reshape": 2},
    ),
    "a picture's smallest": (
        reduced("ReduceMin", "2,3,4,5", "2,3", "2,3,1,1"),
        {"Neg": 2, "GlobalMaxPool": 1, "Reshape": 2},
    ),
    "rows' mean": (reduced("ReduceMean", "6,5", "1", "6,1"), {"MatMul": 1}),
    "rows' sum": (reduced("ReduceSum", "2,3,5", "2", "2,3", keep=0), {}),
    "rows' squares": (reduced("ReduceSumSquare", "6,5", "1", "6,1"), {"Mul": 1, "MatMul": 1}),
    "rows' length": (
        reduced("ReduceL2", "6,5", "1", "6", keep=0),
        {"Mul": 1, "MatMul": 1, "Sqrt": 1, "Reshape": 1},
    ),
    "rows' sizes": (reduced("ReduceL1", "6,5", "1", "6,1"), {"Abs": 1, "MatMul": 1}),
    "channels' mean": (reduced("ReduceMean", "3,4,5,6", "1", "3,1,5,6"), {"Conv": 1}),
    "channels' largest": (
        reduced("ReduceMax", "3,4,5,6", "1", "3,1,5,6"), {"MaxPool": 1, "Reshape": 2},
    ),
    "samples' sum": (reduced("ReduceSum", "3,4,5", "0", "1,4,5"), {}),
    "a block between": (reduced("ReduceMean", "2,3,4,5,6", "1,2", "2,1,1,5,6"), {}),
    "the logarithm of a sum": (
        reduced("ReduceLogSumExp", "6,5", "1", "6,1"), {"Exp": 1, "MatMul": 1, "Log": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_no_reduction_is_left(make: Make, ops: dict[str, int]) -> None:
    """A product with ones sums up, and a window over everything finds the largest."""
    found = assert_rewritten(by=reduce_to_pool, model=make(), ops=ops or None, limit=1e-5)
    assert not any(op.startswith("Reduce") for op in found.ops)


LEFT = {
    "two blocks": reduced("ReduceMean", "2,3,4,5", "1,3", "2,1,4,1"),
    "a product": reduced("ReduceProd", "2,3", "1", "2,1"),
    "whole numbers": made(
        "(float[2,3] x) => (float[2,1] y) "
        "{ i = Cast <to=7> (x)  m = ReduceMax <axes=[1]> (i)  y = Cast <to=1> (m) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_reductions_stay(make: Make) -> None:
    """One block at a time, and no products."""
    assert_left_alone(by=reduce_to_pool, model=make())
