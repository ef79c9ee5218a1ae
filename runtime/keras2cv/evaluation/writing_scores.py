"""Put chosen thresholds, with their evidence, into a bundle's manifest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from keras2cv.bundle.chosen_scores import ChosenScore, ChosenScores
from keras2cv.bundle.local_tuning import SIDE_FILE
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.bundle.writing import require_place, write_bundle
from keras2cv.errors import UsageError
from keras2cv.evaluation.evaluation_report import Evaluation
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.segment.record import SegmentRecord
from keras2cv.tasks.task import Task


def require_writable(bundle: Path, manifest: Manifest) -> None:
    """Raise unless thresholds can be put into the bundle.

    Raises:
        UsageError: its scores are no shares, its classes have no labels, or its place cannot be
            written.
    """
    kind = manifest.task.kind
    if manifest.task.scores == "linear":
        raise UsageError(
            "The scores of this classifier are linear, and thresholds are shares from 0 to 1. "
            "Leave --write out: the thresholds are in the report."
        )
    if kind in ("detect", "classify") and manifest.task.labels is None:
        raise UsageError(
            f"{bundle} has no labels, by which thresholds would be kept. Export it with --labels."
        )
    require_place(bundle)


def write_scores(bundle: Path, found: Evaluation) -> Bundle:
    """Write the thresholds of an evaluation into its bundle, which is replaced as a whole.

    Raises:
        BundleError: the bundle is no longer the one that was evaluated.
        UsageError: no threshold was found, or it cannot be written.
    """
    if not found.choices:
        raise UsageError(
            f"No threshold was found by {found.rule} for any class. Give another rule."
        )
    now = read_bundle(bundle)
    manifest = now.manifest
    if manifest.model.sha256 != found.model_sha256:
        raise UsageError(f"{bundle} was replaced while it was evaluated. Evaluate it again.")
    chosen = ChosenScores(
        found.rule,
        f"{Path(found.data).name}: {found.form}"[:1000],
        found.count,
        found.runs["opencv"],
        tuple(
            ChosenScore(c.label, c.score, c.precision, c.recall, c.f1, c.support)
            for c in found.choices
        ),
    )
    task = _decided(manifest, found)
    models = [manifest.model.file, *(form.file for form in manifest.forms or ())]
    files: dict[str, bytes | Path] = {name: now.folder / name for name in models}
    if now.selftest_path.exists():
        files[now.selftest_path.name] = now.selftest_path
    if (tuned := now.folder / SIDE_FILE).is_file() and not tuned.is_symlink():
        files[SIDE_FILE] = tuned
    return write_bundle(bundle, manifest.replace(task=task, chosen_scores=chosen), files)


def _decided(manifest: Manifest, found: Evaluation) -> Task:
    task = manifest.task
    if isinstance(task.record, SegmentRecord):
        return replace(task, record=replace(task.record, threshold=found.choices[0].score))
    return replace(task, class_scores=_class_scores(manifest, found))


def _class_scores(manifest: Manifest, found: Evaluation) -> tuple[float, ...]:
    """Return a threshold for each label: the chosen one, or else the one that it has."""
    if manifest.task.kind == "binary":
        return (found.choices[0].score,)
    labels = manifest.task.labels or ()
    record = manifest.task.record
    least = record.score if isinstance(record, DetectRecord) else 0.0
    own = manifest.task.class_scores or (least,) * len(labels)
    chosen = {one.label: one.score for one in found.choices}
    return tuple(chosen.get(label, score) for label, score in zip(labels, own, strict=True))
