"""Faults that change little: one channel, one column, one level, one bias; and NaN and infinity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from onnx import numpy_helper

from .fault import Array, Fault

_Change = Callable[[Array], Array]


def _exchanged(old: list[Any]) -> list[Any]:
    return [old[1], old[0], *old[2:]]


_SAID: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "classify": {"two labels exchanged": {"task.labels": _exchanged}},
    "segment": {"two labels exchanged": {"task.labels": _exchanged}},
    "detect": {"two labels exchanged": {"task.labels": _exchanged}},
    "mask": {
        "threshold 0.7": {"task.segment.threshold": 0.7},
        "threshold 0.3": {"task.segment.threshold": 0.3},
    },
    "anchors": {
        "one variance a quarter larger": {
            "task.detect.anchors.variances": lambda old: [*old[:3], old[3] * 1.25]
        },
        "anchors moved by half a cell": {
            "task.detect.anchors.boxes": lambda old: [
                x + 0.1 * (k % 4 == 0) for k, x in enumerate(old)
            ]
        },
    },
    "text": {
        "the blank in the middle": {"task.text.blank": 1},
        "two characters exchanged": {"task.text.charset": _exchanged},
    },
    "image": {"black at 0.05": {"task.image.low": 0.05}},
}
_PIXELS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "logits": {
        "means of two channels exchanged": {"mean": _exchanged},
        "a mean 4 levels off": {"mean": lambda old: [old[0] + 4, *old[1:]]},
        "one spread a tenth larger": {"std": lambda old: [old[0] * 1.1, *old[1:]]},
    },
    "detect": {"bars of 128": {"pad": 128}},
}


def _constant(size: int, change: _Change) -> Callable[[Any], None]:
    """Change the last float constant with so many numbers: the bias of a last layer."""
    return lambda graph: _change_last(graph, change, lambda t: int(np.prod(t.dims)) == size)


def _columns(size: int, change: _Change) -> Callable[[Any], None]:
    """Change the last kernel of a Dense with so many columns, which come first or last."""

    def by_columns(values: Array) -> Array:
        axis = values.ndim - 1 if values.shape[-1] == size else 0
        return np.moveaxis(change(np.moveaxis(values, axis, -1)), -1, axis)

    return lambda graph: _change_last(
        graph, by_columns, lambda t: len(t.dims) == 2 and size in t.dims and min(t.dims) > 1
    )


def _change_last(graph: Any, change: _Change, fits: Callable[[Any], bool]) -> None:
    tensor = [t for t in graph.initializer if t.data_type == 1 and fits(t)][-1]
    new = np.ascontiguousarray(change(numpy_helper.to_array(tensor).copy()), np.float32)
    tensor.CopyFrom(numpy_helper.from_array(new, tensor.name))


def _first(value: float, *, added: bool = False) -> _Change:
    def change(values: Array) -> Array:
        values.flat[0] = value + (values.flat[0] if added else 0)
        return values

    return change


_GRAPHS: Final[Mapping[str, Mapping[str, Callable[[Any], None]]]] = {
    "classify": {
        "a bias that is NaN": _constant(3, _first(np.nan)),
        "a bias of infinity": _constant(3, _first(np.inf)),
        "a bias of minus infinity": _constant(3, _first(-np.inf)),
        "two classes exchanged": _columns(3, lambda k: k[..., [1, 0, 2]]),
    },
    "logits": {
        "a bias that is NaN": _constant(3, _first(np.nan)),
        "a bias of minus infinity": _constant(3, _first(-np.inf)),
        "a bias of 3e38": _constant(3, _first(3e38)),
    },
    "regress": {
        "a bias one larger": _constant(2, _first(1.0, added=True)),
        "width for height": _columns(2, lambda k: k[..., ::-1]),
        "a bias of infinity": _constant(2, _first(np.inf)),
    },
    "keypoints": {
        "points exchanged": _columns(4, lambda k: np.roll(k, 2, axis=-1)),
        "half a pixel to the right": _constant(4, _first(0.06, added=True)),
    },
    "embed": {"a number's sign": _columns(8, lambda k: k * np.array([-1, *[1] * 7]))},
}


def _one_scale(graph: Any) -> None:
    """Make the scale of one channel a half larger, of the last kernel stored in bytes."""
    node = [n for n in graph.node if n.op_type == "DequantizeLinear"][-1]
    (tensor,) = (t for t in graph.initializer if t.name == node.input[1])
    scale = numpy_helper.to_array(tensor).copy()
    scale.flat[0] *= 1.5
    tensor.CopyFrom(numpy_helper.from_array(scale, tensor.name))


def _answers(change: _Change) -> Callable[[dict[str, Array]], None]:
    def edit(vectors: dict[str, Array]) -> None:
        for key in [k for k in vectors if k.startswith(("out/", "image/out"))]:
            vectors[key] = change(vectors[key].copy())

    return edit


_PROOFS: Final[Mapping[str, _Change]] = {
    "answers of infinity": lambda a: np.full_like(a, np.inf),
    "answers that are NaN": lambda a: np.full_like(a, np.nan),
    "one number infinite": _first(np.inf),
}

SUBTLE_FAULTS: Final = [
    *(Fault(s, "postprocessing", w, c) for s, t in _SAID.items() for w, c in t.items()),
    *(
        Fault(s, "preprocessing", w, {f"preprocessing.{k}": v for k, v in c.items()},
              consistent=True)
        for s, t in _PIXELS.items()
        for w, c in t.items()
    ),
    *(Fault(s, "net", w, graph=g) for s, t in _GRAPHS.items() for w, g in t.items()),
    Fault("int8", "storage", "one scale of a channel", graph=_one_scale),
    *(Fault("logits", "proof", f"self-test vectors: {w}", vectors=_answers(c))
      for w, c in _PROOFS.items()),
]  # fmt: skip
