"""Loops in a tail: iterations until a condition fails, with bounds on what a file may ask."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras2cv.codegen.cpp.source_files import TAIL_STEPS
from keras2cv.errors import BundleError
from keras2cv.numpy_tail import finish as finishing
from keras2cv.numpy_tail.finish import finish
from keras2cv.numpy_tail.step import Loop, Step
from keras2cv.schema.fields import SchemaError, decode, encode

_TEN = Step("constant", (), ("ten",), dtype="float32", shape=(), values=(10.0,))
_ONE = Step("constant", (), ("one",), dtype="float32", shape=(), values=(1.0,))
_IS_LESS = Step("less", ("x", "ten"), ("go",))
_COUNT = Step("add", ("x", "one"), ("more",))


def _counting(**changed: Any) -> Step:
    loop = Loop(("x", "kept"), (_TEN, _IS_LESS), "go", (_ONE, _COUNT), ("more", "kept"))
    return Step("loop", ("a", "b"), ("c", "d"), loop=dataclasses.replace(loop, **changed))


def _run(step: Step, start: float = 2.5) -> dict[str, Any]:
    return finish({"a": np.float32(start), "b": np.arange(3)}, [step])


def test_a_loop_turns_until_its_condition_fails() -> None:
    """The state that fails it is the result."""
    found = _run(_counting())
    assert found["c"] == np.float32(10.5)
    np.testing.assert_array_equal(found["d"], np.arange(3))
    assert _run(_counting(), 11.0)["c"] == np.float32(11.0)  # no turn at all


def test_a_loop_in_a_loop_reads_the_state() -> None:
    """And its names are its own."""
    inner = dataclasses.replace(_counting(), inputs=("x", "kept"), outputs=("y", "z"))
    assert inner.depth == 1
    assert inner.count == 5
    outer = Loop(("x", "kept"), (_TEN, _IS_LESS), "go", (inner,), ("y", "kept"))
    step = Step("loop", ("a", "b"), ("c", "d"), loop=outer)
    assert _run(step)["c"] == np.float32(10.5)


def test_a_loop_survives_the_manifest() -> None:
    """It is written and read as JSON."""
    assert decode(Step, encode(_counting())) == _counting()


def test_a_condition_that_holds_for_ever_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file cannot hang its reader."""
    monkeypatch.setattr(finishing, "MAX_ITERATIONS", 50)
    with pytest.raises(BundleError, match="loops of more than 50 iterations"):
        _run(_counting(results=("x", "kept")))


def test_arrays_keep_their_shapes() -> None:
    """A turn cannot let them grow."""
    grow = Step("stack", ("x", "x"), ("more",), axis=0)
    with pytest.raises(BundleError, match="x becomes"):
        _run(_counting(body=(grow,)))


@pytest.mark.parametrize(
    "changed",
    [
        {"go_on": "nothing"},
        {"results": ("more",)},
        {"state": ("x", "x")},
        {"body": (_COUNT,)},
        {"state": ("x",), "results": ("more",)},
    ],
)
def test_a_loop_that_is_not_whole_is_refused(changed: dict[str, Any]) -> None:
    """When it is read."""
    with pytest.raises(SchemaError):
        _counting(**changed)


X = np.array([[3, -1, 2], [0, 5, 4]], np.float32)


@pytest.mark.parametrize(
    ("step", "inputs", "expected"),
    [
        (Step("sum", ("a",), ("z",), shape=(1,)), [X], X.sum(1)),
        (Step("any", ("a",), ("z",), shape=(0,)), [X > 3], (X > 3).any(0)),
        (Step("mean", ("a",), ("z",), shape=(0, 1)), [X], X.mean()),
        (Step("prod", ("a",), ("z",), shape=(1,)), [X], X.prod(1)),
        (Step("tanh", ("a",), ("z",)), [X], np.tanh(X)),
        (Step("power", ("a", "b"), ("z",)), [X, np.float32(2)], X**2),
        (Step("tile", ("a",), ("z",), shape=(2, 1)), [X], np.concatenate([X, X])),
        (Step("pad", ("a", "b"), ("z",), begin=(1, 0), shape=(0, 2)), [X, np.float32(7)],
         np.pad(X, ((1, 0), (0, 2)), constant_values=7)),
        (Step("matmul", ("a", "b"), ("z",)), [X, X.T], X @ X.T),
        (Step("argmax", ("a",), ("z",), axis=1), [X], [0, 1]),
        (Step("cumsum", ("a",), ("z",), axis=1), [X], X.cumsum(1)),
        (Step("sigmoid", ("a",), ("z",)), [X], 1 / (1 + np.exp(-X))),
        (Step("slice_at", ("a", "b"), ("z",), shape=(1, 2)), [X, np.array([1, 1])], X[1:, 1:]),
        (Step("gather_nd", ("a", "b"), ("z",)), [X, np.array([[1], [0]])], X[[1, 0]]),
        (Step("scatter", ("a", "b", "c"), ("z",)), [X, np.array([[0, 1]]), np.float32([9])],
         np.where(X == -1, 9, X)),
    ],
    ids=lambda value: value.op if isinstance(value, Step) else "",
)  # fmt: skip
def test_steps_of_bodies(step: Step, inputs: list[Any], expected: Any) -> None:
    """Each computes what NumPy does."""
    (found,) = finish(dict(zip("abc", inputs, strict=False)), [step]).values()
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("step", "inputs"),
    [
        (Step("slice_at", ("a", "b"), ("z",), shape=(1, 2)), [X, np.array([1, 2])]),
        (Step("slice_at", ("a", "b"), ("z",), shape=(1, 2)), [X, np.array([-1, 0])]),
        (Step("gather_nd", ("a", "b"), ("z",)), [X, np.array([[2]])]),
        (Step("scatter", ("a", "b", "c"), ("z",)), [X, np.array([[0, -1]]), np.float32([9])]),
        (Step("tile", ("a",), ("z",), shape=(2**20, 2**20)), [X]),
        (Step("pad", ("a", "b"), ("z",), begin=(2**30, 0), shape=(0, 0)), [X, np.float32(0)]),
        (Step("matmul", ("a", "b"), ("z",)), [X, X]),
    ],
    ids=lambda value: value.op if isinstance(value, Step) else "",
)
def test_what_does_not_fit_is_one_sentence(step: Step, inputs: list[Any]) -> None:
    """Places outside of an array, and arrays beyond the memory."""
    with pytest.raises(BundleError, match="does not fit"):
        finish(dict(zip("abc", inputs, strict=False)), [step])


def test_the_list_of_steps_in_cpp_is_that_of_its_template() -> None:
    """A program is written only if it has every step."""
    home = Path(finishing.__file__).parents[1] / "codegen" / "cpp" / "templates" / "tail.hpp"
    text = home.read_text("utf-8")
    assert {op for op in finishing._RULES if f'"{op}"' in text} == TAIL_STEPS
