"""Writing the reversal of an axis as a Gather."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.shapes.reverse_to_gather import reverse_to_gather
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers

LEAST = -(2**31)


def sliced(starts: list[int], ends: list[int], axes: list[int], steps: list[int], to: str) -> Make:
    """Return a maker of a Slice of x (2, 5, 4, 6)."""
    return made(
        f"(float[2,5,4,6] x) => (float[{to}] y) {{ y = Slice (x, s, e, a, t) }}",
        s=integers(*starts),
        e=integers(*ends),
        a=integers(*axes),
        t=integers(*steps),
    )


def sequence(lengths: list[int], time_axis: int = 0) -> Make:
    """Return a maker of a ReverseSequence of x (5, 3, 4)."""
    if time_axis == 0:
        return made(
            "(float[5,3,4] x) => (float[5,3,4] y) "
            "{ y = ReverseSequence <time_axis=0, batch_axis=1> (x, n) }",
            n=integers(*lengths),
        )
    return made(
        "(float[3,5,4] x) => (float[3,5,4] y) "
        "{ y = ReverseSequence <time_axis=1, batch_axis=0> (x, n) }",
        n=integers(*lengths),
    )


FORMS: dict[str, tuple[Make, int]] = {
    "a sequence": (sequence([5, 5, 5]), 1),
    "a sequence of samples": (sequence([5, 5, 5], 1), 1),
    "rows": (sliced([-1], [LEAST], [2], [-1], "2,5,4,6"), 1),
    "rows, from the last there is": (sliced([3], [-5], [2], [-1], "2,5,4,6"), 1),
    "every other one": (sliced([4], [LEAST], [1], [-2], "2,3,4,6"), 1),
    "a part": (sliced([3], [0], [1], [-1], "2,3,4,6"), 1),
    "an axis from the back": (sliced([-1], [LEAST], [-2], [-1], "2,5,4,6"), 1),
    "rows and columns": (sliced([-1, -1], [LEAST, LEAST], [2, 3], [-1, -1], "2,5,4,6"), 2),
    "one axis back, one forth": (sliced([-1, 1], [LEAST, 5], [2, 3], [-1, 2], "2,5,4,2"), 2),
}


@pytest.mark.parametrize(("make", "gathers"), FORMS.values(), ids=FORMS)
def test_indices_are_in_reverse(make: Make, gathers: int) -> None:
    """One Gather for each axis that is cut."""
    assert_rewritten(by=reverse_to_gather, model=make(), ops={"Gather": gathers}, limit=0)


LEFT = {
    "sequences of several lengths": sequence([5, 4, 5]),
    "forwards": sliced([1], [4], [1], [1], "2,3,4,6"),
    "no steps": made(
        "(float[2,5] x) => (float[2,3] y) { y = Slice (x, s, e, a) }",
        s=integers(1), e=integers(4), a=integers(1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_what_is_not_turned_stays(make: Make) -> None:
    """The lengths must be those of the axis, and a step must go back."""
    assert_left_alone(by=reverse_to_gather, model=make())
