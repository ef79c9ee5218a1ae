"""The front's steps: their answers, and values that they do not take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from keras2cv.errors import BundleError, InputError
from keras2cv.numpy_front.record import FrontInput, FrontStep, NumpyFront
from keras2cv.numpy_front.rules import EncodingRule, HashRule, LookupTable, TextRule
from keras2cv.numpy_front.run import FrontRunner
from keras2cv.preparing.front_values import FrontPreparer
from keras2cv.schema.tensors import InputTensor

TEXT = FrontInput("text", "string", (1,))
WORDS = LookupTable(("red", "green"), 2, 1, 1, whole_numbers=False, remainder=False)
SPLIT = FrontStep(
    "split", ("text",), "words", text=TextRule("lower_and_strip_punctuation", "whitespace")
)
LOOKUP = FrontStep("lookup", ("words",), "numbers", table=WORDS)


def preparer(last: FrontStep, *steps: FrontStep, inputs: Any = (TEXT,)) -> FrontPreparer:
    """Return what prepares values for a net that takes what the last step makes, of any shape."""
    net = InputTensor(last.output, "net", (1, 3), (1, 3), "same", "int64")
    return FrontPreparer((net,), NumpyFront(inputs, (*steps, last)))


PADDED = preparer(FrontStep("pad", ("numbers",), "net", length=3), SPLIT, LOOKUP)


@pytest.mark.parametrize(
    "given", [["Red, GREEN blue?", ""], np.array([["red green x"], [" "]]), (["red green x"], [""])]
)
def test_text_is_given_as_lists_and_arrays(given: Any) -> None:
    """With and without the last axis; short texts are filled up, long ones cut."""
    (found,) = PADDED.arrays([given])
    np.testing.assert_array_equal(found, [[2, 3, 1], [0, 0, 0]])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([[1, 2]], "Input text must be text, got int64"),
        ([["a", None]], "must be text, got NoneType"),
        ([["\ud800"]], "not valid Unicode"),
        ([[b"\xff"]], "not valid Unicode"),
        ([[["a", "b"]]], r"must be \(N, 1\) string, got \(1, 2\)"),
        ([["a"], ["b"]], "takes 1 inputs"),
        ([[]], "at least one"),
    ],
)
def test_values_that_it_does_not_take_are_named(given: Any, sentence: str) -> None:
    """In one sentence, before anything runs."""
    with pytest.raises(InputError, match=sentence):
        PADDED.arrays(given)


def test_one_sample_and_several() -> None:
    """As `predict` takes them."""
    two = preparer(
        FrontStep("pad", ("numbers",), "net", length=3), SPLIT, LOOKUP,
        inputs=(TEXT, FrontInput("age", "float32", (1,))),
    )  # fmt: skip
    assert PADDED.batch("red") == ([["red"]], True)
    assert PADDED.batch(["red"]) == ([["red"]], False)
    assert two.batch({"age": 3, "text": "red"}) == ([["red"], [3]], True)
    assert two.batch({"age": [3], "text": ["red"]}) == ([["red"], [3]], False)
    assert two.batch([{"age": 3, "text": "a"}, {"age": 4, "text": "b"}])[0] == [["a", "b"], [3, 4]]
    with pytest.raises(InputError, match="The model's inputs are"):
        two.batch({"age": 3})
    with pytest.raises(InputError, match="same number of samples"):
        two.arrays([["a"], [1, 2]])


def test_a_word_that_is_not_known_may_be_refused() -> None:
    """As Keras refuses it where num_oov_indices is 0; the word is named."""
    strict = LookupTable(("red",), 0, 0, 0, whole_numbers=False, remainder=False)
    front = preparer(FrontStep("lookup", ("text",), "net", table=strict))
    with pytest.raises(InputError, match="'blue' is no word that the model knows"):
        front.arrays([["blue"]])


@pytest.mark.parametrize(
    "steps",
    [
        (SPLIT, FrontStep("encode", ("words",), "net", encoding=EncodingRule("one_hot", 3))),
        (FrontStep("bins", ("text",), "net", edges=(1.0,)),),
        (FrontStep("reshape", ("text",), "net", shape=(7,)),),
        (SPLIT, FrontStep("cross", ("words", "words"), "net", hashing=HashRule(3))),
        (FrontStep("lookup", ("text",), "net", table=WORDS),),
    ],
)
def test_steps_that_do_not_fit_are_the_bundles_fault(steps: tuple[FrontStep, ...]) -> None:
    """Of a manifest that somebody wrote: a sentence, and nothing else."""
    with pytest.raises(BundleError, match=r"front"):
        preparer(steps[-1], *steps[:-1]).arrays([["red"]])


def test_what_steps_make_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encodings and n-grams grow with what is given: fewer samples go through."""
    monkeypatch.setattr("keras2cv.numpy_front.run.MAX_ELEMENTS", 10)
    monkeypatch.setattr("keras2cv.numpy_front.texts.MAX_IN_NGRAMS", 10)
    step = FrontStep("encode", ("numbers",), "net", encoding=EncodingRule("count", 6))
    runner = FrontRunner(NumpyFront((TEXT,), (SPLIT, LOOKUP, step)))
    texts = np.array([[b"red"], [b"red"]], object)
    with pytest.raises(InputError, match="12 numbers come before the net"):
        runner.run({"text": texts})
    rule = TextRule("none", "whitespace", (2, 3))
    wide = FrontStep("split", ("text",), "words", text=rule)
    with pytest.raises(InputError, match="n-grams of 15 words"):
        FrontRunner(NumpyFront((TEXT,), (wide, LOOKUP))).run(
            {"text": np.array([[b"a b c"]], object)}
        )
