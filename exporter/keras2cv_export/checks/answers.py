"""The whole answer of a bundle: who is its reference, whether it agrees, and what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from keras2cv.bundle.manifest import Manifest
from keras2cv.pixels.image_file import read_image
from keras2cv_export.answers.answers_report import AnswersReport
from keras2cv_export.answers.comparing import (
    Case,
    answer_of,
    compare_with_library,
    compare_with_user,
)
from keras2cv_export.answers.library import PARTS, library_reference
from keras2cv_export.answers.reference_answers import ReferenceAnswers
from keras2cv_export.end_to_end.pictures import Pictures
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.tasks.contradictions import contradictions, places_out_of_unit
from keras2cv_export.verifying.question import Outputs, Question

from .doubts import doubts
from .findings import CheckFinding, Covered


@dataclass(frozen=True)
class Judged:
    """The answers' part of a check.

    Attributes:
        answers: The comparison with a reference; None where there is none.
        covered: What of the postprocessing was compared, and of the labels.
        findings: Contradictions, and what is unlikely.
    """

    answers: AnswersReport | None
    covered: tuple[Covered, ...]
    findings: tuple[CheckFinding, ...]


def judge_answers(
    manifest: Manifest,
    loaded: LoadedModel,
    cases: Sequence[Case],
    activations: Mapping[str, str],
    reference: ReferenceAnswers | None,
    *,
    own_samples: bool,
) -> Judged:
    """Compare the answers with the user's pipeline, or else with the model's own library.

    Args:
        manifest: The bundle's.
        loaded: The model.
        cases: The samples with both sides' outputs.
        activations: Output -> its last activation.
        reference: The user's answers; None without.
        own_samples: Whether the samples are the user's, and so like those of training.

    Raises:
        UsageError: The user's answers cannot be had, or read.
    """
    findings = tuple(_findings(manifest, cases, activations, own_samples=own_samples))
    if reference is not None:
        report = compare_with_user(manifest, cases, reference)
        parts = [Covered("postprocessing", reference.name)]
        if report.labels:
            parts.append(Covered("labels", reference.name))
        return Judged(report, tuple(parts), findings)
    library = library_reference(loaded, manifest, activations)
    if library is None:
        left = PARTS.get(manifest.task.kind, ())
        return Judged(None, (Covered("postprocessing", "", left),), findings)
    report = compare_with_library(manifest, cases, library)
    covered = (Covered("postprocessing", library.name, library.open),)
    if library.doubt:
        findings += (CheckFinding("postprocessing", "inconclusive", library.doubt),)
    return Judged(report, covered, findings)


def cases_of(
    pictures: Pictures, question: Question, candidates: Sequence[Outputs]
) -> tuple[Case, ...]:
    """Return the pictures as cases, or the samples where a picture is no whole sample."""
    count = len(pictures.paths) if len(question.samples[0]) == 1 else 0
    if not count:
        return tuple(
            Case(str(k), sample[0] if len(sample) == 1 else sample, None, expected, got)
            for k, (sample, expected, got) in enumerate(
                zip(question.samples, question.expected, candidates, strict=True)
            )
        )
    outputs = zip(question.expected[-count:], candidates[-count:], strict=True)
    parts = zip(names_of(pictures), pictures.paths, outputs, strict=True)
    return tuple(
        Case(name, str(path), read_image(path).shape[1::-1], expected, got)
        for name, path, (expected, got) in parts
    )


def names_of(pictures: Pictures) -> list[str]:
    """Return the pictures' names, or their whole paths where two have the same name."""
    names = [path.name for path in pictures.paths]
    if len(set(names)) == len(names):
        return names
    return [path.as_posix() for path in pictures.paths]


def _findings(
    manifest: Manifest,
    cases: Sequence[Case],
    activations: Mapping[str, str],
    *,
    own_samples: bool,
) -> Iterator[CheckFinding]:
    task, outputs = manifest.task, manifest.outputs
    samples = [case.expected for case in cases]
    for text in contradictions(task, outputs, samples, activations, like_training=own_samples):
        yield CheckFinding("postprocessing", "fail", text)
    if not own_samples:
        return
    for text in places_out_of_unit(task, outputs, samples):
        yield CheckFinding("postprocessing", "fail", text)
    results = [answer for case in cases if (answer := answer_of(manifest, case)) is not None]
    for text in doubts(results):
        yield CheckFinding("answers", "pass", text)
