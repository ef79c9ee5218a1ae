"""The front in a manifest: valid and invalid steps."""

from __future__ import annotations

from typing import Any

import pytest

from keras2cv.numpy_front.record import FrontStep, NumpyFront, Op
from keras2cv.numpy_front.rules import escaped, unescaped
from keras2cv.numpy_front.run import _STEPS
from keras2cv.schema.fields import SchemaError, decode, encode

INPUT = {"name": "text", "dtype": "string", "shape": [1]}
SPLIT = {
    "op": "split",
    "inputs": ["text"],
    "output": "words",
    "text": {"standardize": "lower", "split": "whitespace"},
}
TABLE = {"words": ["a"], "first": 2, "unknown": 1, "unknown_first": 1, "whole_numbers": 0,
         "remainder": 0}  # fmt: skip
LOOKUP = {"op": "lookup", "inputs": ["words"], "output": "net", "table": TABLE}


def test_every_op_has_a_rule_that_runs_it() -> None:
    """The ops of the schema are those of the runner, which does two of them itself."""
    assert set(Op.__args__) == {*_STEPS, "lookup", "cross"}


def test_a_front_survives_writing() -> None:
    """As records, as JSON, and back."""
    front = decode(NumpyFront, {"inputs": [INPUT], "steps": [SPLIT, LOOKUP]})
    assert decode(NumpyFront, encode(front)) == front
    assert front.made == {"words", "net"}


@pytest.mark.parametrize(
    "word", ["", "a\nb", "100%", "%0A", "\x85\x7f", "\u00e9\U0001f600", "a\tb\x00"]
)
def test_a_word_survives_a_manifest(word: str) -> None:
    """Control characters too, which no text of a manifest may have."""
    assert unescaped(escaped(word)) == word.encode("utf-8")
    assert escaped(word).isprintable()


@pytest.mark.parametrize(
    ("step", "path"),
    [
        ({"op": "exec", "inputs": ["text"], "output": "b"}, "op"),
        ({"op": "split", "inputs": ["text"], "output": "b"}, "text"),
        ({**SPLIT, "length": 3}, "length"),
        ({**SPLIT, "inputs": ["text", "text"]}, "inputs"),
        ({**SPLIT, "text": {"standardize": "[a-z]+", "split": "whitespace"}}, "text.standardize"),
        ({**SPLIT, "text": {**SPLIT["text"], "ngrams": [0]}}, "text.ngrams"),  # type: ignore[dict-item]
        ({**SPLIT, "text": {**SPLIT["text"], "ngrams": [2] * 17}}, "text.ngrams (count)"),  # type: ignore[dict-item]
        ({**LOOKUP, "inputs": ["text"], "table": {**TABLE, "unknown": -1}}, "table.unknown"),
        ({**LOOKUP, "inputs": ["text"], "table": {**TABLE, "mask": ""}}, "table.mask"),
        ({**LOOKUP, "inputs": ["text"], "table": {**TABLE, "salt": [1]}}, "table.salt"),
        ({**LOOKUP, "inputs": ["text"], "table": {**TABLE, "remainder": 1}}, "table.remainder"),
        ({"op": "pad", "inputs": ["text"], "output": "b", "length": 2**21}, "length"),
        ({"op": "encode", "inputs": ["text"], "output": "b",
          "encoding": {"mode": "count", "depth": 2**21}}, "encoding.depth"),
        ({"op": "encode", "inputs": ["text"], "output": "b",
          "encoding": {"mode": "tf_idf", "depth": 3, "weights": [1.0]}}, "encoding.weights"),
        ({"op": "hash", "inputs": ["text"], "output": "b", "hashing": {"bins": 0}}, "hashing.bins"),
        ({"op": "cross", "inputs": ["text"], "output": "b", "hashing": {"bins": 2}}, "inputs"),
        ({"op": "reshape", "inputs": ["text"], "output": "b", "shape": [2**21]}, "shape"),
        ({**SPLIT, "inputs": ["other"]}, "inputs"),
        ({**SPLIT, "output": "text"}, "output"),
    ],
)  # fmt: skip
def test_a_strangers_step_is_refused(step: dict[str, Any], path: str) -> None:
    """Each is named by its path; no pattern and no size comes out of the file unchecked."""
    with pytest.raises(SchemaError) as caught:
        decode(NumpyFront, {"inputs": [INPUT], "steps": [step]})
    assert caught.value.path == f"steps[0].{path}"


def test_all_tables_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million words, however many tables hold them."""
    monkeypatch.setattr("keras2cv.numpy_front.record.MAX_WORDS", 1)
    two = {**LOOKUP, "inputs": ["text"]}
    with pytest.raises(SchemaError, match="words"):
        decode(NumpyFront, {"inputs": [INPUT], "steps": [two, {**two, "output": "other"}]})


def test_a_step_has_one_attribute() -> None:
    """Its own, and no other's."""
    with pytest.raises(SchemaError, match="belongs to other steps"):
        FrontStep("pad", ("a",), "b", length=1, shape=(1,))
