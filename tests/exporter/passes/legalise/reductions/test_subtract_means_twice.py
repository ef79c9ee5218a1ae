"""Subtracting what a mean has left."""

from __future__ import annotations

import pytest

from keras2cv.net.engines import ENGINES
from keras2cv_export.passes.legalise.reductions.subtract_means_twice import subtract_means_twice
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random

MEAN = "m = ReduceMean <axes=[1,2,3]> (x)"

# The classic engine computes a mean over three axes wrongly: `reduce_one_block`.
RIGHT = [engine for engine in ENGINES if engine != "classic"]


def body(text: str, of: str = "2,40,30,3", **given: object) -> Make:
    """Return a maker of a graph of a picture whose result has its shape."""
    return made(f"(float[{of}] x) => (float[{of}] y) {{ {text} }}", **given)  # type: ignore[arg-type]


FORMS: dict[str, tuple[Make, int]] = {
    "a picture less its mean": (body(f"{MEAN} y = Sub (x, m)"), 0),
    "a mean that was shaped anew": (
        body("m = ReduceMean <axes=[1,2,3], keepdims=0> (x) r = Reshape (m, s) y = Sub (x, r)",
             s=integers(2, 1, 1, 1)), 1,
    ),
    "of one sample, a number": (
        body("m = ReduceMean <keepdims=0> (x) y = Sub (x, m)", of="1,40,30,3"), 0,
    ),
    "a recording": (body("m = ReduceMean <axes=[1]> (x) y = Sub (x, m)", of="2,5000"), 0),
}  # fmt: skip


@pytest.mark.parametrize(("make", "moves"), FORMS.values(), ids=FORMS)
def test_the_mean_of_what_is_left_is_subtracted(make: Make, moves: int) -> None:
    """Once: the pass does not find its own work."""
    found = assert_rewritten(by=subtract_means_twice, model=make(), engines=RIGHT)
    assert (found.ops["Sub"], found.ops["ReduceMean"], found.ops["Reshape"]) == (2, 2, moves)


LEFT: dict[str, Make] = {
    "few numbers": body(f"{MEAN} y = Sub (x, m)", of="1,7,7,3"),
    "each channel by itself": body("m = ReduceMean <axes=[1,2]> (x) y = Sub (x, m)"),
    "the mean of something else": body(f"{MEAN} r = Relu (x) y = Sub (r, m)"),
    "another statistic": body("m = ReduceMax <axes=[1,2,3]> (x) y = Sub (x, m)"),
    "the mean less the picture": body(f"{MEAN} y = Sub (m, x)"),
    "another sample's mean": body(
        "m = ReduceMean <axes=[1,2,3], keepdims=0> (x) r = Reshape (m, s) y = Sub (x, r)",
        of="3,40,30,3", s=integers(3),
    ),
    "a constant": body("y = Sub (x, c)", c=random(1)),
}  # fmt: skip


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_others_stay(make: Make) -> None:
    """Where nothing is gained, or it is no mean of the same."""
    assert_left_alone(by=subtract_means_twice, model=make())
