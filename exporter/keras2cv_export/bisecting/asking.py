"""Compute values of a graph in OpenCV, in a process of its own, and in onnxruntime if installed."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import ModelProto

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.isolation.child import run_child
from keras2cv.isolation.isolated import ending
from keras2cv.net.error_messages import condensed

from .cutting import as_standard

Array = np.ndarray[Any, Any]
_PROBE: Final = Path(__file__).with_name("probe.py")
INSTALL_ORT: Final = "pip install onnxruntime"


@dataclass(frozen=True)
class Answer:
    """Values by name, or the reason why there are none."""

    values: Mapping[str, Array]
    problem: str = ""
    opencv: str = ""


@dataclass(frozen=True)
class OpenCV:
    """The settings with which OpenCV runs a graph."""

    engine: str
    fusion: bool = True
    winograd: bool = True
    timeout_s: float = 300.0

    def ask(self, model: ModelProto, feeds: Mapping[str, Array]) -> Answer:
        """Run a graph, and return all of its outputs."""
        wanted = [value.name for value in model.graph.output]
        options = [] if self.fusion else ["--no-fusion"]
        options += [] if self.winograd else ["--no-winograd"]
        with temporary_folder() as folder:
            file, source, target = (
                str(Path(folder, name)) for name in ("cut.onnx", "in.npz", "out.npz")
            )
            onnx.save(model, file)
            fed = _read_by(model, feeds)
            arrays = {f"in/{k}": array for k, array in enumerate(fed.values())}
            np.savez(source, inputs=list(fed), outputs=wanted, **arrays)  # type: ignore[arg-type]
            problem = _run([file, self.engine, source, target, *options], self.timeout_s)
            if problem:
                return Answer({}, problem)
            with np.load(target) as data:
                values = {name: data[f"out/{k}"] for k, name in enumerate(wanted)}
                return Answer(values, opencv=json.loads(str(data["versions"]))["opencv"])


def _read_by(model: ModelProto, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Return the inputs that a part of the graph still has."""
    return {value.name: feeds[value.name] for value in model.graph.input}


def _run(arguments: Sequence[str], timeout_s: float) -> str:
    """Run the probe; return an error message, or ""."""
    done = run_child([sys.executable, str(_PROBE), *arguments], timeout_s=timeout_s)
    if done.code is None:
        return f"OpenCV was not done after {timeout_s:g} s"
    if done.code == 0:
        return ""
    reports = [line for line in done.stdout.splitlines() if line.startswith('{"error"')]
    if reports:
        return f"OpenCV refuses it: {condensed(RuntimeError(json.loads(reports[-1])['error']))}"
    return f"OpenCV crashes ({ending(done.code)})"


def has_onnxruntime() -> bool:
    """Whether onnxruntime is installed, as a second opinion."""
    return importlib.util.find_spec("onnxruntime") is not None


def ask_onnxruntime(model: ModelProto, feeds: Mapping[str, Array]) -> Answer:
    """Run a graph in onnxruntime, without its optimisations: some of them are wrong too."""
    if not has_onnxruntime():
        return Answer({}, f"onnxruntime is not installed: {INSTALL_ORT}")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4  # its messages are in the exception
    try:
        session = onnxruntime.InferenceSession(
            as_standard(model).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        results = session.run(None, _read_by(model, feeds))
    except Exception as error:  # it has no error class of its own, and ten kinds of errors
        return Answer({}, f"onnxruntime refuses the graph: {condensed(error)}")
    names = [value.name for value in model.graph.output]
    return Answer(dict(zip(names, results, strict=True)))
