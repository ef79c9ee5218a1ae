"""Taking the one branch that a Where always takes."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.shapes.choose_branch import choose_branch
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array


def where(condition: Array, left: str = "2,3,5", right: str = "2,3,5") -> Make:
    """Return a maker of a Where between exp(a) and -b."""
    return made(
        f"(float[{left}] a, float[{right}] b) => (float[2,3,5] y) "
        "{ e = Exp (a)  n = Neg (b)  y = Where (c, e, n) }",
        c=condition,
    )


BOTH = {"Exp": 1, "Neg": 1}
FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "always": (where(np.ones((2, 3, 5), bool)), {}),
    "never": (where(np.zeros((3, 1), bool)), {}),
    "a branch that is broadcast": (where(np.ones((2, 3, 5), bool), left="2,1,5"), {"Expand": 1}),
    "a condition that broadcasts": (
        where(np.zeros((2, 1, 1), bool), left="1,3,5", right="3,5"), {"Expand": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_the_branch_is_taken(make: Make, ops: dict[str, int]) -> None:
    """In the shape that the choice had."""
    assert_rewritten(by=choose_branch, model=make(), ops=BOTH | ops, limit=1e-6)


LEFT = {
    "a choice": where(np.array([True, False, True, True, False])),
    "a computed condition": made(
        "(float[2,3] a) => (float[2,3] y) { c = Greater (a, k)  y = Where (c, a, k) }",
        k=np.array(0.2, np.float32),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_choices_stay(make: Make) -> None:
    """Some elements come from either side."""
    assert_left_alone(by=choose_branch, model=make())
