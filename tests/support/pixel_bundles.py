"""Bundles of the tasks that answer in pixels, and of tails and several inputs, for programs.

Each net is a convolution or two over a 12x9 image, whose outputs differ from place to place, so
that an answer put to the wrong place, or an axis mixed up, gives other numbers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto
from onnx.helper import make_node

from keras2cv.bundle.manifest import InputTensor, NumpyTail, OutputTensor, Preprocessing, Task
from keras2cv.bundle.reading import Bundle
from keras2cv.bundle.writing import write_bundle
from keras2cv.numpy_tail.step import NmsRule, Step
from keras2cv.tasks.detect.record import Anchors, DetectRecord, Nms
from keras2cv.tasks.image.record import ImageRecord
from keras2cv.tasks.keypoints.record import KeypointsRecord
from keras2cv.tasks.segment.record import SegmentRecord
from support.drawn_image import draw_image
from support.tiny_bundle import HEIGHT, WIDTH, manifest_of, net, npz

Array = NDArray[Any]
Write = Callable[[Path], Bundle]

CELLS: Final = HEIGHT * WIDTH
LETTERBOX: Final = {"resize": "letterbox", "pad": 90}
PADDED: Final = {"resize": "pad", "pad": 90}
CROP: Final = {"resize": "center-crop", "interpolation": "area"}
RULES: Final = Preprocessing(
    input="photo",
    color="RGB",
    size_wh=(WIDTH, HEIGHT),
    resize="stretch",
    interpolation="linear",
    mean=(111.0, 120.0, 99.0),
    scale=1 / 64,
    std=(1.0, 1.2, 0.9),
    source="file",
)


@dataclasses.dataclass
class Graph:
    """An ONNX graph in the making, and the tensors in its bundle's manifest."""

    nodes: list[NodeProto] = dataclasses.field(default_factory=list)
    weights: dict[str, Array] = dataclasses.field(default_factory=dict)
    outputs: list[OutputTensor] = dataclasses.field(default_factory=list)
    in_net: dict[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)

    def conv(self, name: str, channels: int, stride: int = 1, source: str = "image") -> str:
        """Add a 3x3 convolution with random weights, and return its output's name.

        Args:
            name: Of its output.
            channels: Of its output.
            stride: In both directions; with 1 the size stays.
            source: Its input.
        """
        rng = np.random.default_rng(sum(name.encode()))
        self.weights[f"{name} kernel"] = rng.normal(0, 0.5, (channels, 3, 3, 3)).astype(np.float32)
        self.weights[f"{name} bias"] = rng.normal(0, 0.7, channels).astype(np.float32)
        inputs = [source, f"{name} kernel", f"{name} bias"]
        pads = [1, 1, 1, 1] if stride == 1 else [0, 0, 0, 0]
        options: dict[str, Any] = {"kernel_shape": [3, 3], "pads": pads, "strides": [stride] * 2}
        return self.add("Conv", inputs, f"{name} conv", **options)

    def rows(self, name: str, columns: Sequence[tuple[float, float]]) -> str:
        """Add an output (1, CELLS, columns): a number per cell between each column's two bounds."""
        count, bounds = len(columns), np.array(columns, np.float32)
        self.weights[f"{name} range"] = (bounds[:, 1] - bounds[:, 0]).reshape(1, count, 1, 1)
        self.weights[f"{name} low"] = bounds[:, 0].reshape(1, count, 1, 1)
        x = self.add("Sigmoid", [self.conv(name, count)], f"{name} share")
        x = self.add("Mul", [x, f"{name} range"], f"{name} scaled")
        x = self.add("Add", [x, f"{name} low"], f"{name} shifted")
        x = self.add("Transpose", [x], f"{name} last", perm=[0, 2, 3, 1])
        self.weights[f"{name} shape"] = np.array([1, CELLS, count], np.int64)
        return self.output(name, self.add("Reshape", [x, f"{name} shape"], name), (1, CELLS, count))

    def add(self, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node, and return its output's name.

        Args:
            op: Its type.
            inputs: Names.
            output: Its name.
            **attributes: Of the node.
        """
        self.nodes.append(make_node(op, list(inputs), [output], **attributes))
        return output

    def output(
        self, name: str, made: str, shape: tuple[int, ...], *, dtype: str = "float32"
    ) -> str:
        """Declare an output of the net; 4-D is NCHW in the net.

        Args:
            name: Keras' name.
            made: The net's name.
            shape: In Keras' layout.
            dtype: Keras' type.
        """
        is_image = len(shape) == 4
        in_net = (shape[0], shape[3], *shape[1:3]) if is_image else shape
        layout: Any = "NCHW" if is_image else "same"
        self.outputs.append(OutputTensor(name, made, shape, in_net, layout, dtype, batched=True))  # type: ignore[arg-type]
        self.in_net[made] = in_net
        return name

    def write(
        self,
        folder: Path,
        task: Task,
        *,
        tail: NumpyTail | None = None,
        rules: Preprocessing | None = RULES,
        others: tuple[InputTensor, ...] = (),
        outputs: tuple[OutputTensor, ...] | None = None,
    ) -> Bundle:
        """Write the bundle: an image (1, 3, 9, 12), and after it `others`.

        Args:
            folder: The bundle's.
            task: Of the manifest.
            tail: Steps after the net.
            rules: The preprocessing.
            others: Further inputs.
            outputs: Of the manifest; None for all that were declared.
        """
        image = InputTensor(
            "photo", "image", (1, HEIGHT, WIDTH, 3), (1, 3, HEIGHT, WIDTH), "NCHW", "float32"
        )
        inputs = (image, *others)
        shapes = {tensor.net_name: tensor.net_shape for tensor in inputs}
        model = net(self.nodes, shapes, self.in_net, self.weights)
        manifest = manifest_of(
            model,
            inputs=inputs,
            outputs=tuple(self.outputs) if outputs is None else outputs,
            task=task,
            preprocessing=rules,
        )
        manifest = manifest.replace(tail=tail)
        return write_bundle(folder, manifest, {"model.onnx": model, "selftest.npz": npz({})})


SHARE: Final = (0.0, 1.0)
CORNERS: Final = ((0.0, 0.6), (0.0, 0.6), (0.4, 1.0), (0.4, 1.0))
LOGIT: Final = (-4.0, 4.0)


def detector(
    outputs: Mapping[str, Sequence[tuple[float, float]]],
    labels: tuple[str, ...] | None = None,
    rules: Mapping[str, Any] = {},
    **fields: Any,
) -> Write:
    """Return a writer of a detector.

    Args:
        outputs: Name -> the bounds of each of its columns.
        labels: Of the classes.
        rules: Changes to the preprocessing.
        **fields: Of the detector's record.
    """

    def write(folder: Path) -> Bundle:
        graph = Graph()
        for name, columns in outputs.items():
            graph.rows(name, columns)
        task = Task("detect", labels=labels, record=DetectRecord(**fields))
        return graph.write(folder, task, rules=dataclasses.replace(RULES, **rules))

    return write


def _anchors() -> Anchors:
    """Return a small box of its own size around the centre of each cell."""
    boxes = []
    for row in range(HEIGHT):
        for column in range(WIDTH):
            centre = ((column + 0.5) / WIDTH, (row + 0.5) / HEIGHT)
            boxes += [*centre, 0.1 + 0.01 * column, 0.15 + 0.01 * row]
    return Anchors(tuple(boxes), (0.1, 0.1, 0.2, 0.2))


def segmenter(
    channels: int,
    scores: str,
    *,
    stride: int = 1,
    labels: tuple[str, ...] | None = None,
    rules: Mapping[str, Any] = {},
    **fields: Any,
) -> Write:
    """Return a writer of a net that gives a mask of the input's size, or a third of it.

    Args:
        channels: Of the mask.
        scores: "logits", "sigmoid", "softmax" or "labels".
        stride: 1, or 3 for a third.
        labels: Of the classes.
        rules: Changes to the preprocessing.
        **fields: Of the mask's record.
    """

    def write(folder: Path) -> Bundle:
        graph = Graph()
        made = graph.conv("mask", channels, stride)
        if scores in ("sigmoid", "softmax"):
            made = graph.add("Sigmoid", [made], "scores")
        if scores == "labels":
            graph.weights["three"] = np.full((1, 1, 1, 1), 3, np.float32)
            made = graph.add("Mul", [graph.add("Sigmoid", [made], "share"), "three"], "labels")
        shape = (1, HEIGHT // stride, WIDTH // stride, channels)
        dtype = "int32" if scores == "labels" else "float32"
        graph.output("mask", made, shape, dtype=dtype)
        record = SegmentRecord("mask", scores, **fields)  # type: ignore[arg-type]
        task = Task("segment", labels=labels, record=record)
        return graph.write(folder, task, rules=dataclasses.replace(RULES, **rules))

    return write


def heatmaps(rules: Mapping[str, Any] = {}, **fields: Any) -> Write:
    """Return a writer of a net that gives five heatmaps."""

    def write(folder: Path) -> Bundle:
        graph = Graph()
        graph.output("maps", graph.conv("maps", 5), (1, HEIGHT, WIDTH, 5))
        record = KeypointsRecord("maps", "heatmaps", "cells", skeleton=(0, 1, 1, 4), **fields)
        labels = ("nose", "left eye", "naïve", "tail", "paw")
        task = Task("keypoints", labels=labels, record=record)
        return graph.write(folder, task, rules=dataclasses.replace(RULES, **rules))

    return write


def points(form: str, units: str, bounds: tuple[float, float], **fields: Any) -> Write:
    """Return a writer of a net that gives CELLS points as numbers.

    Args:
        form: Order of a point's numbers, such as "yxs".
        units: "pixels" or "normalised".
        bounds: Of both coordinates.
        **fields: Of the record.
    """

    def write(folder: Path) -> Bundle:
        graph = Graph()
        graph.rows("points", (bounds, bounds, LOGIT)[: len(form)])
        record = KeypointsRecord("points", form, units, refine="none", score=0.6, **fields)  # type: ignore[arg-type]
        return graph.write(folder, Task("keypoints", record=record))

    return write


def painter(color: str, rules: Mapping[str, Any] = {}, *, doubled: bool = False) -> Write:
    """Return a writer of a net that gives an image of the input's size, or twice that."""
    channels = 1 if color == "GRAY" else 3

    def write(folder: Path) -> Bundle:
        graph, scale = Graph(), 1
        made = graph.add("Tanh", [graph.conv("paint", channels)], "painted")
        if doubled:
            scale = 2
            rng = np.random.default_rng(5)
            graph.weights["twice"] = rng.uniform(0.1, 0.5, (channels, channels, 2, 2)).astype(
                np.float32
            )
            options: dict[str, Any] = {"kernel_shape": [2, 2], "strides": [2, 2]}
            made = graph.add("ConvTranspose", [made, "twice"], "large", **options)
        graph.output("paint", made, (1, HEIGHT * scale, WIDTH * scale, channels))
        task = Task("image", record=ImageRecord("paint", color, -1.0, 0.9))  # type: ignore[arg-type]
        return graph.write(folder, task, rules=dataclasses.replace(RULES, **rules))

    return write


def embedder(folder: Path) -> Bundle:
    """Write a net that gives a vector of 7 numbers."""
    graph = Graph()
    pooled = graph.add("GlobalAveragePool", [graph.conv("vector", 7)], "pooled")
    graph.output("vector", graph.add("Flatten", [pooled], "flat", axis=1), (1, 7))
    return graph.write(folder, Task("embed", "vector"))


def suppressed(folder: Path) -> Bundle:
    """Write a detector whose non-maximum suppression is a tail, as Keras models that end in it."""
    graph = Graph()
    graph.rows("boxes", CORNERS)
    graph.rows("scores", (SHARE, SHARE, SHARE))
    kept = 6
    steps = (
        Step("reshape", ("boxes",), ("boxes4",), shape=(1, CELLS, 1, 4)),
        Step(
            "combined_nms",
            ("boxes4", "scores"),
            ("kept", "best", "numbers", "count"),
            nms=NmsRule(
                max_boxes=4, iou=0.4, score=0.3, max_total=kept, pad_per_class=False, clip=True
            ),
        ),
        Step("cast", ("numbers",), ("classes",), dtype="int32"),
        Step("constant", (), ("one",), dtype="int32", shape=(), values=(1.0,)),
        Step("add", ("classes", "one"), ("classes1",)),
    )
    outputs = (
        OutputTensor("b", "kept", (1, kept, 4), (1, kept, 4), "same", "float32", batched=True),
        OutputTensor("s", "best", (1, kept), (1, kept), "same", "float32", batched=True),
        OutputTensor("c", "classes1", (1, kept), (1, kept), "same", "int32", batched=True),
    )
    facts = DetectRecord("yxyx", "normalised", "none", 0.31, boxes="b", scores="s", classes="c")
    tail = NumpyTail(tuple(graph.outputs), steps)
    return graph.write(folder, Task("detect", record=facts), tail=tail, outputs=outputs)


def as_many_as_found(folder: Path) -> Bundle:
    """Write a detector that selects the boxes of each class, not padded, and joins what it found.

    The rows that are there move to the front, and zeros fill the outputs behind them.
    """
    graph = Graph()
    graph.rows("boxes", CORNERS)
    graph.rows("scores", (SHARE, SHARE, SHARE))
    most, classes = 4, 3
    kept = most * classes
    steps = [Step("reshape", ("boxes",), ("corners",), shape=(CELLS, 4))]
    for c in range(classes):
        one, mine = f"column {c}", f"scores {c}"
        steps += [
            Step("slice", ("scores",), (one,), begin=(0, 0, c), shape=(1, CELLS, 1),
                 strides=(1, 1, 1)),
            Step("reshape", (one,), (mine,), shape=(CELLS,)),
            Step("nms", ("corners", mine), (f"at {c}", f"best {c}", f"count {c}"),
                 nms=NmsRule(most, 0.4, 0.3 + 0.1 * c)),
            Step("constant", (), (f"places {c}",), dtype="int32", shape=(most,),
                 values=(0.0, 1.0, 2.0, 3.0)),
            Step("less", (f"places {c}", f"count {c}"), (f"there {c}",)),
            Step("constant", (), (f"class {c}",), dtype="int32", shape=(most,),
                 values=(float(c),) * most),
            Step("gather", ("corners", f"at {c}"), (f"boxes {c}",), axis=0, batch_dims=0),
        ]  # fmt: skip
    for made in ("there", "boxes", "best", "class"):
        names = tuple(f"{made} {c}" for c in range(classes))
        steps.append(Step("concat", names, (f"all {made}",), axis=0))
    steps += [
        Step("cast", ("all there",), ("flags",), dtype="float32"),
        Step("top_k", ("flags",), ("sorted", "order"), k=kept),
        Step("constant", (), ("half",), dtype="float32", shape=(), values=(0.5,)),
        Step("greater", ("sorted", "half"), ("there",)),
        Step("reshape", ("there",), ("rows there",), shape=(kept, 1)),
        Step("constant", (), ("zero",), dtype="float32", shape=(), values=(0.0,)),
        Step("constant", (), ("no class",), dtype="int32", shape=(), values=(0.0,)),
    ]
    for made, mask, filler in (
        ("boxes", "rows there", "zero"),
        ("best", "there", "zero"),
        ("class", "there", "no class"),
    ):
        steps += [
            Step("gather", (f"all {made}", "order"), (f"first {made}",), axis=0, batch_dims=0),
            Step("where", (mask, f"first {made}", filler), (f"filled {made}",)),
            Step("reshape", (f"filled {made}",), (f"found {made}",),
                 shape=(1, kept, 4) if made == "boxes" else (1, kept)),
        ]  # fmt: skip
    outputs = (
        OutputTensor(
            "b", "found boxes", (1, kept, 4), (1, kept, 4), "same", "float32", batched=True
        ),
        OutputTensor("s", "found best", (1, kept), (1, kept), "same", "float32", batched=True),
        OutputTensor("c", "found class", (1, kept), (1, kept), "same", "int32", batched=True),
    )
    facts = DetectRecord("yxyx", "normalised", "none", 0.31, boxes="b", scores="s", classes="c")
    tail = NumpyTail(tuple(graph.outputs), tuple(steps))
    return graph.write(folder, Task("detect", record=facts), tail=tail, outputs=outputs)


def stepped(folder: Path) -> Bundle:
    """Write a net whose tail has one of every step; all that the steps make are outputs."""
    graph = Graph()
    graph.rows("x", (LOGIT, LOGIT, LOGIT, LOGIT))
    two = ("some", "y")
    steps = [
        Step("reshape", ("x",), ("flat",), shape=(CELLS, 4)),
        Step("slice", ("flat",), ("some",), begin=(50, 3), shape=(5, 3), strides=(-7, -1)),
        Step("constant", (), ("y",), dtype="float32", shape=(3,), values=(0.5, -1.25, 2.0)),
        Step("top_k", ("some",), ("best", "at"), k=2),
        Step("gather", ("some", "at"), ("picked",), axis=1, batch_dims=1),
        Step("gather", ("flat", "at"), ("near",), axis=0, batch_dims=0),
        Step("transpose", ("near",), ("turned",), shape=(2, 0, 1)),
        Step("concat", ("some", "some", "picked"), ("wide",), axis=-1),
        Step("stack", ("some", "some"), ("deep",), axis=1),
        Step("cast", ("some",), ("whole",), dtype="int32"),
        Step("constant", (), ("three",), dtype="int32", shape=(1, 1), values=(3.0,)),
        Step("floor_divide", ("whole", "three"), ("thirds",)),
        Step("modulo", ("whole", "three"), ("rest",)),
        *(Step(op, two, (op,)) for op in ("add", "subtract", "multiply", "divide", "minimum")),
        *(Step(op, two, (op,)) for op in ("maximum", "less", "less_equal", "greater")),
        *(Step(op, two, (op,)) for op in ("greater_equal", "equal", "not_equal")),
        Step("and", ("less", "greater_equal"), ("and",)),
        Step("or", ("less", "equal"), ("or",)),
        Step("not", ("less",), ("not",)),
        Step("where", ("less", "some", "y"), ("where",)),
        Step("slice", ("flat",), ("first",), begin=(0, 0), shape=(CELLS, 1), strides=(1, 1)),
        Step("reshape", ("first",), ("marks",), shape=(CELLS,)),
        Step("nms", ("flat", "marks"), ("kept", "kept scores", "count"), nms=NmsRule(5, 0.3, 0.2)),
    ]
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(("whole", "thirds", "rest", "where", "not", "and", "or"), (5, 3)),
        **dict.fromkeys(("add", "subtract", "multiply", "divide", "minimum"), (5, 3)),
        **dict.fromkeys(("maximum", "less", "less_equal", "greater", "equal"), (5, 3)),
        "greater_equal": (5, 3),
        "not_equal": (5, 3),
        "best": (5, 2),
        "at": (5, 2),
        "picked": (5, 2),
        "turned": (4, 5, 2),
        "wide": (5, 8),
        "deep": (5, 2, 3),
        "kept": (5,),
        "kept scores": (5,),
        "count": (),
    }
    dtypes: dict[str, Any] = {
        **dict.fromkeys(("less", "less_equal", "greater", "greater_equal", "equal"), "bool"),
        **dict.fromkeys(("not_equal", "and", "or", "not"), "bool"),
        **dict.fromkeys(("whole", "thirds", "rest", "at", "kept", "count"), "int32"),
    }
    outputs = tuple(
        OutputTensor(f"made {name}", name, shape, shape, "same", dtype, batched=False)
        for name, shape in shapes.items()
        for dtype in [dtypes.get(name, "float32")]
    )
    tail = NumpyTail(tuple(graph.outputs), tuple(steps))
    return graph.write(folder, Task("raw"), tail=tail, outputs=outputs)


def _compared(folder: Path, task: Task, rules: Preprocessing | None) -> Bundle:
    """Write a net of an image and two vectors: the image's mean colour, mixed and added to them."""
    graph = Graph()
    pooled = graph.add("GlobalAveragePool", [graph.conv("vector", 4)], "pooled")
    flat = graph.add("Flatten", [pooled], "flat", axis=1)
    graph.add("Add", [flat, "facts"], "with facts")
    graph.output("y", graph.add("Mul", ["with facts", "weights"], "sum"), (1, 4))
    others = tuple(
        InputTensor(name, name, (1, 4), (1, 4), "same", "float32") for name in ("facts", "weights")
    )
    return graph.write(folder, task, rules=rules, others=others)


def priced(folder: Path) -> Bundle:
    """Write a model of an image and two vectors."""
    return _compared(folder, Task("regress", "y", labels=("a", "b", "c", "d")), RULES)


def unprepared(folder: Path) -> Bundle:
    """Write the same, all of whose inputs are arrays."""
    return _compared(folder, Task("raw"), None)


def masked(folder: Path) -> Bundle:
    """Write a net that finds boxes in an array."""
    graph = Graph()
    graph.rows("boxes", CORNERS)
    graph.rows("scores", (SHARE, SHARE))
    record = DetectRecord("yxyx", "normalised", "none", 0.6, boxes="boxes", scores="scores")
    return graph.write(folder, Task("detect", record=record), rules=None)


# Their samples are files for each input.
INPUT_BUNDLES: Final[Mapping[str, Write]] = {
    "an image and vectors": priced,
    "arrays": unprepared,
    "boxes in an array": masked,
}


def write_samples(folder: Path, bundle: Bundle, count: int = 2) -> list[str]:
    """Write files for each input, and return the NAME=FILE arguments."""
    words = []
    for number in range(count):
        rng = np.random.default_rng(40 + number)
        for tensor in bundle.manifest.inputs:
            if tensor.name == bundle.manifest.image_input:
                path = folder / f"{tensor.name}{number}.png"
                assert cv2.imwrite(str(path), draw_image(31 + number, 40))
            else:
                path = folder / f"{tensor.name}{number}.npy"
                shape = tensor.keras_shape[number % 2 :]  # with or without the batch
                dtype = (np.float32, np.float64)[number % 2]
                np.save(path, rng.normal(size=shape).astype(dtype))
            words.append(f"{tensor.name}={path}")
    return words


CATS_AND_DOGS: Final = detector(
    {"boxes": CORNERS, "scores": (SHARE, SHARE)},
    ("cat", "dog"),
    box_format="yxyx",
    box_units="normalised",
    activation="none",
    score=0.5,
    boxes="boxes",
    scores="scores",
)

PIXEL_BUNDLES: Final[Mapping[str, Write]] = {
    "corners, classes, thresholds": detector(
        {"boxes": CORNERS, "scores": (SHARE,), "classes": ((-1.4, 3.4),)},
        ("cat", 'a "dog"', "naïve"),
        box_format="yxyx",
        box_units="normalised",
        activation="none",
        score=0.4,
        boxes="boxes",
        scores="scores",
        classes="classes",
        background=2,
    ),
    "a score per class, suppressed": detector(
        {"boxes": CORNERS, "scores": (LOGIT, LOGIT, LOGIT)},
        ("cat", "dog", "eel"),
        rules=LETTERBOX,
        box_format="xywh",
        box_units="normalised",
        activation="sigmoid",
        score=0.55,
        boxes="boxes",
        scores="scores",
        nms=Nms(0.45, across_classes=False),
    ),
    "anchors and a background": detector(
        {"offsets": ((-3.0, 3.0),) * 4, "logits": (LOGIT,) * 4},
        ("none", "cat", "dog", "eel"),
        rules=LETTERBOX,
        box_format="cxcywh",
        box_units="normalised",
        activation="softmax",
        score=0.3,
        boxes="offsets",
        scores="logits",
        anchors=_anchors(),
        background=0,
        nms=Nms(0.3, across_classes=True),
        max_detections=7,
    ),
    "one tensor with objectness": detector(
        {"yolo": ((0.0, 12.0), (0.0, 9.0), (0.0, 8.0), (0.0, 6.0), LOGIT, SHARE, SHARE)},
        rules=LETTERBOX,
        box_format="cxcywh",
        box_units="pixels",
        activation="none",
        score=0.3,
        raw="yolo",
        columns="box+objectness+scores",
        objectness_activation="sigmoid",
        nms=Nms(0.5, across_classes=False),
    ),
    "one tensor with scores": detector(
        {"rows": (*CORNERS, LOGIT, LOGIT, LOGIT)},
        rules=CROP,
        box_format="xyxy",
        box_units="normalised",
        activation="sigmoid",
        score=0.5,
        raw="rows",
        columns="box+scores",
        nms=Nms(0.2, across_classes=False),
        max_detections=5,
    ),
    "one tensor with a class": detector(
        {"rows": (*CORNERS, SHARE, (-0.4, 2.4))},
        rules={"interpolation": "tf-bilinear"},
        box_format="xyxy",
        box_units="normalised",
        activation="none",
        score=0.35,
        raw="rows",
        columns="box+score+class",
    ),
    "objectness beside it": detector(
        {"boxes": CORNERS, "scores": (SHARE, SHARE), "sure": (SHARE,)},
        box_format="yxyx",
        box_units="normalised",
        activation="none",
        score=0.2,
        boxes="boxes",
        scores="scores",
        objectness="sure",
        objectness_activation="none",
    ),
    "nothing found": detector(
        {"boxes": CORNERS, "scores": (SHARE, SHARE)},
        box_format="yxyx",
        box_units="normalised",
        activation="none",
        score=1.0,
        boxes="boxes",
        scores="scores",
        nms=Nms(0.5, across_classes=False),
    ),
    "mask of logits": segmenter(4, "logits", labels=("sky", "tree", "naïve", "road")),
    "coarse mask, letterbox": segmenter(3, "logits", stride=3, rules=LETTERBOX),
    "coarse mask, padded": segmenter(3, "logits", stride=3, rules=PADDED),
    "mask of probabilities, crop": segmenter(3, "softmax", rules=CROP),
    "binary mask": segmenter(1, "sigmoid", threshold=0.4, labels=("no", "cat"), rules=LETTERBOX),
    "binary mask of logits, crop": segmenter(1, "logits", stride=3, threshold=0.5, rules=CROP),
    "mask of labels": segmenter(1, "labels", rules=LETTERBOX),
    "heatmaps": heatmaps(activation="none", refine="none", score=0.2),
    "heatmaps, a quarter": heatmaps(LETTERBOX, activation="sigmoid", refine="quarter", score=0.5),
    "points": points("xy", "normalised", SHARE, activation="none"),
    "points with scores": points("yxs", "pixels", (-2.0, 14.0), activation="sigmoid"),
    "image": painter("RGB"),
    "image without bars": painter("BGR", LETTERBOX),
    "gray image, crop": painter("GRAY", CROP),
    "larger image": painter("RGB", LETTERBOX, doubled=True),
    "embed": embedder,
    "suppressed in a tail": suppressed,
    "as many boxes as are found": as_many_as_found,
    "every step of a tail": stepped,
}
