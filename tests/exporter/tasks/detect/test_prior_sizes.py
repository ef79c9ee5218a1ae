"""Prior boxes by sizes and aspect ratios: those that the families' own code makes."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import pytest

from keras2cv.errors import UsageError
from support.head_descriptions import described

Array = np.ndarray[Any, Any]
SIZE = 300
GRIDS = [38, 19, 10, 5, 3, 1]
STEPS = [8, 16, 32, 64, 100, 300]
MIN, MAX = [30, 60, 111, 162, 213, 264], [60, 111, 162, 213, 264, 315]
RATIOS = [[2], [2, 3], [2, 3], [2, 3], [2], [2]]
SSD_300 = {"min_sizes": MIN, "max_sizes": MAX, "aspect_ratios": RATIOS}
FLAT = {"loc": (8732, 4), "conf": (8732, 21)}


def priors_of(shapes: Any, size_wh: tuple[int, int] = (SIZE, SIZE), **head: Any) -> Array:
    """Return the record's prior boxes, (M, 4) cx, cy, w, h."""
    record = described(shapes, {"family": "ssd", **head}, size_wh=size_wh)
    assert record.anchors is not None
    return np.asarray(record.anchors.table)


def prior_box_layers(*, clip: bool) -> Array:
    """Return what rykov8/ssd_keras' PriorBox layers give for SSD300, after ssd_layers.py."""
    found = []
    for grid, least, most, more in zip(GRIDS, MIN, MAX, RATIOS, strict=True):
        ratios = [1.0, 1.0]
        for ratio in more:
            ratios += [ratio, 1.0 / ratio]
        widths: list[float] = []
        heights: list[float] = []
        for ratio in ratios:
            if ratio == 1 and len(widths) == 0:
                widths.append(least)
                heights.append(least)
            elif ratio == 1:
                widths.append(sqrt(least * most))
                heights.append(sqrt(least * most))
            else:
                widths.append(least * sqrt(ratio))
                heights.append(least / sqrt(ratio))
        step = SIZE / grid
        line = np.linspace(0.5 * step, SIZE - 0.5 * step, grid)
        x, y = np.meshgrid(line, line)
        centres = np.tile(np.stack([x.ravel(), y.ravel()], 1), (1, 2 * len(ratios)))
        half = np.array([widths, heights]).T / 2
        corners = centres.reshape(-1, len(ratios), 4)
        corners = corners + np.concatenate([-half, half], axis=1)
        found.append(corners.reshape(-1, 4) / SIZE)
    table = np.concatenate(found)
    table = table.clip(0, 1) if clip else table
    low, high = table[:, :2], table[:, 2:]
    return np.concatenate([(low + high) / 2, high - low], axis=1)


@pytest.mark.parametrize("clip", [False, True])
def test_min_and_max_sizes_are_those_of_prior_box_layers(clip: bool) -> None:
    """Of one table for all grids, whose rows and columns the strides or the grids say."""
    expected = prior_box_layers(clip=clip)
    for places in ({"grids": GRIDS}, {"strides": STEPS, "anchor_centres": "even"}):
        if "strides" in places:  # 38 cells of 8 pixels are more than 300
            shapes = {f"{n}{g}": (g, g, k * a) for g, k in zip(GRIDS, (4, 6, 6, 6, 4, 4),
                      strict=True) for n, a in (("loc", 4), ("conf", 21))}  # fmt: skip
            shapes = {name: shapes[name] for name in sorted(shapes)}
            table = priors_of(shapes, **SSD_300, **places, anchor_clip=clip, classes=21,
                              boxes=[f"loc{g}" for g in GRIDS],
                              scores=[f"conf{g}" for g in GRIDS])  # fmt: skip
        else:
            table = priors_of(FLAT, **SSD_300, **places, anchor_clip=clip)
        np.testing.assert_allclose(table, expected, atol=1e-6)


def test_ratios_may_be_written_with_both_squares() -> None:
    """As in ssd-keras of later years: 1 twice, and one list of sizes."""
    ratios = [[1, 1, 2, 1 / 2], *[[1, 1, 2, 1 / 2, 3, 1 / 3]] * 3, *[[1, 1, 2, 1 / 2]] * 2]
    head = {"min_sizes": [*MIN, 315], "aspect_ratios": ratios, "grids": GRIDS}
    np.testing.assert_allclose(priors_of(FLAT, **head), prior_box_layers(clip=False), atol=1e-6)


def anchor_boxes_layers(scales: list[float], width: int, height: int, *, two: bool) -> Array:
    """Return what ssd_keras' AnchorBoxes give with steps, after keras_layer_AnchorBoxes.py."""
    ratios = [[1.0, 2.0, 0.5], [1.0, 2.0, 0.5, 3.0, 1.0 / 3.0]]
    found = []
    for step, (scale, following), own in zip((8, 16), pairwise(scales), ratios, strict=True):
        size = min(height, width)
        sides = []
        for ratio in own:
            if ratio == 1:
                sides.append((scale * size, scale * size))
                if two:
                    sides.append((sqrt(scale * following) * size,) * 2)
            else:
                sides.append((scale * size * sqrt(ratio), scale * size / sqrt(ratio)))
        for row in range(height // step):
            for column in range(width // step):
                centre = (0.4 + column) * step, (0.4 + row) * step
                found += [(*centre, w, h) for w, h in sides]
    return np.array(found) / (width, height, width, height)


@pytest.mark.parametrize("two", [True, False])
def test_scales_are_those_of_ssd_keras(two: bool) -> None:
    """Shares of the shorter side, steps and offsets, with and without two boxes for ratio 1."""
    scales = [0.2, 0.5, 0.9]
    expected = anchor_boxes_layers(scales, 96, 64, two=two)
    head = {"scales": scales, "aspect_ratios": [[1.0, 2.0, 0.5], [1.0, 2.0, 0.5, 3.0, 1 / 3]],
            "strides": [8, 16], "xy_offset": [0.4, 0.4]}  # fmt: skip
    head |= {} if two else {"extra_box": "none"}
    shapes = {"loc": (len(expected), 4), "conf": (len(expected), 21)}
    np.testing.assert_allclose(priors_of(shapes, (96, 64), **head), expected, atol=1e-6)


def test_scales_are_those_of_tensorflow_s_generator() -> None:
    """Of the object detection API: the additional box last, three boxes in the finest grid."""
    least, most, count = 0.2, 0.95, 6
    scales = [least + (most - least) * k / (count - 1) for k in range(count)] + [1.0]
    grids, found = [19, 10, 5, 3, 2, 1], []
    for layer, (scale, following) in enumerate(pairwise(scales)):
        pairs = [(scale, r) for r in (1.0, 2.0, 0.5, 3.0, 1 / 3)]
        pairs.append((sqrt(scale * following), 1.0))
        if layer == 0:
            pairs = [(0.1, 1.0), (scale, 2.0), (scale, 0.5)]
        for row in range(grids[layer]):
            for column in range(grids[layer]):
                centre = (column + 0.5) / grids[layer], (row + 0.5) / grids[layer]
                found += [(*centre, s * sqrt(r), s / sqrt(r)) for s, r in pairs]
    table = priors_of(
        {"boxes": (1917, 4), "scores": (1917, 91)}, scales=scales, grids=grids, extra_box="last",
        aspect_ratios=[1.0, 2.0, 0.5, 3.0, 1 / 3], reduce_lowest=True,
    )  # fmt: skip
    np.testing.assert_allclose(table, np.array(found), atol=1e-6)


def test_octaves_are_those_of_retinanet() -> None:
    """keras-retinanet's generate_anchors: ratios h / w, slower than the scales of an octave."""
    sizes, ratios, scales = [32, 64], np.array([0.5, 1, 2]), 2 ** (np.arange(3) / 3)
    found = []
    for base, stride in zip(sizes, (8, 16), strict=True):
        widths = base * np.tile(scales, len(ratios))
        areas = widths * widths
        widths = np.sqrt(areas / np.repeat(ratios, len(scales)))
        heights = widths * np.repeat(ratios, len(scales))
        for row in range(64 // stride):
            for column in range(96 // stride):
                centre = (column + 0.5) * stride, (row + 0.5) * stride
                found += [(*centre, w, h) for w, h in zip(widths, heights, strict=True)]
    head = {"family": "retinanet", "min_sizes": sizes, "aspect_ratios": ratios.tolist(),
            "octaves": scales.tolist(), "ratio_form": "h/w"}  # fmt: skip
    rows = len(found)
    table = priors_of({"regression": (rows, 4), "classification": (rows, 20)}, (96, 64),
                      **head, strides=[8, 16])  # fmt: skip
    np.testing.assert_allclose(table, np.array(found), rtol=1e-6)
    grids = {"r8": (8, 12, 36), "r16": (4, 6, 36), "c8": (8, 12, 180), "c16": (4, 6, 180)}
    named = {"boxes": ["r8", "r16"], "scores": ["c8", "c16"]}
    np.testing.assert_allclose(priors_of(grids, (96, 64), **head, **named), np.array(found),
                               rtol=1e-6)  # fmt: skip
    turned = priors_of(grids, (96, 64), **head, **named, anchor_order="octaves,ratios")
    np.testing.assert_allclose(
        turned[:9], np.array(found)[:9].reshape(3, 3, 4).swapaxes(0, 1).reshape(9, 4), rtol=1e-6
    )


def test_tables_are_told_by_their_rows() -> None:
    """One for each grid, sorted by name as a mapping's are, and the grids from the finest on."""
    names = {f"{part}_{g}": (g * g * k, width) for g, k in zip(GRIDS, (4, 6, 6, 6, 4, 4),
             strict=True) for part, width in (("conf", 21), ("loc", 4))}  # fmt: skip
    shapes = {name: names[name] for name in sorted(names)}
    table = priors_of(shapes, **SSD_300, grids=GRIDS)
    ends = np.cumsum([g * g * k for g, k in zip(GRIDS, (4, 6, 6, 6, 4, 4), strict=True)])
    parts = dict(zip(GRIDS, np.split(prior_box_layers(clip=False), ends[:-1]), strict=True))
    order = [int(name.split("_")[1]) for name in shapes if name.startswith("loc")]
    np.testing.assert_allclose(table, np.concatenate([parts[g] for g in order]), atol=1e-6)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "max sizes": ({"max_sizes": MAX[:5]}, "min_sizes are of 6 grids, and its max_sizes of 5"),
    "smaller max": ({"max_sizes": [20, *MAX[1:]]}, "Grid 0 has min_sizes 30 and max_sizes 20"),
    "one max size": ({"max_sizes": 60}, "min_sizes are of 6 grids, and its max_sizes of 1"),
    "rows of other lengths": (
        {"min_sizes": [[16, 32], [64], *MIN[1:]], "max_sizes": None}, "are not of one length",
    ),
    "ratios": ({"aspect_ratios": RATIOS[:5]}, "are of 6 grids, and its aspect_ratios of 5"),
    "grids": ({"grids": GRIDS[:5]}, "prior boxes for 6 grids, and 5 grids: 38x38"),
    "boxes": ({"aspect_ratios": [[2]] * 6}, r"7760 prior boxes \(38x38 x 4 .*outputs have 8732"),
    "no places": ({"grids": None}, 'but 8732 rows. Give the "strides" or the "grids"'),
    "both": ({"scales": [0.1]}, "either min_sizes or scales"),
    "neither": ({"min_sizes": None}, "max_sizes belongs to prior boxes of min_sizes or scales"),
    "a table too": ({"anchors": [[0.5, 0.5, 0.1, 0.1]]}, "and anchors are given, too"),
    "a word": ({"min_sizes": ["x"] * 6}, r"min_sizes must be numbers above 0, got 'x'"),
    "not above 0": ({"min_sizes": [0] * 6}, r"min_sizes must be numbers above 0, got 0"),
    "three squares": ({"aspect_ratios": [1, 1, 1]}, "have 1 3 times, and there is one additional"),
    "another head": ({"family": "yolov3"}, "its boxes have no priors"),
    "offsets": ({"xy_offset": [0.5, 0.5]}, "xy_offset has 2 numbers, and there are 6 grids"),
    "no number": ({"grids": [38.5]}, "must be rows and columns above 0"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), REFUSED.values(), ids=REFUSED)
def test_contradictions_are_one_sentence_with_both_numbers(
    change: dict[str, Any], sentence: str
) -> None:
    """A usage error that names what to correct."""
    with pytest.raises(UsageError, match=sentence):
        priors_of(FLAT, **{**SSD_300, "grids": GRIDS, **change})
