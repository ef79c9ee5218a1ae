"""Writing an exact GELU in the form that OpenCV recognises."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.optimise.spell_gelu import spell_gelu
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array


def body(text: str, **constants: float) -> Make:
    """Return a maker of a graph from x (2, 3, 5) to y, with the numbers of a GELU."""
    numbers = {"h": 0.5, "r": 0.70710677, "n": -0.70710677, "q": 1.4142135, "o": 1.0} | constants
    words = text.replace("(", " ").replace(")", " ").replace(",", " ").split()
    used: dict[str, Array] = {k: np.array(v, np.float32) for k, v in numbers.items() if k in words}
    return made(f"(float[2,3,5] x) => (float[2,3,5] y) {{ {text} }}", **used)


FORMS: dict[str, Make] = {
    "as Keras spells it": body(
        "a = Mul (h, x)  m = Neg (x)  s = Mul (m, r)  e = Erf (s)  c = Sub (o, e)  y = Mul (a, c)"
    ),
    "a negative factor": body(
        "a = Mul (h, x)  s = Mul (x, n)  e = Erf (s)  c = Sub (o, e)  y = Mul (c, a)"
    ),
    "as textbooks do": body(
        "a = Mul (x, h)  s = Div (x, q)  e = Erf (s)  c = Add (o, e)  y = Mul (a, c)"
    ),
}
OPS = {"Div": 1, "Erf": 1, "Add": 1, "Mul": 2}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_every_spelling_becomes_one(make: Make) -> None:
    """The same numbers, in the order of OpenCV's own."""
    assert_rewritten(by=spell_gelu, model=make(), ops=OPS)


LEFT: dict[str, Make] = {
    "OpenCV's own": body(
        "s = Div (x, q)  e = Erf (s)  c = Add (e, o)  m = Mul (x, c)  y = Mul (m, h)"
    ),
    "another factor": body(
        "a = Mul (h, x)  s = Mul (x, r)  e = Erf (s)  c = Add (e, o)  y = Mul (a, c)", r=0.7
    ),
    "another sign": body(
        "a = Mul (h, x)  s = Mul (x, r)  e = Erf (s)  c = Sub (o, e)  y = Mul (a, c)"
    ),
    "not half": body(
        "a = Mul (h, x)  s = Mul (x, r)  e = Erf (s)  c = Add (e, o)  y = Mul (a, c)", h=0.6
    ),
    "others read the error function": body(
        "a = Mul (h, x)  s = Mul (x, r)  e = Erf (s)  c = Add (e, o)  b = Mul (a, c)"
        "  y = Add (b, e)"
    ),
    "of another value": body(
        "z = Abs (x)  a = Mul (h, z)  s = Mul (x, r)  e = Erf (s)  c = Add (e, o)  y = Mul (a, c)"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Graphs that are no GELU, or have the form already."""
    assert_left_alone(by=spell_gelu, model=make())
