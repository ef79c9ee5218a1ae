"""Points of several people at the peaks of their heatmaps, and the records of heads' points."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.detect.belongings import BoxPointsRecord, JointRecord
from keras2cv.tasks.detect.head import Head, HeadLevel, HeadOutput
from keras2cv.tasks.detect.joints import at_peaks
from keras2cv.tasks.detect.record import DetectRecord

STRIDE = (4.0, 4.0)
JOINTS = JointRecord("heat", "none", 0.1, 0.3)


def moved(heat: Any, point: Any, box: Any = (0, 0, 40, 40), record: Any = JOINTS) -> list[float]:
    """Return where one point of one box goes, in pixels."""
    sample = {"points.joints.heat": np.asarray(heat, np.float32)[..., None]}
    points, boxes = np.array([[point]], np.float64), np.array([box], np.float64)
    return [float(n) for n in at_peaks(record, sample, points, boxes, STRIDE)[0, 0]]


def heatmap(*cells: tuple[int, int, float]) -> Any:
    """Return a map of 10 x 10 cells with these scores (x, y, score)."""
    found = np.zeros((10, 10))
    for x, y, score in cells:
        found[y, x] = score
    return found


def test_a_point_moves_to_the_nearest_peak() -> None:
    """A higher one that is farther does not matter, nor do lower cells beside a peak."""
    assert moved(heatmap((2, 3, 0.5), (6, 6, 0.9), (3, 3, 0.4)), (12, 12)) == [10.0, 14.0]


def test_of_peaks_at_one_distance_the_higher_counts() -> None:
    """And of equal scores the first, row by row."""
    assert moved(heatmap((2, 2, 0.5), (4, 2, 0.6)), (14, 10)) == [18.0, 10.0]
    assert moved(heatmap((2, 2, 0.5), (4, 2, 0.5)), (14, 10)) == [10.0, 10.0]


@pytest.mark.parametrize(
    ("heat", "box"),
    [
        (heatmap(), (0, 0, 40, 40)),  # no peak
        (heatmap((2, 3, 0.1)), (0, 0, 40, 40)),  # not above the score
        (heatmap((9, 9, 0.9)), (0, 0, 40, 40)),  # too far
        (heatmap((2, 3, 0.9)), (10.1, 0, 60, 60)),  # outside of the box
        (np.full((10, 10), np.nan), (0, 0, 40, 40)),
    ],
    ids=["none", "low", "far", "outside", "NaN"],
)
def test_a_point_without_such_a_peak_stays(heat: Any, box: Any) -> None:
    """Where the box' own numbers have put it."""
    assert moved(heat, (12.5, 12.25), box) == [12.5, 12.25]


def test_the_edges_of_the_box_and_the_reach_belong_to_it() -> None:
    """As in CenterNet, whose mask is of what lies beyond."""
    assert moved(heatmap((2, 3, 0.9)), (12, 14), (10, 14, 30, 34)) == [10.0, 14.0]
    exact = dataclasses.replace(JOINTS, reach=0.25)
    assert moved(heatmap((2, 2, 0.9)), (14, 10), (8, 8, 24, 24), exact) == [10.0, 10.0]
    assert moved(heatmap((2, 2, 0.9)), (14.01, 10), (8, 8, 24, 24), exact) == [14.01, 10.0]


def test_a_point_that_is_no_number_stays_so() -> None:
    """It is near to nothing."""
    assert np.isnan(moved(heatmap((2, 3, 0.9)), (np.nan, 12))).any()


def pose(**points: Any) -> DetectRecord:
    """Return the record of a pose net of 4 x 4 cells with two points."""
    head = Head(
        "peaks",
        (HeadOutput("y", ("scores", "box", "points"), "cells,anchors,values", 0),),
        (HeadLevel(4, 4, 1, stride_wh=(4.0, 4.0), xy_offset=0.5),),
        "x first", window=3, size_units="cells", point_numbers=4,
    )  # fmt: skip
    usual = {"form": "xy", "units": "cells", "activation": "none", "score": 0.3, "count": 2}
    record = BoxPointsRecord(**{**usual, **points})
    return DetectRecord("cxcywh", "pixels", "none", 0.5, head=head, points=record)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "count": ({"count": 3}, "must be 2 numbers for each of 3 points, got 4"),
    "units": ({"units": "anchors"}, "the head's form peaks has no anchors"),
    "scale": ({"units": "pixels", "scale": 2.0}, "scale belongs to points in cells"),
    "scale of 0": ({"scale": 0.0}, "scale must be above 0"),
    "joints of scores": ({"form": "xys", "joints": JOINTS}, "joints belong to points in cells"),
    "an output too": ({"output": "z"}, "has points, and points do not read it"),
}


@pytest.mark.parametrize(("change", "problem"), REFUSED.values(), ids=REFUSED)
def test_records_that_contradict_themselves_are_refused(
    change: dict[str, Any], problem: str
) -> None:
    """A manifest is read with nothing trusted."""
    pose()
    with pytest.raises(SchemaError) as caught:
        pose(**change)
    assert problem in f"{caught.value.path} {caught.value.problem}"


def test_joints_have_the_head_s_cells() -> None:
    """Both numbers are said."""
    record = pose(joints=JointRecord("heat", "sigmoid", 0.1, 0.3, "shift"))
    shapes = {"head.outputs[0]": (4, 4, 9), "points.joints.heat": (4, 4, 2),
              "points.joints.shift": (4, 4, 2)}  # fmt: skip
    assert record.count_classes(shapes) == 3
    for role, shape in (("heat", (4, 4, 3)), ("shift", (8, 8, 2)), ("heat", (16, 2))):
        with pytest.raises(SchemaError, match="of 16 cells, got"):
            record.count_classes({**shapes, f"points.joints.{role}": shape})
    with pytest.raises(SchemaError, match="above 0 and at most"):
        JointRecord("heat", "none", 0.1, 0.0)


def test_units_of_a_head_need_one() -> None:
    """A table of boxes has no cells."""
    points = BoxPointsRecord("xy", "cells", "none", 0.3, 2)
    with pytest.raises(SchemaError, match="cells are a head's, and there is none"):
        DetectRecord("cxcywh", "pixels", "none", 0.5, raw="y", columns="box+score+points",
                     points=points)  # fmt: skip
