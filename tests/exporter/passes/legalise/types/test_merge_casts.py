"""Casting integers to floats in one step."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.types.merge_casts import merge_casts
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made


def body(text: str, outputs: str = "float[3] y") -> Make:
    """Return a maker of a graph that finds the largest of x (3, 5), which gives int64."""
    start = "i = ArgMax <axis=1, keepdims=0> (x)"
    return made(f"(float[3,5] x) => ({outputs}) {{ {start}  {text} }}")


CAST = {"ArgMax": 1, "Cast": 1}
FORMS: dict[str, tuple[Make, int, dict[str, int]]] = {
    "two": (body("j = Cast <to=6> (i)  y = Cast <to=1> (j)"), 1, CAST),
    "three": (body("j = Cast <to=6> (i)  k = Cast <to=3> (j)  y = Cast <to=1> (k)"), 2, CAST),
    "one that is read elsewhere": (
        body("j = Cast <to=6> (i)  a = Cast <to=1> (j)  b = Cast <to=1> (j)  y = Add (a, b)"),
        2,
        {"ArgMax": 1, "Cast": 2, "Add": 1},
    ),
}


@pytest.mark.parametrize(("make", "fired", "ops"), FORMS.values(), ids=FORMS)
def test_the_cast_between_is_passed_by(make: Make, fired: int, ops: dict[str, int]) -> None:
    """Indices are numbers that every type between holds."""
    assert_rewritten(by=merge_casts, model=make(), fired=fired, ops=ops, limit=0)


LEFT = {
    "from floats": body(
        "a = Cast <to=1> (i)  j = Cast <to=6> (x)  b = Cast <to=1> (j)  c = ReduceMax <axes=[1], "
        "keepdims=0> (b)  y = Add (a, c)"
    ),
    "by way of truth": body("j = Cast <to=9> (i)  y = Cast <to=1> (j)"),
    "by way of floats": body("j = Cast <to=1> (i)  y = Cast <to=1> (j)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_casts_that_change_numbers_stay(make: Make) -> None:
    """A float loses its fraction in between, and a truth value is 0 or 1."""
    assert_left_alone(by=merge_casts, model=make())
