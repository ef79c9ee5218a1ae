"""Tanh and Softplus of large numbers."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.types.bound_exponents import bound_exponents
from support.small_graphs import Rewritten, apply, graph, inputs_for

_SIZE = "float[2,3,5,7]"


def _applied(body: str) -> Rewritten:
    return apply(
        bound_exponents,
        graph(
            f"({_SIZE} x) => ({_SIZE} y) {{ a = Mul (x, large)  {body} }}",
            large=np.array(90, np.float32),
            low=np.array(-19, np.float32),
            high=np.array(12, np.float32),
        ),
    )


@pytest.mark.parametrize(
    ("body", "ops"),
    [
        ("y = Tanh (a)", {"Mul": 1, "Clip": 1, "Tanh": 1}),
        ("y = Softplus (a)", {"Mul": 1, "Clip": 1, "Softplus": 1, "Max": 1}),
        ("b = Softplus (a)  y = Tanh (b)", {"Mul": 1, "Clip": 2, "Softplus": 1, "Max": 1,
                                            "Tanh": 1}),
    ],
)  # fmt: skip
def test_large_numbers_are_clipped(body: str, ops: dict[str, int]) -> None:
    """Once each, whatever computes them, and not again in a second run."""
    found = _applied(body)
    assert found.fired == ops.get("Tanh", 0) + ops.get("Softplus", 0)
    assert found.ops == ops
    assert found.again == 0
    found.assert_interface_kept()


@pytest.mark.parametrize(
    "body",
    [
        "b = Clip (a, low, high)  y = Tanh (b)",
        "b = Clip (a, low, high)  y = Softplus (b)",
        "b = Softplus (a)  c = Tanh (b)  y = Mul (a, c)",
        "b = Sigmoid (a)  c = Relu (b)  y = Identity (c)",
    ],
)
def test_what_cannot_overflow_stays(body: str) -> None:
    """Numbers between small limits, a Mish, and functions that have no exponent."""
    _applied(body).assert_untouched()


def test_half_a_clip_does_not_do() -> None:
    """A limit on one side leaves the other open to a Tanh."""
    found = _applied("b = Clip (a, low)  y = Tanh (b)")
    assert found.fired == 1
    assert found.ops["Clip"] == 2


@pytest.mark.parametrize("op", ["Tanh", "Softplus"])
def test_the_numbers_are_right_on_both_engines(op: str) -> None:
    """Up to 135, where an engine that raises e to it has nothing but NaN and infinity."""
    found = _applied(f"y = {op} (a)")
    x = np.float32(90) * inputs_for(found.before)["x"]
    found.assert_numbers({"y": np.tanh(x) if op == "Tanh" else np.logaddexp(np.float32(0), x)})
