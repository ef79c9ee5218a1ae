"""Giving every node a name of its own."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from keras2cv_export.passes.legalise.shapes.name_nodes_apart import name_nodes_apart
from support.pass_checks import assert_left_alone, assert_rewritten, made

CHAIN = made("(float[2,3] x) => (float[2,3] y) { a = Abs (x)  b = Exp (a)  y = Neg (b) }")
NAMES = {
    "two alike": (("a", "a", "b"), ["a", "a_2", "b"], 1),
    "all alike": (("a", "a", "a"), ["a", "a_2", "a_3"], 2),
    "one that has the number": (("a", "a_2", "a"), ["a", "a_2", "a_3"], 1),
    "none": ((None, "", "c"), None, 2),
}


def chain(*names: str | None) -> ir.Model:
    """Return three nodes with these names."""
    model = CHAIN()
    for node, name in zip(model.graph, names, strict=True):
        node.name = name
    return model


@pytest.mark.parametrize(("given", "wanted", "fired"), NAMES.values(), ids=NAMES)
def test_names_are_numbered(
    given: tuple[str | None, ...], wanted: list[str] | None, fired: int
) -> None:
    """The first keeps its name; a node without one is named after its output."""
    ops = {"Abs": 1, "Exp": 1, "Neg": 1}
    found = assert_rewritten(
        by=name_nodes_apart, model=chain(*given), fired=fired, ops=ops, limit=1e-6
    )
    names = [node.name for node in found.after.graph.node]
    assert len(set(names)) == len(names)
    assert all(names)
    assert wanted is None or names == wanted


def test_names_that_differ_stay() -> None:
    """There is nothing to do."""
    assert_left_alone(by=name_nodes_apart, model=chain("a", "b", "c"))
