"""Writing 1-D windows with unequal pads as 2-D ones of height 1."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.windows.widen_windows import widen_windows
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def slid(node: str, to: str) -> Make:
    """Return a maker of a window that slides along x (2, 4, 9)."""
    return made(
        f"(float[2,4,9] x) => (float[2,{to}] y) {{ y = {node} }}",
        w=random(6, 4, 3),
        g=random(6, 2, 3),
        b=random(6),
    )


FORMS: dict[str, tuple[Make, str]] = {
    "a causal convolution": (slid("Conv <pads=[2,0]> (x, w, b)", "6,9"), "Conv"),
    "a dilated one": (slid("Conv <pads=[4,0], dilations=[2]> (x, w)", "6,9"), "Conv"),
    "one in groups, with strides": (
        slid("Conv <pads=[0,1], strides=[2], group=2, kernel_shape=[3]> (x, g)", "6,4"),
        "Conv",
    ),
    "a maximum": (
        slid("MaxPool <pads=[0,1], kernel_shape=[2], strides=[2]> (x)", "4,5"), "MaxPool",
    ),
    "a mean": (
        slid("AveragePool <pads=[0,1], kernel_shape=[4], strides=[3]> (x)", "4,3"),
        "AveragePool",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "op"), FORMS.values(), ids=FORMS)
def test_series_are_pictures_of_one_row(make: Make, op: str) -> None:
    """Every number per axis gets one for the row."""
    assert_rewritten(by=widen_windows, model=make(), ops={"Reshape": 2, op: 1})


LEFT = {
    "pads of equal size": slid("Conv <pads=[1,1]> (x, w)", "6,9"),
    "no pads": slid("MaxPool <kernel_shape=[2], strides=[2]> (x)", "4,4"),
    "a picture": made(
        "(float[2,4,5,9] x) => (float[2,3,5,9] y) { y = Conv <pads=[0,2,2,0]> (x, w) }",
        w=random(3, 4, 3, 3),
    ),
    "a computed kernel": made(
        "(float[2,4,9] x, float[6,4,3] w) => (float[2,6,9] y) { y = Conv <pads=[2,0]> (x, w) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_windows_stay(make: Make) -> None:
    """OpenCV slides those right."""
    assert_left_alone(by=widen_windows, model=make())
