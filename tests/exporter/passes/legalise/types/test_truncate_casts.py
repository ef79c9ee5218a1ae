"""Cutting off the fraction before a Cast to integers."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.types.truncate_casts import truncate_casts
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random


def cast(text: str) -> Make:
    """Return a maker of a cast of b, 3 times x (3, 5)."""
    return made(
        f"(float[3,5] x) => (float[3,5] y) {{ b = Mul (x, h)  {text} }}",
        h=np.array(3, np.float32),
        k=random(5),
        w=integers(1, 2, 3, 4, 5),
    )


CUT = {"Sign": 1, "Abs": 1, "Floor": 1, "Mul": 2, "Cast": 2}
FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "to int32": (cast("i = Cast <to=6> (b)  y = Cast <to=1> (i)"), CUT),
    "to int64": (cast("i = Cast <to=7> (b)  y = Cast <to=1> (i)"), CUT),
    "what is moved": (
        cast("r = Relu (b)  i = Cast <to=7> (r)  y = Cast <to=1> (i)"), CUT | {"Relu": 1},
    ),
    "a sum with a fraction": (
        cast("f = Floor (b)  a = Add (f, k)  i = Cast <to=6> (a)  y = Cast <to=1> (i)"),
        CUT | {"Floor": 2, "Add": 1},
    ),
    "to truth": (
        cast("f = Floor (b)  t = Cast <to=9> (f)  y = Cast <to=1> (t)"),
        {"Mul": 1, "Floor": 1, "Equal": 1, "Not": 1, "Cast": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_the_fraction_is_cut_off(make: Make, ops: dict[str, int]) -> None:
    """Towards zero, as a Cast does; any number but 0 is true."""
    assert_rewritten(by=truncate_casts, model=make(), ops=ops, limit=0)


LEFT = {
    "rounded": cast("f = Round (b)  i = Cast <to=6> (f)  y = Cast <to=1> (i)"),
    "whole numbers moved": cast(
        "f = Floor (b)  r = Max (f, f)  t = Transpose <perm=[0,1]> (r)  i = Cast <to=7> (t)  "
        "y = Cast <to=1> (i)"
    ),
    "places": cast(
        "a = ArgMax <axis=1> (b)  f = Cast <to=1> (a)  i = Cast <to=6> (f)  g = Cast <to=1> (i)  "
        "y = Mul (b, g)"
    ),
    "a comparison": cast("t = Greater (b, k)  i = Cast <to=7> (t)  y = Cast <to=1> (i)"),
    "to floats": cast("y = Cast <to=1> (b)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_whole_numbers_stay(make: Make) -> None:
    """They have no fraction."""
    assert_left_alone(by=truncate_casts, model=make())


def test_inputs_that_keras_has_as_integers_stay() -> None:
    """The net takes them as floats, which hold whole numbers."""
    model = made("(float[3,5] x) => (float[3,5] y) { i = Cast <to=6> (x)  y = Cast <to=1> (i) }")()
    model.graph.inputs[0].meta["whole"] = True
    assert truncate_casts(model) == 0
    model.graph.inputs[0].meta["whole"] = False
    assert truncate_casts(model) == 1
