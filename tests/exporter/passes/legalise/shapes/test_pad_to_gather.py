"""Writing a Pad that repeats or mirrors the border as Gathers."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.shapes.pad_to_gather import pad_to_gather
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random


def padded(mode: str, pads: tuple[int, ...], shape: tuple[int, ...] = (2, 5, 4, 3)) -> Make:
    """Return a maker of a padded tensor."""
    rank = len(shape)
    after = [n + pads[k] + pads[rank + k] for k, n in enumerate(shape)]
    source, target = (",".join(map(str, sizes)) for sizes in (shape, after))
    return made(
        f'(float[{source}] x) => (float[{target}] y) {{ y = Pad <mode="{mode}"> (x, p) }}',
        p=integers(*pads),
    )


FORMS: dict[str, tuple[Make, int]] = {
    "rows and columns of channels last, mirrored": (padded("reflect", (0, 2, 1, 0, 0, 1, 3, 0)), 2),
    "samples mirrored": (padded("reflect", (1, 0, 0, 0, 0, 0, 0, 0)), 1),
    "a series mirrored": (padded("reflect", (0, 0, 2, 0, 0, 3), (2, 3, 5)), 1),
    "a border repeated": (padded("edge", (0, 0, 1, 2, 0, 0, 3, 0)), 2),
    "a border repeated often": (padded("edge", (0, 9, 0, 0), (3, 2)), 1),
    "all axes": (padded("edge", (1, 0, 2, 0, 1, 0), (2, 3, 4)), 3),
}


@pytest.mark.parametrize(("make", "gathers"), FORMS.values(), ids=FORMS)
def test_the_border_is_gathered(make: Make, gathers: int) -> None:
    """One Gather for each axis that grows."""
    assert_rewritten(by=pad_to_gather, model=make(), ops={"Gather": gathers}, limit=0)


LEFT = {
    "constants": padded("constant", (0, 1, 0, 0, 0, 0, 2, 0)),
    "a picture mirrored": padded("reflect", (0, 0, 1, 2, 0, 0, 3, 0)),
    "less than there is": padded("edge", (0, -1, 0, 1), (3, 5)),
    "unknown pads": made(
        "(float[3,5] x, float[4] k) => (float[M,N] y) "
        '{ p = Cast <to=7> (k)  y = Pad <mode="edge"> (x, p) }'
    ),
    "no mode": made(
        "(float[3,5] x) => (float[4,5] y) { y = Pad (x, p, v) }",
        p=integers(1, 0, 0, 0),
        v=random(),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_pads_stay(make: Make) -> None:
    """OpenCV has those."""
    assert_left_alone(by=pad_to_gather, model=make())
