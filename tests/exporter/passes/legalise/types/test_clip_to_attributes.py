"""Writing the bounds of a Clip as attributes."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.types.clip_to_attributes import clip_to_attributes
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made

LOW, HIGH = np.array(-0.3, np.float32), np.array(0.8, np.float32)
CLIP = "(float[2,3,5] x) => (float[2,3,5] y) { y = Clip %s }"

FORMS = {
    "both bounds": (made(CLIP % "(x, l, h)", l=LOW, h=HIGH), {"min": -0.3, "max": 0.8}),
    "the lower": (made(CLIP % "(x, l)", l=LOW), {"min": -0.3}),
    "the upper": (made(CLIP % "(x, , h)", h=HIGH), {"max": 0.8}),
    "a list of one": (made(CLIP % "(x, l)", l=LOW.reshape(1)), {"min": -0.3}),
}


@pytest.mark.parametrize(("make", "bounds"), FORMS.values(), ids=FORMS)
def test_bounds_become_attributes(make: Make, bounds: dict[str, float]) -> None:
    """Those that are left out stay left out."""
    found = assert_rewritten(by=clip_to_attributes, model=make(), ops={"Clip": 1})
    (node,) = found.after.graph.node
    assert {a.name: a.f for a in node.attribute} == pytest.approx(bounds)
    assert list(node.input) == ["x"]


LEFT = {
    "a bound is computed": made(
        "(float[2,3] x, float[2] k) => (float[2,3] y) "
        "{ l = ReduceMin <keepdims=0> (k)  y = Clip (x, l, h) }",
        h=HIGH,
    ),
    "there are none": made(CLIP % "(x)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_clips_stay(make: Make) -> None:
    """An attribute is a number that is known."""
    assert_left_alone(by=clip_to_attributes, model=make())
