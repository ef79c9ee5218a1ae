"""Adding up many numbers in parts."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.reductions.part_long_sums import part_long_sums
from support.pass_checks import (
    Make,
    assert_left_alone,
    assert_rewritten,
    made,
    named_apart,
    onnx_numbers,
)
from support.small_graphs import inputs_for, integers


def total(op: str, of: str, axis: int, to: str) -> Make:
    """Return a maker of a sum or mean of squares."""
    node = f"y = ReduceMean <axes=[{axis}]> (a)" if op == "ReduceMean" else "y = ReduceSum (a, k)"
    given = {} if op == "ReduceMean" else {"k": integers(axis)}
    return made(f"(float[{of}] x) => (float[{to}] y) {{ a = Mul (x, x) {node} }}", **given)


FORMS: dict[str, tuple[Make, int, int]] = {
    # how, sums, divisions
    "a recording's mean": (total("ReduceMean", "2,16000", 1, "2,1"), 2, 1),
    "a recording's sum": (total("ReduceSum", "2,16000", 1, "2,1"), 2, 0),
    "steps of several channels": (total("ReduceMean", "2,6000,3", 1, "2,1,3"), 2, 1),
    "the first axis": (total("ReduceSum", "4100,3", 0, "1,3"), 2, 0),
}


@pytest.mark.parametrize(("make", "sums", "divisions"), FORMS.values(), ids=FORMS)
def test_parts_are_added_up_and_then_their_sums(make: Make, sums: int, divisions: int) -> None:
    """And divided once."""
    found = assert_rewritten(by=part_long_sums, model=make())
    assert (found.ops["ReduceSum"], found.ops["Div"]) == (sums, divisions)


def test_very_long_ones_are_parted_again() -> None:
    """The pass finds its own sums of sums, until they are short: so it is exact."""
    make = total("ReduceSum", "1,2000000", 1, "1,1")
    found = assert_rewritten(by=part_long_sums, model=make(), again=1, limit=1e-4)
    x = next(iter(inputs_for(found.before).values())).astype(np.float64)
    parted, whole = (onnx_numbers(named_apart(one))["y"] for one in (found.after, found.before))
    exact = (x * x).sum()
    assert abs(parted - exact).max() < 3e-6 * exact < abs(whole - exact).max()


LEFT = {
    "few numbers": total("ReduceMean", "2,4096", 1, "2,1"),
    "several axes": made(
        "(float[2,80,90,3] x) => (float[2,1,1,1] y) { y = ReduceMean <axes=[1,2,3]> (x) }"
    ),
    "a prime number of numbers": total("ReduceMean", "1,4099", 1, "1,1"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_others_stay(make: Make) -> None:
    """Short sums are exact enough; 4099 numbers make no rows."""
    assert_left_alone(by=part_long_sums, model=make())
