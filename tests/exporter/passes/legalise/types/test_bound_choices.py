"""Bounding what a choice may leave out."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.passes.legalise.types.bools_to_floats import bools_to_floats
from keras2cv_export.passes.legalise.types.bound_choices import bound_choices
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made


def choice(text: str) -> Make:
    """Return a maker of a choice that is made of a (3, 5) and b (3, 1)."""
    mixed = np.zeros((3, 5), np.float32)
    mixed[1, 2:], mixed[2, 0] = -np.inf, 0.5
    return made(
        f"(float[3,5] a, float[3,1] b) => (float[3,5] y) {{ {text}  y = Add (v, b) }}",
        z=np.zeros((), np.float32),
        far=np.array(7, np.float32),
        low=np.array(-np.inf, np.float32),
        high=np.array(np.inf, np.float32),
        mixed=mixed,
        nan=np.array(np.nan, np.float32),
        last=np.array([1]),
    )


FORMS: dict[str, Make] = {
    "a sum of logarithms": choice(
        "l = Log (a)  s = ReduceSum (l, last)  p = Greater (b, far)  v = Where (p, s, a)"
    ),
    "a masked softmax": choice(
        "t = ReduceMean <axes=[1]> (a)  "
        "p = GreaterOrEqual (a, t)  m = Where (p, a, low)  v = Softmax (m)"
    ),
    "a mask that is chosen": choice(
        "t = ReduceMean <axes=[1]> (a)  p = Less (a, t)  m = Where (p, low, a)  v = Softmax (m)"
    ),
    "an infinity that is cut off": choice(
        "p = Less (a, b)  m = Where (p, high, a)  v = Min (m, far)"
    ),
    "some infinities": choice("p = Less (a, b)  m = Where (p, mixed, a)  v = Softmax (m)"),
    "for each row": choice("p = Less (b, z)  m = Where (p, mixed, a)  v = Softmax (m)"),
}


def _both(model: ir.Model) -> int:
    return bound_choices(model) + bool(bools_to_floats(model))


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_a_choice_becomes_a_sum_of_numbers(make: Make) -> None:
    """What is left out leaves no trace; what is known to be infinite stays so."""
    assert_rewritten(by=_both, model=make(), fired=2, gone=["Where"])


LEFT = {
    "finite values": choice("p = Greater (a, z)  v = Where (p, a, b)"),
    "what is no number": choice("p = Greater (a, far)  m = Where (p, nan, a)  v = Add (m, b)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_choices_stay(make: Make) -> None:
    """There is nothing to bound, or nothing that could stand for it."""
    assert_left_alone(by=bound_choices, model=make())
