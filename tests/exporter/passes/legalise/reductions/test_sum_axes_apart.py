"""Adding up rows, then columns, then channels."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.reductions.sum_axes_apart import sum_axes_apart
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers


def mean(of: str, axes: str, to: str, keep: int = 1) -> Make:
    """Return a maker of a mean."""
    node = f"y = ReduceMean <keepdims={keep}, axes=[{axes}]> (a)"
    # Random numbers have no mean to speak of: their squares have.
    return made(f"(float[{of}] x) => (float[{to}] y) {{ a = Mul (x, x) {node} }}")


def total(of: str, to: str, *axes: int) -> Make:
    """Return a maker of a sum."""
    return made(
        f"(float[{of}] x) => (float[{to}] y) {{ a = Mul (x, x) y = ReduceSum (a, k) }}",
        k=integers(*axes),
    )


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "a picture": (
        mean("2,40,30,3", "1,2,3", "2,1,1,1"), {"Mul": 1, "ReduceSum": 3, "Div": 1},
    ),
    "a picture, its axes gone": (
        mean("2,40,30,3", "1,2,3", "2", keep=0),
        {"Mul": 1, "ReduceSum": 3, "Div": 1, "Reshape": 1},
    ),
    "a grey picture": (mean("2,40,30,1", "1,2", "2,1,1,1"), {"Mul": 1, "ReduceSum": 2, "Div": 1}),
    "groups of channels": (
        mean("1,20,30,2,3", "1,2,4", "1,1,1,2,1"), {"Mul": 1, "ReduceSum": 3, "Div": 1},
    ),
    "a volume": (
        mean("1,12,10,11,2", "1,2,3", "1,1,1,1,2"), {"Mul": 1, "ReduceSum": 3, "Div": 1},
    ),
    "a sum": (total("2,40,30,3", "2,1,1,1", 1, 2, 3), {"Mul": 1, "ReduceSum": 3}),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_each_axis_is_added_up_by_itself(make: Make, ops: dict[str, int]) -> None:
    """And divided once."""
    assert_rewritten(by=sum_axes_apart, model=make(), ops=ops)


LEFT = {
    "few numbers": mean("1,7,7,3", "1,2,3", "1,1,1,1"),
    "a pooling": mean("1,40,30,3", "1,2", "1,1,1,3"),
    "a pooling, channels first": mean("1,3,40,30", "2,3", "1,3,1,1"),
    "features": mean("1,3,5000", "2", "1,3,1"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_others_stay(make: Make) -> None:
    """Poolings are fast, and add as TensorFlow does."""
    assert_left_alone(by=sum_axes_apart, model=make())
