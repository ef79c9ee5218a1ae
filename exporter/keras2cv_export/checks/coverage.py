"""The parts of the way from a file to an answer, each with its reference, or without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from keras2cv.bundle.manifest import Manifest, Preprocessing
from keras2cv.pixels.geometry import PADDING_RULES
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv_export.end_to_end.reference_sources import PictureSources

from .findings import Covered

_LIBRARIES = "Pillow, TensorFlow or OpenCV"


def coverage(
    manifest: Manifest,
    sources: Mapping[str, PictureSources],
    others: Sequence[Covered],
    *,
    judge: str,
    labels_given: bool,
) -> tuple[Covered, ...]:
    """Return all parts, in the order of the way.

    Args:
        manifest: The bundle's.
        sources: Who says how pictures were read in training, by the inputs' names; those that no
            picture was compared for are not in it.
        others: What was compared of the answers, the names and the self-test.
        judge: Who answers for the model.
        labels_given: Whether the user gave the labels to compare with.
    """
    answers = [part for part in others if part.name in ("postprocessing", "labels")]
    rest = [part for part in others if part not in answers]
    return (
        *_of_all_pictures(manifest, sources),
        Covered("net", judge),
        Covered("storage", "the file"),
        *answers,
        *_of_labels(manifest, answers, labels_given=labels_given),
        *_of_points(manifest),
        *rest,
    )


def _of_all_pictures(
    manifest: Manifest, sources: Mapping[str, PictureSources]
) -> Iterator[Covered]:
    several = len(manifest.pictures) > 1
    for rules in manifest.pictures:
        for part in (*_of_pictures(rules, sources.get(rules.input)), *_of_clips(rules)):
            yield replace(part, name=f"{part.name} of {rules.input}") if several else part


def _of_pictures(rules: Preprocessing | None, sources: PictureSources | None) -> Iterator[Covered]:
    if rules is None:
        return
    if sources is None:
        yield Covered("preprocessing", "", ("no picture was given",))
        return
    yield Covered("decode", _LIBRARIES)
    has_bars = rules.resize in PADDING_RULES
    bars = (f"bars of {rules.pad}",) if has_bars and not sources.pad else ()
    how = f"{rules.resize} by {rules.interpolation}"
    yield Covered("resize", sources.resize, bars if sources.resize else (how, *bars))
    numbers = () if sources.normalise else ("colour order", "mean", "scale", "std")
    yield Covered("normalise", sources.normalise, numbers)


def _of_clips(rules: Preprocessing) -> Iterator[Covered]:
    """Nobody but the bundle says which frames of a video make a clip."""
    if rules.clip is not None:
        yield Covered("clips", "", (f"stride {rules.clip.stride}", f"hop {rules.clip.hop}"))


def _of_points(manifest: Manifest) -> Iterator[Covered]:
    """Nobody but the bundle says what the points of a box are called, and which lines join them."""
    record = manifest.task.record
    points = record.points if isinstance(record, DetectRecord) else None
    if points is not None and (points.labels or points.skeleton):
        named = (("names", points.labels), ("skeleton", points.skeleton))
        yield Covered("points", "", tuple(name for name, value in named if value))


def _of_labels(
    manifest: Manifest, answers: Sequence[Covered], *, labels_given: bool
) -> Iterator[Covered]:
    if manifest.task.labels is None or any(part.name == "labels" for part in answers):
        return
    yield Covered("labels", "--labels" if labels_given else "")
