"""Nets whose inputs are no single plain picture, for programs.

Several pictures with a preprocessing each, pictures with numbers, clips, 16 bits, more channels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.bundle.manifest import InputTensor, Preprocessing, Task
from keras2cv.bundle.reading import Bundle
from keras2cv.bundle.writing import write_bundle
from keras2cv.pixels.preprocessing import ClipRule
from keras2cv.tasks.detect.record import DetectRecord
from support.head_bundles import NMS, add_numbers
from support.pixel_bundles import LETTERBOX, PADDED, RULES, SHARE, Graph, Write
from support.tiny_bundle import manifest_of, net, npz

ANSWERS: Final = 4


def picture(name: str, **changes: Any) -> Preprocessing:
    """Return how pictures become the input of that name."""
    return dataclasses.replace(RULES, input=name, **changes)


def _tensor(rules: Preprocessing) -> InputTensor:
    """Return the input that pictures, or clips of them, become."""
    frame = (*rules.input_hw, rules.channels)
    if rules.clip is None:
        in_net = (1, frame[2], *frame[:2])
        return InputTensor(rules.input, rules.input, (1, *frame), in_net, "NCHW", "float32")
    keras = (1, rules.clip.window, *frame)
    in_net = (1, frame[2], rules.clip.window, *frame[:2])
    return InputTensor(rules.input, rules.input, keras, in_net, "NCDHW", "float32")


def mixed(*pictures: Preprocessing, numbers: Sequence[str] = (), task: Task | None = None) -> Write:
    """Return a writer of a net that adds up products of all numbers of all its inputs.

    Args:
        *pictures: How images become the first inputs.
        numbers: Names of inputs of three numbers, which come after them.
        task: Of the manifest; None for four numbers.
    """

    def write(folder: Path) -> Bundle:
        graph, sums = Graph(), []
        inputs = [_tensor(rules) for rules in pictures]
        inputs += [InputTensor(n, n, (1, 3), (1, 3), "same", "float32") for n in numbers]
        for tensor in inputs:
            count = int(np.prod(tensor.net_shape))
            rng = np.random.default_rng(sum(tensor.name.encode()))
            graph.weights[f"{tensor.name} matrix"] = (
                rng.normal(size=(ANSWERS, count)) / count**0.5
            ).astype(np.float32)
            flat = graph.add("Flatten", [tensor.net_name], f"{tensor.name} flat", axis=1)
            matrix = f"{tensor.name} matrix"
            sums.append(graph.add("Gemm", [flat, matrix], f"{tensor.name} sum", transB=1))
        for number, other in enumerate(sums[1:]):
            sums[0] = graph.add("Add", [sums[0], other], f"sum {number}")
        graph.output("y", graph.add("Tanh", [sums[0]], "y"), (1, ANSWERS))
        return _write(folder, graph, inputs, pictures, task or Task("regress", "y"))

    return write


def _write(
    folder: Path,
    graph: Graph,
    inputs: Sequence[InputTensor],
    pictures: Sequence[Preprocessing],
    task: Task,
) -> Bundle:
    shapes = {tensor.net_name: tensor.net_shape for tensor in inputs}
    model = net(graph.nodes, shapes, graph.in_net, graph.weights)
    manifest = manifest_of(
        model,
        inputs=tuple(inputs),
        outputs=tuple(graph.outputs),
        task=task,
        preprocessing=pictures[0],
    )
    manifest = manifest.replace(more_pictures=tuple(pictures[1:]) or None)
    return write_bundle(folder, manifest, {"model.onnx": model, "selftest.npz": npz({})})


def compared(folder: Path) -> Bundle:
    """Write a detector in the first of two pictures, whose boxes the second one moves."""
    graph, rules = Graph(), (picture("image", **LETTERBOX), picture("before", **SMALL))
    corners = ((0.0, 0.6), (0.0, 0.6), (0.4, 1.0), (0.4, 1.0))
    add_numbers(graph, "boxes", corners, form="rows")
    add_numbers(graph, "scores", (SHARE, SHARE), form="rows")
    made = graph.outputs.pop().net_name
    graph.in_net.pop(made)
    mean = graph.add("GlobalAveragePool", ["before"], "mean")
    flat = graph.add("Flatten", [mean], "flat mean", axis=1)
    pick = np.array([[0.2, -0.1], [0.1, 0.3], [-0.2, 0.1]], np.float32)
    graph.weights["pick"] = np.tile(pick.T, (108, 1))  # the same for each box: 4.6 spreads nothing
    graph.weights["move shape"] = np.array([1, 108, 2], np.int64)
    move = graph.add("Gemm", [flat, "pick"], "flat move", transB=1)
    move = graph.add("Reshape", [move, "move shape"], "move")
    moved = graph.add("Add", [made, move], "moved")
    graph.output("scores", moved, (1, 108, 2))
    record = DetectRecord(
        "xyxy", "normalised", "none", 0.6, boxes="boxes", scores="scores", nms=NMS,
        max_detections=12,
    )  # fmt: skip
    inputs = [_tensor(one) for one in rules]
    return _write(folder, graph, inputs, rules, Task("detect", record=record))


SMALL: Final[Mapping[str, Any]] = {
    "size_wh": (8, 6),
    "interpolation": "area",
    "color": "BGR",
    "mean": (103.0, 116.0, 123.0),
}
GRAY: Final[Mapping[str, Any]] = {"color": "GRAY", "mean": (99.0,), "std": (0.8,)}
DEEP: Final[Mapping[str, Any]] = {
    "depth": 16, "mean": (30000.0, 28000.0, 25000.0), "scale": 1 / 16384
}  # fmt: skip


def _channels(color: str, count: int) -> dict[str, Any]:
    mean, std = np.linspace(90, 130, count), np.linspace(0.7, 1.4, count)
    return {"color": color, "mean": tuple(mean.tolist()), "std": tuple(std.tolist())}


# What a language lacks that refuses them -> writers, by name.
SPECIAL_BUNDLES: Final[Mapping[str, Mapping[str, Write]]] = {
    "images a sample": {
        "two pictures": mixed(picture("left"), picture("right", **SMALL)),
        "three pictures, one of them gray": mixed(
            picture("left", **PADDED),
            picture("middle", **GRAY, interpolation="tf-bilinear"),
            picture("right", **SMALL),
        ),
        "two pictures and numbers": mixed(
            picture("left", **LETTERBOX), picture("right", **SMALL), numbers=("facts",)
        ),
        "boxes in the first of two pictures": compared,
    },
    "clips of": {
        "a clip": mixed(picture("clip", clip=ClipRule(3, 1, 2))),
        "every second frame, letterbox": mixed(
            picture("clip", **LETTERBOX, clip=ClipRule(2, 2, 1))
        ),
        "a clip and numbers": mixed(
            picture("clip", **SMALL, clip=ClipRule(3, 1, 3)), numbers=("facts",)
        ),
        "a clip and a picture": mixed(
            picture("clip", clip=ClipRule(2, 1, 1)), picture("photo", **LETTERBOX)
        ),
        "a picture, two clips and numbers": mixed(
            picture("photo", **SMALL),
            picture("fast", **GRAY, clip=ClipRule(2, 1, 1)),
            picture("slow", **PADDED, clip=ClipRule(2, 3, 1)),
            numbers=("facts",),
        ),
        "a clip of 16 bits beside a picture": mixed(
            picture("clip", **DEEP, clip=ClipRule(2, 1, 1), interpolation="tf-bilinear"),
            picture("photo", **SMALL),
        ),
        "a clip with alpha": mixed(picture("clip", **_channels("BGRA", 4), clip=ClipRule(2, 1, 1))),
    },
    "images of 16 bits": {
        "16 bits": mixed(picture("scan", **DEEP)),
        "16 bits, letterbox": mixed(
            picture("scan", **DEEP, resize="letterbox", pad=20000, interpolation="tf-bilinear")
        ),
        "16 bits, gray": mixed(
            picture("scan", **GRAY | DEEP | {"mean": (30000.0,)}, interpolation="area")
        ),
        "16 bits beside 8 and numbers": mixed(
            picture("scan", **DEEP, interpolation="tf-bilinear"),
            picture("photo", **SMALL),
            numbers=("facts",),
        ),
    },
    "channels": {
        "four channels, RGBA": mixed(picture("photo", **_channels("RGBA", 4))),
        "four channels, BGRA, letterbox": mixed(
            picture("photo", **_channels("BGRA", 4), **LETTERBOX)
        ),
        "five channels": mixed(picture("bands", **_channels("CHANNELS", 5))),
        "two channels of 16 bits": mixed(
            picture(
                "bands",
                **DEEP | _channels("CHANNELS", 2) | {"mean": (30000.0, 20000.0)},
                interpolation="tf-bilinear",
            )
        ),
        "five channels beside 16 bits and gray": mixed(
            picture("bands", **_channels("CHANNELS", 5)),
            picture("scan", **DEEP, interpolation="tf-bilinear"),
            picture("photo", **GRAY),
        ),
    },
}
