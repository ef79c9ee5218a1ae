"""Computing truth values as the numbers 0 and 1."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.types.bools_to_floats import bools_to_floats
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random

TRUTH = ("Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal", "Not", "And", "Or", "Xor",
         "Where")  # fmt: skip


def truth(text: str) -> Make:
    """Return a maker of a graph that makes t, a truth value, of a (3, 5) and b (3, 1)."""
    return made(
        f"(float[3,5] a, float[3,1] b) => (float[3,5] y) {{ {text}  y = Cast <to=1> (t) }}",
        k=np.array(0.2, np.float32),
        h=np.array(0.9, np.float32),
        m=random(5) > 0,
        f=integers(3, 5),
        i=integers(2, 3),
    )


BOTH = "u = Greater (a, b)  v = Less (a, h)"
FORMS: dict[str, Make] = {
    "greater": truth("t = Greater (a, b)"),
    "less": truth("t = Less (a, b)"),
    "not less": truth("t = GreaterOrEqual (a, b)"),
    "not greater": truth("t = LessOrEqual (b, a)"),
    "equal": truth("c = Floor (a)  d = Floor (b)  t = Equal (c, d)"),
    "equal whole numbers": truth(
        "c = Floor (a)  d = Floor (b)  p = Cast <to=7> (c)  q = Cast <to=7> (d)  t = Equal (p, q)"
    ),
    "not": truth("u = Greater (a, b)  t = Not (u)"),
    "and": truth(f"{BOTH}  t = And (u, v)"),
    "or": truth(f"{BOTH}  t = Or (u, v)"),
    "one of the two": truth(f"{BOTH}  t = Xor (v, u)"),
    "a constant": truth("u = Greater (a, b)  t = And (m, u)"),
    "one that is moved": truth(
        "u = Greater (a, b)  r = Reshape (u, f)  w = Transpose <perm=[1,0]> (r)  "
        "x = Transpose <perm=[1,0]> (w)  t = And (x, m)"
    ),
    "one that is split": truth(
        "u = Greater (a, b)  w, x = Split <axis=1> (u, i)  t = Concat <axis=1> (x, w)"
    ),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_a_truth_value_is_a_number(make: Make) -> None:
    """0 or 1, exactly."""
    assert_rewritten(by=bools_to_floats, model=make(), gone=TRUTH, limit=0)


def chosen(text: str, more: str = "") -> Make:
    """Return a maker of a choice between values made of a (3, 5) and b (3, 1)."""
    return made(
        f"(float[3,5] a, float[3,1] b) => (float[3,5] y{more}) {{ t = Greater (a, k)  {text} }}",
        k=np.array(0.2, np.float32),
        m=random(5) > 0,
    )


CHOICES: dict[str, tuple[Make, int]] = {
    "two values": (chosen("c = Neg (a)  y = Where (t, c, b)"), 1),
    "a number": (chosen("c = Sub (a, b)  y = Where (t, k, c)"), 1),
    "two readers": (
        chosen("c = Where (t, a, b)  d = Cast <to=1> (t)  y = Mul (c, d)"), 2,
    ),
    "whole numbers": (
        chosen(
            "c = Floor (a)  p = Cast <to=7> (c)  d = Floor (b)  q = Cast <to=7> (d)  "
            "w = Where (t, p, q)  y = Cast <to=1> (w)"
        ),
        1,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "fired"), CHOICES.values(), ids=CHOICES)
def test_a_choice_is_a_sum(make: Make, fired: int) -> None:
    """One of two finite values is multiplied by 0."""
    assert_rewritten(by=bools_to_floats, model=make(), fired=fired, gone=TRUTH)


def test_a_guard_against_infinity_keeps_its_choice() -> None:
    """0 times NaN is NaN: the condition alone is a number, and is compared with a half."""
    make = chosen("u = Less (b, a)  w = And (t, u)  l = Log (a)  y = Where (w, l, b)")
    # The old operand of the comparison is unread, for another pass to remove.
    found = assert_rewritten(by=bools_to_floats, model=make(), engines=["new"])
    made_by = {name: node for node in found.after.graph.node for name in node.output}
    (choice,) = (node for node in found.after.graph.node if node.op_type == "Where")
    condition = made_by[choice.input[0]]
    assert condition.op_type == "Greater"
    assert made_by[condition.input[0]].op_type == "Mul"


LEFT = {
    "a guard by a comparison": chosen("l = Log (a)  y = Where (t, l, b)"),
    "a comparison of what may be infinite": made(
        "(float[3,5] a) => (float[3,5] y) { l = Log (a)  t = Greater (l, k)  y = Cast <to=1> (t) }",
        k=np.array(-1, np.float32),
    ),
    "an op without a rule": made(
        "(float[3,5] a) => (float[3,5] y) { t = IsNaN (a)  y = Cast <to=1> (t) }"
    ),
    "numbers": made("(float[3,5] a) => (float[3,5] y) { y = Cast <to=1> (a) }"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_truth_values_stay(make: Make) -> None:
    """The difference of infinities has no sign."""
    assert_left_alone(by=bools_to_floats, model=make())
