"""Writing a 3-D transposed convolution as a convolution with zeros between."""

from __future__ import annotations

from collections import Counter

import pytest

from keras2cv_export.passes.legalise.windows.spread_volume_conv import spread_volume_conv
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def deconvolved(attributes: str, to: str, groups: int = 1) -> Make:
    """Return a maker of a transposed convolution by 3 x 2 x 4 of a volume 3 x 2 x 5."""
    return made(
        f"(float[2,4,3,2,5] x) => (float[2,{to}] y) {{ y = ConvTranspose "
        f"<kernel_shape=[3,2,4], group={groups}, {attributes}> (x, w, b) }}",
        w=random(4, 6 // groups, 3, 2, 4),
        b=random(6),
    )


FORMS: dict[str, tuple[Make, int, int]] = {
    # how, axes with zeros between, axes that are cropped
    "no strides": (deconvolved("strides=[1,1,1]", "6,5,3,8"), 0, 0),
    "strides": (deconvolved("strides=[2,1,3]", "6,7,3,16"), 2, 0),
    "pads": (deconvolved("strides=[2,2,2], pads=[1,0,1,1,0,2]", "6,5,4,9"), 3, 0),
    "a stride beyond the kernel": (deconvolved("strides=[2,4,2]", "6,7,6,12"), 3, 1),
    "pads beyond the kernel": (
        deconvolved("strides=[2,2,1], pads=[3,0,0,0,0,0]", "6,4,4,8"), 2, 1,
    ),
    "rows more behind": (
        deconvolved("strides=[2,2,2], output_padding=[1,0,1]", "6,8,4,13"), 3, 0,
    ),
    "groups": (deconvolved("strides=[2,1,2], pads=[0,0,1,0,0,1]", "6,7,3,10", 2), 2, 0),
}  # fmt: skip


@pytest.mark.parametrize(("make", "spread", "cut"), FORMS.values(), ids=FORMS)
def test_volumes_are_spread_and_convolved(make: Make, spread: int, cut: int) -> None:
    """A Pad between two Reshapes puts the zeros in, for each axis of a stride."""
    ops = {"Reshape": 2 * spread, "Pad": spread, "Slice": cut, "Conv": 1}
    assert_rewritten(by=spread_volume_conv, model=make(), ops=+Counter(ops))


LEFT = {
    "a picture": made(
        "(float[2,3,5,7] x) => (float[2,4,11,15] y) { y = ConvTranspose <strides=[2,2]> (x, w) }",
        w=random(3, 4, 3, 3),
    ),
    "dilated": deconvolved("dilations=[2,1,1]", "6,7,3,8"),
    "a computed kernel": made(
        "(float[2,3,4,5,6] x, float[3,2,2,2,2] w) => (float[2,2,5,6,7] y) "
        "{ y = ConvTranspose (x, w) }"
    ),
    "a convolution": made(
        "(float[2,3,4,5,6] x) => (float[2,2,3,4,5] y) { y = Conv (x, w) }",
        w=random(2, 3, 2, 2, 2),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_convolutions_stay(make: Make) -> None:
    """Dilation has been resolved before, and pictures OpenCV does itself."""
    assert_left_alone(by=spread_volume_conv, model=make())
