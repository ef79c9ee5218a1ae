"""Compute values of a graph in OpenCV, and in onnxruntime if installed, each in its own process."""

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
from keras2cv_export.model.onnx_files.onnx_runtime_child import unpacked
from keras2cv_export.verifying.probing import ASKING

from .cutting import as_standard

Array = np.ndarray[Any, Any]
_PROBE: Final = Entry(f"{Path(__file__).resolve().with_name('probe.py')}:answer", ())
_SECOND_OPINION: Final = Entry(
    "keras2cv_export.model.onnx_files.second_opinion:answer", ("keras2cv", "keras2cv_export")
)
_LIMITS: Final = Limits(300.0, start_seconds=120.0)
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
            files, names = _saved(folder, model, feeds)
            target = str(folder / "out.npz")
            reply = self._reply(
                {**files, "target": target, "asking": ASKING}, {"inputs": names, "outputs": wanted}
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


def has_onnxruntime() -> bool:
    """Whether onnxruntime is installed, as a second opinion."""
    return importlib.util.find_spec("onnxruntime") is not None


def ask_onnxruntime(model: ModelProto, feeds: Mapping[str, Array]) -> Answer:
    """Run a graph in onnxruntime, in a process that may write nowhere."""
    if not has_onnxruntime():
        return Answer({}, f"onnxruntime is not installed: {INSTALL_ORT}")
    with temporary_folder() as folder:
        files, names = _saved(folder, as_standard(model), feeds)
        try:
            reply = run_once(_SECOND_OPINION, {**files, "inputs": names}, _LIMITS)
        except ChildCrash as lost:
            return Answer({}, f"onnxruntime crashes ({ending(lost.code)})")
        except ChildLost as lost:
            return Answer({}, f"onnxruntime {lost.how}")
    if "problem" in reply:
        return Answer({}, f"onnxruntime refuses the graph: {reply['problem']}")
    return Answer({name: unpacked(value) for name, value in reply["outputs"].items()})


def _saved(
    folder: Path, model: ModelProto, feeds: Mapping[str, Array]
) -> tuple[dict[str, str], list[str]]:
    """Write a graph and what it reads; return the files' paths, and the inputs' names in order."""
    file, source = (str(folder / name) for name in ("cut.onnx", "in.npz"))
    onnx.save(model, file)
    read = {value.name: feeds[value.name] for value in model.graph.input}
    arrays = {f"in/{k}": array for k, array in enumerate(read.values())}
    np.savez(source, **arrays)  # type: ignore[arg-type]
    return {"path": file, "source": source}, list(read)
