"""Gathering from the flattened tensor where an index has several coordinates."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.shapes.gather_flat import gather_flat
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array


def indices(*shape: int, below: int) -> Array:
    """Return random indices."""
    return np.random.default_rng(shape).integers(0, below, shape)


def known(op: str, source: str, target: str, where: Array) -> Make:
    """Return a maker of an op with constant indices."""
    text = f"(float[{source}] x) => (float[{target}] y) {{ y = {op} (x, i) }}"
    return made(text, i=where)


def computed(op: str, source: str, shape: str, target: str) -> Make:
    """Return a maker of an op whose indices, 0 or 1, come from an input."""
    text = f"""(float[{source}] x, float[{shape}] k) => (float[{target}] y) {{
        a = Abs (k)
        f = Floor (a)
        i = Cast <to=7> (f)
        y = {op} (x, i)
    }}"""
    return made(text)


FORMS: dict[str, tuple[Make, set[str]]] = {
    "points": (known("GatherND", "4,5,6", "7,6", indices(7, 2, below=4)), set()),
    "elements": (known("GatherND", "4,5", "7,3", indices(7, 3, 2, below=4)), set()),
    "points of each sample": (
        known("GatherND <batch_dims=1>", "3,4,5,2", "3,7,2", indices(3, 7, 2, below=4)),
        set(),
    ),
    "points from the end": (
        known("GatherND", "4,5,6", "3,6", np.array([[-1, -5], [0, -1], [-4, 3]])),
        set(),
    ),
    "points that the net computes": (computed("GatherND", "4,5,6", "7,2", "7,6"), {"Mul"}),
    "along rows": (
        known("GatherElements <axis=1>", "4,5", "4,3", indices(4, 3, below=5)),
        set(),
    ),
    "along an axis from the back": (
        known("GatherElements <axis=-2>", "2,5,4", "2,3,4", indices(2, 3, 4, below=5)),
        set(),
    ),
    "along columns, from the end": (
        known("GatherElements <axis=0>", "4,3", "2,3", np.array([[-1, 0, -4], [3, -2, 1]])),
        set(),
    ),
    "along rows, by the net": (
        computed("GatherElements <axis=1>", "4,5", "4,3", "4,3"),
        {"Mul", "Add"},
    ),
}


@pytest.mark.parametrize(("make", "kinds"), FORMS.values(), ids=FORMS)
def test_one_number_is_the_place(make: Make, kinds: set[str]) -> None:
    """A Gather of rows is left, and arithmetic where the indices are computed."""
    found = assert_everything(make)
    assert found["Gather"] == 1
    assert not found.keys() & {"GatherND", "GatherElements"}
    assert kinds <= found.keys()


def assert_everything(make: Make) -> dict[str, int]:
    """Check a rewrite, whose Reshapes are as many as the shapes ask for."""
    model = make()
    trial = make()
    gather_flat(trial)
    ops: dict[str, int] = {}
    for node in trial.graph:
        ops[node.op_type] = ops.get(node.op_type, 0) + 1
    assert_rewritten(by=gather_flat, model=model, ops=ops)
    return ops


def test_a_plain_gather_stays() -> None:
    """It has one coordinate already."""
    assert_left_alone(by=gather_flat, model=known("Gather", "4,5", "3,5", indices(3, below=4))())


def test_computed_places_have_two_axes() -> None:
    """Until 4.14, a computed list of one axis gets one more, which no later pass would undo."""
    model = computed("GatherND", "4,5,6", "1,2", "1,6")()
    gather_flat(model)
    (gather,) = [node for node in model.graph if node.op_type == "Gather"]
    assert len(gather.inputs[1].shape) == 2  # type: ignore[union-attr, arg-type]
