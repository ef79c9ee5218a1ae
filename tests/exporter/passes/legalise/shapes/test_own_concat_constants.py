"""Giving each Concat its own copies of the constants that it joins."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.shapes.own_concat_constants import own_concat_constants
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random

START = "(float[2,3,5] x, float[2,4,5] z) => "
FORMS: dict[str, tuple[Make, int, dict[str, int]]] = {
    "twice in one": (
        made(
            START + "(float[2,13,5] y) "
            "{ a = Abs (x)  b = Abs (z)  y = Concat <axis=1> (k, a, b, k) }",
            k=random(2, 3, 5),
        ),
        1,
        {"Abs": 2, "Concat": 1},
    ),
    "in two": (
        made(
            START + "(float[2,6,5] y, float[2,7,5] w) { a = Abs (x)  b = Abs (z)  "
            "y = Concat <axis=1> (k, a)  w = Concat <axis=1> (k, b) }",
            k=random(2, 3, 5),
        ),
        1,
        {"Abs": 2, "Concat": 2},
    ),
    "in a sum, too": (
        made(
            "(float[2,3,5] x) => (float[2,6,5] y) { a = Add (x, k)  y = Concat <axis=1> (a, k) }",
            k=random(2, 3, 5),
        ),
        1,
        {"Add": 1, "Concat": 1},
    ),
}


@pytest.mark.parametrize(("make", "fired", "ops"), FORMS.values(), ids=FORMS)
def test_each_reader_has_its_own(make: Make, fired: int, ops: dict[str, int]) -> None:
    """The last reader keeps the original."""
    found = assert_rewritten(
        by=own_concat_constants, model=make(), fired=fired, ops=ops, limit=1e-6
    )
    joined = [n for node in found.after.graph.node if node.op_type == "Concat" for n in node.input]
    assert len(set(joined)) == len(joined)


LEFT = {
    "read once": made(
        "(float[2,3,5] x) => (float[2,6,5] y) { y = Concat <axis=1> (x, k) }", k=random(2, 3, 5)
    ),
    "computed": made(
        "(float[2,3,5] x) => (float[2,6,5] y) { a = Exp (x)  y = Concat <axis=1> (a, a) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_what_is_read_once_stays(make: Make) -> None:
    """Computed operands stay too: they have layers of their own."""
    assert_left_alone(by=own_concat_constants, model=make())
