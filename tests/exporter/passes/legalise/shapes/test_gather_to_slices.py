"""Taking the elements that a Gather names by Slices."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.shapes.gather_to_slices import gather_to_slices
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, integers, random


def gather(shape: str, axis: int, where: Array, target: str, before: str = "Neg") -> Make:
    """Return a maker of a Gather from the result of an op."""
    text = f"{{ a = {before} (x)  y = Gather <axis={axis}> (a, i) }}"
    return made(f"(float[{shape}] x) => (float[{target}] y) {text}", i=where)


MANY = np.random.default_rng(5).permutation(60)

FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "a run": (gather("2,6,3", 1, integers(2, 3, 4), "2,3,3"), {"Slice": 1}),
    "runs": (gather("2,6", -1, integers(3, 4, 5, 0, 1, 1), "2,6"), {"Slice": 3, "Concat": 1}),
    "from the end": (gather("4,6", 0, integers(-1, -4, -3), "3,6"), {"Slice": 2, "Concat": 1}),
    "the other way round": (
        gather("2,3,4,5", 2, integers(3, 2, 1, 0), "2,3,4,5"), {"Slice": 4, "Concat": 1},
    ),
    "indices of two axes": (
        gather("2,6", 1, integers(0, 1, 2, 5, 4, 3).reshape(2, 3), "2,2,3"),
        {"Slice": 4, "Concat": 1, "Reshape": 1},
    ),
    "one from the end": (
        gather("2,6,3", 1, np.array(-2), "2,3"), {"Slice": 1, "Reshape": 1},
    ),
    "a shuffle": (gather("2,60", 1, MANY, "2,60"), {"MatMul": 1}),
    "a shuffle of channels": (
        gather("2,60,3", -2, MANY, "2,60,3"), {"MatMul": 1, "Transpose": 2},
    ),
    "a shuffle of what may be infinite": (
        gather("2,60", 1, MANY, "2,60", before="Exp"), {"Slice": 58, "Concat": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_runs_are_slices(make: Make, ops: dict[str, int]) -> None:
    """Many short runs of finite numbers are one product."""
    found = make()
    before = {found.graph[0].op_type: 1}
    assert_rewritten(by=gather_to_slices, model=found, ops=before | ops, limit=1e-6)


LEFT = {
    "one index": gather("2,6,3", 1, np.array(2), "2,3"),
    "the net computes the indices": made(
        "(float[4,3] x, float[2] k) => (float[2,3] y) { i = Cast <to=7> (k)  y = Gather (x, i) }"
    ),
    "a constant is looked up": made(
        "(float[2,3] x) => (float[2,3] y) { r = Gather (t, i)  y = Add (x, r) }",
        t=random(4, 3),
        i=integers(3, 1),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_gathers_stay(make: Make) -> None:
    """4.6 takes one index, counted from the front, by itself."""
    assert_left_alone(by=gather_to_slices, model=make())
