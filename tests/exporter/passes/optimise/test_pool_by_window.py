"""Pooling a whole image with a window as large as it is."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.optimise.pool_by_window import pool_by_window
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made


def body(text: str, to: str = "2,3,1,1") -> Make:
    """Return a maker of a graph that pools x (2, 3, 5, 7) to y."""
    return made(f"(float[2,3,5,7] x) => (float[{to}] y) {{ {text} }}")


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "a mean": (body("y = GlobalAveragePool (x)"), {"AveragePool": 1}),
    "a maximum": (body("y = GlobalMaxPool (x)"), {"MaxPool": 1}),
    "a mean over axes": (body("y = ReduceMean <axes=[2,3]> (x)"), {"AveragePool": 1}),
    "a maximum over axes that go": (
        body("y = ReduceMax <axes=[-1,2], keepdims=0> (x)", "2,3"),
        {"MaxPool": 1, "Reshape": 1},
    ),
}


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_the_window_is_the_image(make: Make, ops: dict[str, int]) -> None:
    """The same numbers, of the same shape."""
    assert_rewritten(by=pool_by_window, model=make(), ops=ops)


LEFT: dict[str, Make] = {
    "a line": made("(float[2,3,35] x) => (float[2,3,1] y) { y = GlobalAveragePool (x) }"),
    "a volume": made("(float[2,3,5,7,2] x) => (float[2,3,1,1,1] y) { y = GlobalMaxPool (x) }"),
    "channels too": body("y = ReduceMean <axes=[1,2,3]> (x)", "2,1,1,1"),
    "rows alone": body("y = ReduceMean <axes=[2]> (x)", "2,3,1,7"),
    "a sum": body("y = ReduceSumSquare <axes=[2,3]> (x)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Other ops than poolings of whole images."""
    assert_left_alone(by=pool_by_window, model=make())
