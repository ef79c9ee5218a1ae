"""Evaluate a bundle on labelled data: the story."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol, TypeAlias

from keras2cv.errors import InputError, UsageError
from keras2cv.evaluation.answering import Answered, answers
from keras2cv.evaluation.evaluation_report import Evaluation, versions
from keras2cv.evaluation.labelled import BadTruthError, DataProblems, LabelledData
from keras2cv.evaluation.measures.classify import ClassifyMeasure
from keras2cv.evaluation.measures.detect import DetectMeasure
from keras2cv.evaluation.measures.make import BETTER, make_measure
from keras2cv.evaluation.outcome import Outcome
from keras2cv.evaluation.tally import Tally
from keras2cv.evaluation.thresholds import choose, parse_rule
from keras2cv.predictor import Predictor
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.result import Result
from keras2cv.tasks.task import Task

_LOWEST_SCORE: Final = 0.001  # of boxes, where a threshold is chosen
_AT_ONCE: Final = 16

Ticker: TypeAlias = Callable[[Answered], None]


class OtherPipeline(Protocol):
    """Another pipeline that answers the same samples, such as Keras' own."""

    @property
    def name(self) -> str:
        """Who it is, in words."""

    def answer(self, found: Sequence[Answered]) -> Sequence[Result | str]:
        """Return its result for each sample, or the reason why there is none."""


class Book(Protocol):
    """Keeps what was found of each sample, so that an interrupted evaluation can go on."""

    def earlier(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """Yield (name, record) of the samples that an earlier run has measured."""

    def write(self, name: str, record: Mapping[str, Any]) -> None:
        """Keep the record of a sample."""


def evaluate(
    models: Sequence[Predictor],
    data: LabelledData,
    *,
    batch: int | None = None,
    other: OtherPipeline | None = None,
    rule: str | None = None,
    book: Book | None = None,
    tick: Ticker | None = None,
) -> Evaluation:
    """Send the data through a bundle, and measure the answers.

    Args:
        models: Nets of the same bundle, which run at the same time.
        data: From `read_data`.
        batch: The most pictures in one run of a net; None: the bundle's.
        other: A pipeline to compare with.
        rule: "f1" or "precision=V": choose thresholds by it.
        book: Where records are kept.
        tick: Called with each answer.

    Raises:
        InputError: the data's classes are not the bundle's, or nothing of it can be measured.
        UsageError: the bundle does not take such data, or has no thresholds to choose.
        NetError: OpenCV fails.
    """
    started = time.perf_counter()
    model = models[0]
    manifest = model.manifest
    if rule is not None:
        parse_rule(rule, manifest.task)
    task = manifest.task if rule is not None else model.task  # a rule asks for boxes of any score
    begin, note = make_measure(replace(manifest, task=task), data)
    tally = Tally(begin(), begin() if other is not None else None, _copied(data.problems))
    tally.measure.chooses = rule is not None
    known = _earlier(tally, book)
    found = answers(models, data, batch or manifest.model.batch, known)
    for group in _groups(found, _AT_ONCE if other is not None else 1):
        _add_group(tally, group, other, book, tick)
    _require_some(tally, data)
    intervals, comparison = tally.compared(None if other is None else other.name)
    return Evaluation(
        str(model.folder),
        manifest.task.kind,
        data.place,
        data.form,
        tally.measure.count,
        tally.measure.numbers(),
        intervals,
        tally.problems,
        tally.worst_cases(),
        tuple(filter(None, (*data.notes, note, *_remarks(tally, model.task, rule)))),
        _environment(model),
        BETTER[manifest.task.kind],
        comparison,
        () if rule is None else choose(tally.measure, rule, manifest),
        rule or "",
        time.perf_counter() - started,
        manifest.model.sha256,
    )


def _copied(problems: DataProblems) -> DataProblems:
    """Return the problems of the data, to which those of the run are added."""
    found = DataProblems()
    found.counts.update(problems.counts)
    found.first += problems.first
    return found


def _require_some(tally: Tally, data: LabelledData) -> None:
    if not tally.measure.count:
        first = f" {tally.problems.first[0].text}" if tally.problems.first else ""
        raise InputError(f"Nothing of {data.place} could be measured.{first} Check the data.")


def _environment(model: Predictor) -> dict[str, str]:
    """Return the versions, and what the net runs on."""
    evidence = model.manifest.evidence
    return {
        **versions(),
        "device": model.device,
        "engine": model.engine,
        "tolerance": "" if evidence is None else evidence.tolerance,
    }


def _earlier(tally: Tally, book: Book | None) -> frozenset[str]:
    if book is None:
        return frozenset()
    names = set()
    for name, record in book.earlier():
        has_other = "other" in record
        if has_other != (tally.other is not None):
            raise UsageError(
                "The records are of an evaluation with another pipeline, or without. Name another "
                "file, or give the same --against."
            )
        try:
            theirs = Outcome.from_dict(name, record["other"]) if has_other else None
            tally.add(Outcome.from_dict(name, record), theirs)
        except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
            raise InputError(
                f"The record of {name} is none of this evaluation: {error}. Name another file, or "
                "leave out --resume to begin anew."
            ) from error
        names.add(name)
    return frozenset(names)


def _groups(found: Iterator[Answered], size: int) -> Iterator[list[Answered]]:
    while group := list(itertools.islice(found, size)):
        yield group


def _add_group(
    tally: Tally,
    group: Sequence[Answered],
    other: OtherPipeline | None,
    book: Book | None,
    tick: Ticker | None,
) -> None:
    good = [one for one in group if one.result is not None]
    for one in group:
        if one.result is None:
            tally.problems.note("picture unreadable", one.name, one.problem)
    theirs = [None] * len(good) if other is None else other.answer(good)
    for one, their in zip(good, theirs, strict=True):
        if isinstance(their, str):
            tally.problems.note("picture unreadable", one.name, their)
            continue
        try:
            outcomes = _outcomes(tally, one, their)
        except BadTruthError as error:
            tally.problems.note(error.kind, one.name, str(error))
            continue
        tally.add(*outcomes)
        if book is not None:
            record = outcomes[0].to_dict()
            more = {} if outcomes[1] is None else {"other": outcomes[1].to_dict()}
            book.write(one.name, {**record, **more})
    if tick is not None:
        for one in group:
            tick(one)


def _outcomes(tally: Tally, one: Answered, their: Result | None) -> tuple[Outcome, Outcome | None]:
    _check_size(one)
    ours = tally.measure.outcome(one.name, one.truth, one.result, one.image)
    if tally.other is None:
        return ours, None
    return ours, tally.other.outcome(one.name, one.truth, their, one.image)


def _check_size(one: Answered) -> None:
    """Raise for a picture of another size than its labels say: its boxes would be elsewhere."""
    if one.sample is None or one.sample.size_wh is None or one.image is None:
        return
    got = one.image.shape[1], one.image.shape[0]
    if got != one.sample.size_wh:
        width, height = one.sample.size_wh
        raise BadTruthError(
            "picture of another size",
            f"{one.name} is {got[0]}x{got[1]}, and its labels are for {width}x{height}.",
        )


def _remarks(tally: Tally, task: Task, rule: str | None) -> Iterator[str]:
    if isinstance(task.record, DetectRecord) and isinstance(tally.measure, DetectMeasure):
        if tally.measure.foreign:
            yield (
                f"{tally.measure.foreign} boxes are of classes that the data does not have; they "
                "do not count."
            )
        lowest = min(task.class_scores or (task.record.score,))
        if rule is None and lowest > _LOWEST_SCORE:
            yield (
                f"mAP ranks the boxes above the bundle's score of {lowest:g} only, as predict "
                "returns them; --score 0.001 ranks all, as COCO's own does."
            )
    unknown = tally.measure.unknown if isinstance(tally.measure, ClassifyMeasure) else 0
    if unknown:
        yield (
            f"{unknown} of {tally.measure.count} answers are unknown, by the bundle's thresholds; "
            "the numbers are of the best class of each."
        )
    if task.kind == "keypoints":
        yield "PCK measures by the object's longer side, or the picture's where no box is labelled."


def lowest_score(rule: str | None, score: float | None) -> float | None:
    """Return the score to load a detector with: low, where a threshold is chosen from its boxes."""
    return _LOWEST_SCORE if rule is not None and score is None else score
