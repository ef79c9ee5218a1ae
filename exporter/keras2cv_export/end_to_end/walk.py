"""Send pictures through both pipelines, exchanging one stage after the other.

    reference      TensorFlow( normalise'( resize'( decode'(file) ) ) )
    + decode       TensorFlow( normalise'( resize'( decode (file) ) ) )
    + resize       TensorFlow( normalise'( resize ( decode (file) ) ) )
    + normalise    TensorFlow( normalise ( resize ( decode (file) ) ) )
    + net              OpenCV( normalise ( resize ( decode (file) ) ) )     the bundle

Primes mark Keras' side. The change of the outputs from one line to the next is that stage's part of
the whole difference. The change of the stage's own result must keep its limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from keras2cv.bundle.manifest import Manifest, Preprocessing
from keras2cv.pixels.geometry import Placement, fit, place
from keras2cv.pixels.image_file import read_image
from keras2cv.pixels.images import as_bgr, as_gray
from keras2cv.tasks.postprocess import results_of
from keras2cv.tasks.result import Result
from keras2cv_export.end_to_end import reference_pictures as keras_side
from keras2cv_export.parity.tolerance import Tolerance
from keras2cv_export.tasks.agreement import PictureAgreement
from keras2cv_export.tasks.comparison import Agreement, agree_on, merge
from keras2cv_export.tasks.readable import readable

from .decisions import is_changed, margins_of
from .own_function import Function, recognise
from .reference_preprocessing import ReferencePreprocessing
from .stage_shares import advice_on, stages_of
from .stages import EndToEnd
from .walked import (
    SHOWN,
    Answer,
    Array,
    Gap,
    Journey,
    Outputs,
    Setup,
    ShownPicture,
    WalkedPicture,
)


def walk(
    manifest: Manifest,
    pictures: Sequence[Path],
    reference: ReferencePreprocessing,
    function: Function | None,
    *,
    drawn: bool,
    samples: Sequence[tuple[Array, ...]],
    answers: tuple[Sequence[Outputs], Sequence[Outputs]],
    answer: Answer,
    tolerance: Tolerance,
    net_fails: bool,
) -> Journey:
    """Walk every picture, and report how much each stage adds.

    Args:
        manifest: The bundle's, with preprocessing.
        pictures: Image files.
        reference: The preprocessing of Keras' side.
        function: The user's own preprocessing; it replaces `reference`.
        drawn: Whether the pictures were drawn because the user gave none.
        samples: The model's inputs for each picture, in Keras' layout; of the image, every row of
            the batch is the same.
        answers: TensorFlow's and OpenCV's outputs for these samples.
        answer: Asks TensorFlow.
        tolerance: The source of the limits.
        net_fails: Whether the net's own comparison failed; the net's verdict is taken from there.

    Raises:
        InputError: One of the sides cannot read a picture.
        MissingDependency: Pillow is needed, and not installed.
        UsageError: The user's function does not return the model's input.
    """
    rules = manifest.preprocessing
    assert rules is not None  # noqa: S101 - the caller looked
    known: ReferencePreprocessing | None = reference
    advice: tuple[str, ...] = ()
    if function is not None:
        known, advice = recognise(function, pictures, reference, rules)
    setup = Setup(manifest, rules, known, reference, function, answer, tolerance, net_fails)
    walked = tuple(
        _walk_one(setup, path, sample, (expected, got), keep=index < SHOWN)
        for index, (path, sample, expected, got) in enumerate(
            zip(pictures, samples, *answers, strict=True)
        )
    )
    return Journey(_report(setup, walked, advice, drawn=drawn), walked)


def _report(
    setup: Setup, walked: tuple[WalkedPicture, ...], advice: tuple[str, ...], *, drawn: bool
) -> EndToEnd:
    known, function = setup.reference, setup.function
    stages = stages_of(walked, setup)
    source = str(function) if function is not None else str(setup.declared)
    return EndToEnd(
        f"{source}, which is {known}" if function is not None and known is not None else source,
        drawn,
        tuple(w.path.name for w in walked),
        stages,
        _agreement(setup.manifest, walked),
        advice + advice_on(stages, known, setup.rules),
        tuple(w.path.name for w in walked if w.changed),
    )


def _walk_one(
    setup: Setup,
    path: Path,
    sample: tuple[Array, ...],
    answers: tuple[Outputs, Outputs],
    *,
    keep: bool,
) -> WalkedPicture:
    blob = setup.picture_in(sample)
    image = read_image(path, setup.rules.bits)
    pixels = keras_side.as_rgb(image, setup.rules.channels, setup.rules.bits)
    decoded, inputs, gaps = _exchanged(setup, path, image, pixels, blob)
    outputs = _outputs(setup, inputs, sample, answers)
    sizes_wh = (_size_wh(decoded), _size_wh(pixels))
    read = tuple(readable(one) for one in outputs)
    results = _results(setup, read, sizes_wh)
    part = _part(setup, results, outputs, sizes_wh)
    changed = (
        results is not None
        and part is not None
        and _is_changed(
            setup, part, results[0], tuple(o for o in read if o is not None), sizes_wh[0]
        )
    )
    return WalkedPicture(
        path,
        sizes_wh,
        gaps,
        outputs,
        part,
        ShownPicture((decoded, pixels), (inputs[0], inputs[-1]), results) if keep else None,
        changed=changed,
    )


def _is_changed(
    setup: Setup,
    part: PictureAgreement,
    reference: Result,
    outputs: tuple[Outputs, ...],
    size_wh: tuple[int, int],
) -> bool:
    """Whether the bundle decides otherwise than Keras' side, by more than a near-tie."""
    rules, kind = setup.rules, setup.manifest.task.kind
    rule = (setup.reference or setup.declared).rule
    placement = place(size_wh, (rules.size_wh[0], rules.size_wh[1]), rule)
    lossy = setup.reference is not None and setup.reference.decoder == "tf"
    limits = {name: setup.tolerance.limits(name).max_abs for name in outputs[0]}
    return is_changed(
        kind,
        part,
        reference,
        outputs[0],
        margins_of(outputs, excused_decode=lossy, limits=limits),
        lambda moved: _result(setup.manifest, moved, placement),
        max(limits.values()),
    )


def _exchanged(
    setup: Setup, path: Path, image_bgr: Array, pixels: Array, blob: Array
) -> tuple[Array, tuple[Array, ...], tuple[Gap, ...]]:
    """Return the reference's decoded pixels, the net's input after each exchange, and the gaps."""
    rules, reference, function = setup.rules, setup.reference, setup.function
    if reference is None:
        assert function is not None  # noqa: S101 - one of both there is
        given = function(path)
        return pixels, (given, blob), (Gap.between(given, blob),)
    size_wh = (rules.size_wh[0], rules.size_wh[1])
    decoded = keras_side.decode(path, reference, rules.channels, rules.bits)
    theirs = keras_side.transposed(keras_side.resize(pixels, size_wh, reference), reference)
    ours = _resized(image_bgr, rules)
    resized = keras_side.resize(decoded, size_wh, reference)
    first = keras_side.normalise(keras_side.transposed(resized, reference), reference)
    inputs = (
        first if function is None else function(path),
        keras_side.normalise(theirs, reference),
        keras_side.normalise(ours, reference),
        blob,
    )
    level = rules.white / 255  # the gaps of pixels are in levels of 255
    gaps = (
        Gap.between(decoded, pixels, level),
        Gap.between(theirs, ours, level),
        Gap.between(inputs[2], blob),
    )
    return decoded, inputs, gaps


def _size_wh(image: Array) -> tuple[int, int]:
    return image.shape[1], image.shape[0]


def _resized(image_bgr: Array, rules: Preprocessing) -> Array:
    """Return the bundle's resized picture before it is scaled, as RGB or gray."""
    convert = as_gray if rules.color == "GRAY" else as_bgr
    pixels = convert(image_bgr, rules.bits)
    bars = None if rules.pad is None else (rules.pad,) * rules.channels
    size_wh = (rules.size_wh[0], rules.size_wh[1])
    resized, _ = fit(pixels, size_wh, rules.resize, rules.interpolation, bars)
    resized = resized[..., None] if rules.channels == 1 else resized[..., ::-1]
    return resized.transpose(1, 0, 2) if rules.transpose else resized


def _outputs(
    setup: Setup,
    inputs: Sequence[Array],
    sample: tuple[Array, ...],
    answers: tuple[Outputs, Outputs],
) -> tuple[Outputs, ...]:
    """Ask TensorFlow for each input that differs from the one before; append both last lines."""
    found: list[Outputs] = []
    for index, values in enumerate(inputs[:-1]):
        if index and np.array_equal(values, inputs[index - 1]):
            found.append(found[-1])
        else:
            found.append(setup.answer(setup.with_picture(sample, values)))
    return (*found, *answers)


def _results(
    setup: Setup,
    outputs: Sequence[Outputs | None],
    sizes_wh: tuple[tuple[int, int], tuple[int, int]],
) -> tuple[Result, Result] | None:
    """Turn both sides' outputs into the task's results, each with its own geometry.

    There are none where an output is NaN, at any stage.
    """
    keras_outputs, own_outputs = outputs[0], outputs[-1]
    if keras_outputs is None or own_outputs is None or None in outputs[1:-1]:
        return None
    size_wh = (setup.rules.size_wh[0], setup.rules.size_wh[1])
    rule = (setup.reference or setup.declared).rule
    theirs, ours = (
        place(sizes_wh[0], size_wh, rule),
        place(sizes_wh[1], size_wh, setup.rules.resize),
    )
    return (
        _result(setup.manifest, keras_outputs, theirs),
        _result(setup.manifest, own_outputs, ours),
    )


def _part(
    setup: Setup,
    results: tuple[Result, Result] | None,
    outputs: Sequence[Outputs],
    sizes_wh: tuple[tuple[int, int], tuple[int, int]],
) -> PictureAgreement | None:
    if results is None or sizes_wh[0] != sizes_wh[1]:
        return None
    allowed = max(setup.tolerance.limits(name).max_abs for name in outputs[0])
    return agree_on(setup.manifest.task.kind, *results, allowed)


def _result(manifest: Manifest, outputs: Outputs, placement: Placement) -> Result:
    one = {o.name: outputs[o.name][:1] if o.batched else outputs[o.name] for o in manifest.outputs}
    return results_of(manifest.task, one, manifest.outputs, [placement])[0]


def _agreement(manifest: Manifest, walked: Sequence[WalkedPicture]) -> Agreement:
    """Combine the pictures; one that cannot be compared does not count as the same."""
    found = merge(manifest.task.kind, [w.part for w in walked if w.part is not None])
    return replace(found, samples=len(walked))
