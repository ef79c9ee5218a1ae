"""Slicing a run of neighbouring axes, with bounds as they lie within the tensor."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.shapes.slice_neighbours import slice_neighbours
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, integers

FAR = 2**31 - 1


def sliced(to: str, operands: str, **bounds: Array) -> Make:
    """Return a maker of a Slice of exp(x), x (2, 5, 4, 6)."""
    return made(
        f"(float[2,5,4,6] x) => (float[{to}] y) {{ a = Exp (x)  y = Slice (a, {operands}) }}",
        **bounds,
    )


FORMS: dict[str, tuple[Make, list[list[int]]]] = {
    "axes that do not follow each other": (
        sliced("2,3,4,5", "s, e, i", s=integers(1, 1), e=integers(6, 4), i=integers(3, 1)),
        [[1, 0, 1], [4, 4, 6], [1, 2, 3]],
    ),
    "from the end": (
        sliced("2,2,4,6", "s, e, i", s=integers(-3), e=integers(-1), i=integers(-3)),
        [[2], [4], [1]],
    ),
    "to the end": (
        sliced("2,5,4,4", "s, e, i", s=integers(2), e=integers(FAR), i=integers(3)),
        [[2], [6], [3]],
    ),
    "all axes": (
        sliced("1,3,4,5", "s, e", s=integers(1, 2, 0, 0), e=integers(2, 5, FAR, 5)),
        [[1, 2, 0, 0], [2, 5, 4, 5], [0, 1, 2, 3]],
    ),
    "with steps": (
        sliced(
            "2,5,2,2",
            "s, e, i, t",
            s=integers(1, 0),
            e=integers(FAR, FAR),
            i=integers(3, 2),
            t=integers(3, 2),
        ),
        [[0, 1], [3, 5], [2, 3], [2, 3]],
    ),
    "a step of 1": (
        sliced("2,3,4,6", "s, e, i, t", s=integers(1), e=integers(4), i=integers(1), t=integers(1)),
        [[1], [4], [1]],
    ),
}


@pytest.mark.parametrize(("make", "bounds"), FORMS.values(), ids=FORMS)
def test_bounds_are_written_out(make: Make, bounds: list[list[int]]) -> None:
    """From the first axis that is cut to the last, and steps only where there are any."""
    found = assert_rewritten(
        by=slice_neighbours, model=make(), ops={"Exp": 1, "Slice": 1}, limit=1e-6
    )
    constants = {i.name: i for i in found.after.graph.initializer}
    cut = found.after.graph.node[-1]
    assert [
        list(memoryview(constants[name].raw_data).cast("q")) for name in cut.input[1:]
    ] == bounds


def test_a_slice_of_everything_goes() -> None:
    """Also where it is an output, and something else reads it."""
    make = made(
        "(float[2,5] x) => (float[2,5] y, float[2,5] z) { y = Slice (x, s, e)  z = Exp (y) }",
        s=integers(0, 0),
        e=integers(FAR, 5),
    )
    assert_rewritten(by=slice_neighbours, model=make(), ops={"Exp": 1, "Identity": 1}, limit=1e-6)


LEFT = {
    "as it should be": sliced("2,3,4,6", "s, e, i", s=integers(1), e=integers(4), i=integers(1)),
    "backwards": sliced(
        "2,5,4,6", "s, e, i, t", s=integers(-1), e=integers(-9), i=integers(1), t=integers(-1)
    ),
    "computed bounds": made(
        "(float[2,5] x, float[1] k) => (float[2,N] y) "
        "{ s = Cast <to=7> (k)  y = Slice (x, s, e, i) }",
        e=integers(5),
        i=integers(1),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_slices_stay(make: Make) -> None:
    """A reversed slice is another pass's matter."""
    assert_left_alone(by=slice_neighbours, model=make())
