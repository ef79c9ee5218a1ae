"""Compare each subject's answers with TensorFlow's, by the exporter's own verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.npz import read_npz
from keras2cv_export.parity.parity import ParityReport, compare
from keras2cv_export.parity.tolerance import preset_of

from .measure import Crew
from .process import Process
from .records import Answers
from .subjects import OURS, REFERENCE

Array = np.ndarray[Any, Any]
Outputs = dict[str, Array]


def ask_all(
    crew: Crew, manifest: Manifest, tolerance: str | Sequence[str], folder: Path
) -> dict[str, Answers]:
    """Let every process answer every sample; return the verdict on each subject's answers.

    Args:
        crew: The processes; the reference among them.
        manifest: The bundle's, for names, dtypes and the outputs' meaning.
        tolerance: As for `keras2cv check`; empty: the default for the bundle's kind of weights, and
            float32's for the others.
        folder: A place for the answers on their way.
    """

    def ask(_: str, process: Process) -> list[Outputs]:
        path = folder / "answers.npz"
        process.ask("answer", path=str(path))
        found = read_answers(path, manifest)
        path.unlink()
        return found

    found = crew.each(ask)
    if (expected := found.get(REFERENCE)) is None:
        return {}
    return {
        name: Answers("reference")
        if name == REFERENCE
        else judge(expected, outputs, manifest, tolerance or _usual(name, manifest))
        for name, outputs in found.items()
    }


def _usual(name: str, manifest: Manifest) -> str:
    stored = manifest.weights.storage if manifest.weights is not None else "fp32"
    return preset_of(stored if name == OURS else "fp32")


def read_answers(path: Path, manifest: Manifest) -> list[Outputs]:
    """Return each sample's outputs under the manifest's names, by their position."""
    arrays = read_npz(path, max_bytes=2**40)
    count = len({name.split("/")[1] for name in arrays})
    names = [output.name for output in manifest.outputs]
    given = len(arrays) // max(count, 1)
    names += [f"output {k}" for k in range(len(names), given)]  # for outputs beyond those expected
    return [{names[k]: arrays[f"out/{i}/{k}"] for k in range(given)} for i in range(count)]


def judge(
    expected: Sequence[Outputs],
    got: Sequence[Outputs],
    manifest: Manifest,
    tolerance: str | Sequence[str] = "fp32",
) -> Answers:
    """Compare a subject's answers with TensorFlow's.

    Args:
        expected: TensorFlow's outputs, one mapping per sample.
        got: The subject's, for the same samples.
        manifest: The bundle's.
        tolerance: As for `keras2cv check`.
    """
    like = [_as_promised(outputs, manifest) for outputs in expected]
    task = manifest.task
    scores = {task.output: task.scores} if task.output and task.scores else {}
    constant = frozenset(o.name for o in manifest.outputs if not o.batched)
    candidate = [_in_shape(_as_promised(o, manifest), e) for o, e in zip(got, like, strict=False)]
    report = compare(like, candidate, tolerance, scores=scores, constant=constant)
    if report.verdict == "pass":
        return Answers("same", _error(report))
    word = {"fail": "different", "inconclusive": "unclear"}[report.verdict]
    return Answers(word, _error(report), report.reasons[0])  # type: ignore[arg-type]


def _as_promised(outputs: Outputs, manifest: Manifest) -> Outputs:
    dtypes = {output.name: output.dtype for output in manifest.outputs}
    return {n: a.astype(dtypes.get(n, a.dtype), copy=False) for n, a in outputs.items()}


def _in_shape(outputs: Outputs, like: Outputs) -> Outputs:
    """Return outputs with TensorFlow's dimensions of 1: cv2 adds some, and drops others."""
    return {
        name: array.reshape(like[name].shape)
        if name in like and _squeezed(array) == _squeezed(like[name])
        else array
        for name, array in outputs.items()
    }


def _squeezed(array: Array) -> list[int]:
    return [n for n in array.shape if n != 1]


def _error(report: ParityReport) -> float | None:
    """Return the worst output's max|got - TensorFlow| / max|TensorFlow|."""
    found = [
        check.measured
        for output in report.outputs
        for check in output.checks
        if check.metric == "max_abs/max_ref"
    ]
    return float(max(found)) if found and all(np.isfinite(found)) else None
