"""Detectors whose boxes have masks, keypoints or angles, or other tables, for programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.bundle.manifest import OutputTensor, Task
from keras2cv.bundle.reading import Bundle
from keras2cv.tasks.detect.belongings import AngleRecord, BoxPointsRecord, MaskRecord
from keras2cv.tasks.detect.record import DetectRecord, Nms
from support.head_bundles import LABELS, NMS, add_numbers
from support.pixel_bundles import (
    CELLS,
    CROP,
    LETTERBOX,
    LOGIT,
    PADDED,
    RULES,
    SHARE,
    Graph,
    Write,
)

Bounds = Sequence[tuple[float, float]]

CORNERS: Final = ((-1.0, 5.0), (-1.0, 4.0), (5.0, 13.0), (4.0, 10.0))  # pixels of the input
CENTRES: Final = ((1.0, 11.0), (1.0, 8.0), (2.0, 8.0), (1.5, 5.0))
PLACES: Final = ((-2.0, 14.0), (-2.0, 11.0))  # of a point
ANGLE: Final = (-1.6, 1.6)


def add_arrays(graph: Graph, name: str, shape: tuple[int, ...], bounds: Bounds) -> None:
    """Add an output of several axes for each box, which no axis of channels changes."""
    add_numbers(graph, f"{name} flat", bounds, form="rows")
    made = graph.outputs.pop().net_name
    graph.in_net.pop(made)
    whole = (1, CELLS, *shape)
    graph.weights[f"{name} whole"] = np.array(whole, np.int64)
    made = graph.add("Reshape", [made, f"{name} whole"], name)
    graph.outputs.append(OutputTensor(name, made, whole, whole, "same", "float32", batched=True))
    graph.in_net[made] = whole


def owning(
    build: Callable[[Graph], object],
    rules: Mapping[str, Any] = {},
    *,
    labels: tuple[str, ...] | None = LABELS,
    **fields: Any,
) -> Write:
    """Return a writer of a detector; fields of its record are those of most, but for `fields`.

    Args:
        build: Adds the outputs.
        rules: Changes to the preprocessing.
        labels: Of the classes.
        **fields: Of the record.
    """
    usual: dict[str, Any] = {
        "box_format": "xyxy",
        "box_units": "pixels",
        "activation": "none",
        "score": 0.6,
        "nms": NMS,
        "max_detections": 15,
    }
    if "columns" not in fields:
        usual |= {"boxes": "boxes", "scores": "scores"}

    def write(folder: Path) -> Bundle:
        graph = Graph()
        build(graph)
        task = Task("detect", labels=labels, record=DetectRecord(**{**usual, **fields}))
        return graph.write(folder, task, rules=dataclasses.replace(RULES, **rules))

    return write


def with_boxes(
    boxes: Bounds = CORNERS, **others: Callable[[Graph, str], object]
) -> Callable[[Graph], None]:
    """Return what adds boxes, scores of three classes, and other outputs."""

    def build(graph: Graph) -> None:
        add_numbers(graph, "boxes", boxes, form="rows")
        add_numbers(graph, "scores", (SHARE,) * 3, form="rows")
        for name, add in others.items():
            add(graph, name)

    return build


def _rows(*bounds: tuple[float, float]) -> Callable[[Graph, str], object]:
    return lambda graph, name: add_numbers(graph, name, bounds, form="rows")


def _grid(stride: int, *bounds: tuple[float, float]) -> Callable[[Graph, str], object]:
    return lambda graph, name: add_numbers(graph, name, bounds, stride)


def _arrays(*shape: int) -> Callable[[Graph, str], object]:
    bounds = (LOGIT,) * int(np.prod(shape))
    return lambda graph, name: add_arrays(graph, name, shape, bounds)


def _table(*bounds: tuple[float, float], form: Any = "rows") -> Callable[[Graph], object]:
    return lambda graph: add_numbers(graph, "table", bounds, form=form)


def _points(**fields: Any) -> BoxPointsRecord:
    usual: dict[str, Any] = {
        "form": "xys", "units": "pixels", "activation": "sigmoid", "score": 0.4, "count": 3,
        "output": "points", "labels": ("nose", "naïve eye", "tail"), "skeleton": (0, 1, 1, 2),
    }  # fmt: skip
    return BoxPointsRecord(**{**usual, **fields})


PROTOTYPES: Final = MaskRecord("sigmoid", 0.5, "exact", "weights", "prototypes")
_FEW: Final = {"max_detections": 6}

# What a language lacks that refuses them -> writers, by name.
BELONGING_BUNDLES: Final[Mapping[str, Mapping[str, Write]]] = {
    "the masks of boxes": {
        "masks of prototypes": owning(
            with_boxes(weights=_rows(LOGIT, LOGIT, LOGIT), prototypes=_grid(1, *(LOGIT,) * 3)),
            masks=PROTOTYPES, **_FEW,
        ),
        "masks of coarse prototypes, letterbox": owning(
            with_boxes(weights=_rows(LOGIT, LOGIT), prototypes=_grid(3, LOGIT, LOGIT)),
            LETTERBOX, masks=dataclasses.replace(PROTOTYPES, edges="round", cut="image"), **_FEW,
        ),
        "masks of prototypes cut before they are enlarged": owning(
            with_boxes(weights=_rows(LOGIT, LOGIT), prototypes=_grid(3, LOGIT, LOGIT)),
            CROP, masks=MaskRecord("none", 0.1, "ceil", "weights", "prototypes", cut="prototypes"),
            **_FEW,
        ),
        "masks of prototypes in a table, padded": owning(
            lambda graph: [
                add_numbers(graph, "table", (LOGIT, LOGIT, *CORNERS, SHARE, SHARE, SHARE),
                            form="rows"),
                add_numbers(graph, "prototypes", (LOGIT, LOGIT), 3),
            ],
            PADDED, raw="table", columns="coefficients+box+scores",
            masks=MaskRecord("sigmoid", 0.4, "floor", None, "prototypes", cut="prototypes"), **_FEW,
        ),
        "a mask per box": owning(
            with_boxes(masks=_arrays(4, 5)),
            masks=MaskRecord("sigmoid", 0.5, "exact", per_box="masks"), **_FEW,
        ),
        "a mask per box and class, letterbox": owning(
            with_boxes(masks=_arrays(3, 2, 3)),
            LETTERBOX, masks=MaskRecord("none", 0.2, "round", per_box="masks"), **_FEW,
        ),
        "masks and keypoints of boxes": owning(
            with_boxes(weights=_rows(LOGIT, LOGIT), prototypes=_grid(3, LOGIT, LOGIT),
                       points=_rows(*PLACES * 3)),
            masks=PROTOTYPES, points=_points(form="xy", activation="none"), **_FEW,
        ),
    },
    "the points of boxes": {
        "keypoints of boxes": owning(
            with_boxes(points=_rows(*(*PLACES, LOGIT) * 3)), points=_points(), **_FEW
        ),
        "keypoints of boxes, letterbox": owning(
            with_boxes(points=_rows(*(SHARE,) * 4)), LETTERBOX,
            points=_points(form="yx", units="normalised", activation="none", count=2, labels=None,
                           skeleton=None), **_FEW,
        ),
        "keypoints of boxes in a table": owning(
            _table(*CORNERS, SHARE, (-0.4, 2.4), *(*PLACES, SHARE) * 2),
            raw="table", columns="box+score+class+points", activation="none",
            points=_points(form="yxs", activation="none", count=2, output=None, labels=None,
                           skeleton=(1, 0)), **_FEW,
        ),
    },
    "the angles of boxes": {
        "rotated boxes": owning(
            with_boxes(CENTRES, angle=_rows(ANGLE)), box_format="cxcywh",
            angles=AngleRecord("radians", "clockwise", "angle"), **_FEW,
        ),
        "rotated boxes of five numbers, letterbox": owning(
            with_boxes((*CENTRES, (-90.0, 90.0))), LETTERBOX, box_format="cxcywh",
            angles=AngleRecord("degrees", "counterclockwise"),
            nms=Nms(0.3, across_classes=True), **_FEW,
        ),
        "rotated boxes in a table, masks of prototypes": owning(
            lambda graph: [
                add_numbers(graph, "table", (SHARE, SHARE, *CENTRES, ANGLE, LOGIT, LOGIT),
                            form="rows"),
                add_numbers(graph, "prototypes", (LOGIT, LOGIT)),
            ],
            raw="table", columns="scores+box+angle+coefficients", box_format="cxcywh", labels=None,
            angles=AngleRecord("radians", "counterclockwise"), nms=None, score=0.8,
            masks=dataclasses.replace(PROTOTYPES, coefficients=None), **_FEW,
        ),
    },
    "the columns": {
        "a table of another order": owning(
            _table(SHARE, SHARE, SHARE, SHARE, *CORNERS), raw="table",
            columns="objectness+scores+box", objectness_activation="none", score=0.3,
        ),
        "a table with rows last": owning(
            _table(*CORNERS, LOGIT, LOGIT, LOGIT, form="columns"), raw="table",
            columns="box+scores", columns_axis="first", activation="sigmoid", score=0.7,
        ),
        "a table of classes, score last": owning(
            _table((-0.4, 2.4), *CORNERS, SHARE), raw="table", columns="class+box+score",
        ),
    },
    "several classes for a box": {
        "several classes for a box": owning(
            _table(*CORNERS, SHARE, SHARE, SHARE), raw="table", columns="box+scores",
            multi_label=True, background=2,
        ),
    },
}  # fmt: skip
