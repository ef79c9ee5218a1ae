"""Whether a bundle's own proof is true: `selftest.npz`, and the evidence in its manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from keras2cv.bundle.golden_vectors import GoldenVectors, read_golden_vectors
from keras2cv.bundle.manifest import Evidence, Manifest, Measured
from keras2cv.bundle.reading import Bundle
from keras2cv.errors import BundleError, InputError, NetError
from keras2cv.selftest import BLOB_LIMIT, TINY, compare, picture_rows
from keras2cv.trial.running import run_worker
from keras2cv_export.parity.report import ParityReport
from keras2cv_export.parity.tolerance import Tolerance
from keras2cv_export.verifying.pictures import (
    PictureInput,
    has_golden_picture,
    has_golden_pictures,
)
from keras2cv_export.verifying.question import Answer
from keras2cv_export.verifying.verify import patience

from .findings import CheckFinding, Covered

Array = np.ndarray[Any, Any]

_METRIC: Final = "max_abs/max_ref"
_SLACK: Final = 1 + 1e-6  # decimals of a limit
# A limit may be looser where float32 itself is: a hundred times what is seen here, and no more than
# a hundred times the tolerance, nor a quarter of the largest value.
_LOOSER, _LOOSEST = 100.0, 0.25
# The same OpenCV on other samples is off by ten times more or less, never by a thousand times.
_FORGED: Final = 1000.0
# Of the largest value: float32 cannot be off by less and not be equal; where all were equal, other
# samples may still show rounding.
_LEAST, _LEAST_OF_NONE = 1e-8, 1e-5


@dataclass(frozen=True)
class ProofLimits:
    """How far a bundle's own proof may let outputs be off.

    Attributes:
        tolerance: This check's.
        reports: What this check measured.
    """

    tolerance: Tolerance
    reports: tuple[ParityReport, ...]

    def of(self, name: str) -> float:
        """Return the loosest limit for an output, of its largest value."""
        own = self.tolerance.limits(name).max_abs
        outputs = (o for report in self.reports for o in report.outputs if o.name == name)
        seen = max((o.metrics.max_ratio for o in outputs if o.metrics is not None), default=0.0)
        looser = min(_LOOSER * seen, _LOOSER * own, _LOOSEST)
        return max(own, looser) * _SLACK


@dataclass(frozen=True)
class WhoAnswers:
    """Who answers for the model.

    Attributes:
        name: For messages.
        ask: Asks him; None where his answers are not to be had.
        why_not: The reason, where they are not.
    """

    name: str
    ask: Answer | None
    why_not: str = ""


def check_selftest(
    bundle: Bundle, who: WhoAnswers, limits: ProofLimits
) -> tuple[Covered, tuple[CheckFinding, ...]]:
    """Compare the golden vectors with the model's own answers, and their limits with this check's.

    Args:
        bundle: The bundle.
        who: Who answers for the model.
        limits: How far outputs may be off.
    """
    if not bundle.selftest_path.is_file():
        return Covered("self-test", "", ("the bundle has none",)), ()
    try:
        vectors = read_golden_vectors(bundle.selftest_path, bundle.manifest)
    except BundleError as error:
        return Covered("self-test", "the file's form"), (_wrong(str(error)),)
    loose = tuple(_loose(bundle.manifest, vectors, limits))
    if who.ask is None:
        return Covered("self-test", "", (who.why_not,)), loose
    found = (
        *loose,
        *_samples(bundle.manifest, vectors, who, limits.tolerance),
        *_image(bundle.manifest, vectors, who, limits.tolerance),
        *_pictures(bundle.manifest, vectors),
    )
    return Covered("self-test", who.name), found


def _wrong(text: str) -> CheckFinding:
    return CheckFinding("self-test", "fail", text)


def _loose(
    manifest: Manifest, vectors: GoldenVectors, limits: ProofLimits
) -> Iterator[CheckFinding]:
    for output, limit in zip(manifest.outputs, vectors.tolerances, strict=True):
        allowed = limits.of(output.name)
        if limit > allowed:
            yield _wrong(
                f"selftest.npz allows {output.name} to be off by {limit:g} of its largest value, "
                f"and this check by {allowed:.3g}. Give the --tolerance of the export, or export "
                "again."
            )


def _samples(
    manifest: Manifest, vectors: GoldenVectors, who: WhoAnswers, tolerance: Tolerance
) -> Iterator[CheckFinding]:
    assert who.ask is not None  # noqa: S101 - the caller looked
    for k, sample in enumerate(vectors.samples):
        if misfit := _misfit(manifest, sample.inputs):
            yield _wrong(f"selftest.npz does not fit the model: sample {k} {misfit}.")
            return
        problem = _difference(manifest, sample.outputs, who.ask(sample.inputs), tolerance, False)
        if problem:
            yield _wrong(
                f"selftest.npz holds other answers to sample {k} than {who.name} gives: {problem}. "
                "It may be another model's. Export again."
            )
            return


def _misfit(manifest: Manifest, inputs: Sequence[Array]) -> str:
    for tensor, array in zip(manifest.inputs, inputs, strict=True):
        if array.shape != tensor.keras_shape or array.dtype != np.dtype(tensor.dtype):
            return (
                f"has {tensor.name} as {array.shape} {array.dtype}, and it is "
                f"{tensor.keras_shape} {tensor.dtype}"
            )
    return ""


def _difference(
    manifest: Manifest,
    stored: Sequence[Array],
    expected: Mapping[str, Array],
    tolerance: Tolerance,
    one: bool,
) -> str:
    """Return how stored outputs differ from the model's, of `one` sample or of a batch."""
    for output, array in zip(manifest.outputs, stored, strict=True):
        right = expected[output.name]
        right = right[:1] if one and output.batched else right
        row = compare("", output.name, array, right, tolerance.limits(output.name).max_abs)
        if not row.passed:
            return f"{output.name} {row.problem or f'is off by {row.measured:.2g}'}"
    return ""


def _image(
    manifest: Manifest, vectors: GoldenVectors, who: WhoAnswers, tolerance: Tolerance
) -> Iterator[CheckFinding]:
    assert who.ask is not None  # noqa: S101 - the caller looked
    rules = manifest.preprocessing
    if rules is None or not has_golden_picture(manifest):
        if vectors.image is not None:
            yield _wrong("selftest.npz has a picture, and the bundle takes arrays. Export again.")
        return
    if vectors.image is None:
        yield _wrong("selftest.npz has no picture, and the bundle takes pictures. Export again.")
        return
    try:
        blob, keras = PictureInput(manifest)(vectors.image.decode(rules.bits))
    except BundleError as error:
        yield _wrong(str(error))
        return
    row = compare("image", "blob", vectors.image.blob, blob, BLOB_LIMIT)
    if not row.passed:
        how = row.problem or f"off by {row.measured:.2g}"
        yield _wrong(f"selftest.npz holds another blob of its picture ({how}). Export again.")
    if problem := _difference(manifest, vectors.image.outputs, who.ask((keras,)), tolerance, True):
        yield _wrong(
            f"selftest.npz holds other answers to its picture than {who.name} gives: {problem}. "
            "Export again."
        )


def _pictures(manifest: Manifest, vectors: GoldenVectors) -> Iterator[CheckFinding]:
    if not has_golden_pictures(manifest):
        return
    if not vectors.pictures:
        yield _wrong("selftest.npz has no picture, and the bundle takes pictures. Export again.")
        return
    try:
        rows = list(picture_rows(manifest, vectors.pictures))
    except InputError as error:
        yield _wrong(f"selftest.npz has a picture that the bundle does not take: {error}")
        return
    for row in rows:
        if not row.passed:
            how = row.problem or f"off by {row.measured:.2g}"
            yield _wrong(f"selftest.npz holds another {row.output} for its picture ({how}). "
                         "Export again.")  # fmt: skip


def check_evidence(
    manifest: Manifest,
    limits: ProofLimits,
    by_engine: Mapping[str, ParityReport],
    again: Callable[[str], Mapping[str, float]],
) -> tuple[CheckFinding, ...]:
    """Compare the evidence's limits with this check's, and its figures with those seen here.

    Args:
        manifest: The bundle's.
        limits: How far outputs may be off.
        by_engine: What was seen here, on other samples than the export's.
        again: Engine -> how far each output is off on samples of the export.
    """
    if manifest.evidence is None:
        return ()
    return tuple(_of_evidence(manifest.evidence, limits, by_engine, again))


def _of_evidence(
    evidence: Evidence,
    limits: ProofLimits,
    by_engine: Mapping[str, ParityReport],
    again: Callable[[str], Mapping[str, float]],
) -> Iterator[CheckFinding]:
    for run in evidence.runs:
        seen = by_engine.get(run.engine) if run.opencv == cv2.__version__ else None
        for claim in run.outputs:
            allowed = limits.of(claim.name)
            if claim.metric == _METRIC and claim.limit > allowed:
                yield CheckFinding(
                    "evidence",
                    "fail",
                    f"the manifest allowed {claim.name} to be off by {claim.limit:g}, and this "
                    f"check by {allowed:.3g}. Give the --tolerance of the export, or export again.",
                )
            measured = _seen(seen, claim.name) if claim.metric == _METRIC else 0.0
            if measured > _most(claim) and (own := again(run.engine)[claim.name]) > _most(claim):
                yield CheckFinding(
                    "evidence",
                    "fail",
                    f"the manifest says that {claim.name} is off by {claim.measured:.1g} on this "
                    f"OpenCV's {run.engine} engine, and it is by {own:.1g}. Export again.",
                )


def _most(claim: Measured) -> float:
    """Return how far an output may be off where the evidence says so."""
    least = _LEAST if claim.measured > 0 else _LEAST_OF_NONE
    return max(_FORGED * claim.measured, least)


def errors_again(bundle: Bundle, engine: str) -> dict[str, float]:
    """Run the golden samples, which are some of the export's, and return each output's error.

    Saturated probabilities may be off by 1e-11 on the export's samples and by 1e-7 on others, so
    that a figure is held against the samples that it was measured on. Of a net that does not run,
    and without golden samples, the errors are 0: others say that.
    """
    names = [output.name for output in bundle.manifest.outputs]
    try:
        vectors = read_golden_vectors(bundle.selftest_path, bundle.manifest)
        asked = [sample.inputs for sample in vectors.samples]
        found = run_worker(bundle.folder, asked, engine=engine, timeout_s=patience(bundle.manifest))
    except (BundleError, NetError):
        return dict.fromkeys(names, 0.0)
    errors = {}
    for k, name in enumerate(names):
        expected = np.stack([sample.outputs[k] for sample in vectors.samples]).astype(np.float64)
        got = np.stack([outputs[k] for outputs in found.outputs]).astype(np.float64)
        usable = np.isfinite(expected) & np.isfinite(got)
        expected, got = expected[usable], got[usable]
        scale = max(float(np.abs(expected).max(initial=0.0)), TINY)
        errors[name] = float(np.abs(got - expected).max(initial=0.0)) / scale
    return errors


def _seen(report: ParityReport | None, name: str) -> float:
    outputs = () if report is None else report.outputs
    checks = (c for o in outputs if o.name == name for c in o.checks if c.metric == _METRIC)
    return next((check.measured for check in checks), 0.0)
