"""Changed decisions told from near-ties."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv.tasks.classify.result import Classification
from keras2cv_export.end_to_end.decisions import is_changed, margins_of
from keras2cv_export.end_to_end.stages import EndToEnd
from keras2cv_export.tasks.comparison import Agreement, agree_on

LABELS = ("cat", "dog", "cow")


def changed(reference: list[float], candidate: list[float], margin: float) -> bool:
    """Whether classes of such scores are another decision."""
    one, two = (Classification(np.array(s, np.float32), LABELS) for s in (reference, candidate))
    return is_changed(
        "classify",
        agree_on("classify", one, two, 1e-4),
        one,
        {"scores": one.scores},
        {"scores": margin},
        lambda outputs: Classification(outputs["scores"], LABELS),
        1e-4,
    )


def test_a_class_that_led_by_more_than_the_margin_is_changed() -> None:
    """Half of all scores are another class."""
    assert changed([0.6, 0.3, 0.1], [0.3, 0.6, 0.1], 1e-4)


def test_classes_that_the_margin_exchanges_are_a_near_tie() -> None:
    """The reference itself would decide otherwise, moved by that much."""
    assert not changed([0.40001, 0.4, 0.2], [0.4, 0.40001, 0.2], 1e-4)


def test_the_same_class_is_no_change() -> None:
    """Whatever its score."""
    assert not changed([0.6, 0.3, 0.1], [0.9, 0.05, 0.05], 0.0)


def test_what_no_opencv_can_decode_makes_no_near_tie() -> None:
    """The stages that keep their limits widen the margin, an excused one does not."""
    steps = tuple({"y": np.full(3, value, np.float32)} for value in (1.0, 1.5, 1.5, 1.501))
    wide = margins_of(steps, excused_decode=False, limits={"y": 1e-4})
    narrow = margins_of(steps, excused_decode=True, limits={"y": 1e-4})
    assert (wide["y"], narrow["y"]) == (pytest.approx(0.501), pytest.approx(1e-3, rel=1e-2))


def test_a_report_with_a_changed_decision_fails_by_the_pictures_name() -> None:
    """One of forty is enough."""
    names = tuple(f"{k}.png" for k in range(40))
    report = EndToEnd("keras", False, names, (), Agreement("classify", 40, 39), (), ("7.png",))
    assert report.verdict == "fail"
    assert "for 1 of 40 pictures, and no near-tie: 7.png" in report.reasons[0]
