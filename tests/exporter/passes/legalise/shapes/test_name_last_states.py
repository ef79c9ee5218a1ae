"""Naming the last states of LSTM and GRU, which 5.0's new engine wants."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.shapes.name_last_states import name_last_states
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random

GRU = {
    "w": random(1, 12, 3),
    "r": random(1, 12, 4),
    "b": random(1, 24),
    "h": np.zeros((1, 2, 4), np.float32),
}
LSTM = {"w": random(1, 16, 3), "r": random(1, 16, 4), "b": random(1, 32)}
OF_GRU = "GRU <hidden_size=4, linear_before_reset=1> (x, w, r, b, , h)"
START = "(float[5,2,3] x) => "
FORMS: dict[str, tuple[Make, int, dict[str, int]]] = {
    "a GRU's only output": (
        made(START + "(float[5,1,2,4] z) { y = " + OF_GRU + "  z = Exp (y) }", **GRU),
        1,
        {"GRU": 1, "Exp": 1},
    ),
    "an output of the graph": (
        made(START + "(float[5,1,2,4] y) { y = " + OF_GRU + " }", **GRU),
        1,
        {"GRU": 1},
    ),
}


@pytest.mark.parametrize(("make", "fired", "ops"), FORMS.values(), ids=FORMS)
def test_a_gru_has_two_outputs(make: Make, fired: int, ops: dict[str, int]) -> None:
    """The second is read by nothing, and has a name of its own."""
    found = assert_rewritten(by=name_last_states, model=make(), fired=fired, ops=ops, limit=1e-6)
    (node,) = [node for node in found.after.graph.node if node.op_type == "GRU"]
    assert len(set(node.output) - {""}) == 2


LEFT: dict[str, Make] = {
    "both outputs": made(START + "(float[5,1,2,4] y) { y, l = " + OF_GRU + " }", **GRU),
    "an LSTM's only output": made(
        START + "(float[5,1,2,4] y) { y = LSTM <hidden_size=4> (x, w, r, b) }", **LSTM
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_the_others_are_left_alone(make: Make) -> None:
    """They have what they need."""
    assert_left_alone(name_last_states, make())
