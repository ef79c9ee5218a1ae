"""The record of a head: read strictly, as large as it says, and nothing that it does not need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from keras2cv.pixels.geometry import place
from keras2cv.schema.fields import SchemaError, decode, encode
from keras2cv.tasks.detect.head import Head, HeadLevel, HeadOutput
from keras2cv.tasks.detect.head_tables import tables_of
from keras2cv.tasks.detect.peaks import only_peaks
from keras2cv.tasks.detect.postprocess import detect
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.task import Task

LEVEL = HeadLevel(2, 3, 2, (8.0, 8.0), 1.0, 0.0, (10.0, 12.0, 20.0, 24.0))
PARTS = ("box", "objectness", "scores")
YOLO = Head(
    "anchors", (HeadOutput("y", PARTS, "cells,anchors,values", 0),), (LEVEL,), "x first",
    xy_activation="sigmoid", size_activation="none", size_form="exp",
)  # fmt: skip
RECORD = DetectRecord(
    "cxcywh", "pixels", "sigmoid", 0.5, objectness_activation="sigmoid", head=YOLO
)
PEAKS = Head(
    "peaks",
    (HeadOutput("y", ("scores", "box"), "cells,anchors,values", 0),),
    (HeadLevel(4, 5, 1, (4.0, 4.0), xy_offset=0.5),), "x first", window=3, size_units="cells",
)  # fmt: skip


def test_a_head_survives_the_manifest() -> None:
    """It is written and read as JSON, and gives its outputs their roles."""
    assert decode(DetectRecord, encode(RECORD)) == RECORD
    assert RECORD.outputs == {"head.outputs[0]": "y"}
    assert RECORD.count_classes({"head.outputs[0]": (2, 3, 2 * 8)}) == 3
    assert RECORD.has_objectness


def test_a_record_without_a_head_is_written_as_before() -> None:
    """Bundles of other detectors have no new key."""
    plain = DetectRecord("xyxy", "pixels", "none", 0.5, boxes="b", scores="s")
    assert set(encode(plain)) == {
        "box_format", "box_units", "activation", "score", "boxes", "scores"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"levels": ()}, "levels: must be 1 to 64"),
        ({"size_form": None}, "size_form: belongs to the form anchors, and is missing"),
        ({"bins": 4}, "bins: does not belong"),
        ({"levels": (replace(LEVEL, stride_wh=None),)}, r"stride_wh: belongs to anchors, points"),
        ({"levels": (replace(LEVEL, anchors=None),)}, r"levels\[0\]\.anchors"),
        ({"levels": (LEVEL, LEVEL)}, r"each of the 2 levels needs box once, got \[1, 0\]"),
        ({"outputs": (HeadOutput("y", ("box",), "cells,anchors,values", 0),)}, "scores once"),
        ({"outputs": (HeadOutput("y", PARTS, "cells,anchors,values", 3),)}, "1 levels, got 3"),
        ({"outputs": (HeadOutput("y", ("box", "offset"), "cells,anchors,values", 0),)},
         "the form anchors has no offset"),
        ({"form": "points"}, "belong"),
    ],
)  # fmt: skip
def test_a_head_that_does_not_hold_together_is_refused(changed: Any, message: str) -> None:
    """With the key."""
    with pytest.raises(SchemaError, match=message):
        replace(YOLO, **changed)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HeadLevel(2000, 2000, 9), "at most 1000000 boxes, got 36000000"),
        (lambda: HeadLevel(2, 2, 2, (8.0,)), "stride_wh"),
        (lambda: HeadLevel(2, 2, 2, anchors=(1.0, 2.0)), "2 x 2 numbers, got 2 numbers"),
        (lambda: HeadLevel(2, 2, 1, anchors=(1.0, -2.0)), "above 0"),
        (lambda: HeadOutput("y", ("box", "box"), "cells,anchors,values"), "each once"),
        (lambda: replace(PEAKS, window=2), "must be odd, 1 to 101, got 2"),
        (lambda: replace(RECORD, box_format="xyxy"), "makes cxcywh, got xyxy"),
        (lambda: replace(RECORD, box_units="normalised"), "makes pixels"),
        (lambda: replace(RECORD, boxes="b"), "names its outputs itself"),
        (lambda: replace(RECORD, objectness_activation=None), "objectness_activation"),
        (lambda: RECORD.count_classes({"head.outputs[0]": (2, 3, 17)}), "must hold 2 x 3 x 2 = 12"),
        (lambda: RECORD.count_classes({"head.outputs[0]": (2, 3, 10)}), "more than 5 numbers"),
        (lambda: DetectRecord("xyxy", "pixels", "none", 0.5, boxes="b", scores="s", classes="c",
                              multi_label=True), "needs a score per class"),
    ],
)  # fmt: skip
def test_bounds(make: Any, message: str) -> None:
    """Of files that nobody should trust."""
    with pytest.raises(SchemaError, match=message):
        make()


def test_the_order_of_axes_changes_nothing() -> None:
    """Every order of the same numbers gives the same boxes."""
    rng = np.random.default_rng(2)
    grid = rng.normal(0, 2, (2, 3, 2, 8)).astype(np.float32)  # rows, columns, anchors, numbers
    turned = {
        "cells,anchors,values": grid.reshape(2, 3, 16),
        "cells,values,anchors": grid.transpose(0, 1, 3, 2).reshape(2, 3, 16),
        "anchors,cells,values": grid.transpose(2, 0, 1, 3),
        "anchors,values,cells": grid.transpose(2, 3, 0, 1).reshape(16, 2, 3),
        "values,anchors,cells": grid.transpose(3, 2, 0, 1).reshape(8, 12),
        "values,cells,anchors": grid.transpose(3, 0, 1, 2).reshape(8, 12),
    }
    found = []
    for axes, array in turned.items():
        outputs: Any = (HeadOutput("y", PARTS, axes, 0),)  # type: ignore[arg-type]
        record = replace(RECORD, score=0.05, head=replace(YOLO, outputs=outputs))
        same = place((24, 16), (24, 16), "stretch")
        found.append(detect(Task("detect", record=record), {"y": array[None]}, [same])[0])
    assert len(found[0]) > 3
    for other in found[1:]:
        assert np.array_equal(found[0].boxes_xyxy, other.boxes_xyxy)
        assert np.array_equal(found[0].scores, other.scores)


def test_a_column_for_each_box_of_several_levels_is_read_as_a_row() -> None:
    """The table (K, M) is that of (M, K), in either order of cells and anchors."""
    levels = tuple(
        replace(YOLO.levels[0], rows=rows, columns=columns) for rows, columns in ((2, 3), (1, 2))
    )
    table = np.random.default_rng(4).normal(0, 2, (16, 8)).astype(np.float32)
    for order in ("cells,anchors", "anchors,cells"):
        found = []
        for axes, array in ((f"{order},values", table), (f"values,{order}", table.T)):
            outputs: Any = (HeadOutput("y", PARTS, axes),)  # type: ignore[arg-type]
            head = replace(YOLO, outputs=outputs, levels=levels)
            found.append(tables_of(head, {"head.outputs[0]": np.ascontiguousarray(array)}))
        for part, rows in found[0].items():
            assert np.array_equal(rows, found[1][part])


def test_peaks_are_those_of_a_max_pooling() -> None:
    """Of a plateau each cell is one; at the edge the window ends."""
    scores = np.zeros((4, 5, 2), np.float32)
    scores[0, 0, 0], scores[1, 1, 0], scores[3, 4, 0] = 0.9, 0.8, 0.3
    scores[2, 2, 1] = scores[2, 3, 1] = 0.5
    found = only_peaks(PEAKS, scores.reshape(-1, 2)).reshape(4, 5, 2)
    assert np.isfinite(found[..., 0]).sum() >= 2
    assert found[1, 1, 0] == -np.inf
    assert (found[0, 0, 0], found[3, 4, 0]) == (np.float32(0.9), np.float32(0.3))
    assert found[2, 2, 1] == found[2, 3, 1] == np.float32(0.5)
