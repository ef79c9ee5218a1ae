"""Cropping the end of a transposed convolution by a Slice."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.windows.crop_transposed_conv import crop_transposed_conv
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def deconvolved(attributes: str, rows: int, columns: int) -> Make:
    """Return a maker of a transposed convolution by 3 x 4 of a 5 x 7 picture."""
    return made(
        f"(float[2,3,5,7] x) => (float[2,2,{rows},{columns}] y) "
        f"{{ y = ConvTranspose <kernel_shape=[3,4], strides=[2,3], {attributes}> (x, w, b) }}",
        w=random(3, 2, 3, 4),
        b=random(2),
    )


FORMS: dict[str, tuple[Make, list[int], list[int]]] = {
    "rows and columns": (deconvolved("pads=[0,0,1,1]", 10, 21), [0, 0, 0, 0], [2, 3]),
    "columns": (deconvolved("pads=[0,1,0,2]", 11, 19), [0, 1, 0, 1], [3]),
    "rows": (deconvolved("pads=[1,1,2,1]", 8, 20), [1, 1, 1, 1], [2]),
}


@pytest.mark.parametrize(("make", "pads", "axes"), FORMS.values(), ids=FORMS)
def test_the_end_is_cut_off_after(make: Make, pads: list[int], axes: list[int]) -> None:
    """The convolution pads both sides alike, and the Slice names the axes that lose more."""
    found = assert_rewritten(
        by=crop_transposed_conv, model=make(), ops={"ConvTranspose": 1, "Slice": 1}
    )
    convolution, cut = found.after.graph.node
    assert next(list(a.ints) for a in convolution.attribute if a.name == "pads") == pads
    (named,) = (i for i in found.after.graph.initializer if i.name == cut.input[3])
    assert list(memoryview(named.raw_data).cast("q")) == axes


LEFT = {
    "pads of equal size": deconvolved("pads=[1,2,1,2]", 9, 18),
    "no pads": deconvolved("group=1", 11, 22),
    "more in front": deconvolved("pads=[1,2,0,1]", 10, 19),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_pads_stay(make: Make) -> None:
    """Only a crop at the end is moved into a Slice."""
    assert_left_alone(by=crop_transposed_conv, model=make())
