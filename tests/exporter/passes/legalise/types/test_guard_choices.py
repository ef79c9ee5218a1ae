"""Keeping what a choice leaves out finite."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from keras2cv_export.graph.bounds import surely_finite
from keras2cv_export.passes.legalise.types.bools_to_floats import bools_to_floats
from keras2cv_export.passes.legalise.types.guard_choices import guard_choices
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made


def choice(text: str) -> Make:
    """Return a maker of a choice that is made of a (3, 5) and b (3, 1)."""
    return made(
        f"(float[3,5] a, float[3,1] b) => (float[3,5] y) {{ {text}  y = Add (c, b) }}",
        z=np.zeros((), np.float32),
        k=np.array(0.3, np.float32),
        o=np.array(0.9, np.float32),
        i=np.array(np.inf, np.float32),
        many=np.array(400, np.float32),
        flat=np.array([15]),
        back=np.array([3, 5]),
    )


FORMS: dict[str, Make] = {
    "a logarithm": choice("p = Greater (a, z)  l = Log (a)  c = Where (p, l, b)"),
    "a logarithm that is left out": choice("p = Less (a, k)  l = Log (a)  c = Where (p, b, l)"),
    "a quotient": choice("d = Relu (a)  p = Equal (d, z)  q = Div (a, d)  c = Where (p, z, q)"),
    "an inverse": choice(
        "d = Relu (a)  p = Greater (d, z)  q = Reciprocal (d)  c = Where (p, q, a)"
    ),
    "two roots": choice(
        "p = GreaterOrEqual (a, z)  n = Neg (a)  r = Sqrt (a)  s = Sqrt (n)  c = Where (p, r, s)"
    ),
    "a power": choice("p = Greater (a, z)  w = Pow (a, k)  c = Where (p, w, a)"),
    "an exponential": choice(
        "p = Less (a, z)  m = Mul (a, many)  e = Exp (m)  c = Where (p, e, a)"
    ),
    "a function of a function": choice(
        "p = Greater (a, k)  l = Log (a)  m = Neg (l)  r = Sqrt (m)  "
        "u = Less (a, o)  q = And (p, u)  c = Where (q, r, b)"
    ),
    "behind a Reshape": choice(
        "p = Greater (a, z)  f = Reshape (a, flat)  l = Log (f)  g = Reshape (l, back)  "
        "c = Where (p, g, a)"
    ),
    "a condition for each row": choice(
        "p = Greater (b, z)  d = Mul (b, a)  m = Abs (d)  l = Log (b)  s = Add (l, m)  "
        "c = Where (p, s, a)"
    ),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_a_choice_becomes_a_sum_of_what_is_finite(make: Make) -> None:
    """No number is multiplied by infinity."""
    model = make()
    assert guard_choices(model) == 1
    assert guard_choices(model) == 0
    bools_to_floats(model)
    assert not [node for node in model.graph if node.op_type == "Where"]
    assert_rewritten(by=_both, model=make(), fired=2, gone=["Where"])


def _both(model: object) -> int:
    return guard_choices(model) + bool(bools_to_floats(model))  # type: ignore[arg-type]


IMPLIED = {
    "a divisor that is not 0": (FORMS["a quotient"], True),
    "a logarithm of what is positive": (FORMS["a logarithm"], True),
    "a logarithm of what may be 0": (
        choice("p = GreaterOrEqual (a, z)  l = Log (a)  c = Where (p, l, b)"), False,
    ),
    "a divisor that another number is compared with": (
        choice("d = Relu (a)  p = Equal (a, z)  q = Div (a, d)  c = Where (p, z, q)"), False,
    ),
    "a divisor of another place": (
        choice(
            "d = Relu (b)  p = Equal (a, z)  q = Div (a, d)  c = Where (p, z, q)"
        ), False,
    ),
    "a divisor of as many other places": (
        made(
            "(float[3,1] a, float[1,3] b) => (float[3,3] y) { d = Relu (b)  "
            "f = Reshape (d, turned)  p = Greater (f, z)  q = Div (a, d)  y = Where (p, q, z) }",
            z=np.zeros((), np.float32),
            turned=np.array([3, 1]),
        ), False,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "finite"), IMPLIED.values(), ids=IMPLIED)
def test_what_the_choice_implies_is_known(make: Make, *, finite: bool) -> None:
    """Where the condition tests the function's own operand, the result is finite in all."""
    model = make()
    guard_choices(model)
    bools_to_floats(model)
    assert surely_finite(model.graph.outputs[0]) is finite


def test_a_guard_of_whole_numbers_is_one() -> None:
    """Both branches of a choice have one type."""
    model = made(
        "(int64[4] a, int64[4] b) => (int64[4] y) { "
        "p = Equal (b, z)  q = Div (a, b)  y = Where (p, z, q) }",
        z=np.zeros((), np.int64),
    )()
    assert guard_choices(model) == 1
    onnx.checker.check_model(ir.to_proto(model), full_check=True)


LEFT = {
    "finite values": choice("p = Greater (a, z)  c = Where (p, a, b)"),
    "a sum of functions": choice(
        "p = Greater (b, z)  l = Log (a)  s = ReduceSum <keepdims=1> (l)  c = Where (p, s, a)"
    ),
    "a condition for more than the function": choice(
        "p = Greater (a, z)  l = Log (b)  c = Where (p, l, a)"
    ),
    "a known infinity": choice("p = Greater (a, z)  c = Where (p, a, i)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_choices_stay(make: Make) -> None:
    """A guard stands at each element's own function."""
    assert_left_alone(by=guard_choices, model=make())
