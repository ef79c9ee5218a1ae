"""A line of text from the scores of its steps, on scores that tell what has to come out."""

from __future__ import annotations

import itertools
import math
from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv.schema.fields import SchemaError
from keras2cv.tasks import TASKS
from keras2cv.tasks.postprocess import results_of, unplaced
from keras2cv.tasks.task import Task
from keras2cv.tasks.text import ctc
from keras2cv.tasks.text.record import TextRecord
from keras2cv.tasks.text.result import TextResult


def record(**changes: Any) -> TextRecord:
    """Return a record of the classes a, b, blank, with changes."""
    known: dict[str, Any] = {
        "output": "y", "class_axis": "last", "scores": "softmax", "charset": ("a", "b"),
        "blank": 2, "decode": "greedy",
    }  # fmt: skip
    return TextRecord(**{**known, **changes})


def read(scores: np.ndarray, record: TextRecord) -> TextResult:
    """Return what one sample's scores are read as."""
    task = Task("text", record=record)
    (result,) = results_of(task, {"y": scores[None]}, (), unplaced((4, 4), 1))
    assert isinstance(result, TextResult)
    return result


def steps(text: str) -> np.ndarray:
    """Return probabilities (T, 3): 0.8 for the class of each letter, "-" being the blank."""
    rows = np.full((len(text), 3), 0.1, np.float32)
    rows[range(len(text)), ["ab-".index(letter) for letter in text]] = 0.8
    return rows


@pytest.mark.parametrize(
    ("path", "text", "spans"),
    [
        ("aab-b", "abb", [(0, 2), (2, 3), (4, 5)]),
        ("-a-a--", "aa", [(1, 2), (3, 4)]),
        ("---", "", []),
        ("b", "b", [(0, 1)]),
        ("aaaa", "a", [(0, 4)]),
    ],
)
@pytest.mark.parametrize("decode", ["greedy", "beam"])
def test_runs_are_one_character_and_blanks_none(
    path: str, text: str, spans: list[tuple[int, int]], decode: str
) -> None:
    """A blank between two equal characters keeps them apart."""
    beam = {"beam_width": 50, "top_paths": 1} if decode == "beam" else {}
    result = read(steps(path), record(decode=decode, **beam))
    assert result.text == text
    if decode == "greedy":
        assert [character.steps for character in result.characters] == spans
        assert result.score == pytest.approx(0.8 ** len(path), rel=1e-5)
    assert "".join(character.text for character in result.characters) == text
    assert all(c.score == pytest.approx(0.8, rel=1e-5) for c in result.characters)
    assert result.step_count == len(path)


def text_of(path: tuple[int, ...]) -> tuple[int, ...]:
    """Return what a path is read as, the last class being the blank."""
    return tuple(key for key, _ in itertools.groupby(path) if key != 2)


@pytest.mark.parametrize("seed", range(5))
def test_a_beam_adds_up_all_paths_of_a_text(seed: int) -> None:
    """A beam that drops nothing gives each text the probability of all its paths."""
    rows = ctc.log_softmax(np.random.default_rng(seed).normal(size=(4, 3)))
    totals: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(3), repeat=4):
        total = math.exp(sum(rows[t, c] for t, c in enumerate(path)))
        totals[text_of(path)] = totals.get(text_of(path), 0.0) + total
    found = ctc.beam_search(rows, 2, 1000, 1000)
    assert {classes: math.exp(score) for classes, score in found} == pytest.approx(totals)
    assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)


@pytest.mark.parametrize("seed", range(20))
def test_the_best_alignment_is_the_best_of_all_paths(seed: int) -> None:
    """Each character lies in the steps that the best path of the text gives it."""
    rows = ctc.log_softmax(np.random.default_rng(seed).normal(size=(5, 3)) * 2)
    classes = ctc.beam_search(rows, 2, 100, 1)[0][0]
    best = max(
        (path for path in itertools.product(range(3), repeat=5) if text_of(path) == classes),
        key=lambda path: sum(rows[t, c] for t, c in enumerate(path)),
    )
    runs = [(key, len(list(group))) for key, group in itertools.groupby(best)]
    ends = np.cumsum([length for _, length in runs]).tolist()
    expected = [(e - n, e) for (key, n), e in zip(runs, ends, strict=True) if key != 2]
    assert ctc.align(rows, classes, 2) == expected


def test_classes_may_come_first_and_scores_be_logits() -> None:
    """(classes, T) is turned; a softmax is applied, however large the logits."""
    logits = np.log(steps("ab-b")) + 500
    result = read(logits.T, record(class_axis="first", scores="logits"))
    assert (result.text, result.score) == ("abb", pytest.approx(0.8**4, rel=1e-3))


def test_the_blank_may_be_any_class() -> None:
    """Characters are those of the other classes, in their order."""
    result = read(steps("ab-"), record(blank=1))  # the letters a, blank, b
    assert result.text == "ab"
    assert read(steps("aab-"), record(blank=0)).text == "ab"


def test_a_beam_gives_several_texts() -> None:
    """As many as were asked for, best first, and no more than there are."""
    result = read(steps("a-b"), record(decode="beam", beam_width=100, top_paths=5))
    assert len(result.paths) == 5
    assert result.paths[0] == ("ab", result.score)
    few = read(steps("a"), record(decode="beam", beam_width=100, top_paths=50))
    assert {path.text for path in few.paths} == {"a", "b", ""}
    assert sum(path.score for path in few.paths) == pytest.approx(1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("decode", ["greedy", "beam"])
def test_scores_that_are_no_numbers_give_no_text(value: float, decode: str) -> None:
    """And a score that shows it."""
    beam = {"beam_width": 5, "top_paths": 1} if decode == "beam" else {}
    logits = steps("ab")
    logits[1, 1] = value
    result = read(logits, record(scores="logits", decode=decode, **beam))
    assert (result.text, result.characters) == ("", ())
    assert math.isnan(result.score)


def test_impossible_classes_are_never_read() -> None:
    """A logit of minus infinity is a probability of 0, for both decoders."""
    logits = np.full((3, 3), -np.inf, np.float32)
    logits[[0, 1, 2], [0, 2, 1]] = 1.0
    for changes in ({}, {"decode": "beam", "beam_width": 9, "top_paths": 3}):
        result = read(logits, record(scores="logits", **changes))
        assert (result.text, result.score) == ("ab", pytest.approx(1))


def test_a_result_shows_itself() -> None:
    """As plain types, as lines, and on a picture of its own."""
    result = read(steps("ab"), record(decode="beam", beam_width=9, top_paths=2))
    shown = result.to_dict()
    assert (shown["task"], shown["text"]) == ("text", "ab")
    assert [c["steps"] for c in shown["characters"]] == [[0, 1], [1, 2]]
    assert [path["text"] for path in shown["paths"]] == ["ab", shown["paths"][1]["text"]]
    rows = TASKS["text"].rows(result, 1)
    assert rows == [("ab", f"{result.score:.4f}")]
    assert TASKS["text"].rows(read(steps("--"), record()), 3)[0][0] == "(nothing)"
    image = np.zeros((200, 300, 3), np.uint8)
    drawn = result.draw(image)
    assert drawn.any()
    assert not image.any()
    assert result.draw(image, in_place=True) is image
    assert cv2.absdiff(drawn, image).max() == 0


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"charset": ()}, "charset"),
        ({"charset": ("a", "a")}, "charset[1]"),
        ({"charset": ("a", "")}, "charset[1]"),
        ({"blank": 3}, "blank"),
        ({"blank": -1}, "blank"),
        ({"beam_width": 5}, "beam_width"),
        ({"decode": "beam"}, "beam_width"),
        ({"decode": "beam", "beam_width": 2, "top_paths": 3}, "top_paths"),
        ({"decode": "beam", "beam_width": 0, "top_paths": 1}, "beam_width"),
    ],
)
def test_a_record_that_does_not_hold_together_is_refused(
    changes: dict[str, Any], path: str
) -> None:
    """By the key that is wrong."""
    with pytest.raises(SchemaError) as caught:
        record(**changes)
    assert caught.value.path == path


@pytest.mark.parametrize(("shape", "path"), [((5,), "output"), ((5, 4), "charset")])
def test_an_output_that_is_no_line_is_refused(shape: tuple[int, ...], path: str) -> None:
    """It needs a score for each step and class."""
    with pytest.raises(SchemaError) as caught:
        record().count_classes({"output": shape})
    assert caught.value.path == path
