"""Writing the axes of a ReduceSum as an attribute."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.reductions.sum_axes_to_attribute import sum_axes_to_attribute
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, integers


def summed(node: str, to: str, **axes: Array) -> Make:
    """Return a maker of a sum of x (2, 3, 5, 4)."""
    return made(f"(float[2,3,5,4] x) => (float[{to}] y) {{ y = ReduceSum {node} }}", **axes)


FORMS = {
    "rows and columns": (summed("(x, a)", "2,3,1,1", a=integers(2, 3)), [2, 3]),
    "from the back": (summed("<keepdims=0> (x, a)", "2,3,5", a=integers(-1)), [-1]),
    "that would do nothing without": (
        summed("<noop_with_empty_axes=1> (x, a)", "2,3,1,4", a=integers(2)),
        [2],
    ),
}


@pytest.mark.parametrize(("make", "axes"), FORMS.values(), ids=FORMS)
def test_axes_become_an_attribute(make: Make, axes: list[int]) -> None:
    """Whether they are kept stays as it is."""
    found = assert_rewritten(by=sum_axes_to_attribute, model=make(), ops={"ReduceSum": 1})
    (node,) = found.after.graph.node
    assert [list(a.ints) for a in node.attribute if a.name == "axes"] == [axes]
    assert list(node.input) == ["x"]


LEFT = {
    "no axes": summed("<keepdims=1> (x)", "1,1,1,1"),
    "computed axes": made(
        "(float[2,3] x, float[1] k) => (float[M,N] y) { a = Cast <to=7> (k)  y = ReduceSum (x, a) }"
    ),
    "another reduction": made("(float[2,3] x) => (float[2,1] y) { y = ReduceMax <axes=[1]> (x) }"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_reductions_stay(make: Make) -> None:
    """They have no axes as an input, or unknown ones."""
    assert_left_alone(by=sum_axes_to_attribute, model=make())
