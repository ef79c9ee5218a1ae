"""The time of each kind of layer in a model, by OpenCV's and onnxruntime's profilers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnx
import onnxruntime

from keras2cv.net.engines import OPTIONS

KINDS: Final = (
    "1x1",
    "3x3",
    "depthwise",
    "stem",
    "other convolutions",
    "dense",
    "pooling",
    "concat",
    "element-wise",
    "layout",
)
_OPS: Final[Mapping[str, tuple[str, ...]]] = {
    "dense": ("Gemm", "FusedGemm", "MatMul"),
    "pooling": ("AveragePool", "GlobalAveragePool", "MaxPool", "Pooling"),
    "concat": ("Concat", "Concat2"),
    "layout": (
        "Flatten", "ReorderInput", "ReorderOutput", "Reshape", "Reshape2", "Slice", "Slice2",
        "Squeeze", "TransformLayout", "Transpose", "Unsqueeze",
    ),
}  # fmt: skip
_IMAGE: Final = 6  # channels: three, or three of each of two rows
_RUNS: Final = 9

Times = dict[str, float]
"""Kind -> milliseconds."""


def kind_of(op: str, weight: Sequence[int], channels: int, group: int) -> str:
    """Return the kind of a layer.

    Args:
        op: Its type.
        weight: Shape of a convolution's weights, (O, C, k, l).
        channels: Of a convolution's input.
        group: Groups of a convolution.
    """
    if op.startswith("Conv") or op == "FusedConv":
        return _kind_of_conv(op, weight, channels, group)
    return next((kind for kind, ops in _OPS.items() if op in ops), "element-wise")


def _kind_of_conv(op: str, weight: Sequence[int], channels: int, group: int) -> str:
    taps = math.prod(weight[2:])
    if op.startswith("ConvTranspose"):
        return "other convolutions"
    if channels <= _IMAGE:
        return "stem"
    if group == channels:
        return "depthwise"
    return "1x1" if taps == 1 else "3x3" if tuple(weight[2:]) == (3, 3) else "other convolutions"


def in_cv2(path: Path) -> Times:
    """Return the time of the new engine's layers, medians of nine runs summed up by kind."""
    net = cv2.dnn.readNetFromONNX(str(path), **OPTIONS["new"])
    net.setProfilingMode(cv2.dnn.DNN_PROFILE_DETAILED)
    image, ticks = _image(path), []
    for _ in range(_RUNS + 2):
        net.setInput(image)
        net.forward()
        ticks.append(np.asarray(net.getPerfProfile()[1]))
    took = np.median(ticks[2:], axis=0) * 1e3 / cv2.getTickFrequency()
    return _by_kind(layers_of(net.dump()), took.tolist())


def layers_of(dump: str) -> list[str]:
    """Return the kind of each layer of `Net.dump()`, in order."""
    kinds = []
    for block in re.split(r"// op #\d+\n", dump)[1:]:
        op = re.match(r"\s*(\w+)", block)
        shape = re.search(r"ksize: \[([\d, ]+)\]", block)
        group = re.search(r"group: (\d+)", block)
        weight = [int(n) for n in shape[1].split(",")] if shape else [0, 0]
        groups = int(group[1]) if group else 1
        kinds.append(kind_of(op[1] if op else "", weight, weight[1] * groups, groups))
    return kinds


def _by_kind(kinds: Sequence[str], took: Sequence[float]) -> Times:
    total: dict[str, float] = {}
    for kind, one in zip(kinds, took, strict=True):
        total[kind] = total.get(kind, 0.0) + one
    return total


def in_onnxruntime(path: Path, threads: int, folder: Path) -> Times:
    """Return the time of onnxruntime's nodes, the median of each over nine runs, by kind."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_profiling = True
    options.profile_file_prefix = str(folder / "onnxruntime")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name, image = session.get_inputs()[0].name, _image(path)
    for _ in range(_RUNS + 2):
        session.run(None, {name: image})
    written = Path(session.end_profiling())
    events = json.loads(written.read_text(encoding="utf-8"))
    written.unlink()
    return kinds_of_events(events, _groups(path))


def kinds_of_events(events: Sequence[Mapping[str, Any]], groups: Mapping[str, int]) -> Times:
    """Sum up a profile's events: the first two runs of a node are not counted."""
    took: dict[str, list[float]] = {}
    kinds: dict[str, str] = {}
    for event in events:
        arguments = event.get("args", {})
        if event.get("cat") != "Node" or not event["name"].endswith("_kernel_time"):
            continue
        node = event["name"].removesuffix("_kernel_time")
        given = arguments.get("input_type_shape", ())
        shapes: list[list[int]] = [next(iter(one.values())) for one in given if one]
        channels = shapes[0][1] if shapes and len(shapes[0]) == 4 else 0
        weight = shapes[1] if len(shapes) > 1 else []
        grouped = len(weight) == 4 and (weight[1] == 1 or groups.get(node, 1) > 1)
        kinds[node] = kind_of(arguments["op_name"], weight, channels, channels if grouped else 1)
        took.setdefault(node, []).append(event["dur"] / 1e3)
    medians = {node: float(np.median(found[2:] or found)) for node, found in took.items()}
    return _by_kind([kinds[node] for node in medians], list(medians.values()))


def _groups(path: Path) -> dict[str, int]:
    graph = onnx.load(path, load_external_data=False).graph
    return {n.name: a.i for n in graph.node for a in n.attribute if a.name == "group"}


def _image(path: Path) -> np.ndarray[Any, Any]:
    """Return random pixels for a file's one input; Keras' own export leaves the batch open."""
    graph = onnx.load(path, load_external_data=False).graph
    stored = {one.name for one in graph.initializer}
    given = next(one for one in graph.input if one.name not in stored)
    shape = [size.dim_value or 1 for size in given.type.tensor_type.shape.dim]
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)
