"""Send pictures through both pipelines, exchanging one stage after the other.

    reference      TensorFlow( normalise'( resize'( decode'(file) ) ) )
    + decode       TensorFlow( normalise'( resize'( decode (file) ) ) )
    + resize       TensorFlow( normalise'( resize ( decode (file) ) ) )
    + normalise    TensorFlow( normalise ( resize ( decode (file) ) ) )
    + net              OpenCV( normalise ( resize ( decode (file) ) ) )     the bundle

Primes are Keras' side. What the outputs change by from one line to the next is that stage's part
of the whole; what its own result changes by is held to its limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.bundle.manifest import Manifest, Preprocessing
from keras2cv.pixels.geometry import Placement, fit, place
from keras2cv.pixels.images import as_bgr, as_gray
from keras2cv.streams.reading import read_image
from keras2cv.tasks.postprocess import results_of
from keras2cv.tasks.result import Result
from keras2cv_export.end_to_end import reference_pictures as keras_side
from keras2cv_export.parity.tolerance import Tolerance
from keras2cv_export.tasks.agreement import PictureAgreement
from keras2cv_export.tasks.comparison import Agreement, agree_on, merge

from .own_function import Function, recognise
from .stages import (
    LEVELS,
    LOSSY_DECODER,
    OF_INPUT,
    OF_OUTPUT,
    EndToEnd,
    Limit,
    Stage,
    StageName,
    decode_limit,
    input_limit,
    output_limit,
    resize_limit,
)
from .way import Way

Array = np.ndarray[Any, Any]
Outputs = Mapping[str, Array]
Answer = Callable[[tuple[Array, ...]], Outputs]

SHOWN: Final = 8  # pictures whose pixels are kept for the page


@dataclass(frozen=True)
class Gap:
    """The largest and the mean difference between two arrays, and max |reference|."""

    largest: float
    mean: float
    scale: float

    @classmethod
    def between(cls, theirs: Array, ours: Array) -> Gap:
        """Measure two arrays; of another shape, they differ by everything."""
        if theirs.shape != ours.shape:
            return cls(255.0, 255.0, 255.0)
        gap = _differences(theirs, ours)
        return cls(float(gap.max()), float(gap.mean()), float(np.abs(theirs).max()))


@dataclass(frozen=True, eq=False)
class Seen:
    """What a page shows of a picture.

    Attributes:
        decoded: Keras' side and the bundle's, (H, W, C) uint8, RGB or gray.
        inputs: The net's inputs (h, w, C), of both sides.
        results: What both sides found; None where it is not finite.
    """

    decoded: tuple[Array, Array]
    inputs: tuple[Array, Array]
    results: tuple[Result, Result] | None


@dataclass(frozen=True, eq=False)
class Walked:
    """One picture that has gone its way on both sides; large arrays are kept of a few only.

    Attributes:
        path: The file.
        sizes_wh: Of the decoded picture, on both sides.
        gaps: Of the stages but the net, in order.
        outputs: The model's outputs at each line of the table above.
        part: How the results agree; None where they are not finite.
        seen: For the page; None beyond the first few.
    """

    path: Path
    sizes_wh: tuple[tuple[int, int], tuple[int, int]]
    gaps: tuple[Gap, ...]
    outputs: tuple[Outputs, ...]
    part: PictureAgreement | None
    seen: Seen | None


@dataclass(frozen=True, eq=False)
class Journey:
    """What was found, and the pictures it was found on."""

    report: EndToEnd
    walked: tuple[Walked, ...]


@dataclass(frozen=True, eq=False)
class _Trip:
    """What stays the same from picture to picture."""

    manifest: Manifest
    rules: Preprocessing
    way: Way | None  # None: only the whole of the user's function is known
    said: Way
    function: Function | None
    answer: Answer
    tolerance: Tolerance
    net_fails: bool


def walk(
    manifest: Manifest,
    pictures: Sequence[Path],
    way: Way,
    function: Function | None,
    *,
    drawn: bool,
    blobs: Sequence[Array],
    answers: tuple[Sequence[Outputs], Sequence[Outputs]],
    answer: Answer,
    tolerance: Tolerance,
    net_fails: bool,
) -> Journey:
    """Walk every picture, and say what each stage adds.

    Args:
        manifest: The bundle's, with preprocessing.
        pictures: Image files.
        way: How Keras' side reads them.
        function: The user's own preprocessing; it goes before `way`.
        drawn: Whether the pictures are not the user's.
        blobs: What the bundle makes of each, in Keras' layout, every row of the batch the same.
        answers: TensorFlow's and OpenCV's outputs for these blobs.
        answer: Asks TensorFlow.
        tolerance: What limits derive from.
        net_fails: Whether the net's own comparison failed; its verdict is taken from there.

    Raises:
        InputError: A picture cannot be read by one of the sides.
        MissingDependency: Pillow is needed, and not there.
        UsageError: The user's function does not give the model's input.
    """
    rules = manifest.preprocessing
    assert rules is not None  # noqa: S101 - the caller looked
    known: Way | None = way
    advice: tuple[str, ...] = ()
    if function is not None:
        known, advice = recognise(function, pictures, way, rules)
    trip = _Trip(manifest, rules, known, way, function, answer, tolerance, net_fails)
    walked = tuple(
        _walk_one(trip, path, blob, (expected, got), keep=index < SHOWN)
        for index, (path, blob, expected, got) in enumerate(
            zip(pictures, blobs, *answers, strict=True)
        )
    )
    stages = _stages(walked, trip)
    said = str(function) if function is not None else str(way)
    report = EndToEnd(
        f"{said}, which is {known}" if function is not None and known is not None else said,
        drawn,
        tuple(p.name for p in pictures),
        stages,
        _agreement(manifest, walked),
        advice + _advice(stages, known, rules),
    )
    return Journey(report, walked)


def _walk_one(
    trip: _Trip, path: Path, blob: Array, answers: tuple[Outputs, Outputs], *, keep: bool
) -> Walked:
    rules, way, function = trip.rules, trip.way, trip.function
    size_wh = (rules.size_wh[0], rules.size_wh[1])
    image = read_image(path)
    pixels = keras_side.as_rgb(image, rules.channels)
    decoded = pixels
    if way is None:
        assert function is not None  # noqa: S101 - one of both there is
        inputs: tuple[Array, ...] = (function(path), blob[0])
        gaps: tuple[Gap, ...] = (Gap.between(*inputs),)
    else:
        decoded = keras_side.decode(path, way, rules.channels)
        theirs, ours = keras_side.resize(pixels, size_wh, way), _resized(image, rules)
        first = keras_side.normalise(keras_side.resize(decoded, size_wh, way), way)
        inputs = (
            first if function is None else function(path),
            keras_side.normalise(theirs, way),
            keras_side.normalise(ours, way),
            blob[0],
        )
        gaps = (
            Gap.between(decoded, pixels),
            Gap.between(theirs, ours),
            Gap.between(inputs[2], inputs[3]),
        )
    outputs = _outputs(inputs, blob, answers, trip.answer)
    sizes_wh = (_size_wh(decoded), _size_wh(pixels))
    results = _results(trip, outputs, sizes_wh)
    return Walked(
        path,
        sizes_wh,
        gaps,
        outputs,
        _part(trip, results, outputs, sizes_wh),
        Seen((decoded, pixels), (inputs[0], inputs[-1]), results) if keep else None,
    )


def _size_wh(image: Array) -> tuple[int, int]:
    return image.shape[1], image.shape[0]


def _resized(image_bgr: Array, rules: Preprocessing) -> Array:
    """Return what the bundle makes of the picture before it scales it, as RGB or gray."""
    pixels = as_gray(image_bgr) if rules.color == "GRAY" else as_bgr(image_bgr)
    bars = None if rules.pad is None else (rules.pad,) * rules.channels
    size_wh = (rules.size_wh[0], rules.size_wh[1])
    resized, _ = fit(pixels, size_wh, rules.resize, rules.interpolation, bars)
    return resized[..., None] if rules.channels == 1 else resized[..., ::-1]


def _outputs(
    inputs: Sequence[Array], blob: Array, answers: tuple[Outputs, Outputs], answer: Answer
) -> tuple[Outputs, ...]:
    """Ask TensorFlow for each input that is not the one before; then come both last lines."""
    found: list[Outputs] = []
    for index, values in enumerate(inputs[:-1]):
        if index and np.array_equal(values, inputs[index - 1]):
            found.append(found[-1])
        else:
            batch = np.repeat(values[None], len(blob), axis=0).astype(blob.dtype)
            found.append(answer((batch,)))
    return (*found, *answers)


def _stages(walked: Sequence[Walked], trip: _Trip) -> tuple[Stage, ...]:
    shares = _shares(walked)
    limits = input_limit(trip.tolerance)
    if trip.way is None:
        whole = _measured("preprocess", 0, OF_INPUT, walked, limits, shares[0])
        return (whole, _net(walked, shares[1], output_limit(trip.tolerance), trip.net_fails))
    return (
        _decoding(walked, trip.rules, trip.way, shares[0]),
        _measured("resize", 1, LEVELS, walked, resize_limit(trip.tolerance), shares[1]),
        _measured("normalise", 2, OF_INPUT, walked, limits, shares[2]),
        _net(walked, shares[3], output_limit(trip.tolerance), trip.net_fails),
    )


def _decoding(walked: Sequence[Walked], rules: Preprocessing, way: Way, share: float) -> Stage:
    stage = _measured("decode", 0, LEVELS, walked, decode_limit(rules.channels), share)
    for w in walked:
        (width, height), ours = w.sizes_wh
        if (width, height) != ours:
            told = (
                f"Keras' side reads {width}x{height} pixels and OpenCV {ours[0]}x{ours[1]}: "
                "OpenCV turns pictures as their EXIF says."
            )
            return replace(stage, picture=w.path.name, remark=told)
    if stage.passed or way.decoder != "tf":
        return stage
    largest, mean = LOSSY_DECODER
    told = (
        "TensorFlow's default JPEG decoding trades pixels for speed, and OpenCV cannot repeat it."
    )
    return replace(stage, remark=told, excused=stage.largest <= largest and stage.mean <= mean)


def _net(walked: Sequence[Walked], share: float, limits: Limit, fails: bool) -> Stage:
    """Give the last step's difference, which its own comparison may have allowed by name."""
    worst, name, total, count = 0.0, walked[0].path.name, 0.0, 0
    for key, scale in _scales(walked).items():
        for w in walked:
            gap = _differences(w.outputs[-1][key], w.outputs[-2][key]) / scale
            total, count = total + float(gap.sum()), count + gap.size
            largest = float(np.nan_to_num(gap, nan=np.inf).max(initial=0.0))
            if largest > worst:
                worst, name = largest, w.path.name
    return Stage(
        "net", OF_OUTPUT, worst, total / max(count, 1), limits, share, name, excused=not fails
    )


def _measured(
    name: StageName,
    index: int,
    unit: str,
    walked: Sequence[Walked],
    limit: Limit,
    share: float,
) -> Stage:
    """Put the `index`-th gap of all pictures together, in `unit`."""
    gaps = [w.gaps[index] for w in walked]
    scale = max(gap.scale for gap in gaps) if unit == OF_INPUT else 1.0
    worst = int(np.argmax([gap.largest for gap in gaps]))
    mean = float(np.mean([gap.mean for gap in gaps]))
    return Stage(
        name,
        unit,
        gaps[worst].largest / (scale or 1.0),
        mean / (scale or 1.0),
        limit,
        share,
        walked[worst].path.name,
    )


def _differences(one: Array, two: Array) -> Array:
    result: Array = np.abs(one.astype(np.float64) - two.astype(np.float64))
    return result


def _scales(walked: Sequence[Walked]) -> dict[str, float]:
    """Give max |reference| of each output, over all pictures."""
    return {
        name: max(float(np.abs(w.outputs[0][name]).max()) for w in walked) or 1.0
        for name in walked[0].outputs[0]
    }


def _shares(walked: Sequence[Walked]) -> list[float]:
    """Divide the outputs' change among the steps: mean |step| of each, outputs scaled alike."""
    scales = _scales(walked)
    steps = [
        sum(
            float(_differences(w.outputs[k + 1][name], w.outputs[k][name]).mean()) / scale
            for w in walked
            for name, scale in scales.items()
        )
        for k in range(len(walked[0].outputs) - 1)
    ]
    if not np.isfinite(steps).all():  # all of the difference is where NaN or infinity arises
        steps = [float(not np.isfinite(step)) for step in steps]
    total = sum(steps)
    return [step / total if total > 0 else 0.0 for step in steps]


def _results(
    trip: _Trip, outputs: Sequence[Outputs], sizes_wh: tuple[tuple[int, int], tuple[int, int]]
) -> tuple[Result, Result] | None:
    """Read both sides' outputs as the task's results, each with its own geometry."""
    if not all(np.isfinite(array).all() for side in outputs for array in side.values()):
        return None
    size_wh = (trip.rules.size_wh[0], trip.rules.size_wh[1])
    rule = (trip.way or trip.said).rule
    theirs, ours = place(sizes_wh[0], size_wh, rule), place(sizes_wh[1], size_wh, trip.rules.resize)
    return (
        _result(trip.manifest, outputs[0], theirs),
        _result(trip.manifest, outputs[-1], ours),
    )


def _part(
    trip: _Trip,
    results: tuple[Result, Result] | None,
    outputs: Sequence[Outputs],
    sizes_wh: tuple[tuple[int, int], tuple[int, int]],
) -> PictureAgreement | None:
    if results is None or sizes_wh[0] != sizes_wh[1]:
        return None
    allowed = max(trip.tolerance.limits(name).max_abs for name in outputs[0])
    return agree_on(trip.manifest.task.kind, *results, allowed)


def _result(manifest: Manifest, outputs: Outputs, placement: Placement) -> Result:
    one = {o.name: outputs[o.name][:1] if o.batched else outputs[o.name] for o in manifest.outputs}
    return results_of(manifest.task, one, manifest.outputs, [placement])[0]


def _agreement(manifest: Manifest, walked: Sequence[Walked]) -> Agreement:
    """Put the pictures together; one that cannot be compared is not the same."""
    found = merge(manifest.task.kind, [w.part for w in walked if w.part is not None])
    return replace(found, samples=len(walked))


def _advice(stages: Sequence[Stage], way: Way | None, rules: Preprocessing) -> tuple[str, ...]:
    told = [s.remark for s in stages if s.excused and s.remark and not s.passed]
    if way is None:
        return tuple(told)
    by_name = {stage.name: stage for stage in stages}
    if by_name["resize"].problem:
        told.append(
            f"{by_name['resize'].share:.0%} of the difference is the resize: Keras' side does "
            f"{way.rule} by {way.interpolation}, the bundle {rules.resize} by "
            f"{rules.interpolation}. Export again with --resize {way.rule} "
            f"--interpolation {way.interpolation}, or say --reference-resize."
        )
    if by_name["normalise"].problem:
        told.append(
            f"{by_name['normalise'].share:.0%} of the difference is colour and scale: Keras' side "
            f"does {'its file' if way.preset == 'file' else f'the preset {way.preset}'}, the "
            f"bundle {rules.color}, mean {list(rules.mean)}, scale {rules.scale!r}, std "
            f"{list(rules.std)}. Export again with the right --preprocess."
        )
    return tuple(told)
