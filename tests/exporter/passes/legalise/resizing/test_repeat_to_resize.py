"""Recognising an axis whose elements are repeated as an enlargement."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.resizing.repeat_to_resize import repeat_to_resize
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers

COPY = 'mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric"'
REPEAT = "a = Reshape (x, s)  b = Tile (a, r)  y = Reshape (b, t)"


def repeated(split: tuple[int, ...], repeats: tuple[int, ...]) -> Make:
    """Return a maker of x (2, 3, 5, 7) with its elements along axis 1 repeated four times."""
    return made(
        f"(float[2,3,5,7] x) => (float[2,12,5,7] y) {{ {REPEAT} }}",
        s=integers(*split),
        r=integers(*repeats),
        t=integers(2, 12, 5, 7),
    )


def test_a_repeat_is_a_resize() -> None:
    """Its sizes follow from the repeats, for any axis."""
    make = repeated(split=(2, 3, 1, 5, 7), repeats=(1, 1, 4, 1, 1))
    found = assert_rewritten(by=repeat_to_resize, model=make(), ops={"Resize": 1}, engines=())
    (node,) = found.after.graph.node
    (sizes,) = (i for i in found.after.graph.initializer if i.name == node.input[3])
    assert list(memoryview(sizes.raw_data).cast("q")) == [2, 12, 5, 7]


def enlarged(first: tuple[int, ...], then: tuple[int, ...], how: str = COPY) -> Make:
    """Return a maker of x (2, 3, 5, 4) resized twice."""
    text = f"a = Resize <{COPY}> (x, , , s)  y = Resize <{how}> (a, , , t)"
    target = ",".join(map(str, then))
    return made(
        f"(float[2,3,5,4] x) => (float[{target}] y) {{ {text} }}",
        s=integers(*first),
        t=integers(*then),
    )


def test_rows_and_columns_are_resized_at_once() -> None:
    """UpSampling2D repeats along one and then along the other."""
    make = enlarged((2, 3, 10, 4), (2, 3, 10, 12))
    assert_rewritten(by=repeat_to_resize, model=make(), ops={"Resize": 1}, limit=0)


LEFT = {
    "copies of the whole axis": repeated(split=(2, 1, 3, 5, 7), repeats=(1, 4, 1, 1, 1)),
    "two axes at once": made(
        "(float[2,3,5] x) => (float[2,12,10] y) "
        "{ a = Reshape (x, s)  b = Tile (a, r)  y = Reshape (b, t) }",
        s=integers(2, 3, 1, 5, 1), r=integers(1, 1, 4, 1, 2), t=integers(2, 12, 10),
    ),
    "the copies are an output": made(
        "(float[2,3,5] x) => (float[2,12,5] y, float[2,3,4,5] b) "
        "{ a = Reshape (x, s)  b = Tile (a, r)  y = Reshape (b, t) }",
        s=integers(2, 3, 1, 5), r=integers(1, 1, 4, 1), t=integers(2, 12, 5),
    ),
    "an enlargement of an enlargement": enlarged((2, 3, 10, 4), (2, 3, 30, 4)),
    "a part of a pixel more": enlarged((2, 3, 10, 4), (2, 3, 10, 7)),
    "another way to resize": enlarged((2, 3, 10, 4), (2, 3, 10, 12), 'mode="linear"'),
    "the first is an output": made(
        f"(float[1,2,3,4] x) => (float[1,2,6,8] y, float[1,2,6,4] a) "
        f"{{ a = Resize <{COPY}> (x, , , s)  y = Resize <{COPY}> (a, , , t) }}",
        s=integers(1, 2, 6, 4), t=integers(1, 2, 6, 8),
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_copies_stay(make: Make) -> None:
    """A copy of the whole is no repeat of each, and every axis is resized once."""
    assert_left_alone(by=repeat_to_resize, model=make())
