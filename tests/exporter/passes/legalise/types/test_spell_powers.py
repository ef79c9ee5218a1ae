"""Writing powers as products, roots, reciprocals and exponentials."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.types.spell_powers import spell_powers
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def power(exponent: float, *shape: int, base: str = "Exp") -> Make:
    """Return a maker of a power of an op's result."""
    return made(
        f"(float[3,5] x) => (float[3,5] y) {{ a = {base} (x)  y = Pow (a, k) }}",
        k=np.full(shape, exponent, np.float32),
    )


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "1": (power(1), {}),
    "2": (power(2, base="Sin"), {"Mul": 1}),
    "3": (power(3, 1, base="Sin"), {"Mul": 2}),
    "4": (power(4, 1, 1, base="Sin"), {"Mul": 2}),
    "1/2": (power(0.5), {"Sqrt": 1}),
    "-1": (power(-1), {"Reciprocal": 1}),
    "-1/2": (power(-0.5), {"Sqrt": 1, "Reciprocal": 1}),
    "-2": (power(-2), {"Mul": 1, "Reciprocal": 1}),
    "a broken power": (power(1.7, base="Sigmoid"), {"Log": 1, "Mul": 1, "Exp": 1}),
    "a broken root": (power(-0.3, 1), {"Log": 1, "Mul": 1, "Exp": 2}),
}


@pytest.mark.parametrize(("make", "steps"), FORMS.values(), ids=FORMS)
def test_an_exponent_is_a_chain_of_steps(make: Make, steps: dict[str, int]) -> None:
    """Whatever the rank of the number."""
    model = make()
    ops = {model.graph[0].op_type: 1} | steps
    assert_rewritten(by=spell_powers, model=model, ops=ops)


@pytest.mark.parametrize("base", [np.array(2, np.float32), np.abs(random(5))], ids=["2", "a row"])
def test_a_base_is_an_exponential(base: np.ndarray) -> None:
    """k^x is exp(x log k), to float32's rounding of log k."""
    make = made("(float[3,5] x) => (float[3,5] y) { y = Pow (k, x) }", k=base)
    assert_rewritten(by=spell_powers, model=make(), ops={"Mul": 1, "Exp": 1})


LEFT: dict[str, Make] = {
    "a high power": power(7),
    "one for each column": made(
        "(float[3,5] x) => (float[3,5] y) { a = Exp (x)  y = Pow (a, k) }", k=random(5)
    ),
    "a computed one": made("(float[3,5] x, float[3,5] k) => (float[3,5] y) { y = Pow (x, k) }"),
    "a base that is not positive": made(
        "(float[3,5] x) => (float[3,5] y) { y = Pow (k, x) }", k=np.array([1, 2, 0, 3, 4], "f4")
    ),
    "a number of more axes": made(
        "(float[3,5] x) => (float[1,3,5] y) { y = Pow (x, k) }", k=np.full((1, 1, 1), 2, "f4")
    ),
    "whole numbers": made(
        "(float[3,5] x) => (float[3,5] y) "
        "{ i = Cast <to=7> (x)  p = Pow (i, k)  y = Cast <to=1> (p) }",
        k=np.array(2, np.int64),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_powers_stay(make: Make) -> None:
    """There are no steps for them."""
    assert_left_alone(by=spell_powers, model=make())
