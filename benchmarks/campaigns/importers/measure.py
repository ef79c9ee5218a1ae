"""Let ONNX Runtime compute the right answers, and compare each OpenCV with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx

from keras2cv.isolation import Entry, Limits, answer_each
from keras2cv_export.matrix.environment import Environments
from keras2cv_export.matrix.installer import clean_environment
from keras2cv_export.targets.importers import IMPORTERS
from keras2cv_export.verifying.probing import ASKING

from .probe import Probe

LIMIT: Final = 1e-4  # of the largest number of an output
_TIMEOUT_S: Final = 600.0
_CHILD: Final = f"{Path(__file__).resolve().with_name('child.py')}:answer"

Outcome = dict[str, bool]
"""Importer -> whether it runs a probe right."""


def write(probes: Sequence[Probe], folder: Path) -> None:
    """Write each graph with its inputs and ONNX Runtime's outputs."""
    for number, probe in enumerate(probes):
        onnx.save(probe.model, folder / f"{number}.onnx")
        arrays: dict[str, Any] = {}
        for run, (sample, answer) in enumerate(zip(probe.samples, _answers(probe), strict=True)):
            arrays |= {f"in/{run}/{name}": array for name, array in sample.items()}
            arrays |= {f"out/{run}/{name}": array for name, array in answer.items()}
        np.savez(folder / f"{number}.npz", **arrays)


def _answers(probe: Probe) -> Iterator[dict[str, Any]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        _unnamed(probe.model).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    for sample in probe.samples:
        yield dict(zip(names, session.run(names, sample), strict=True))


def _unnamed(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model without names of nodes: ONNX Runtime refuses two that are the same."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for node in copy.graph.node:
        node.name = ""
    return copy


def measure(
    folder: Path,
    count: int,
    importers: Sequence[str] = IMPORTERS,
    source: Environments | None = None,
) -> list[Outcome]:
    """Run the probes in `folder` on each importer, in the environments of `keras2cv matrix`.

    Args:
        folder: Holds the files of the probes.
        count: How many probes.
        importers: Names of importers.
        source: Makes the environments; None makes them in the user's cache.

    Raises:
        MissingDependency: An environment cannot be made.
    """
    environments = source or Environments()
    outcomes: list[Outcome] = [{} for _ in range(count)]
    for importer in importers:
        version, _, engine = importer.partition(" ")
        there = environments.prepare(environments.resolve(version))
        replies = _run(there.python, folder, engine or there.engines[0], count)
        for outcome, word in zip(outcomes, replies, strict=True):
            outcome[importer] = isinstance(word, float) and word <= LIMIT
    return outcomes


def _run(python: Path, folder: Path, engine: str, count: int) -> list[Any]:
    """Return the outcome of each probe's job: "crash" for one that killed the process."""
    stems = (str(folder / str(number)) for number in range(count))
    jobs = [{"stem": stem, "engine": engine, "asking": ASKING} for stem in stems]
    entry = Entry(_CHILD, (), python, clean_environment())
    answers = answer_each(entry, jobs, Limits(_TIMEOUT_S))
    return ["crash" if a.problem else a.reply["error"] for a in answers]
