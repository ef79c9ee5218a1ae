"""Combine the differences of all pictures into one row per stage, and into advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from keras2cv.bundle.manifest import Preprocessing
from keras2cv_export.tasks.readable import largest

from .reference_preprocessing import ReferencePreprocessing
from .stages import (
    LEVELS,
    LOSSY_DECODER,
    OF_INPUT,
    OF_OUTPUT,
    Limit,
    Stage,
    StageName,
    decode_limit,
    input_limit,
    output_limit,
    resize_limit,
)
from .walked import (
    Setup,
    WalkedPicture,
    differences,
)


def stages_of(walked: Sequence[WalkedPicture], setup: Setup) -> tuple[Stage, ...]:
    """Return a row per stage, the net last."""
    shares = _shares(walked)
    limits = input_limit(setup.tolerance)
    if setup.reference is None:
        whole = _measured("preprocess", 0, OF_INPUT, walked, limits, shares[0])
        return (whole, _net(walked, shares[1], output_limit(setup.tolerance), setup.net_fails))
    return (
        _decoding(walked, setup.rules, setup.reference, shares[0]),
        _measured("resize", 1, LEVELS, walked, resize_limit(setup.tolerance), shares[1]),
        _measured("normalise", 2, OF_INPUT, walked, limits, shares[2]),
        _net(walked, shares[3], output_limit(setup.tolerance), setup.net_fails),
    )


def _decoding(
    walked: Sequence[WalkedPicture],
    rules: Preprocessing,
    reference: ReferencePreprocessing,
    share: float,
) -> Stage:
    stage = _measured("decode", 0, LEVELS, walked, decode_limit(rules.channels), share)
    for w in walked:
        (width, height), ours = w.sizes_wh
        if (width, height) != ours:
            remark = (
                f"The reference reads {width}x{height} pixels and OpenCV {ours[0]}x{ours[1]}: "
                "OpenCV turns pictures as their EXIF says."
            )
            return replace(stage, picture=w.path.name, remark=remark)
    if stage.passed or reference.decoder != "tf":
        return stage
    largest, mean = LOSSY_DECODER
    remark = (
        "TensorFlow's default JPEG decoding trades pixels for speed, and OpenCV cannot repeat it."
    )
    return replace(stage, remark=remark, excused=stage.largest <= largest and stage.mean <= mean)


def _net(walked: Sequence[WalkedPicture], share: float, limits: Limit, fails: bool) -> Stage:
    """Measure the last step's difference, which its own comparison may have allowed by name."""
    worst, name, total, count = 0.0, walked[0].path.name, 0.0, 0
    for key, scale in _scales(walked).items():
        for w in walked:
            gap = differences(w.outputs[-1][key], w.outputs[-2][key]) / scale
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
    walked: Sequence[WalkedPicture],
    limit: Limit,
    share: float,
) -> Stage:
    """Combine the `index`-th gap of all pictures, in `unit`."""
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


def _scales(walked: Sequence[WalkedPicture]) -> dict[str, float]:
    """Return max |reference| of each output, over all pictures."""
    return {
        name: max(largest(w.outputs[0][name]) for w in walked) or 1.0
        for name in walked[0].outputs[0]
    }


def _shares(walked: Sequence[WalkedPicture]) -> list[float]:
    """Divide the outputs' change among the steps: mean |step| of each, outputs scaled alike."""
    scales = _scales(walked)
    steps = [
        sum(
            float(differences(w.outputs[k + 1][name], w.outputs[k][name]).mean()) / scale
            for w in walked
            for name, scale in scales.items()
        )
        for k in range(len(walked[0].outputs) - 1)
    ]
    if not np.isfinite(steps).all():  # the steps with NaN or infinity make all of the difference
        steps = [float(not np.isfinite(step)) for step in steps]
    total = sum(steps)
    return [step / total if total > 0 else 0.0 for step in steps]


def advice_on(
    stages: Sequence[Stage], reference: ReferencePreprocessing | None, rules: Preprocessing
) -> tuple[str, ...]:
    """Return advice for the stages that differ; `reference` is None where it is not known."""
    advice = [s.remark for s in stages if s.excused and s.remark and not s.passed]
    if reference is None:
        return tuple(advice)
    by_name = {stage.name: stage for stage in stages}
    if by_name["resize"].problem:
        advice.append(
            f"{by_name['resize'].share:.0%} of the difference is the resize: the reference does "
            f"{reference.rule} by {reference.interpolation}, the bundle {rules.resize} by "
            f"{rules.interpolation}. Export again with --resize {reference.rule} "
            f"--interpolation {reference.interpolation}, or give --reference-resize."
        )
    if by_name["normalise"].problem:
        scaling = "its file" if reference.preset == "file" else f"the preset {reference.preset}"
        advice.append(
            f"{by_name['normalise'].share:.0%} of the difference is colour and scale: the "
            f"reference does {scaling}, the bundle {rules.color}, mean {list(rules.mean)}, "
            f"scale {rules.scale!r}, std {list(rules.std)}. "
            "Export again with the right --preprocess."
        )
    return tuple(advice)
