"""Scaling a picture without its mean, instead of both."""

from __future__ import annotations

import pytest

from keras2cv.net.engines import ENGINES
from keras2cv_export.passes.optimise.scale_differences import scale_differences
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random

MEAN = "m = ReduceMean <axes=[1,2,3]> (x)"
ENDS: dict[str, str] = {
    "the negative mean is scaled": "n = Neg (m) a = Mul (x, s) b = Mul (n, s) y = Add (a, b)",
    "the scaled mean is subtracted": "a = Mul (s, x) b = Mul (s, m) y = Sub (a, b)",
    "with a shift": "n = Neg (m) a = Mul (x, s) b = Mul (n, s) c = Add (b, t) y = Add (c, a)",
    "subtracted from a shift": "a = Mul (x, s) b = Mul (m, s) c = Sub (t, b) y = Add (a, c)",
    "a shift that is subtracted": "a = Mul (x, s) b = Mul (m, s) c = Add (t, b) y = Sub (a, c)",
    "the negative of a product": "a = Mul (x, s) b = Mul (m, s) c = Neg (b) y = Add (a, c)",
}

# The classic engine computes a mean over three axes wrongly: `reduce_one_block`.
RIGHT = [engine for engine in ENGINES if engine != "classic"]


def body(text: str, of: str = "2,40,30,3", to: str = "", **given: Array) -> Make:
    """Return a maker of a graph with a scale and a shift for each channel."""
    channels = int(of.rpartition(",")[2])
    used = {"s": random(1, 1, 1, channels), "t": random(channels)} | given
    used = {name: value for name, value in used.items() if name in text.replace("ReduceMean", "")}
    return made(f"(float[{of}] x) => (float[{to or of}] y) {{ {text} }}", **used)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_difference_is_scaled(end: str) -> None:
    """One product is left."""
    found = assert_rewritten(by=scale_differences, model=body(f"{MEAN} {end}")(), engines=RIGHT)
    assert (found.ops["Mul"], found.ops["Neg"]) == (1, 0)
    assert found.ops["Sub"] + found.ops["Add"] == (2 if "t" in end.replace("Mult", "") else 1)


def test_each_channel_by_itself_is_taken_too() -> None:
    """OpenCV's one op would compute the variance of an instance normalisation less exactly."""
    mean = MEAN.replace("1,2,3", "1,2")
    end = ENDS["the negative mean is scaled"]
    assert_rewritten(by=scale_differences, model=body(f"{mean} {end}")(), gone=["Neg"])


LEFT: dict[str, Make] = {
    "few numbers": body(f"{MEAN} {ENDS['with a shift']}", of="1,7,7,3"),
    "the mean is added": body(f"{MEAN} a = Mul (x, s) b = Mul (m, s) y = Add (a, b)"),
    "another scale": body(
        f"{MEAN} a = Mul (x, s) b = Mul (m, u) y = Sub (a, b)", u=random(1, 1, 1, 1)
    ),
    "the mean of something else": body(
        f"r = Relu (x) {MEAN.replace('(x)', '(r)')} a = Mul (x, s) b = Mul (m, s) y = Sub (a, b)"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_others_stay(make: Make) -> None:
    """Where it would be another number, or where one op is made of all."""
    assert_left_alone(by=scale_differences, model=make())
