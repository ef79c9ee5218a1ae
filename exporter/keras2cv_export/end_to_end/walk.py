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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.geometry import Placement, fit, place
from keras2cv.images import as_bgr, as_gray
from keras2cv.manifest import Manifest, Preprocessing
from keras2cv.postprocess import IN_PIXELS, POSTPROCESSORS
from keras2cv.results import Result
from keras2cv.sources import read_image
from keras2cv_export import reference_pictures as keras_side
from keras2cv_export.agreement import Agreement, agree
from keras2cv_export.tolerance import Tolerance

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
    resize_limit,
)
from .way import Way

Array = np.ndarray[Any, Any]
Outputs = Mapping[str, Array]
Answer = Callable[[tuple[Array, ...]], Outputs]


@dataclass(frozen=True, eq=False)
class Walked:
    """One picture on its way, both sides.

    Attributes:
        path: The file.
        decoded: Keras' side and the bundle's, (H, W, C) uint8, RGB or gray.
        resized: The bundle's pixels through both resizes, (h, w, C).
        inputs: The model's input (h, w, C) at each line of the table above but the last.
        outputs: The model's outputs at each line, the batch cut to one sample.
    """

    path: Path
    decoded: tuple[Array, Array]
    resized: tuple[Array, Array]
    inputs: tuple[Array, ...]
    outputs: tuple[Outputs, ...]


@dataclass(frozen=True, eq=False)
class Journey:
    """What was found, and the pictures it was found on."""

    report: EndToEnd
    walked: tuple[Walked, ...]
    results: tuple[tuple[Result, Result], ...]  # Keras' side and the bundle's, per picture


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
    walked = tuple(
        _walk_one(path, rules, known, function, blob, (expected, got), answer)
        for path, blob, expected, got in zip(pictures, blobs, *answers, strict=True)
    )
    stages = _stages(walked, rules, known, tolerance)
    results = _results(manifest, walked, way if known is None else known)
    said = str(function) if function is not None else str(way)
    report = EndToEnd(
        f"{said}, which is {known}" if function is not None and known is not None else said,
        drawn,
        tuple(p.name for p in pictures),
        stages,
        _agreement(manifest, walked, results, tolerance),
        advice + _advice(stages, known, rules),
    )
    return Journey(report, walked, results)


def _walk_one(
    path: Path,
    rules: Preprocessing,
    way: Way | None,
    function: Function | None,
    blob: Array,
    answers: tuple[Outputs, Outputs],
    answer: Answer,
) -> Walked:
    size_wh = (rules.size_wh[0], rules.size_wh[1])
    image = read_image(path)
    pixels = keras_side.as_rgb(image, rules.channels)
    ours = _resized(image, rules)
    if way is None:  # only the whole of the user's function is known
        assert function is not None  # noqa: S101 - one of both there is
        inputs: tuple[Array, ...] = (function(path), blob[0])
        decoded, theirs = pixels, ours
    else:
        decoded = keras_side.decode(path, way, rules.channels)
        theirs = keras_side.resize(pixels, size_wh, way)
        first = keras_side.normalise(keras_side.resize(decoded, size_wh, way), way)
        if function is not None:
            first = function(path)
        inputs = (
            first,
            keras_side.normalise(theirs, way),
            keras_side.normalise(ours, way),
            blob[0],
        )
    outputs = _outputs(inputs, blob, answers, answer)
    return Walked(path, (decoded, pixels), (theirs, ours), inputs, outputs)


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


def _stages(
    walked: Sequence[Walked], rules: Preprocessing, way: Way | None, tolerance: Tolerance
) -> tuple[Stage, ...]:
    shares = _shares(walked)
    limits = input_limit(tolerance)
    if way is None:
        pairs = [(w.inputs[0], w.inputs[1]) for w in walked]
        whole = _measured("preprocess", OF_INPUT, pairs, walked, limits, shares[0], of_scale=True)
        return (whole, _net(walked, shares[1], limits))
    return (
        _decoding(walked, rules, way, shares[0]),
        _measured(
            "resize",
            LEVELS,
            [w.resized for w in walked],
            walked,
            resize_limit(tolerance),
            shares[1],
        ),
        _measured(
            "normalise",
            OF_INPUT,
            [(w.inputs[2], w.inputs[3]) for w in walked],
            walked,
            limits,
            shares[2],
            of_scale=True,
        ),
        _net(walked, shares[3], limits),
    )


def _decoding(walked: Sequence[Walked], rules: Preprocessing, way: Way, share: float) -> Stage:
    for w in walked:
        theirs, ours = w.decoded
        if theirs.shape != ours.shape:
            return Stage(
                "decode", LEVELS, 255.0, 255.0, decode_limit(rules.channels), share, w.path.name,
                f"Keras' side reads {theirs.shape[1]}x{theirs.shape[0]} pixels and OpenCV "
                f"{ours.shape[1]}x{ours.shape[0]}: OpenCV turns pictures as their EXIF says.",
            )  # fmt: skip
    pairs = [w.decoded for w in walked]
    stage = _measured("decode", LEVELS, pairs, walked, decode_limit(rules.channels), share)
    if stage.passed or way.decoder != "tf":
        return stage
    largest, mean = LOSSY_DECODER
    return Stage(
        stage.name, stage.unit, stage.largest, stage.mean, stage.limit, share, stage.picture,
        "TensorFlow's default JPEG decoding trades pixels for speed, and OpenCV cannot repeat it.",
        excused=stage.largest <= largest and stage.mean <= mean,
    )  # fmt: skip


def _net(walked: Sequence[Walked], share: float, limits: Limit) -> Stage:
    """Give the last step's difference; its verdict is the parity report's, not this one's."""
    worst, name, total, count = 0.0, walked[0].path.name, 0.0, 0
    for key, scale in _scales(walked).items():
        for w in walked:
            gap = _differences(w.outputs[-1][key], w.outputs[-2][key]) / scale
            total, count = total + float(gap.sum()), count + gap.size
            largest = float(np.nan_to_num(gap, nan=np.inf).max(initial=0.0))
            if largest > worst:
                worst, name = largest, w.path.name
    return Stage("net", OF_OUTPUT, worst, total / max(count, 1), limits, share, name, excused=True)


def _measured(
    name: StageName,
    unit: str,
    pairs: Sequence[tuple[Array, Array]],
    walked: Sequence[Walked],
    limit: Limit,
    share: float,
    *,
    of_scale: bool = False,
) -> Stage:
    scale = max(float(np.abs(theirs).max()) for theirs, _ in pairs) if of_scale else 1.0
    gaps = [_differences(theirs, ours) / (scale or 1.0) for theirs, ours in pairs]
    worst = int(np.argmax([gap.max() for gap in gaps]))
    mean = float(np.mean([gap.mean() for gap in gaps]))
    return Stage(name, unit, float(gaps[worst].max()), mean, limit, share, walked[worst].path.name)


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
    manifest: Manifest, walked: Sequence[Walked], way: Way
) -> tuple[tuple[Result, Result], ...]:
    """Read both sides' outputs as the task's results, each with its own geometry."""
    if not all(np.isfinite(a).all() for w in walked for side in w.outputs for a in side.values()):
        return ()
    rules = manifest.preprocessing
    assert rules is not None  # noqa: S101 - the caller looked
    pairs = []
    for w in walked:
        sizes = [image.shape[1::-1] for image in w.decoded]
        size_wh = (rules.size_wh[0], rules.size_wh[1])
        theirs = place((sizes[0][0], sizes[0][1]), size_wh, way.rule)
        ours = place((sizes[1][0], sizes[1][1]), size_wh, rules.resize)
        pairs.append(
            (_result(manifest, w.outputs[0], theirs), _result(manifest, w.outputs[-1], ours))
        )
    return tuple(pairs)


def _result(manifest: Manifest, outputs: Outputs, placement: Placement) -> Result:
    one = {o.name: outputs[o.name][:1] if o.batched else outputs[o.name] for o in manifest.outputs}
    kind = manifest.task.kind
    if (in_pixels := IN_PIXELS.get(kind)) is not None:
        return in_pixels(manifest.task, one, [placement])[0]
    return POSTPROCESSORS[kind](manifest.task, one)[0]


def _agreement(
    manifest: Manifest,
    walked: Sequence[Walked],
    results: Sequence[tuple[Result, Result]],
    tolerance: Tolerance,
) -> Agreement:
    kind = manifest.task.kind
    if not results or any(w.decoded[0].shape != w.decoded[1].shape for w in walked):
        return Agreement(kind, len(walked), 0)
    allowed = max(tolerance.limits(name).max_abs for name in walked[0].outputs[0])
    return agree(kind, [r for r, _ in results], [c for _, c in results], allowed)


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
