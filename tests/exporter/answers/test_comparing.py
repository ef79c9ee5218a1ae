"""Answers of samples whose outputs overflow: what the model itself loses is no other answer."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv.tasks.task import Task
from keras2cv_export.answers.answers_report import AnswersReport
from keras2cv_export.answers.comparing import Case, compare_with_library
from keras2cv_export.answers.library import LibraryReference
from support.tiny_bundle import Classifier

MANIFEST = Classifier().manifest()
INF, NAN = np.inf, np.nan


def compared(task: str, *pairs: tuple[list[float], list[float]]) -> AnswersReport:
    """Compare outputs of both sides, one pair for each sample."""
    manifest = MANIFEST if task == MANIFEST.task.kind else MANIFEST.replace(task=Task("raw"))
    sides = [[{"scores": np.array([[*one, 0.0]], np.float32)} for one in pair] for pair in pairs]
    cases = [Case(str(k), None, None, *side) for k, side in enumerate(sides)]
    return compare_with_library(manifest, cases, LibraryReference("TensorFlow", manifest.task))


ORDINARY = [0.1, 0.6, 0.2, 0.1]


@pytest.mark.parametrize("task", ["raw", "classify"])
def test_infinities_on_both_sides_are_read(task: str) -> None:
    """A class ruled out by minus infinity, and numbers at the border of overflow."""
    ruled_out, border = [0.1, 0.6, 0.2, -INF], [0.1, INF, 0.2, 0.3]
    near = [0.1, 3e38, 0.2, 0.3]
    report = compared(task, (ruled_out, ruled_out), (border, near), (near, border))
    assert (report.verdict, report.same) == ("pass", 3)


@pytest.mark.parametrize("task", ["raw", "classify"])
@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_a_fault_that_makes_no_number_changes_the_answer(task: str, bad: float) -> None:
    """It is beside a number of TensorFlow's, wherever other numbers overflow."""
    for expected in (ORDINARY, [INF, 0.6, 0.2, 0.1], [NAN, 0.6, 0.2, 0.1]):
        report = compared(task, (ORDINARY, ORDINARY), (expected, [*expected[:3], bad]))
        assert report.verdict == "fail"
        assert "not finite" in report.reasons[0]


def test_samples_that_the_model_loses_are_no_answers() -> None:
    """They count as near-ties: alone, they leave the verdict inconclusive."""
    lost = [NAN, 0.6, 0.2, 0.1]
    assert compared("classify", (lost, lost)).verdict == "inconclusive"
    assert compared("classify", (lost, lost), (ORDINARY, ORDINARY)).verdict == "pass"


def test_the_margin_of_near_ties_ignores_what_overflows() -> None:
    """Another class is another answer in a sample whose first score is infinite."""
    report = compared("classify", ([-INF, 0.6, 0.2, 0.1], [-INF, 0.2, 0.6, 0.1]))
    assert report.verdict == "fail"
