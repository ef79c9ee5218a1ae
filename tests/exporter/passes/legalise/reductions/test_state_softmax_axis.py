"""Writing out the axis of a Softmax, which ONNX allows to be missing."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.reductions.state_softmax_axis import state_softmax_axis
from support.small_graphs import apply, graph


def scores(attributes: str, op: str = "Softmax") -> str:
    """Return a graph of one op over (2, 3, 5), where the axes cannot be mistaken."""
    return f"(float[2,3,5] x) => (float[2,3,5] y) {{ y = {op} {attributes} (x) }}"


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize(("attributes", "axis"), [("", 2), ("<axis=-1>", 2), ("<axis=-2>", 1)])
def test_it_says_the_axis_from_the_front(op: str, attributes: str, axis: int) -> None:
    """Left out it is the last; a negative one is counted from the back."""
    found = apply(state_softmax_axis, graph(scores(attributes, op)))
    assert found.fired == 1
    [node] = found.after.graph.node
    assert [(a.name, a.i) for a in node.attribute] == [("axis", axis)]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_axis_that_is_said_stays(axis: int) -> None:
    """There is nothing to do."""
    apply(state_softmax_axis, graph(scores(f"<axis={axis}>"))).assert_untouched()


@pytest.mark.parametrize("attributes", ["", "<axis=-2>"])
def test_numbers_names_and_the_second_run(attributes: str) -> None:
    """The same sums to 1 along the same axis, the same interface, and nothing left to do."""
    found = apply(state_softmax_axis, graph(scores(attributes)))
    found.assert_same_numbers()
    found.assert_interface_kept()
    assert found.again == 0
