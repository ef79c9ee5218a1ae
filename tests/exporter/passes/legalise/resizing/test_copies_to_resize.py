"""Writing Tile and Expand as enlargements to the nearest pixel."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.resizing.copies_to_resize import copies_to_resize
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random


def copied(op: str, source: str, target: str, *numbers: int) -> Make:
    """Return a maker of exp(x), tiled or expanded."""
    return made(
        f"(float[{source}] x) => (float[{target}] y) {{ a = Exp (x)  y = {op} (a, k) }}",
        k=integers(*numbers),
    )


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "one axis tiled": (copied("Tile", "2,3,4", "2,15,4", 1, 5, 1), {"Reshape": 2, "Resize": 1}),
    "samples tiled": (copied("Tile", "2,3,4", "6,3,4", 3, 1, 1), {"Reshape": 2, "Resize": 1}),
    "all axes tiled": (copied("Tile", "2,3", "4,9", 2, 3), {"Reshape": 4, "Resize": 2}),
    "five axes": (
        copied("Tile", "2,1,3,2,5", "2,1,6,2,15", 1, 1, 2, 1, 3), {"Reshape": 4, "Resize": 2},
    ),
    "expanded": (copied("Expand", "2,1,4", "2,3,4", 2, 3, 4), {"Reshape": 2, "Resize": 1}),
    "expanded by less axes": (
        copied("Expand", "2,1,4", "2,3,4", 3, 1), {"Reshape": 2, "Resize": 1},
    ),
    "expanded by more axes": (
        copied("Expand", "3,1", "2,3,4", 2, 3, 4), {"Reshape": 5, "Resize": 2},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_copies_are_enlargements(make: Make, ops: dict[str, int]) -> None:
    """A Resize of one row for each axis that is copied."""
    assert_rewritten(by=copies_to_resize, model=make(), ops={"Exp": 1, **ops}, limit=1e-6)


def test_copying_once_is_nothing() -> None:
    """A copy of the same size is passed on."""
    make = copied("Tile", "2,3,4", "2,3,4", 1, 1, 1)
    assert_rewritten(by=copies_to_resize, model=make(), ops={"Exp": 1}, limit=1e-6)


LEFT = {
    "a constant": made(
        "(float[2,3,4] x) => (float[2,3,4] y) { t = Tile (k, r)  y = Add (x, t) }",
        k=random(1, 3, 4),
        r=integers(2, 1, 1),
    ),
    "copies are counted by the net": made(
        "(float[2,3] x, float[2] r) => (float[M,N] y) { k = Cast <to=7> (r)  y = Tile (x, k) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_copies_stay(make: Make) -> None:
    """A constant is folded, and the result's size must be known."""
    assert_left_alone(by=copies_to_resize, model=make())
