"""Writing OneHot as a comparison."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.reductions.onehot_to_equal import onehot_to_equal
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers

OFF_AND_ON = np.array([0, 1], np.float32)
INDICES = "a = Abs (x)  m = Mul (a, a)  f = Floor (m)  i = Cast <to=7> (f)"  # 0, 1 or 2
BEFORE = {"Abs": 1, "Mul": 1, "Floor": 1}


def onehot(result: str, how: str = "", depth: int = 4, values: np.ndarray = OFF_AND_ON) -> Make:
    """Return a maker of a OneHot of whole numbers (3, 5)."""
    text = f"{{ {INDICES}  y = OneHot {how} (i, d, v) }}"
    return made(f"(float[3,5] x) => (float[{result}] y) {text}", d=integers(depth), v=values)


SCALED = np.array([-0.5, 2], np.float32)
FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "the last axis": (onehot("3,5,4"), {}),
    "the first": (onehot("4,3,5", "<axis=0>"), {}),
    "one between": (onehot("3,4,5", "<axis=-2>"), {}),
    "an index beyond the depth": (onehot("3,5,2", depth=2), {}),
    "other numbers": (onehot("3,5,4", values=SCALED), {"Mul": 2, "Add": 1}),
}


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_indices_are_compared(make: Make, ops: dict[str, int]) -> None:
    """With 0, 1, 2, .. along the new axis."""
    more = {"Cast": 3, "Reshape": 1, "Equal": 1}
    assert_rewritten(by=onehot_to_equal, model=make(), ops=BEFORE | more | ops, limit=0)


FAR = {"infinite": (0.25, -np.inf), "far larger": (0.1, -1e9)}


@pytest.mark.parametrize(("on", "off"), FAR.values(), ids=FAR)
def test_numbers_of_which_one_is_lost_in_the_other_are_chosen(on: float, off: float) -> None:
    """A product with 0 or a sum would not give the smaller one."""
    text = f"{{ {INDICES}  h = OneHot (i, d, v)  y = Softmax (h) }}"
    model = made(
        f"(float[3,5] x) => (float[3,5,4] y) {text}",
        d=integers(4), v=np.array([off, on], np.float32),
    )()  # fmt: skip
    assert_rewritten(by=onehot_to_equal, model=model, gone=["OneHot"], limit=1e-6)


LEFT = {
    "a computed depth": made(
        "(float[3] x, float[1] k) => (float[3,N] y) "
        "{ i = Cast <to=7> (x)  d = Cast <to=7> (k)  y = OneHot (i, d, v) }",
        v=OFF_AND_ON,
    ),
    "computed values": made(
        "(float[3] x, float[2] v) => (float[3,4] y) { i = Cast <to=7> (x)  y = OneHot (i, d, v) }",
        d=integers(4),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_what_is_not_known_stays(make: Make) -> None:
    """The depth is a size, and sizes are known."""
    assert_left_alone(by=onehot_to_equal, model=make())
