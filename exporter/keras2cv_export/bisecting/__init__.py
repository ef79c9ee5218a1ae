"""Find the first layer whose output OpenCV gets wrong, and decide whose fault it is.

    TensorFlow: every layer's output for one sample      -layer_outputs-> LayerRun
    ONNX Runtime: every node's, of an ONNX file          -node_outputs-> LayerRun
    the exported file maps its values to layers          -origin-> Origin
    the file with those values as further outputs, in OpenCV, in a process of its own
    the first that is wrong with right values before it, and from here the part of the graph
    between those:  onnxruntime on it, fusion, Winograd and the engine switched, a repro of it

Asking OpenCV for a value in between keeps it from fusing the layers around it. Where that makes
everything right, the graph is cut after one layer at a time instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.bundle.manifest import Manifest, OutputTensor
from keras2cv.bundle.reading import Bundle
from keras2cv.errors import UsageError
from keras2cv.net.forms import form_for
from keras2cv.net.tensors import to_net
from keras2cv_export.graph.origin import Origin, Step, read_origins
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.parity.parity import ParityReport
from keras2cv_export.parity.tolerance import PRESETS
from keras2cv_export.tracing.layer_outputs import layer_outputs, output_key
from keras2cv_export.verifying.question import Question

from .comparing import readable
from .cutting import GraphFile
from .onnx_values import node_outputs
from .render import render
from .report import Bisection, Divergence, LayerError, Repro, Rerun, part_of
from .searching import Search

__all__ = [
    "Bisection",
    "Divergence",
    "LayerError",
    "Repro",
    "Rerun",
    "bisect",
    "render",
    "require_onnx",
]

Array = np.ndarray[Any, Any]


def bisect(
    bundle: Bundle,
    loaded: LoadedModel,
    question: Question,
    by_engine: Mapping[str, ParityReport],
    *,
    repro: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Bisection:
    """Look for the first layer that diverges, on the engine that fails, with the worst sample.

    Args:
        bundle: The checked bundle.
        loaded: The model that it is checked against.
        question: The samples of the check.
        by_engine: The report of the check on each engine.
        repro: A folder to write a minimal reproduction into; it is made, or must be empty.
        progress: Called with a few words before each step.

    Raises:
        UsageError: The model has no layers to look at, or the bundle does not record which value is
            which layer, or the folder for the reproduction is in use.
    """
    manifest = bundle.manifest
    _require_empty(repro)
    engine, report = _failing(by_engine)
    form = form_for("cpu", engine)(manifest)
    graph = GraphFile(bundle.model_path if form is None else bundle.folder / form.file)
    origins = _origins(graph, manifest, loaded)
    part = part_of(loaded.judge_name)
    sample = _worst_sample(report)
    asked = [*question.samples, *(one.sample for one in question.stress)][sample]
    progress(f"asking {loaded.judge_name} for every {part}")
    if loaded.graph is None:
        run = layer_outputs(loaded, asked)
    else:
        run = node_outputs(loaded, asked, manifest.outputs, origins.keys())
    shapes = {name: shape for name, shape in graph.shapes.items() if graph.readable(name)}
    search = Search(
        graph,
        tuple(readable(run, origins, shapes)),
        run.layers,
        {
            t.net_name: to_net(np.asarray(array), t)
            for t, array in zip(manifest.inputs, asked, strict=True)
        },
        engine,
        PRESETS[question.tolerance.preset].max_abs,
        sample,
        report.verdict == "fail",
        progress,
        loaded.judge_name,
    )
    return search.run(repro)


def require_onnx(bundle: Bundle) -> None:
    """Refuse a net in any format but ONNX, the only one that names the values in between.

    Raises:
        UsageError: It is a frozen graph.
    """
    if bundle.manifest.model.format != "onnx":
        raise UsageError(
            f"{bundle.folder} holds a {bundle.manifest.model.format} graph, and layers are looked "
            "for in ONNX files. Export the model as ONNX, which goes through the same rewrites, "
            "and bisect that."
        )


def _require_empty(folder: Path | None) -> None:
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already. Name a new or an empty folder with --repro.")


def _origins(graph: GraphFile, manifest: Manifest, loaded: LoadedModel) -> dict[str, Origin]:
    """Return the places of the layers' outputs, those of the model last.

    Raises:
        UsageError: The model has lost its layers, or the bundle does not record them.
    """
    origins = read_origins(graph.metadata)
    if loaded.judge is not None and loaded.judge.samples is not None:
        raise UsageError(
            f"{loaded.judge_name} holds answers alone, and --bisect needs what is computed on the "
            "way to them. Give the model with --against."
        )
    if loaded.graph is not None:
        _require_nodes_of(loaded, origins, manifest)
    elif loaded.keras_model is None:
        raise UsageError(
            f"{loaded.name} is a SavedModel, which has lost its layers. "
            "Give --bisect the .keras or .h5 file that it was made from."
        )
    if not origins:
        raise UsageError(
            f"{manifest.model.file} does not record which of its values is which Keras layer: it "
            "was made from a SavedModel or by an older keras2cv. Export it again from the Keras "
            "model."
        )
    return origins | {
        output_key(o.name): Origin(output_key(o.name), o.net_name, _steps(o, loaded))
        for o in manifest.outputs
        if manifest.tail is None or o.net_name not in manifest.tail.made
    }


def _require_nodes_of(
    loaded: LoadedModel, origins: Mapping[str, Origin], manifest: Manifest
) -> None:
    """Refuse an ONNX file of whose nodes the bundle records none.

    Raises:
        UsageError: It was made by an older keras2cv, or from another model.
    """
    made = {value.name for node in loaded.graph.graph for value in node.outputs}
    if not made & set(origins):
        raise UsageError(
            f"{manifest.model.file} records no value of {loaded.source.file}: it was made from "
            "another model, or by an older keras2cv. Export it again from the ONNX file."
        )


def _steps(output: OutputTensor, loaded: LoadedModel) -> tuple[Step, ...]:
    """Return the steps from a value of the net to the model's own output."""
    if output.layout == "same" or loaded.pictures_out:
        return ()
    rank = len(output.keras_shape)
    return (("transpose", (0, *range(2, rank), 1)),)


def _failing(by_engine: Mapping[str, ParityReport]) -> tuple[str, ParityReport]:
    """Return the first engine that fails; the first of all if none does."""
    pairs = list(by_engine.items())
    return next((pair for pair in pairs if pair[1].verdict == "fail"), pairs[0])


def _worst_sample(report: ParityReport) -> int:
    """Return the sample that holds the worst element of the output furthest beyond its limit."""
    failing = [o for o in report.outputs if o.verdict == "fail" and o.worst and o.tightest]
    worst = max(failing, key=lambda o: o.tightest.strain if o.tightest else 0.0, default=None)
    return worst.worst.sample if worst is not None and worst.worst is not None else 0
