"""Repeating constants that are multiplied with more batches than they have."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.repeat_kernels import repeat_kernels
from pass_checks import Make, assert_left_alone, assert_rewritten, made
from small_graphs import random


def product(left: str, kernel: tuple[int, ...], result: str) -> Make:
    """Return a maker of x times a constant."""
    return made(
        f"(float[{left}] x) => (float[{result}] y) {{ y = MatMul (x, k) }}", k=random(*kernel)
    )


FORMS: dict[str, Make] = {
    "samples that share it": product("2,3,6,5", (1, 3, 5, 4), "2,3,6,4"),
    "an axis that it lacks": product("2,3,6,5", (3, 5, 4), "2,3,6,4"),
    "heads that share it": product("2,3,6,5", (2, 1, 5, 4), "2,3,6,4"),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_each_batch_has_its_own(make: Make) -> None:
    """Then both engines take the right matrix for each."""
    assert_rewritten(by=repeat_kernels, model=make(), ops={"MatMul": 1})


LEFT: dict[str, Make] = {
    "one for all": product("2,3,6,5", (5, 4), "2,3,6,4"),
    "one for all, of four axes": product("2,3,6,5", (1, 1, 5, 4), "2,3,6,4"),
    "one for each": product("2,3,6,5", (2, 3, 5, 4), "2,3,6,4"),
    "one for each, and samples repeat": product("1,3,6,5", (2, 3, 5, 4), "2,3,6,4"),
    "computed": made("(float[2,3,6,5] x, float[3,5,4] k) => (float[2,3,6,4] y) "
                     "{ y = MatMul (x, k) }"),
    "on the left": made("(float[2,3,5,4] x) => (float[2,3,6,4] y) { y = MatMul (k, x) }",
                        k=random(3, 6, 5)),
}  # fmt: skip


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_what_is_right_stays(make: Make) -> None:
    """There is nothing to repeat."""
    assert_left_alone(by=repeat_kernels, model=make())
