"""Replacing IsNaN and IsInf."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.types.decide_finite import decide_finite
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def asked(question: str) -> Make:
    """Return a maker of x + answer, x (3, 7), where `question` gives b."""
    text = f"{{ {question}  f = Cast <to=1> (b)  y = Add (x, f) }}"
    return made(f"(float[3,7] x) => (float[3,7] y) {text}", k=np.array(300, np.float32))


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "a finite value is a number": (asked("a = Sin (x)  b = IsNaN (a)"), {}),
    "an input is finite": (asked("b = IsInf (x)"), {}),
    "a logarithm may be no number": (
        asked("a = Log (x)  b = IsNaN (a)"), {"Log": 1, "Equal": 1, "Not": 1},
    ),
    "an exponential may be infinite": (
        asked("m = Mul (x, k)  a = Exp (m)  b = IsInf (a)"),
        {"Mul": 1, "Exp": 1, "Abs": 1, "Greater": 1},
    ),
    "minus infinity is, too": (
        asked("m = Mul (x, k)  e = Exp (m)  a = Neg (e)  b = IsInf (a)"),
        {"Mul": 1, "Exp": 1, "Neg": 1, "Abs": 1, "Greater": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_the_answer_is_known_or_compared(make: Make, ops: dict[str, int]) -> None:
    """A finite value leaves a constant; the old node and its operand are unread."""
    unread = {"Sin": 1} if not ops and "Sin" in str(make().graph) else {}
    assert_rewritten(by=decide_finite, model=make(), ops={"Cast": 1, "Add": 1, **ops, **unread})


def test_one_sign_of_infinity_is_left_alone() -> None:
    """The comparison takes both."""
    make = asked("m = Mul (x, k)  a = Exp (m)  b = IsInf <detect_positive=0> (a)")
    assert_left_alone(by=decide_finite, model=make())


def test_other_questions_stay() -> None:
    """A comparison asks nothing."""
    make = made(
        "(float[3,7] x) => (float[3,7] y) { b = Greater (x, k)  y = Cast <to=1> (b) }",
        k=random(7),
    )
    assert_left_alone(by=decide_finite, model=make())
