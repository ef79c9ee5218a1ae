"""The faults: each changes one thing of a right bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import onnx
from onnx import numpy_helper

from .fault import Array, Fault, Vectors, change_weight
from .head_kinds import HEAD_FAULTS
from .input_kinds import INPUT_FAULTS
from .layer_kinds import LAYER_FAULTS
from .subtle_kinds import SUBTLE_FAULTS


def _turned(old: list[Any]) -> list[Any]:
    return [*old[1:], old[0]]


_POST: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "classify": {
        "softmax twice": {"task.scores": "logits"},
        "labels shifted": {"task.labels": _turned},
        "labels reversed": {"task.labels": lambda old: old[::-1]},
    },
    "logits": {
        "logits as they are": {"task.scores": "linear"},
        "logits said softmax": {"task.scores": "softmax"},
        "labels shifted": {"task.labels": _turned},
    },
    "binary": {
        "sigmoid twice": {"task.scores": "logits"},
        "no and yes exchanged": {"task.labels": lambda old: old[::-1]},
    },
    "binary logits": {"a logit said a probability": {"task.scores": "sigmoid"}},
    "detect": {
        **{
            f"yxyx read as {order}": {"task.detect.box_format": order}
            for order in ("xyxy", "xywh", "cxcywh")
        },
        "shares read as pixels": {"task.detect.box_units": "pixels"},
        "sigmoid after softmax": {"task.detect.activation": "sigmoid"},
        "softmax twice": {"task.detect.activation": "softmax"},
        "threshold 0.999": {"task.detect.score": 0.999},
        "class 0 taken for background": {"task.detect.background": 0},
        "labels shifted": {"task.labels": _turned},
    },
    "anchors": {
        "variances missing": {"task.detect.anchors.variances": [1.0] * 4},
        "variances exchanged": {"task.detect.anchors.variances": [0.2, 0.2, 0.1, 0.1]},
        "anchors exchanged": {"task.detect.anchors.boxes": lambda old: old[4:] + old[:4]},
        "anchors twice as large": {
            "task.detect.anchors.boxes": lambda old: [
                x * (2 if k % 4 > 1 else 1) for k, x in enumerate(old)
            ]
        },
        "anchors by rows of x": {
            "task.detect.anchors.boxes": lambda old: old[:4] + old[8:12] + old[4:8] + old[12:]
        },
        "anchors at corners": {
            "task.detect.anchors.boxes": lambda old: [
                x - 0.2 if k % 4 < 2 else x for k, x in enumerate(old)
            ]
        },
        "no sigmoid": {"task.detect.activation": "none"},
        "softmax for sigmoid": {"task.detect.activation": "softmax"},
        "no suppression": {"task.detect.nms": None},
        "suppression from 0.99 on": {"task.detect.nms.iou": 0.99},
        "threshold 0.05": {"task.detect.score": 0.05},
        "threshold 0.99": {"task.detect.score": 0.99},
        "pixels for shares": {"task.detect.box_units": "pixels"},
    },
    "suppressed": {
        "yxyx read as xyxy": {"task.detect.box_format": "xyxy"},
        "shares read as pixels": {"task.detect.box_units": "pixels"},
        "scores and classes exchanged": {
            "task.detect.scores": "kinds", "task.detect.classes": "confidence"
        },
        "threshold 0.99": {"task.detect.score": 0.99},
        "sigmoid after sigmoid": {"task.detect.activation": "sigmoid"},
        "one box at the most": {"tail.steps": lambda old: _nms(old, max_total=1)},
        "score of the op 0.995": {"tail.steps": lambda old: _nms(old, score=0.995)},
    },
    "segment": {
        "labels shifted": {"task.labels": _turned},
        "softmax twice": {"task.segment.scores": "logits"},
    },
    "mask": {
        "threshold 0.98": {"task.segment.threshold": 0.98},
        "threshold 0.02": {"task.segment.threshold": 0.02},
        "sigmoid twice": {"task.segment.scores": "logits"},
        "scores read as classes": {"task.segment.scores": "labels", "task.segment.threshold": None},
    },
    "keypoints": {
        "x and y exchanged": {"task.keypoints.form": "yx"},
        "shares read as pixels": {"task.keypoints.units": "pixels"},
    },
    "text": {
        "characters shifted": {"task.text.charset": _turned},
        "characters reversed": {"task.text.charset": lambda old: old[::-1]},
        "blank first": {"task.text.blank": 0},
        "softmax twice": {"task.text.scores": "logits"},
        "one character another": {"task.text.charset": ["A", "B", "8"]},
    },
    "image": {
        "BGR for RGB": {"task.image.color": "BGR"},
        "range -1..1": {"task.image.low": -1.0},
        "range 0..255": {"task.image.high": 255.0},
        "range 0..2": {"task.image.high": 2.0},
    },
}  # fmt: skip


def _nms(steps: list[Any], **changes: Any) -> list[Any]:
    return [
        {**step, "nms": {**step["nms"], **changes}} if step["op"] == "combined_nms" else step
        for step in steps
    ]


_PRE: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "classify": {
        "BGR for RGB": {"color": "BGR"},
        "0..1 for -1..1": {"mean": [0.0] * 3, "scale": 1 / 255},
        "0..1, of a file": {"mean": [0.0] * 3, "scale": 1 / 255, "source": "file"},
        "not scaled, said in the model": {
            "mean": [0.0] * 3, "scale": 1.0, "source": "in the model"
        },
        "preset torch, and said so": {
            "mean": [123.675, 116.28, 103.53], "scale": 1 / 255, "std": [0.229, 0.224, 0.225],
            "source": "preset torch",
        },
        "a letterbox": {"resize": "letterbox", "pad": 114},
        "the middle alone": {"resize": "center-crop"},
        "nearest": {"interpolation": "nearest"},
    },
    "logits": {
        "mean in BGR's order": {"mean": lambda old: old[::-1]},
        "std missing": {"std": [1.0] * 3},
        "BGR, of a file": {"color": "BGR", "source": "file"},
    },
    "regress": {
        "RGB for BGR": {"color": "RGB"},
        "no mean, of a file": {"mean": [0.0] * 3, "source": "file"},
        "area": {"interpolation": "area"},
    },
    "detect": {
        "stretched": {"resize": "stretch", "pad": None},
        "black bars": {"pad": 0},
        "white bars": {"pad": 255},
        "padded, then resized": {"resize": "pad"},
    },
    "segment": {"a letterbox": {"resize": "letterbox", "pad": 0}, "BGR": {"color": "BGR"}},
    "keypoints": {"the middle alone": {"resize": "center-crop"}},
    "text": {"BGR for RGB": {"color": "BGR"}},
}  # fmt: skip


def _exchanged(*keys: str) -> Callable[[list[Any]], list[Any]]:
    """Exchange keys of the first two tensors."""

    def change(old: list[Any]) -> list[Any]:
        one, two, *rest = old
        return [one | {k: two[k] for k in keys}, two | {k: one[k] for k in keys}, *rest]

    return change


_NAMES: Final[Mapping[str, Mapping[str, Any]]] = {
    "outputs' names exchanged": {"outputs": _exchanged("name")},
    "outputs' names in the net exchanged": {"outputs": _exchanged("net_name")},
    "inputs' names exchanged": {"inputs": _exchanged("name")},
    "inputs' names in the net exchanged": {"inputs": _exchanged("net_name")},
    "an output called otherwise": {
        "outputs": lambda old: [{**old[0], "name": "ware"}, *old[1:]],
        "evidence.runs": lambda old: [_renamed(run) for run in old],
    },
}


def _renamed(run: Mapping[str, Any]) -> dict[str, Any]:
    return {**run, "outputs": [{**run["outputs"][0], "name": "ware"}, *run["outputs"][1:]]}


def _without(values: Array, row: int) -> Array:
    values[row] = 0
    return values


def _sign(values: Array) -> Array:
    where = np.unravel_index(np.abs(values).argmax(), values.shape)
    values[where] = -values[where]
    return values


def _other_op(old: str, new: str) -> Callable[[Any], None]:
    def change(graph: Any) -> None:
        node = next(n for n in graph.node if n.op_type == old)
        node.op_type = new
        del node.attribute[:]

    return change


def _pads(graph: Any) -> None:
    node = next(n for n in graph.node if n.op_type == "Conv")
    pads = next(a for a in node.attribute if a.name == "pads")
    node.attribute.remove(pads)
    top, left, bottom, right = pads.ints
    node.attribute.append(onnx.helper.make_attribute("pads", [bottom, right, top, left]))


def _weight(change: Callable[[Array], Array], index: int = 0, rank: int = 2) -> Any:
    return lambda graph: change_weight(graph, change, index=index, rank=rank)


_NET: Final[Mapping[str, Mapping[str, Any]]] = {
    "classify": {
        "a sign": _weight(_sign),
        "a kernel turned": _weight(lambda k: k[:, :, ::-1, ::-1], 1, 4),
        "filters in another order": _weight(lambda k: np.roll(k, 1, axis=0), 1, 4),
        "colours of the first kernel exchanged": _weight(lambda k: k[:, ::-1], 0, 4),
        "weights 1 % larger": _weight(lambda k: k * 1.01, -1),
        "a filter that died": _weight(lambda k: _without(k, 2), 1, 4),
        "classes shifted": _weight(lambda k: np.roll(k, 1, axis=int(k.shape[0] != 3)), -1),
        "softmax is a sigmoid": _other_op("Softmax", "Sigmoid"),
        "padded on the other side": _pads,
    },
    "binary": {"sigmoid is a tanh": _other_op("Sigmoid", "Tanh")},
    "segment": {"classes shifted": _weight(lambda k: np.roll(k, 1, axis=0), -1, 4)},
    "image": {"colours exchanged": _weight(lambda k: k[::-1], -1, 4)},
    "embed": {"a row of zeros": _weight(lambda k: _without(k, 1), -1)},
    "regress": {"weights 5 % larger": _weight(lambda k: k * 1.05, -1)},
}  # fmt: skip

_STORAGE: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "classify": {
        "said int8, and float32": {
            "weights": {"storage": "int8", "kernels": 4, "float32_bytes": "20000"}
        },
        "said fp16, and float32": {
            "weights": {"storage": "fp16", "kernels": 4, "float32_bytes": "20000"}
        },
    },
    "fp16": {"said float32, and fp16": {"weights": None}},
    "int8": {"said fp16, and int8": {"weights.storage": "fp16"}},
}


def _int8(change: Callable[[Array], Array]) -> Callable[[Any], None]:
    def edit(graph: Any) -> None:
        node = next(n for n in graph.node if n.op_type == "DequantizeLinear")
        (tensor,) = (t for t in graph.initializer if t.name == node.input[1])
        old = numpy_helper.to_array(tensor)
        tensor.CopyFrom(numpy_helper.from_array(change(old.copy()).astype(old.dtype), tensor.name))

    return edit


def _first_half(scale: Array) -> Array:
    scale.flat[: max(1, scale.size // 2)] *= 1.5
    return scale


def _vectors(change: Callable[[Array], Array], *keys: str) -> Callable[[Vectors], None]:
    def edit(vectors: Vectors) -> None:
        for key in [k for k in vectors if k.startswith(keys)]:
            vectors[key] = change(vectors[key])

    return edit


def _limits(old: list[Any], **changes: Any) -> list[Any]:
    return [{**run, "outputs": [{**o, **changes} for o in run["outputs"]]} for run in old]


def _proof() -> Iterator[Fault]:
    for what, edit in {
        "another model's answers": _vectors(lambda a: a[..., ::-1].copy(), "out/", "image/out"),
        "a tolerance of 0.99": _vectors(lambda _: np.asarray(0.99), "tolerance/"),
        "another picture's answers": _vectors(lambda a: a * 0.9, "image/out"),
        "another blob": _vectors(lambda a: a + 0.01, "image/blob"),
        "samples of another shape": _vectors(lambda a: a[:, 1:], "in/"),
        "no picture": lambda v: [v.pop(k) for k in list(v) if k.startswith("image/")],
    }.items():
        yield Fault("classify", "proof", f"self-test vectors: {what}", vectors=edit)  # type: ignore[arg-type]
    runs = "evidence.runs"
    for what, changes in {
        "a limit of 0.99": {runs: lambda old: _limits(old, limit=0.99)},
        "errors of 1e-15": {runs: lambda old: _limits(old, measured=1e-15)},
        "errors above their limit": {runs: lambda old: _limits(old, measured=0.5)},
    }.items():
        yield Fault("logits", "proof", f"evidence: {what}", changes)


def all_faults() -> list[Fault]:
    """Return every fault, by group."""
    found = [Fault(s, "postprocessing", w, c) for s, t in _POST.items() for w, c in t.items()]
    for subject, table in _PRE.items():
        for what, changes in table.items():
            inside = {f"preprocessing.{key}": value for key, value in changes.items()}
            found.append(Fault(subject, "preprocessing", what, inside, consistent=True))
    found += [Fault("raw", "names", what, changes) for what, changes in _NAMES.items()]
    found += [Fault(s, "net", w, graph=g) for s, t in _NET.items() for w, g in t.items()]
    found += [Fault(s, "storage", w, c) for s, t in _STORAGE.items() for w, c in t.items()]
    found.append(Fault("int8", "storage", "scales of a kernel too large", graph=_int8(_first_half)))
    return [*found, *_proof(), *HEAD_FAULTS, *INPUT_FAULTS, *LAYER_FAULTS, *SUBTLE_FAULTS]
