"""Ask the reference for every sample, and compare its answers with the bundle's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import UsageError
from keras2cv.net.overflow import OVERFLOWN, overflows_alike
from keras2cv.pixels.geometry import Placement, place
from keras2cv.tasks.postprocess import results_of, unplaced
from keras2cv.tasks.result import Result
from keras2cv.tasks.task import Task
from keras2cv_export.tasks.answer_match import AnswerFormError, AnswerLimits, AnswerMatch, match
from keras2cv_export.tasks.plain import plain
from keras2cv_export.tasks.readable import AS_THEY_ARE, readable

from .answers_report import AnswersReport
from .library import LibraryReference
from .reference_answers import ReferenceAnswers

Array = np.ndarray[Any, Any]
Outputs = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Case:
    """One sample.

    Attributes:
        name: The file's name, or the sample's number.
        sample: What a user's function is given: a picture's path, or the sample's arrays.
        source_wh: The picture's size; None for arrays.
        expected: TensorFlow's outputs for the bundle's own input.
        outputs: OpenCV's outputs.
    """

    name: str
    sample: Any
    source_wh: tuple[int, int] | None
    expected: Outputs
    outputs: Outputs


def compare_with_user(
    manifest: Manifest, cases: Sequence[Case], reference: ReferenceAnswers
) -> AnswersReport:
    """Compare the bundle's answers with those of the user's own pipeline.

    Raises:
        UsageError: The pipeline fails, is too slow, or an answer cannot be read.
    """
    reference.require_names([case.name for case in cases])
    limits = _limits(manifest, cases)
    matches, named = [], False
    for case in cases:
        if (lost := _overflown(manifest, case)) is not None:
            matches.append(lost)
            continue
        given = _placed(reference.answer(case.name, case.sample), reference.folder)
        try:
            matches.append(_match(manifest, case, given, limits))
            named = named or _names_classes(given)
        except AnswerFormError as error:
            raise reference.unread(case.name, error) from error
    names = tuple(case.name for case in cases)
    return AnswersReport(reference.name, names, tuple(matches), labels=named)


def compare_with_library(
    manifest: Manifest, cases: Sequence[Case], library: LibraryReference
) -> AnswersReport:
    """Compare the bundle's answers with TensorFlow's outputs, read as the library reads them."""
    limits = _limits(manifest, cases)
    matches = []
    for case in cases:
        if (lost := _overflown(manifest, case)) is not None:
            matches.append(lost)
            continue
        theirs = _answered(manifest, library.task, case, case.expected)
        if isinstance(theirs, str):
            matches.append(AnswerMatch(theirs))
            continue
        try:
            matches.append(_match(manifest, case, plain(theirs), limits))
        except AnswerFormError as error:
            matches.append(AnswerMatch(f"the library's answer {error}"))
    return AnswersReport(library.name, tuple(c.name for c in cases), tuple(matches))


def _match(manifest: Manifest, case: Case, given: Any, limits: AnswerLimits) -> AnswerMatch:
    ours = _answered(manifest, manifest.task, case, case.outputs)
    if isinstance(ours, str):
        return AnswerMatch(ours)
    return match(manifest.task.kind, given, ours, limits)


def answer_of(manifest: Manifest, case: Case) -> Result | None:
    """Return the bundle's own answer; None where there is none."""
    found = _answered(manifest, manifest.task, case, case.outputs)
    return None if isinstance(found, str) else found


def _answered(manifest: Manifest, task: Task, case: Case, outputs: Outputs) -> Result | str:
    """Return the result of a task, or why there is none, as a clause."""
    read = outputs if task.kind in AS_THEY_ARE else readable(outputs)
    if read is None:
        return "the outputs are not finite"
    one = {o.name: read[o.name][:1] if o.batched else read[o.name] for o in manifest.outputs}
    try:
        return results_of(task, one, manifest.outputs, [placement_of(manifest, case.source_wh)])[0]
    except UsageError as error:
        return f"there is no answer: {error}"


def _overflown(manifest: Manifest, case: Case) -> AnswerMatch | None:
    """Return the match of a sample whose outputs are NaN or infinite; None if it can be answered.

    NaN or infinity beside TensorFlow's number is a difference. A sample of which TensorFlow itself
    has no number says nothing, unless both overflow alike, and the task reads such outputs.
    """
    nothing = False
    for name, theirs in case.expected.items():
        lost, ours = ~np.isfinite(theirs), case.outputs[name]
        alike = overflows_alike(theirs, ours)
        if (~np.isfinite(ours) & ~lost & ~alike).any():
            return AnswerMatch("the outputs are not finite")
        nothing = nothing or bool((lost & ~alike).any())
        nothing = nothing or (manifest.task.kind not in AS_THEY_ARE and bool(np.isnan(ours).any()))
    return AnswerMatch("the model's own outputs are not finite", near_tie=True) if nothing else None


def placement_of(manifest: Manifest, source_wh: tuple[int, int] | None) -> Placement:
    """Return where a picture of that size lies in the bundle's input."""
    rules = manifest.preprocessing
    if rules is None or source_wh is None:
        return unplaced(manifest.image_size_wh, 1)[0]
    return place(source_wh, (rules.size_wh[0], rules.size_wh[1]), rules.resize)


def _names_classes(given: Any) -> bool:
    """Whether an answer has a name in it, and not a class number written as text."""
    if isinstance(given, str):
        return not given.isdecimal()
    if isinstance(given, Mapping):
        return any(_names_classes(value) for key, value in given.items() if key != "task")
    return isinstance(given, tuple | list) and any(map(_names_classes, given))


def _limits(manifest: Manifest, cases: Sequence[Case]) -> AnswerLimits:
    limits = AnswerLimits(task=manifest.task)
    if manifest.task.kind != "regress" or manifest.task.output is None:
        return limits
    values = [np.abs(case.outputs[manifest.task.output][0]).ravel() for case in cases]
    ordinary = [np.where(sizes < OVERFLOWN, sizes, 0.0) for sizes in values]
    return replace(limits, scale=np.max(ordinary, axis=0))


def _placed(given: Any, folder: Path | None) -> Any:
    """Take a file's relative paths from its folder."""
    if folder is None or not isinstance(given, str) or not (folder / given).is_file():
        return given
    return str(folder / given)
