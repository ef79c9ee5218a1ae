"""Hold a file with smaller weights to float32's tolerance, by its twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import onnx_ir as ir

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.writing import write_manifest
from keras2cv.errors import NetError
from keras2cv.trial.running import run_worker
from keras2cv_export.formats.formats import FORMATS
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.parity.report import ParityReport, worst_report
from keras2cv_export.parity.tolerance import Tolerance
from keras2cv_export.verifying.question import Outputs, Question, there_and_back
from keras2cv_export.verifying.verify import Verification, answers_of, patience, verify

from .cost import cost_note
from .twin import Twin, find_twin

_ANOTHER_GRAPH = (
    "Stored weights: not compared in float32, since the model does not give this file's graph "
    "here: another version made the bundle, or its graph was changed."
)


@dataclass(frozen=True)
class StoredFile:
    """A bundle whose weights are stored smaller, and the question that is put to it.

    Attributes:
        folder: The bundle's.
        manifest: Its manifest.
        question: The samples, and TensorFlow's answers with the model's own weights.
        engine: The engine that is asked; None: all.
        scratch: A folder for temporary files; None: the system's.
    """

    folder: Path
    manifest: Manifest
    question: Question
    engine: str | None
    scratch: Path | None = None


def hold_to_twin(
    stored: StoredFile, twin: Twin, graph: Verification | None
) -> dict[str, ParityReport]:
    """Compare a file with its twin on each engine, at float32's tolerance.

    Args:
        stored: The file.
        twin: Its twin.
        graph: The comparison of the twin's graph with TensorFlow; None: it is made here.

    Raises:
        NetError: No engine runs one of the three files.
    """
    question, manifest = stored.question, stored.manifest
    with temporary_folder(stored.scratch) as place:
        if graph is None:
            asked = replace(question, tolerance=Tolerance())
            folder, plain = _staged(place / "graph.cv", manifest, twin.graph)
            graph = verify(folder, plain, asked, stored.engine, place)
        engine = next(iter(graph.answers))
        expected = _answers(*_staged(place / "twin.cv", manifest, twin.decoded), question, engine)
        # The exact answers, and those to stress, are of the model's own weights.
        asked = replace(question, expected=expected, tolerance=Tolerance(), stress=(), exact=None)
        found = verify(stored.folder, manifest, asked, stored.engine, place)
    return {
        name: worst_report((report, graph.by_engine.get(name, report))).with_failures(twin.misfits)
        for name, report in found.by_engine.items()
    }


def verify_stored(stored: StoredFile, loaded: LoadedModel) -> Verification:
    """Compare a stored file with the model: in float32 by its twin; what storing costs is a note.

    Raises:
        NetError: No engine runs the file.
    """
    manifest = stored.manifest
    weights = manifest.weights
    assert weights is not None  # noqa: S101 - the caller looked
    asked = replace(stored.question, stress=(), exact=None)
    cost = verify(stored.folder, manifest, asked, stored.engine, stored.scratch)
    file = stored.folder / manifest.model.file
    answers = next(iter(cost.answers.values()))
    said = cost_note(manifest, cost.parity, stored.question.expected, answers)
    cost = replace(cost, notes=(*cost.notes, said))
    rewrites = manifest.tuned.choice.rewrites if manifest.tuned is not None else None
    twin = find_twin(file, loaded, weights.storage, manifest.model.opencv, rewrites)
    if twin is None:
        return replace(cost, notes=(*cost.notes, _ANOTHER_GRAPH))
    try:
        held = hold_to_twin(stored, twin, None)
    except NetError:
        return replace(cost, notes=(*cost.notes, _ANOTHER_GRAPH))
    reports = {e: combined(report, held.get(e)) for e, report in cost.by_engine.items()}
    return replace(cost, parity=worst_report(reports.values()), by_engine=reports)


def combined(cost: ParityReport, held: ParityReport | None) -> ParityReport:
    """Return the report that counts: what storing costs may be inconclusive, but not too much."""
    if held is None or cost.verdict == "fail":
        return cost if held is None or held.verdict != "fail" else held
    return held


def _staged(folder: Path, manifest: Manifest, model: ir.Model) -> tuple[Path, Manifest]:
    """Write a graph of float32 as a bundle that nothing is known about."""
    folder.mkdir()
    file_format = FORMATS["onnx"]
    record = replace(manifest.model, file=file_format.file)
    plain = manifest.replace(
        model=file_format.save(model, folder, record), weights=None, evidence=None, tuned=None,
        status="unverified",
    )  # fmt: skip
    write_manifest(folder, plain)
    return folder, plain


def _answers(
    folder: Path, manifest: Manifest, question: Question, engine: str
) -> Sequence[Outputs]:
    samples = there_and_back(question.samples)
    run = run_worker(folder, samples, timeout_s=patience(manifest), engine=engine)
    return answers_of(manifest, run)[0]
