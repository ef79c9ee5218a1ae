"""The result of a bisection: the layer, whose fault it is, its conditions, and a reproduction."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from keras2cv_export.parity.exactness import TENSORFLOW

Fault = Literal["conversion", "opencv", "both", "unknown"]

SCHEMA = 1


@dataclass(frozen=True)
class LayerError:
    """How far OpenCV's value of one layer is from TensorFlow's.

    Attributes:
        layer: The layer's path; a nested model's layers are below its name.
        key: The layer with its call and output, `tower/conv#2`, `split:1`.
        kind: Its class, "Conv2D"; "output" for an output of the model that no layer returns.
        error: max |OpenCV - TensorFlow| / max |TensorFlow|; infinite for NaN or another shape.
        value: The name of its value in the exported graph.
    """

    layer: str
    key: str
    kind: str
    error: float
    value: str


@dataclass(frozen=True)
class Rerun:
    """The graph up to the diverging value, run once more with something switched.

    Attributes:
        setting: "as it is", "fusion off", "winograd off", "new engine", "classic engine".
        error: As in `LayerError`; None where it did not run.
        diverges: Whether the error is beyond the limit, or there is none.
        problem: Why it did not run.
    """

    setting: str
    error: float | None
    diverges: bool
    problem: str = ""


@dataclass(frozen=True)
class Repro:
    """A folder that shows the fault without Keras, TensorFlow or keras2cv.

    Attributes:
        folder: It holds repro.onnx, repro.npz, repro.py and README.md.
        ops: The ops of repro.onnx, in order.
        reproduces: Whether repro.py, run on its own, shows the difference.
    """

    folder: Path
    ops: tuple[str, ...]
    reproduces: bool


@dataclass(frozen=True)
class Divergence:
    """The first layer that is wrong, with right values before it.

    Attributes:
        found: The layer, and how far it is off.
        suspects: Layers that were fused into it and cannot be read, in order; the fault may be
            theirs.
        good: Keys of the last right values that it is computed from; empty: the model's inputs.
        ops: The ops between those and it.
        hint: The known fault that the wrong value shows, or "".
        where: Which of its elements are wrong.
        unfused: Whether it is right as soon as OpenCV is asked for values in between.
        gradual: Whether no layer is beyond the limit, and the error grows most in this one.
    """

    found: LayerError
    suspects: tuple[str, ...]
    good: tuple[str, ...]
    ops: tuple[str, ...]
    hint: str = ""
    where: str = ""
    unfused: bool = False
    gradual: bool = False


@dataclass(frozen=True)
class Bisection:
    """The place where OpenCV's values leave TensorFlow's.

    Attributes:
        engine: The examined engine.
        opencv: Its version.
        sample: The number of the sample.
        limit: The largest error that a layer may have.
        fails: Whether the outputs of the whole net are wrong.
        layers: Every layer that could be read, in the order in which they run.
        unread: Layers that are no value of the exported graph: fused into others, or constant.
        first: None where nothing diverges.
        others: Keys of further layers that are wrong with right values before them.
        fault: Of the first one: "conversion" where the exported graph itself is wrong, "opencv"
            where only OpenCV's answer to it is; "both"; "unknown".
        reason: The reason for that, in a sentence.
        reruns: With fusion, Winograd and the engine switched, one at a time.
        repro: The folder that shows the fault, if the user wanted one.
        notes: Sentences on why the search was incomplete.
        judge: Who gave the right values.
    """

    engine: str
    opencv: str
    sample: int
    limit: float
    fails: bool
    layers: tuple[LayerError, ...]
    unread: tuple[str, ...]
    first: Divergence | None = None
    others: tuple[str, ...] = ()
    fault: Fault = "unknown"
    reason: str = ""
    reruns: tuple[Rerun, ...] = ()
    repro: Repro | None = None
    notes: tuple[str, ...] = ()
    judge: str = TENSORFLOW

    @property
    def part(self) -> str:
        """What the model is made of: "layer", or "node" of an ONNX file."""
        return part_of(self.judge)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able values; an infinite error is the string "inf"."""
        plain = _jsonable({"schema": SCHEMA, "diverges": self.first is not None, **asdict(self)})
        assert isinstance(plain, dict)  # noqa: S101 - tells mypy; a dict stays one
        return plain


def part_of(judge: str) -> str:
    """Return what a model is made of for whom answers for it."""
    return "layer" if judge == TENSORFLOW else "node"


FAULTS: Mapping[Fault, str] = MappingProxyType(
    {
        "conversion": "the exported graph is wrong, and OpenCV computes it right",
        "opencv": "the exported graph is right, and OpenCV computes it wrongly",
        "both": "the exported graph is wrong, and OpenCV computes something else again",
        "unknown": "not known",
    }
)


def spoken(key: str) -> str:
    """Write a layer's key for people: `tower/conv#2:1` as "tower/conv, call 2, output 1"."""
    output = _OUTPUT.fullmatch(key)
    if output:
        return f"the output {output[1]}"
    layer, call, place = _KEY.fullmatch(key).groups(default="")  # type: ignore[union-attr]
    return layer + (f", call {call}" if call else "") + (f", output {place}" if place else "")


_OUTPUT = re.compile(r"<output> (.*)", re.DOTALL)
_KEY = re.compile(r"(.*?)(?:#(\d+))?(?::(\d+))?", re.DOTALL)


def _jsonable(value: object) -> object:
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items() if item is not None}
    if isinstance(value, tuple | list):
        return [_jsonable(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
