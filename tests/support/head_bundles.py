"""Detectors with undecoded heads, for programs: every form of `task.detect.head`, and its options.

Each net sees a picture of 12x9 pixels, and has a grid of 12x9 cells, one of 4x3 cells, or both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from keras2cv.bundle.manifest import Task
from keras2cv.bundle.reading import Bundle
from keras2cv.tasks.detect.head import Head, HeadLevel, HeadOutput
from keras2cv.tasks.detect.record import Anchors, DetectRecord, Nms
from support.pixel_bundles import CROP, LETTERBOX, LOGIT, PADDED, RULES, SHARE, Graph, Write
from support.tiny_bundle import HEIGHT, WIDTH

Bounds = Sequence[tuple[float, float]]
Form = Literal["grid", "rows", "columns", "anchors"]

SIZES_HW: Final = {1: (HEIGHT, WIDTH), 3: (HEIGHT // 3, WIDTH // 3)}  # of grids, by stride
SMALL: Final = (-1.5, 1.5)
LABELS: Final = ("cat", "naïve dog", "bird")
ANCHORS: Final = {1: (2.0, 2.5, 4.0, 3.0), 3: (5.0, 4.0, 6.5, 7.0)}  # w, h of two
NMS: Final = Nms(0.45, across_classes=False)


def add_numbers(graph: Graph, name: str, bounds: Bounds, stride: int = 1, **form: Any) -> None:
    """Add an output: numbers of each cell of a grid, each between its two bounds.

    Args:
        graph: The graph.
        name: Of the output.
        bounds: Of each number.
        stride: 1 for 12x9 cells, 3 for 4x3.
        **form: `form`: "grid" (1, h, w, K) as Keras has it, "rows" (1, h * w * boxes, K / boxes),
            "columns" (1, K, h * w), "anchors" (1, boxes * h * w, K / boxes); `boxes` of each cell.
    """
    made = add_scaled(graph, name, bounds, stride)
    declare(graph, name, made, SIZES_HW[stride], len(bounds), **form)


def add_scaled(graph: Graph, name: str, bounds: Bounds, stride: int) -> str:
    """Add a convolution whose channels lie between bounds; return the net's name of it."""
    low, high = np.array(bounds, np.float32).T
    graph.weights[f"{name} range"] = (high - low).reshape(1, -1, 1, 1)
    graph.weights[f"{name} low"] = low.reshape(1, -1, 1, 1)
    share = graph.add("Sigmoid", [graph.conv(name, len(bounds), stride)], f"{name} share")
    scaled = graph.add("Mul", [share, f"{name} range"], f"{name} scaled")
    return graph.add("Add", [scaled, f"{name} low"], f"{name} made")


def declare(
    graph: Graph,
    name: str,
    made: str,
    size_hw: tuple[int, int],
    count: int,
    *,
    form: Form = "grid",
    boxes: int = 1,
) -> None:
    """Declare a (1, K, h, w) tensor of the net as an output, maybe of another shape.

    Args:
        graph: The graph.
        name: Keras' name.
        made: The net's name.
        size_hw: h and w.
        count: K.
        form: As of `add_numbers`.
        boxes: Of a cell.
    """
    cells = size_hw[0] * size_hw[1]
    if form == "grid":
        graph.output(name, made, (1, *size_hw, count))
        return
    shape: tuple[int, ...] = (1, count, cells)
    if form == "anchors":
        graph.weights[f"{name} apart"] = np.array((1, boxes, count // boxes, cells), np.int64)
        made = graph.add("Reshape", [made, f"{name} apart"], f"{name} by anchors")
        made = graph.add("Transpose", [made], f"{name} last", perm=[0, 1, 3, 2])
        shape = (1, boxes * cells, count // boxes)
    if form == "rows":
        made = graph.add("Transpose", [made], f"{name} last", perm=[0, 2, 3, 1])
        shape = (1, cells * boxes, count // boxes)
    graph.weights[f"{name} shape"] = np.array(shape, np.int64)
    graph.output(name, graph.add("Reshape", [made, f"{name} shape"], name), shape)


def joined(graph: Graph, name: str, bounds: Bounds, form: Form, boxes: int = 1) -> None:
    """Add an output that holds both grids, the fine one first.

    Args:
        graph: The graph.
        name: Of the output.
        bounds: Of each number of a cell.
        form: "rows" (1, M, K), or "columns" (1, K, M).
        boxes: Of a cell.
    """
    parts, size = [], len(bounds) // boxes
    for stride, (height, width) in SIZES_HW.items():
        part = add_scaled(graph, f"{name} {stride}", bounds, stride)
        if form == "rows":
            part = graph.add("Transpose", [part], f"{part} last", perm=[0, 2, 3, 1])
        count = height * width * boxes
        shape = (1, count, size) if form == "rows" else (1, size, count)
        graph.weights[f"{part} shape"] = np.array(shape, np.int64)
        parts.append(graph.add("Reshape", [part, f"{part} shape"], f"{part} flat"))
    axis = 1 if form == "rows" else 2
    total = sum(h * w * boxes for h, w in SIZES_HW.values())
    whole = (1, total, size) if form == "rows" else (1, size, total)
    graph.output(name, graph.add("Concat", parts, f"{name} joined", axis=axis), whole)


def headed(
    build: Callable[[Graph], object],
    head: Head,
    rules: Mapping[str, Any] = {},
    *,
    labels: tuple[str, ...] | None = LABELS,
    **fields: Any,
) -> Write:
    """Return a writer of a detector with a head.

    Args:
        build: Adds the outputs.
        head: How they become boxes.
        rules: Changes to the preprocessing.
        labels: Of the classes.
        **fields: Of the detector's record, where they are not those of most.
    """
    made = {"points": "xyxy"}.get(head.form, "cxcywh")
    usual: dict[str, Any] = {
        "box_format": made,
        "box_units": "pixels",
        "activation": "sigmoid",
        "score": 0.5,
        "nms": NMS,
        "max_detections": 15,  # so that the texts of drawn boxes leave something of the picture
    }

    def write(folder: Path) -> Bundle:
        graph = Graph()
        build(graph)
        record = DetectRecord(**{**usual, **fields}, head=head)
        task = Task("detect", labels=labels, record=record)
        return graph.write(folder, task, rules=dataclasses.replace(RULES, **rules))

    return write


def level(stride: int, boxes: int = 1, **fields: Any) -> HeadLevel:
    """Return the grid of that stride, with the fields of its form."""
    rows, columns = SIZES_HW[stride]
    return HeadLevel(rows, columns, boxes, **fields)


def cells(stride: int, scale: float = 1.0, offset: float = 0.0, boxes: int = 2) -> HeadLevel:
    """Return a grid of anchors."""
    square = (float(stride), float(stride))
    anchors = ANCHORS[stride] if boxes == 2 else square
    return level(stride, boxes, stride_wh=square, xy_scale=scale, xy_offset=offset, anchors=anchors)


def points(stride: int, offset: float = 0.5) -> HeadLevel:
    """Return a grid of points."""
    return level(stride, stride_wh=(float(stride), float(stride)), xy_offset=offset)


EVERY: Final = ("box", "objectness", "scores")
LAST: Final = "cells,anchors,values"


def yolo(
    outputs: Sequence[HeadOutput],
    levels: Sequence[HeadLevel],
    xy: str,
    size: str,
    form: str,
    **numbers: int,
) -> Head:
    """Return a head of anchors.

    Args:
        outputs: Its outputs.
        levels: Its grids.
        xy: Activation of a centre.
        size: Activation of a size.
        form: Of a size.
        **numbers: Of what belongs to a box.
    """
    return Head(
        "anchors", tuple(outputs), tuple(levels), "x first", xy_activation=xy,  # type: ignore[arg-type]
        size_activation=size, size_form=form, **numbers,  # type: ignore[arg-type]
    )  # fmt: skip


def _two_grids(numbers: Bounds, boxes: int = 1, form: Form = "grid") -> Callable[[Graph], object]:
    def build(graph: Graph) -> None:
        for stride in SIZES_HW:
            add_numbers(graph, f"y{stride}", tuple(numbers) * boxes, stride, form=form, boxes=boxes)

    return build


def _of_levels(parts: Sequence[str], axes: str = LAST) -> tuple[HeadOutput, ...]:
    return tuple(HeadOutput(f"y{s}", tuple(parts), axes, k) for k, s in enumerate(SIZES_HW))  # type: ignore[arg-type]


ROW: Final = (SMALL, SMALL, (-1.0, 0.6), (-1.0, 0.6), LOGIT, LOGIT, LOGIT, LOGIT)
_BINS: Final = 4


def _v8(graph: Graph) -> None:
    """Distances of 4 bins, and scores, beside each other in columns, as YOLOv8 has them."""
    joined(graph, "y", (LOGIT,) * (4 * _BINS + 3), "columns")


def _apart(graph: Graph) -> None:
    """A grid's distances, classes and centre-ness in outputs of their own."""
    for stride in SIZES_HW:
        add_numbers(graph, f"box{stride}", ((-0.4, 1.2),) * 4, stride)
        add_numbers(graph, f"class{stride}", (LOGIT,) * 3, stride)
        add_numbers(graph, f"centre{stride}", (LOGIT,), stride)


def _of_parts() -> tuple[HeadOutput, ...]:
    return tuple(
        HeadOutput(f"{name}{stride}", (part,), LAST, k)  # type: ignore[arg-type]
        for k, stride in enumerate(SIZES_HW)
        for name, part in (("box", "box"), ("class", "scores"), ("centre", "objectness"))
    )


def _offsets(graph: Graph) -> None:
    """Offsets and scores of both grids, as SSD has them."""
    joined(graph, "offsets", (SMALL,) * 8, "rows", 2)
    joined(graph, "scores", (LOGIT,) * 8, "rows", 2)


def _priors(graph: Graph) -> None:
    """Scores, offsets, prior boxes and their variances side by side, as a Keras SSD has them."""
    low, high = ((0.0, 0.4), (0.0, 0.4)), ((0.5, 1.0), (0.5, 1.0))
    variances = ((0.08, 0.12),) * 2 + ((0.15, 0.25),) * 2
    bounds = (SHARE,) * 4 + (SMALL,) * 4 + low + high + variances
    joined(graph, "y", bounds, "rows")


def _default_boxes() -> tuple[float, ...]:
    """Return cx, cy, w, h of two boxes for each cell of both grids, in shares of the input."""
    found: list[float] = []
    for stride, (height, width) in SIZES_HW.items():
        for row in range(height):
            for column in range(width):
                centre = ((column + 0.5) / width, (row + 0.5) / height)
                found += [*centre, 0.12 * stride, 0.15 * stride, *centre, 0.2 * stride, 0.11]
    return tuple(found)


SSD: Final = Head(
    "offsets",
    (HeadOutput("offsets", ("box",), LAST), HeadOutput("scores", ("scores",), LAST)),
    (level(1, 2), level(3, 2)), "x first", offset_form="centres",
)  # fmt: skip
DEFAULT: Final = Anchors(_default_boxes(), (0.1, 0.1, 0.2, 0.2))


def _heatmap(graph: Graph) -> None:
    add_numbers(graph, "heat", (LOGIT,) * 3)
    add_numbers(graph, "size", ((1.0, 6.0), (1.0, 5.0)))
    add_numbers(graph, "shift", (SHARE, SHARE))


def peaks(window: int, units: str, pair_order: Any = "x first", *, offset: bool = True) -> Head:
    """Return a head of a heatmap, with an output for the part of a cell if it has one.

    Args:
        window: Of cells in which a peak is the highest.
        units: Of sizes.
        pair_order: Of sizes and shifts.
        offset: Whether an output has the part of a cell.
    """
    outputs = [HeadOutput("heat", ("scores",), LAST, 0), HeadOutput("size", ("box",), LAST, 0)]
    if offset:
        outputs.append(HeadOutput("shift", ("offset",), LAST, 0))
    return Head(
        "peaks", tuple(outputs), (points(1, 0.0 if offset else 0.5),), pair_order, window=window,
        size_units=units,  # type: ignore[arg-type]
    )  # fmt: skip


def _decoded(graph: Graph) -> None:
    for stride in SIZES_HW:
        corners = ((0.0, 5.0), (0.0, 4.0), (5.0, 12.0), (4.0, 9.0))
        add_numbers(graph, f"y{stride}", corners + (SHARE,) * 4, stride, form="rows")


OBJECTNESS: Final = {"objectness_activation": "sigmoid"}

HEAD_BUNDLES: Final[Mapping[str, Write]] = {
    "head: YOLOv2": headed(
        lambda graph: add_numbers(graph, "y", ROW * 2),
        yolo([HeadOutput("y", EVERY, LAST, 0)], [cells(1)], "sigmoid", "none", "exp"),
        activation="softmax", score=0.3, **OBJECTNESS,
    ),
    "head: YOLOv3, letterbox": headed(
        _two_grids(ROW, 2),
        yolo(_of_levels(EVERY), [cells(1), cells(3)], "sigmoid", "none", "exp"),
        LETTERBOX, **OBJECTNESS,
    ),
    "head: YOLOv3, several classes for a box": headed(
        _two_grids(ROW, 2, "rows"),
        yolo(_of_levels(EVERY), [cells(1), cells(3)], "sigmoid", "none", "exp"),
        multi_label=True, background=1, **OBJECTNESS,
    ),
    "head: YOLOv4": headed(
        _two_grids(ROW, 2, "columns"),
        yolo(
            _of_levels(EVERY, "anchors,values,cells"),
            [cells(1, 1.2, -0.1), cells(3, 1.05, -0.025)], "sigmoid", "none", "exp",
        ),
        nms=Nms(0.5, across_classes=True), **OBJECTNESS,
    ),
    "head: YOLOv5, crop": headed(
        _two_grids(ROW, 2),
        yolo(_of_levels(EVERY), [cells(1, 2, -0.5), cells(3, 2, -0.5)], "sigmoid", "sigmoid",
             "square"),
        CROP, max_detections=7, **OBJECTNESS,
    ),
    "head: YOLOv5, a column for each box": headed(
        lambda graph: joined(graph, "y", tuple(b for b in ROW for _ in range(2)), "columns", 2),
        yolo([HeadOutput("y", EVERY, "values,anchors,cells")],
             [cells(1, 2, -0.5), cells(3, 2, -0.5)], "sigmoid", "sigmoid", "square"),
        **OBJECTNESS,
    ),
    "head: YOLOv5, a column for each box, cells in front of anchors": headed(
        lambda graph: joined(graph, "y", tuple(b for b in ROW for _ in range(2)), "columns", 2),
        yolo([HeadOutput("y", EVERY, "values,cells,anchors")],
             [cells(1, 2, -0.5), cells(3, 2, -0.5)], "sigmoid", "sigmoid", "square"),
        **OBJECTNESS,
    ),
    "head: YOLOX": headed(
        lambda graph: joined(graph, "y", ROW, "rows"),
        yolo([HeadOutput("y", EVERY, LAST)], [cells(1, boxes=1), cells(3, boxes=1)], "none",
             "none", "exp"),
        activation="sigmoid", **OBJECTNESS,
    ),
    "head: sizes as they are, values before anchors": headed(
        lambda graph: add_numbers(
            graph, "y", [bounds for bounds in (SMALL, SMALL, (0.5, 2), (0.5, 2), *ROW[4:])
                         for _ in range(2)], 3),
        yolo([HeadOutput("y", EVERY, "cells,values,anchors", 0)], [cells(3)], "none", "none",
             "linear"),
        score=0.2, **OBJECTNESS,
    ),
    "head: a grid for each anchor": headed(
        lambda graph: add_numbers(graph, "y", ROW * 2, form="anchors", boxes=2),
        yolo([HeadOutput("y", EVERY, "anchors,cells,values", 0)], [cells(1)], "sigmoid", "none",
             "exp"),
        **OBJECTNESS,
    ),
    "head: YOLOv8": headed(
        _v8,
        Head("points", (HeadOutput("y", ("box", "scores"), "anchors,values,cells"),),
             (points(1), points(3)), "x first", bins=_BINS, distance_activation="none"),
        score=0.8,
    ),
    "head: YOLOv8, several classes for a box": headed(
        _v8,
        Head("points", (HeadOutput("y", ("box", "scores"), "anchors,values,cells"),),
             (points(1), points(3)), "x first", bins=_BINS, distance_activation="none"),
        PADDED, score=0.7, multi_label=True, max_detections=15,
    ),
    "head: FCOS": headed(
        _apart,
        Head("points", _of_parts(), (points(1), points(3)), "x first", bins=1,
             distance_activation="exp"),
        **OBJECTNESS,
    ),
    "head: FCOS, vertical first": headed(
        _apart,
        Head("points", _of_parts(), (points(1, 0.0), points(3, 0.0)), "y first", bins=1,
             distance_activation="relu"),
        score=0.4, **OBJECTNESS,
    ),
    "head: SSD": headed(
        _offsets, SSD, box_units="normalised", activation="softmax", anchors=DEFAULT,
        background=0, score=0.6, labels=("none", *LABELS),
    ),
    "head: SSD, prior boxes in the output": headed(
        _priors,
        Head("offsets", (HeadOutput("y", ("scores", "box", "anchors", "variances"), LAST),),
             (level(1), level(3)), "x first", offset_form="centres", anchor_format="xyxy"),
        LETTERBOX, box_units="normalised", activation="none", background=0,
        score=0.7, labels=None,
    ),
    "head: prior boxes by their centres": headed(
        lambda graph: add_numbers(
            graph, "y", ((0.1, 0.9),) * 2 + ((0.1, 0.4),) * 2 + (SMALL,) * 4 + (LOGIT,) * 3
        ),
        Head("offsets", (HeadOutput("y", ("anchors", "box", "scores"), LAST, 0),), (level(1),),
             "y first", offset_form="corners", anchor_format="cxcywh"),
        box_units="normalised", multi_label=True, score=0.6,
    ),
    "head: RetinaNet": headed(
        _offsets, dataclasses.replace(SSD, offset_form="corners"), box_units="normalised",
        anchors=Anchors(_default_boxes(), (0.2, 0.2, 0.2, 0.2)), score=0.7,
        labels=(*LABELS, "fish"),
    ),
    "head: EfficientDet": headed(
        _offsets, dataclasses.replace(SSD, pair_order="y first"), box_units="normalised",
        anchors=Anchors(_default_boxes(), (1.0,) * 4), score=0.7, labels=None,
    ),
    "head: CenterNet": headed(_heatmap, peaks(3, "cells"), nms=None),
    "head: CenterNet, letterbox": headed(
        _heatmap, peaks(5, "pixels", "y first"), LETTERBOX, nms=None, background=1, score=0.4
    ),
    "head: heatmap without shifts": headed(
        lambda graph: [add_numbers(graph, "heat", (SHARE,) * 2),
                       add_numbers(graph, "size", ((0.1, 0.5),) * 2)],
        peaks(3, "normalised", offset=False), activation="none", labels=None,
    ),
    "head: boxes of two grids": headed(
        _decoded,
        Head("boxes", _of_levels(EVERY), (level(1), level(3)), "x first"),
        box_format="xyxy", activation="none", objectness_activation="none",
    ),
    "head: boxes in cells": headed(
        _decoded,
        Head("boxes", _of_levels(EVERY),
             (level(1, stride_wh=(1.0, 1.0)), level(3, stride_wh=(1.5, 0.75))), "x first"),
        box_format="xyxy", activation="none", objectness_activation="none",
    ),
    "head: boxes, vertical first": headed(
        _decoded,
        Head("boxes", _of_levels(("box", "scores"), "anchors,cells,values"),
             (level(1), level(3)), "y first"),
        CROP, box_format="xyxy", activation="none", multi_label=True, score=0.6,
        labels=(*LABELS, "fish"),
    ),
}  # fmt: skip
