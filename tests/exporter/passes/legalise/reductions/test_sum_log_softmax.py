"""LogSoftmax of numbers that are far apart."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.reductions.sum_log_softmax import sum_log_softmax
from support.small_graphs import Rewritten, apply, graph

_SIZE = "float[2,3,5,7]"


def _applied(body: str) -> Rewritten:
    return apply(
        sum_log_softmax,
        graph(
            f"({_SIZE} x) => ({_SIZE} y) {{ {body} }}",
            large=np.array(90, np.float32),
            low=np.array(-39, np.float32),
            high=np.array(39, np.float32),
        ),
    )


@pytest.mark.parametrize("axis", [1, 2, -1])
def test_what_underflows_is_written_out(axis: int) -> None:
    """On any axis, and not again in a second run."""
    found = _applied(f"a = Mul (x, large)  y = LogSoftmax <axis={axis}> (a)")
    assert found.fired == 1
    assert found.ops == {"Mul": 1, "ReduceMax": 1, "Sub": 2, "Exp": 1, "ReduceSum": 1, "Log": 1}
    assert found.again == 0
    found.assert_interface_kept()


@pytest.mark.parametrize(
    "body",
    [
        "a = Clip (x, low, high)  y = LogSoftmax <axis=1> (a)",
        "a = Tanh (x)  y = LogSoftmax <axis=1> (a)",
        "a = Mul (x, large)  y = Softmax <axis=1> (a)",
    ],
)
def test_what_cannot_underflow_stays(body: str) -> None:
    """Numbers that are known to be near each other, and a Softmax, of which 0 is right."""
    _applied(body).assert_untouched()
