"""Parting comparisons that may meet infinity."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.types.part_comparisons import part_comparisons
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made


def compared(op: str, of: str = "Log") -> Make:
    """Return a maker of a comparison of a function of a (3, 5)."""
    return made(
        f"(float[3,5] a) => (float[3,5] y) {{ l = {of} (a)  t = {op} (l, k)  "
        "y = Cast <to=1> (t) }",
        k=np.array(-1, np.float32),
    )


@pytest.mark.parametrize(("op", "strict"), [("GreaterOrEqual", "Greater"), ("LessOrEqual", "Less")])
def test_it_is_strict_or_equal(op: str, strict: str) -> None:
    """Nothing is above, below or at what is no number."""
    ops = {"Log": 1, strict: 1, "Equal": 1, "Or": 1, "Cast": 1}
    assert_rewritten(by=part_comparisons, model=compared(op)(), ops=ops, limit=0, engines=["new"])


LEFT = {
    "finite numbers": compared("GreaterOrEqual", "Sin"),
    "a strict comparison": compared("Greater"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_comparisons_stay(make: Make) -> None:
    """They have forms of their own."""
    assert_left_alone(by=part_comparisons, model=make())
