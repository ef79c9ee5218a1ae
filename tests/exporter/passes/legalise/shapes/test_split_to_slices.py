"""Writing a Split into unequal parts as Slices."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.shapes.split_to_slices import split_to_slices
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, integers


def split(outputs: str, node: str, **sizes: Array) -> Make:
    """Return a maker of a Split of exp(x), x (2, 6, 3)."""
    names = ", ".join(item.split()[1] for item in outputs.split("; "))
    listed = outputs.replace(";", ",")
    return made(
        f"(float[2,6,3] x) => ({listed}) {{ t = Exp (x)  {names} = Split {node} }}", **sizes
    )


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "unequal parts": (
        split("float[2,2,3] a; float[2,4,3] b", "<axis=1> (t, s)", s=integers(2, 4)),
        {"Slice": 2},
    ),
    "an axis from the back": (
        split("float[2,1,3] a; float[2,3,3] b; float[2,2,3] c", "<axis=-2> (t, s)",
              s=integers(1, 3, 2)),
        {"Slice": 3},
    ),
    "the first axis": (
        split("float[1,6,3] a; float[1,6,3] b", "(t, s)", s=integers(1, 1)), {"Split": 1},
    ),
    "the first axis, without sizes": (
        split("float[1,6,3] a; float[1,6,3] b", "(t)"), {"Split": 1},
    ),
    "equal parts": (
        split("float[2,3,3] a; float[2,3,3] b", "<axis=1> (t, s)", s=integers(3, 3)),
        {"Split": 1},
    ),
    "a part that nothing reads": (
        made(
            "(float[2,6,3] x) => (float[2,4,3] y) "
            "{ t = Exp (x)  a, b = Split <axis=1> (t, s)  y = Neg (b) }",
            s=integers(2, 4),
        ),
        {"Slice": 2, "Neg": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_each_part_is_a_slice(make: Make, ops: dict[str, int]) -> None:
    """Equal parts stay a Split, without sizes."""
    found = assert_rewritten(by=split_to_slices, model=make(), ops={"Exp": 1, **ops}, limit=1e-6)
    assert all(len(n.input) == 1 for n in found.after.graph.node if n.op_type == "Split")


LEFT = {
    "no sizes": split("float[2,3,3] a; float[2,3,3] b", "<axis=1> (t)"),
    "computed sizes": made(
        "(float[2,6] x, float[2] k) => (float[2,M] a, float[2,N] b) "
        "{ s = Cast <to=7> (k)  a, b = Split <axis=1> (x, s) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_splits_stay(make: Make) -> None:
    """Equal parts need no sizes, and unknown ones are not known."""
    assert_left_alone(by=split_to_slices, model=make())
