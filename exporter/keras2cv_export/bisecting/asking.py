"""Compute values of a graph in OpenCV, in a process of its own, and in onnxruntime if installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import ModelProto

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.isolation import ChildCrash, ChildLost, Entry, Limits, ending, run_once
from keras2cv.net.error_messages import condensed
from keras2cv_export.verifying.probing import ASKING

from .cutting import as_standard

Array = np.ndarray[Any, Any]
_PROBE: Final = Entry(f"{Path(__file__).resolve().with_name('probe.py')}:answer", ())
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
        with temporary_folder() as folder:
            file, source, target = (
                str(Path(folder, name)) for name in ("cut.onnx", "in.npz", "out.npz")
            )
            onnx.save(model, file)
            fed = _read_by(model, feeds)
            arrays = {f"in/{k}": array for k, array in enumerate(fed.values())}
            np.savez(source, **arrays)  # type: ignore[arg-type]
            reply = self._reply(
                {"path": file, "source": source, "target": target, "asking": ASKING},
                {"inputs": list(fed), "outputs": wanted},
            )
            if "problem" in reply:
                return Answer({}, reply["problem"])
            with np.load(target) as data:
                values = {name: data[f"out/{k}"] for k, name in enumerate(wanted)}
                return Answer(values, opencv=reply["opencv"])

    def _reply(self, files: Mapping[str, str], names: Mapping[str, list[str]]) -> dict[str, Any]:
        """Return the probe's reply, or {"problem": the error of the process}."""
        options = {"engine": self.engine, "fusion": self.fusion, "winograd": self.winograd}
        try:
            reply = run_once(_PROBE, {**files, **names, **options}, Limits(self.timeout_s))
        except ChildCrash as lost:
            return {"problem": f"OpenCV crashes ({ending(lost.code)})"}
        except ChildLost as lost:
            return {"problem": f"OpenCV {lost.how}"}
        if "error" in reply:
            error = condensed(RuntimeError(reply["error"]))
            return {"problem": f"OpenCV refuses it: {error}"}
        return reply


def _read_by(model: ModelProto, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Return the inputs that a part of the graph still has."""
    return {value.name: feeds[value.name] for value in model.graph.input}


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
