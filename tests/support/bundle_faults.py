"""Ways to break a correct bundle, one at a time: in its manifest, in its graph, in its answers.

Each fault names the model whose bundle it breaks, and the stage that a check has to find.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from keras2cv.bundle.reading import sha256_of
from keras2cv.schema.fields import format_json, parse_json

Array = np.ndarray[Any, Any]
Graph = Any
Answers = list[list[Array]]
"""outputs[sample][output], the samples in the order in which they were asked."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong.

    Attributes:
        model: Name of the subject.
        stage: Where it is: "resize", "normalise", "net" or "labels".
        manifest: Changes the manifest's plain values.
        graph: Changes the ONNX graph.
        answers: Spoils OpenCV's answers, as a broken build or binding would.
        options: The options of `check` that describe Keras' side.
    """

    model: str
    stage: str
    manifest: Callable[[dict[str, Any]], None] | None = None
    graph: Callable[[Graph], None] | None = None
    answers: Callable[[Answers], Answers] | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def apply(self, folder: Path) -> None:
        """Break the bundle in `folder`, and give its manifest the sha256 of the broken file."""
        path = folder / "manifest.json"
        manifest = parse_json(path.read_text(encoding="utf-8"))
        if self.graph is not None:
            file = folder / "model.onnx"
            model = onnx.load(file)
            self.graph(model.graph)
            onnx.save(model, file)
            manifest["model"]["sha256"] = sha256_of(file)
            manifest["model"]["bytes"] = str(file.stat().st_size)
        if self.manifest is not None:
            before = json.dumps(manifest)
            self.manifest(manifest)
            assert json.dumps(manifest) != before
        path.write_text(format_json(manifest), encoding="utf-8")


# --- preprocessing ------------------------------------------------------------------------------


def _pre(**changes: Any) -> Callable[[dict[str, Any]], None]:
    """Change fields of the preprocessing; a function changes the old value."""

    def change(manifest: dict[str, Any]) -> None:
        preprocessing = manifest["preprocessing"]
        for key, value in changes.items():
            if value is None:
                preprocessing.pop(key, None)
            else:
                preprocessing[key] = value(preprocessing[key]) if callable(value) else value

    return change


def _times(factor: float, *indices: int) -> Callable[[list[float]], list[float]]:
    return lambda old: [x * factor if i in (indices or (0, 1, 2)) else x for i, x in enumerate(old)]


def _swap_labels(manifest: dict[str, Any]) -> None:
    labels = manifest["task"]["labels"]
    manifest["task"]["labels"] = [*labels[1:], labels[0]]


def _exchange_outputs(one: str, two: str) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        found = {o["name"]: o for o in manifest["outputs"]}
        a, b = found[one], found[two]
        a["net_name"], b["net_name"] = b["net_name"], a["net_name"]

    return change


# --- graph --------------------------------------------------------------------------------------


def nodes(graph: Graph, *kinds: str) -> list[Any]:
    """Return the nodes of these kinds, in order."""
    return [node for node in graph.node if node.op_type in kinds]


def _change(graph: Graph, name: str, change: Callable[[Array], Array]) -> None:
    """Replace a weight."""
    (tensor,) = (t for t in graph.initializer if t.name == name)
    old = numpy_helper.to_array(tensor)
    new = np.ascontiguousarray(change(old.copy()))
    assert new.shape == old.shape
    assert not np.array_equal(new, old)
    tensor.CopyFrom(numpy_helper.from_array(new.astype(old.dtype), name))


def _weight(
    kinds: Sequence[str], index: int, slot: int, change: Callable[[Array], Array]
) -> Callable[[Graph], None]:
    """Change input `slot` (1 the kernel, 2 the bias) of the `index`-th node of these kinds."""
    return lambda graph: _change(graph, nodes(graph, *kinds)[index].input[slot], change)


def _largest(values: Array, change: Callable[[float], float]) -> Array:
    where = np.unravel_index(np.abs(values).argmax(), values.shape)
    values[where] = change(float(values[where]))
    return values


def _attribute(kind: str, index: int, name: str, change: Callable[[Any], Any]) -> Any:
    def wrong(graph: Graph) -> None:
        node = nodes(graph, kind)[index]
        (old,) = (a for a in node.attribute if a.name == name)
        value = change(helper.get_attribute_value(old))
        node.attribute.remove(old)
        node.attribute.append(helper.make_attribute(name, value))

    return wrong


def _turn_inputs(kind: str, index: int) -> Callable[[Graph], None]:
    def wrong(graph: Graph) -> None:
        node = nodes(graph, kind)[index]
        names = list(node.input)[::-1]
        del node.input[:]
        node.input.extend(names)

    return wrong


def _other_kind(kind: str, index: int, new: str, **attributes: Any) -> Callable[[Graph], None]:
    def wrong(graph: Graph) -> None:
        node = nodes(graph, kind)[index]
        node.op_type = new
        del node.attribute[:]
        node.attribute.extend(helper.make_attribute(k, v) for k, v in attributes.items())

    return wrong


def _half(values: Array) -> Array:
    return values.astype(np.float16).astype(np.float32)


def _all_half(graph: Graph) -> None:
    """Round every weight to float16."""
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size > 4:
            tensor.CopyFrom(numpy_helper.from_array(_half(values), tensor.name))


def _without_filter(kernel: Array) -> Array:
    kernel[2] = 0.0
    return kernel


def _flatten_order(channels: int, height: int, width: int) -> Callable[[Array], Array]:
    """Take a Dense kernel's rows (H, W, C) for (C, H, W)."""

    def wrong(kernel: Array) -> Array:
        rows_last = kernel.shape[0] != channels * height * width
        flat = kernel.T if rows_last else kernel
        moved = flat.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
        moved = moved.reshape(flat.shape)
        return moved.T if rows_last else moved

    return wrong


def _gates(order: Sequence[int]) -> Callable[[Array], Array]:
    """Put the four gates of an LSTM (directions, 4 * units, ...) in another order."""

    def wrong(values: Array) -> Array:
        parts = np.split(values, 4, axis=1)
        return np.concatenate([parts[k] for k in order], axis=1)

    return wrong


# --- answers ------------------------------------------------------------------------------------


def _each(change: Callable[[Array], Array], output: int = 0) -> Callable[[Answers], Answers]:
    def wrong(answers: Answers) -> Answers:
        return [
            [change(a.copy()) if k == output else a for k, a in enumerate(sample)]
            for sample in answers
        ]

    return wrong


def _late(answers: Answers) -> Answers:
    return [answers[0], *answers[:-1]]


def _nan_in_one(answers: Answers) -> Answers:
    spoilt = [[a.copy() for a in sample] for sample in answers]
    spoilt[1][0].flat[3] = np.nan
    return spoilt


def _drifting(answers: Answers) -> Answers:
    return [[a * np.float32(1 + 1e-3 * i) for a in sample] for i, sample in enumerate(answers)]


def _first_twice(values: Array) -> Array:
    values[1] = values[0]
    return values


def _poured(order: Sequence[int]) -> Callable[[Array], Array]:
    return lambda a: a.transpose(order).reshape(a.shape)


_CONV, _DENSE = ("Conv",), ("Gemm", "MatMul")

FAULTS: Mapping[str, Fault] = {
    # preprocessing
    "colours exchanged": Fault("classifier", "normalise", _pre(color="BGR")),
    "colours exchanged, mean too": Fault(
        "classifier", "normalise", _pre(color="BGR", mean=lambda m: m[::-1], std=lambda s: s[::-1])
    ),
    "mean in the other order": Fault("classifier", "normalise", _pre(mean=lambda m: m[::-1])),
    "mean a hundredth off": Fault("classifier", "normalise", _pre(mean=_times(1.01))),
    "mean of one channel off": Fault("classifier", "normalise", _pre(mean=_times(1.002, 1))),
    "std of one channel off": Fault("classifier", "normalise", _pre(std=_times(0.995, 2))),
    "std missing": Fault("classifier", "normalise", _pre(std=[1.0, 1.0, 1.0])),
    "scale 0.00392 for 1/255": Fault("0-1", "normalise", _pre(scale=0.00392)),
    "scale 1/256": Fault("0-1", "normalise", _pre(scale=1 / 256)),
    "pixels -1..1 for 0..1": Fault(
        "0-1", "normalise", _pre(scale=1 / 127.5, mean=[127.5, 127.5, 127.5])
    ),
    "not scaled at all": Fault("0-1", "normalise", _pre(scale=1.0)),
    "scaled by 1/128": Fault("several", "normalise", _pre(scale=1 / 128)),
    "mean 128 for 127.5": Fault("deep", "normalise", _pre(mean=[128.0, 128.0, 128.0])),
    "uint8's linear for TensorFlow's": Fault(
        "classifier", "resize", _pre(interpolation="linear"), options={"reference_resize": "tf"}
    ),
    "antialiased for not": Fault(
        "classifier",
        "resize",
        _pre(interpolation="tf-bilinear-antialias"),
        options={"reference_resize": "tf"},
    ),
    "nearest for linear": Fault(
        "0-1", "resize", _pre(interpolation="nearest"), options={"reference_resize": "cv2"}
    ),
    "area for linear": Fault(
        "0-1", "resize", _pre(interpolation="area"), options={"reference_resize": "cv2"}
    ),
    "cubic for Pillow's bilinear": Fault(
        "segmenter",
        "resize",
        _pre(interpolation="cubic"),
        options={"reference_resize": "pil13-bilinear"},
    ),
    "letterbox for stretch": Fault(
        "0-1", "resize", _pre(resize="letterbox", pad=114), options={"reference_resize": "cv2"}
    ),
    "stretch for letterbox": Fault(
        "detector",
        "resize",
        _pre(resize="stretch", pad=None),
        options={"reference_resize": "letterbox:cv2"},
    ),
    "center-crop for stretch": Fault(
        "several", "resize", _pre(resize="center-crop"), options={"reference_resize": "cv2"}
    ),
    # the manifest's other fields
    "labels shifted by one": Fault(
        "classifier", "labels", _swap_labels, options={"labels": None}  # a test gives right ones
    ),
    "two outputs exchanged": Fault("several", "net", _exchange_outputs("colour", "shape")),
    # graph: convolutions and dense layers
    "a bias dropped": Fault(
        "classifier", "net", graph=_weight(_CONV, 1, 2, lambda b: _largest(b, lambda _: 0.0))
    ),
    "the head's bias dropped": Fault(
        "segmenter", "net", graph=_weight(_CONV, -1, 2, np.zeros_like)
    ),
    "a sign flipped": Fault(
        "classifier", "net", graph=_weight(_CONV, 0, 1, lambda k: _largest(k, lambda x: -x))
    ),
    "a sign flipped in one of fifty layers": Fault(
        "deep", "net", graph=_weight(_CONV, 25, 1, lambda k: _largest(k, lambda x: -x))
    ),
    "a kernel turned": Fault(
        "segmenter", "net", graph=_weight(_CONV, 1, 1, lambda k: k[:, :, ::-1, ::-1])
    ),
    "a kernel transposed": Fault(
        "deep", "net", graph=_weight(_CONV, 10, 1, lambda k: k.swapaxes(2, 3))
    ),
    "a kernel's inputs reversed": Fault(
        "several", "net", graph=_weight(_CONV, 0, 1, lambda k: k[:, ::-1])
    ),
    "filters in another order": Fault(
        "segmenter", "net", graph=_weight(_CONV, 2, 1, lambda k: np.roll(k, 1, axis=0))
    ),
    "classes shifted by one": Fault(
        "segmenter", "net", graph=_weight(_CONV, -1, 1, lambda k: np.roll(k, 1, axis=0))
    ),
    "a filter that died": Fault(
        "detector", "net", graph=_weight(_CONV, 0, 1, _without_filter)
    ),
    "all weights in half precision": Fault("classifier", "net", graph=_all_half),
    # A single layer's rounding stays below 1e-4 of the range: only `strict` forbids it.
    "one layer in half precision": Fault(
        "classifier", "net", graph=_weight(_CONV, 0, 1, _half), options={"tolerance": "strict"}
    ),
    "one of fifty layers in half precision": Fault(
        "deep", "net", graph=_weight(_CONV, 0, 1, _half), options={"tolerance": "strict"}
    ),
    "padding shifted by a pixel": Fault(
        "several", "net", graph=_attribute("Conv", 0, "pads", lambda _: [2, 1, 0, 1])
    ),
    "padding shifted sideways": Fault(
        "segmenter", "net", graph=_attribute("Conv", 2, "pads", lambda _: [1, 0, 1, 2])
    ),
    "strided from the other side": Fault(
        "classifier", "net", graph=_attribute("Conv", 0, "pads", lambda p: [p[2], p[3], p[0], p[1]])
    ),
    "flattened channels first": Fault(
        "classifier", "net", graph=_weight(_DENSE, -1, 1, _flatten_order(5, 5, 8))
    ),
    "head of another checkpoint": Fault(
        "several", "net", graph=_weight(_DENSE, 1, 1, lambda k: k * np.float32(1.002))
    ),
    # graph: other ops
    "relu leaks": Fault("several", "net", graph=_other_kind("Relu", 0, "LeakyRelu", alpha=0.01)),
    "softmax over the wrong axis": Fault(
        "segmenter", "net", graph=_attribute("Softmax", 0, "axis", lambda _: 2)
    ),
    "softmax is a sigmoid": Fault("classifier", "net", graph=_other_kind("Softmax", 0, "Sigmoid")),
    "concatenated the other way round": Fault("segmenter", "net", graph=_turn_inputs("Concat", 0)),
    "maximum for average": Fault(
        "several",
        "net",
        graph=_other_kind("AveragePool", 0, "MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
    ),
    "average for maximum": Fault(
        "classifier",
        "net",
        graph=_other_kind("MaxPool", 0, "AveragePool", kernel_shape=[2, 2], strides=[2, 2]),
    ),
    "corners for centres in a resize": Fault(
        "segmenter",
        "net",
        graph=_attribute("Resize", 0, "coordinate_transformation_mode", lambda _: "asymmetric"),
    ),
    "nearest for bilinear in a resize": Fault(
        "segmenter", "net", graph=_other_kind("Resize", 0, "Resize", mode="nearest")
    ),
    # an LSTM's inputs: the sequence, the kernel, the recurrent kernel, the bias
    "gates in another order": Fault(
        "lstm", "net", graph=_weight(("LSTM",), 0, 1, _gates((0, 2, 1, 3)))
    ),
    "recurrent gates in another order": Fault(
        "lstm", "net", graph=_weight(("LSTM",), 0, 2, _gates((0, 1, 3, 2)))
    ),
    "recurrent bias halved": Fault(
        "lstm", "net", graph=_weight(("LSTM",), 0, 3, lambda b: b * 0.5)
    ),
    "a recurrent sign flipped": Fault(
        "lstm", "net", graph=_weight(("LSTM",), 0, 2, lambda r: _largest(r, lambda x: -x))
    ),
    # answers of a broken OpenCV
    "delayed by one call": Fault("several", "net", answers=_late),
    "the first answer for all": Fault("lstm", "net", answers=lambda a: [a[0]] * len(a)),
    "drifting from call to call": Fault("deep", "net", answers=_drifting),
    "NaN in one element": Fault("segmenter", "net", answers=_nan_in_one),
    "constant": Fault("classifier", "net", answers=_each(lambda a: np.full_like(a, 1 / 6))),
    "height and width exchanged": Fault(
        "segmenter", "net", answers=_each(_poured((0, 2, 1, 3)))
    ),
    "channels first in Keras' shape": Fault(
        "segmenter", "net", answers=_each(_poured((0, 3, 1, 2)))
    ),
    "shifted by a pixel": Fault("several", "net", answers=_each(lambda a: np.roll(a, 1, 2), 1)),
    "boxes exchanged with their neighbours": Fault(
        "detector", "net", answers=_each(lambda a: a[:, ::-1])
    ),
    "boxes' corners as y, x": Fault(
        "detector", "net", answers=_each(lambda a: a[..., [1, 0, 3, 2]])
    ),
    "row 2 of a batch with the answer of row 1": Fault("three", "net", answers=_each(_first_twice)),
    "half precision sold as single": Fault("lstm", "net", answers=_each(_half)),
}  # fmt: skip
