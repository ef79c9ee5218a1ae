"""Rotated boxes: corners as cv2 has them, and exact overlaps."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv.errors import NetError
from keras2cv.tasks.detect import rotated
from keras2cv.tasks.detect.belongings import AngleRecord
from keras2cv.tasks.detect.record import Nms
from keras2cv.tasks.detect.rotated import angles_of, outlines_of, rotated_iou, suppress_rotated

CLOCKWISE = AngleRecord("degrees", "clockwise")
Array = np.ndarray[Any, Any]


def outline(cx: float, cy: float, w: float, h: float, degrees: float) -> Array:
    """Return the corners (4, 2) of a box."""
    corners = np.array([[cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]])
    return outlines_of(corners, np.array([degrees]), CLOCKWISE)[0]


def boxes(count: int, seed: int) -> Array:
    """Return (count, 5) cx, cy, w, h, degrees that often overlap."""
    random = np.random.default_rng(seed)
    return np.column_stack(
        [random.uniform(20, 60, (count, 2)), random.uniform(4, 40, (count, 2)),
         random.uniform(-180, 180, count)]
    )  # fmt: skip


def area_within(one: Array, other: Array) -> float:
    """Return the shared area of two outlines, by cutting one at each side of the other."""
    corners = list(one)
    for a, b in zip(other, np.roll(other, -1, axis=0), strict=True):
        kept: list[Array] = []
        beside = [(b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) for p in corners]
        for k, p in enumerate(corners):
            q, here, there = corners[k - 1], beside[k], beside[k - 1]
            if here * there < 0:
                kept.append(q + (p - q) * (there / (there - here)))
            if here >= 0:
                kept.append(p)
        corners = kept
    x, y = np.array(corners or [[0, 0]]).T
    return float(abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2)


def test_corners_are_those_of_cv2() -> None:
    """`cv2.boxPoints`, which begins at the left bottom corner before the turn."""
    for cx, cy, w, h, degrees in boxes(50, 1).tolist():
        expected = cv2.boxPoints(((cx, cy), (w, h), degrees))[[1, 2, 3, 0]]
        assert np.abs(outline(cx, cy, w, h, degrees) - expected).max() < 1e-3


def test_angles_have_units_and_directions() -> None:
    """And come back from the corners."""
    corners = np.array([[0.0, 0, 20, 10]])
    expected = outlines_of(corners, np.array([30.0]), CLOCKWISE)
    assert expected[0, 1, 1] > expected[0, 0, 1]  # the right end of the top goes down
    for units, direction, value in (
        ("radians", "clockwise", np.pi / 6),
        ("degrees", "counterclockwise", -30.0),
        ("radians", "counterclockwise", -np.pi / 6),
    ):
        record: Any = AngleRecord(units, direction)  # type: ignore[arg-type]
        assert np.allclose(outlines_of(corners, np.array([value]), record), expected)
    assert angles_of(expected) == pytest.approx([30.0])


def test_overlaps_are_exact() -> None:
    """Of hundreds of pairs: as by cutting polygons, to rounding."""
    shown = [outline(*box) for box in boxes(40, 2).tolist()]
    for one in shown:
        found = rotated_iou(one, np.array(shown))
        for other, value in zip(shown, found.tolist(), strict=True):
            both = area_within(one, other)
            areas = area_within(one, one) + area_within(other, other)
            assert value == pytest.approx(both / (areas - both), abs=1e-9)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((5, 5, 10, 10, 0), (5, 5, 10, 10, 0), 1.0),
        ((5, 5, 10, 10, 0), (5, 5, 10, 10, 90), 1.0),
        ((5, 5, 10, 10, 17), (5, 5, 10, 10, 17 + 180), 1.0),
        ((5, 5, 10, 10, 0), (10, 5, 10, 10, 0), 1 / 3),
        ((5, 5, 10, 10, 0), (15, 5, 10, 10, 0), 0.0),  # they touch
        ((5, 5, 10, 10, 0), (5, 5, 4, 2, 33), 0.08),  # one in the other
        ((5, 5, 10, 10, 0), (5, 5, 10, 10, 45), np.sqrt(2) / 2),
        ((5, 5, 40, 2, 0), (5, 5, 40, 2, 90), 4 / 156),
        ((1e4, 1e4, 10, 10, 30), (1e4, 1e4, 10, 10, 30), 1.0),
    ],
)
def test_overlaps_that_are_known(one: Any, other: Any, expected: float) -> None:
    """Equal, turned by quarters, touching, inside, crossing, and far from zero."""
    found = rotated_iou(outline(*one), np.array([outline(*other)]))[0]
    assert found == pytest.approx(expected, abs=1e-7)


def test_suppression_is_greedy_and_per_class() -> None:
    """As plain loops do it; of equal scores, the first stays."""
    shown = np.array([outline(*box) for box in boxes(60, 3).tolist()])
    random = np.random.default_rng(3)
    scores = np.round(random.uniform(0, 1, 60), 1)
    classes = random.integers(0, 2, 60)
    for across in (False, True):
        kept: list[int] = []
        for k in np.argsort(-scores, kind="stable").tolist():
            worse = [
                rotated_iou(shown[j], shown[k : k + 1])[0] > 0.3
                for j in kept
                if across or classes[j] == classes[k]
            ]
            if not any(worse):
                kept.append(k)
        nms = Nms(0.3, across_classes=across)
        assert suppress_rotated(shown, scores, classes, nms, None).tolist() == kept
        assert suppress_rotated(shown, scores, classes, nms, 3).tolist() == kept[:3]
    assert len(suppress_rotated(shown[:0], scores[:0], classes[:0], nms, None)) == 0


def test_too_many_pairs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than computed for minutes."""
    monkeypatch.setattr(rotated, "_MAX_PAIRS", 3)
    shown = np.array([outline(5, 5, 10, 10, k) for k in range(9)])
    with pytest.raises(NetError, match="9 rotated boxes are above the score"):
        suppress_rotated(shown, np.ones(9), np.zeros(9, int), Nms(1.0, across_classes=True), None)
