"""From heatmaps and coordinates to points of the original image, and their pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from keras2cv.bundle.manifest import Task
from keras2cv.errors import BundleError, UsageError
from keras2cv.pixels.geometry import Placement, place
from keras2cv.tasks.keypoints.postprocess import keypoints
from keras2cv.tasks.keypoints.record import KeypointsRecord
from keras2cv.tasks.keypoints.result import Keypoints
from keras2cv.tasks.thresholds import with_thresholds

INPUT_WH = (48, 32)
SOURCE_WH = (131, 87)
RULES = ["stretch", "letterbox", "center-crop"]
HEATMAPS = KeypointsRecord("maps", "heatmaps", "cells", "none", "none", 0.3)


def run(
    record: KeypointsRecord, sample: Any, placement: Placement | None = None, labels: Any = None
) -> Keypoints:
    """Return the result of one sample, which is given without the batch dimension."""
    placement = placement or place(INPUT_WH, INPUT_WH, "stretch")
    task = Task("keypoints", labels=labels, record=record)
    return keypoints(task, {record.output: np.asarray(sample)[None]}, [placement])[0]


def gaussians(points_xy: Any, map_wh: tuple[int, int], heights: Any) -> Any:
    """Return maps (h, w, K) with a bell at each point, in cells, (0, 0) at the map's corner."""
    y, x = np.mgrid[: map_wh[1], : map_wh[0]] + 0.5
    bells = [
        h * np.exp(-((x - a) ** 2 + (y - b) ** 2) / 3)
        for (a, b), h in zip(points_xy, heights, strict=True)
    ]
    return np.stack(bells, axis=-1).astype(np.float32)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("map_wh", [(12, 8), (24, 32)])
def test_a_heatmap_s_point_lies_in_the_original_image(rule: str, map_wh: tuple[int, int]) -> None:
    """The centre of the highest cell, whatever the map's resolution, with its height as score."""
    placement = place(SOURCE_WH, INPUT_WH, rule)
    cells = np.array([[2.5, 3.5], [7.5, 4.5], [5.5, 1.5]])
    result = run(HEATMAPS, gaussians(cells, map_wh, (0.9, 0.2, 0.6)), placement)
    in_input = cells * np.divide(INPUT_WH, map_wh)
    in_source = (in_input - placement.offset_xy) / placement.scale_xy
    np.testing.assert_allclose(result.points_xy, in_source, atol=1e-4)
    np.testing.assert_allclose(result.scores, (0.9, 0.2, 0.6), rtol=1e-6)
    assert [result.is_shown(number) for number in range(3)] == [True, False, True]


def test_a_quarter_of_a_cell_is_nearer() -> None:
    """Moved towards the higher neighbour, the points are nearer to where the bells really are."""
    true = np.array([[3.8, 4.2], [8.1, 2.7], [6.3, 5.7]])
    maps = gaussians(true, (12, 8), (1, 1, 1))
    quarter = KeypointsRecord("maps", "heatmaps", "cells", "none", "quarter", 0.3)
    coarse = run(HEATMAPS, maps).points_xy / 4
    fine = run(quarter, maps).points_xy / 4
    np.testing.assert_allclose(np.abs(fine - coarse), 0.25, atol=1e-6)
    assert (np.abs(fine - true) < np.abs(coarse - true)).all()
    edge = gaussians(np.array([[0.5, 0.5], [11.5, 7.5]]), (12, 8), (1, 1))
    np.testing.assert_array_equal(run(quarter, edge).points_xy, run(HEATMAPS, edge).points_xy)


def test_a_map_without_a_number_has_no_wild_point() -> None:
    """NaN is the highest nowhere; the first of equals wins."""
    maps = np.zeros((8, 12, 2), np.float32)
    maps[3, 4, 0] = np.nan
    maps[6, 2, 0] = 0.5
    result = run(HEATMAPS, maps)
    np.testing.assert_array_equal(result.points_xy, [[10, 26], [2, 2]])


@pytest.mark.parametrize("form", ["xy", "yx", "xys", "yxs"])
@pytest.mark.parametrize("units", ["normalised", "pixels"])
@pytest.mark.parametrize("flat", [True, False])
def test_listed_points_in_every_form(form: str, units: str, flat: bool) -> None:
    """X and y in either order, shares or pixels, with or without a score, in any arrangement."""
    placement = place(SOURCE_WH, INPUT_WH, "letterbox")
    shares = np.random.default_rng(3).uniform(0.1, 0.9, (5, 2))
    scores = np.array([0.1, 0.5, 0.9, 0.31, 0.29])
    columns = shares * (INPUT_WH if units == "pixels" else 1)
    columns = columns if form.startswith("xy") else columns[:, ::-1]
    table = np.column_stack([columns, scores]) if form.endswith("s") else columns
    record = KeypointsRecord("p", form, units, "none", "none", 0.3)  # type: ignore[arg-type]
    sample = table.astype(np.float32)
    result = run(record, sample.ravel() if flat else sample[None], placement)
    expected = (shares * INPUT_WH - placement.offset_xy) / placement.scale_xy
    np.testing.assert_allclose(result.points_xy, expected, rtol=1e-5)
    if form.endswith("s"):
        np.testing.assert_allclose(result.scores, scores, rtol=1e-6)
        assert [p.number for p in result if result.is_shown(p.number)] == [1, 2, 3]
    else:
        assert result.scores is None
        assert all(result.is_shown(number) for number in range(5))


def test_scores_before_the_sigmoid_go_through_it() -> None:
    """Logits become probabilities, and another threshold can be taken."""
    record = KeypointsRecord("p", "xys", "pixels", "sigmoid", "none", 0.5)
    sample = np.array([[3, 4, -1.0], [8, 9, 2.0]], np.float32)
    result = run(record, sample)
    np.testing.assert_allclose(result.scores, [0.26894142, 0.88079708], rtol=1e-6)
    task = with_thresholds(Task("keypoints", record=record), 0.2, None)
    assert task.record is not None
    assert task.record.score == 0.2
    without = KeypointsRecord("p", "xy", "pixels", "none", "none", 0.5)
    with pytest.raises(UsageError, match="points with scores"):
        with_thresholds(Task("keypoints", record=without), 0.2, None)


def test_points_are_listed_and_drawn_where_they_are() -> None:
    """JSON has every point; the picture those above the threshold, their lines, and their names."""
    record = KeypointsRecord("p", "xys", "pixels", "none", "none", 0.3, (0, 1, 1, 2))
    sample = np.array([[10, 8, 0.9], [40, 24, 0.8], [25, 28, 0.1]], np.float32)
    placement = place((480, 320), INPUT_WH, "stretch")
    result = run(record, sample, placement, ("left", "right", "naïve"))
    told = result.to_dict()
    assert told["image_wh"] == [480, 320]
    assert [point["label"] for point in told["points"]] == ["left", "right", "naïve"]
    assert told["points"][1]["xy"] == [400.0, 240.0]
    image = np.full((320, 480, 3), 128, np.uint8)
    drawn = result.draw(image)
    changed = (drawn != 128).any(axis=2)
    assert changed[80, 100]
    assert changed[240, 400]
    assert changed[160, 250]  # half way along the line
    assert not changed[280, 250]  # not sure enough
    assert (image == 128).all()
    with pytest.raises(UsageError, match="These points are in an image of 480x320, got one of 32x"):
        result.draw(np.zeros((48, 32, 3), np.uint8))


def test_wild_points_break_no_picture() -> None:
    """Far outside, infinite or not a number: nothing is drawn there, and nothing fails."""
    sample = np.array([[1e9, -1e9], [np.nan, 3], [np.inf, 2], [5, 6]], np.float32)
    record = KeypointsRecord("p", "xy", "pixels", "none", "none", 0.0, (0, 3, 1, 2))
    drawn = run(record, sample).draw(np.zeros((32, 48, 3), np.uint8))
    assert drawn.shape[2] == 3
    assert drawn.any()


@pytest.mark.parametrize(
    ("record", "shape", "path"),
    [
        (("p", "heatmaps", "pixels", "none", "none", 0.3), (8, 9, 4), "units"),
        (("p", "xy", "cells", "none", "none", 0.3), (4, 2), "units"),
        (("p", "xy", "pixels", "none", "quarter", 0.3), (4, 2), "refine"),
        (("p", "yx", "pixels", "sigmoid", "none", 0.3), (4, 2), "activation"),
        (("p", "xys", "pixels", "none", "none", 1.3), (4, 3), "score"),
        (("p", "xys", "pixels", "none", "none", 0.3, (0, 1, 2)), (4, 3), "skeleton"),
        (("p", "xys", "pixels", "none", "none", 0.3, (0, 4)), (4, 3), "skeleton"),
        (("p", "xys", "pixels", "none", "none", 0.3), (4, 2), "output"),
        (("p", "heatmaps", "cells", "none", "none", 0.3), (8, 9), "output"),
    ],
)
def test_facts_that_do_not_go_together_are_refused(record: Any, shape: Any, path: str) -> None:
    """With the name of the first that does not."""
    with pytest.raises(BundleError, match=f"^{path}: "):
        KeypointsRecord(*record).count_classes({"output": shape})


def test_the_number_of_points_comes_from_the_shape() -> None:
    """A label for each, in every form."""
    assert HEATMAPS.count_classes({"output": (16, 12, 17)}) == 17
    listed = KeypointsRecord("p", "yxs", "normalised", "none", "none", 0.3)
    assert listed.count_classes({"output": (1, 17, 3)}) == listed.count_classes({"output": (51,)})
