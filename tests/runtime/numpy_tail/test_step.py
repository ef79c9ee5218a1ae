"""The tail in a manifest: valid and invalid steps."""

from __future__ import annotations

from typing import Any

import pytest

from keras2cv.bundle.manifest import NumpyTail, OutputTensor
from keras2cv.numpy_tail.finish import _RULES
from keras2cv.numpy_tail.step import MAX_CONSTANT, NmsRule, Op, Step
from keras2cv.schema.fields import SchemaError, decode, encode

HEAD = OutputTensor("boxes", "boxes", (1, 9, 4), (1, 9, 4), "same", "float32", batched=True)
SINGLE = {"max_boxes": 5, "iou": 0.5}


def test_every_op_has_a_rule_that_runs_it() -> None:
    """The ops of the schema are those of the interpreter, which runs loops itself."""
    assert set(Op.__args__) == {*_RULES, "loop"}


@pytest.mark.parametrize(
    ("record", "path"),
    [
        ({"op": "exec", "inputs": ["a"], "outputs": ["b"]}, "op"),
        ({"op": "not", "inputs": ["a", "b"], "outputs": ["c"]}, "inputs"),
        ({"op": "add", "inputs": ["a", "b"], "outputs": ["c", "d"]}, "outputs"),
        ({"op": "concat", "inputs": [], "outputs": ["c"], "axis": 0}, "inputs"),
        ({"op": "cast", "inputs": ["a"], "outputs": ["b"]}, "dtype"),
        ({"op": "not", "inputs": ["a"], "outputs": ["b"], "axis": 1}, "axis"),
        ({"op": "top_k", "inputs": ["a"], "outputs": ["b", "c"], "k": 0}, "k"),
        (
            {"op": "slice", "inputs": ["a"], "outputs": ["b"], "begin": [0], "shape": [1, 2],
             "strides": [1]},
            "begin",
        ),
        (
            {"op": "slice", "inputs": ["a"], "outputs": ["b"], "begin": [-1], "shape": [1],
             "strides": [1]},
            "begin",
        ),
        (
            {"op": "constant", "inputs": [], "outputs": ["b"], "dtype": "int32", "shape": [3],
             "values": [1.0]},
            "values",
        ),
        ({"op": "reshape", "inputs": ["a"], "outputs": ["b"], "shape": [-1]}, "shape"),
        (
            {"op": "combined_nms", "inputs": ["a", "b"], "outputs": ["c", "d", "e", "f"],
             "nms": SINGLE},
            "nms.max_total",
        ),
        (
            {"op": "nms", "inputs": ["a", "b"], "outputs": ["c", "d", "e"],
             "nms": {**SINGLE, "max_boxes": 0}},
            "nms.max_boxes",
        ),
        (
            {"op": "nms", "inputs": ["a", "b"], "outputs": ["c", "d", "e"],
             "nms": {**SINGLE, "clip": 1}},
            "nms.max_total",
        ),
    ],
)  # fmt: skip
def test_a_step_that_means_nothing_is_refused(record: dict[str, Any], path: str) -> None:
    """With the path of the value that is wrong."""
    with pytest.raises(SchemaError) as caught:
        decode(Step, record)
    assert caught.value.path == path


def test_a_constant_is_small() -> None:
    """A larger one belongs into the net's file."""
    count = MAX_CONSTANT + 1
    with pytest.raises(SchemaError, match="4096"):
        Step("constant", (), ("b",), dtype="float32", shape=(count,), values=(0.5,) * count)


def test_a_tail_survives_writing() -> None:
    """Heads, steps and rules come back as they were."""
    rule = NmsRule(7, 0.5, 0.25)
    step = Step("nms", ("boxes", "boxes"), ("indices", "scores", "count"), nms=rule)
    tail = NumpyTail((HEAD,), (step, Step("cast", ("count",), ("total",), dtype="float32")))
    assert decode(NumpyTail, encode(tail)) == tail
    assert tail.made == {"indices", "scores", "count", "total"}


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ((), "count"),
        ((Step("not", ("b",), ("c",)),), "'b' is made by no head or step before"),
        ((Step("not", ("boxes",), ("boxes",)),), "'boxes' is there already"),
        ((Step("top_k", ("boxes",), ("a", "a"), k=2),), "must differ"),
        ((Step("not", ("boxes",), ("a",)), Step("not", ("a",), ("a",))), "there already"),
    ],
)
def test_steps_read_what_is_there_and_make_what_is_not(
    steps: tuple[Step, ...], problem: str
) -> None:
    """Every array has one maker, before its readers."""
    with pytest.raises(SchemaError, match=problem):
        NumpyTail((HEAD,), steps)
