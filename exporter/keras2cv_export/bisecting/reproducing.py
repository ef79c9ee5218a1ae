"""Write a folder that shows a wrong layer without Keras, TensorFlow or keras2cv.

repro.onnx   the part of the graph from the last right values to the first wrong one
repro.npz    those right values, and the expected result
repro.py     ten lines that need cv2 and NumPy alone; exit code 1: it is wrong here too
README.md    the fault, its place, the versions: the text of an issue
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
from onnx import ModelProto, NodeProto

from keras2cv.isolation import ChildLost, Entry, Limits, run_once
from keras2cv.isolation.confinement import freely
from keras2cv.plain_files import write_whole
from keras2cv.visible_text import shown

from .asking import OpenCV, ask_onnxruntime
from .comparing import Readable, distance
from .cutting import as_standard, renamed
from .report import FAULTS, Bisection, Repro, spoken

if TYPE_CHECKING:
    from .searching import Search

Array = np.ndarray[Any, Any]
_TIMEOUT_S: Final = 300.0
_PROGRAM: Final = Entry("keras2cv.isolation.programs:run_file")

# The title holds the name of a layer, a stranger's: it is on one line, and so no code.
_SCRIPT = """\
# {title}: OpenCV {opencv}, {engine} engine. Exit code 1: here too.
import pathlib
import cv2, numpy as np

here = pathlib.Path(__file__).resolve().parent
data = np.load(here / "repro.npz")
engine = {{"engine": cv2.dnn.{constant}}} if hasattr(cv2.dnn, "{constant}") else {{}}
net = cv2.dnn.readNetFromONNX(str(here / "repro.onnx"), **engine)
for name in [n for n in data.files if n != "expected"]:
    net.setInput({blob}, name)
expected, got = data["expected"], net.forward("output")
error = np.abs(got.reshape(expected.shape) - expected).max() / np.abs(expected).max()
print("OpenCV", cv2.__version__, "- max |got - expected| / max |expected| =", error)
raise SystemExit(int(not error <= {limit:g}))
"""

_README = """\
# {title}

OpenCV {opencv}, {engine} engine, on {platform}.

`repro.onnx` is {nodes} ({ops}) made from the {whose} `{layer}` ({kind}).
`repro.npz` holds the inputs and the expected output. OpenCV's value of the layer is {error};
up to {limit:g} would be rounding.

{fault}

{reruns}

    python repro.py
"""


@dataclass(frozen=True)
class Part:
    """A graph of one wrong output, with right inputs."""

    model: ModelProto
    feeds: Mapping[str, Array]
    expected: Array
    ops: tuple[str, ...]


def write_repro(folder: Path, search: Search, found: Bisection, root: Readable) -> Repro:
    """Write the smallest part that shows the fault; try each by running its script on its own.

    Args:
        folder: Where the files go.
        search: The search that found the fault.
        found: Its result.
        root: The wrong layer.
    """
    freely(folder.mkdir, parents=True, exist_ok=True)
    parts = [part for part in _parts(search, found, root) if part is not None]
    for part in parts:
        for standard in (True, False):
            freely(_write, folder, part, found, standard=standard)
            if _shows(folder):
                return Repro(folder, part.ops, reproduces=True)
    freely(_write, folder, parts[0], found, standard=False)
    return Repro(folder, parts[0].ops, reproduces=False)


def _parts(search: Search, found: Bisection, root: Readable) -> list[Part | None]:
    """Return the parts that may show the fault: one node, the layer, everything up to it."""
    nodes, feeds = search.good_values(root)
    name = root.origin.value
    layer = _part(search, nodes, feeds, name, root.value)
    one = _one_node(search, nodes, layer) if found.fault == "opencv" else None
    whole = search.graph.nodes_to(name, lambda _: False)
    return [one, layer, _part(search, whole, search.feeds, name, root.value)]


def _part(
    search: Search,
    nodes: Sequence[NodeProto],
    feeds: Mapping[str, Array],
    output: str,
    expected: Array,
) -> Part:
    model = search.graph.cut(nodes, [output])
    read = {n: feeds[n] for n in search.graph.sources_of(nodes)}
    return Part(model, read, expected, tuple(node.op_type for node in nodes))


def _one_node(search: Search, nodes: Sequence[NodeProto], layer: Part) -> Part | None:
    """Find the first node that OpenCV and onnxruntime disagree about."""
    made = [name for node in nodes for name in node.output if search.graph.readable(name)]
    model = search.graph.cut(nodes, made)
    theirs = dict(ask_onnxruntime(model, layer.feeds).values)
    ours = OpenCV(search.engine).ask(model, layer.feeds).values
    for node in nodes:
        for name in node.output:
            if name in theirs and name in ours:
                error = distance(theirs[name], ours[name])
                if not error <= search.limit:
                    return _of_node(search, node, name, {**layer.feeds, **theirs})
    return None


def _of_node(
    search: Search, node: NodeProto, output: str, right: Mapping[str, Array]
) -> Part | None:
    if any(name not in right for name in search.graph.sources_of([node])):
        return None
    return _part(search, [node], right, output, right[output])


def _write(folder: Path, part: Part, found: Bisection, *, standard: bool) -> None:
    inputs = list(part.feeds)
    names = {n: "input" if k == 0 else f"input_{k}" for k, n in enumerate(inputs)}
    names[part.model.graph.output[0].name] = "output"
    model = renamed(part.model, names)
    onnx.save(as_standard(model) if standard else model, str(folder / "repro.onnx"))
    arrays = {names[n]: np.asarray(a, np.float32) for n, a in part.feeds.items()}
    np.savez(folder / "repro.npz", expected=part.expected, **arrays)  # type: ignore[arg-type]
    wide = any(a.ndim == 3 for a in arrays.values())
    script = _SCRIPT.format(
        opencv=found.opencv,
        engine=found.engine,
        title=_title(part, found),
        constant=f"ENGINE_{found.engine.upper()}",
        blob="cv2.Mat(data[name]) if data[name].ndim == 3 else data[name]"
        if wide
        else "data[name]",
        limit=found.limit,
    )
    write_whole(folder / "repro.py", script.encode("utf-8"))
    write_whole(folder / "README.md", _readme(part, found).encode("utf-8"))


def _readme(part: Part, found: Bisection) -> str:
    assert found.first is not None  # noqa: S101 - there is something to reproduce
    first, count = found.first.found, len(part.ops)
    ops = ", ".join(dict.fromkeys(part.ops))
    return _README.format(
        title=_title(part, found),
        opencv=found.opencv,
        engine=found.engine,
        platform=sys.platform,
        nodes=f"{count} node" if count == 1 else f"{count} nodes",
        layer=shown(spoken(first.key)).replace("`", "'"),
        kind=first.kind,
        whose="Keras layer" if found.part == "layer" else "ONNX node behind",
        ops=ops,
        error=_outcome(first.error, ""),
        limit=found.limit,
        fault=_fault(found),
        reruns="\n".join(f"- {r.setting}: {_outcome(r.error, r.problem)}" for r in found.reruns),
    )


def _title(part: Part, found: Bisection) -> str:
    assert found.first is not None  # noqa: S101 - there is something to reproduce
    if found.fault == "opencv":
        return f"{', '.join(dict.fromkeys(part.ops))} is computed wrongly"
    return f"{shown(spoken(found.first.found.key))} differs from {found.judge}"


def _fault(found: Bisection) -> str:
    """Return whose fault it is, and so who should get the issue."""
    if found.fault == "unknown":
        return f"Whether the graph or OpenCV is wrong is not known ({found.reason})."
    fault = FAULTS[found.fault]
    whose = "OpenCV" if found.fault == "opencv" else "keras2cv"
    return f"{fault[0].upper()}{fault[1:]} ({found.reason}): an issue for {whose}."


def _outcome(error: float | None, problem: str) -> str:
    if error is None:
        return problem
    if not math.isfinite(error):
        return "NaN, infinite, or of another shape"
    return f"off by {error:.2g} of its largest element"


def _shows(folder: Path) -> bool:
    """Whether the script, run on its own, finds the difference."""
    request = {"path": str(folder / "repro.py")}
    try:
        return bool(run_once(_PROGRAM, request, Limits(_TIMEOUT_S))["exit_code"])
    except ChildLost:
        return True
