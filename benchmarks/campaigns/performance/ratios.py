"""Numbers of a case: our time over others', rates, and how a case grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from keras2cv.tuning.interleave import Comparison, compare_blocks
from keras2cv_bench.environment import usable_cores
from keras2cv_bench.findings import against, fair_reference, is_result, quantiles
from keras2cv_bench.subjects import OURS, REFERENCE
from keras2cv_export.pages.bars import Kind
from keras2cv_export.pages.formats import duration

from .measure import DEFAULT, Found

ORT: Final = "onnxruntime"
SCALES: Final[Mapping[str, tuple[str, str]]] = {
    "size": ("Image size", "pixels of a side"),
    "batch": ("Batch", "samples in a batch"),
    "depth": ("Depth", "3x3 convolutions of 64 channels at 56x56"),
    "threads": ("Threads", "threads"),
}
LINES: Final[tuple[tuple[str, Kind, str], ...]] = (
    (OURS, "ours", "keras2cv in cv2"),
    (REFERENCE, "theirs", "tf.function"),
    (ORT, "theirs", "onnxruntime"),
)


def ratio(found: Found, theirs: str) -> Comparison | None:
    """Return our time over another's; None where either gave no result.

    tf.function stands for the faster one, where both settings of oneDNN were timed.
    """
    theirs = fair_reference(found.record, found.case.batch) if theirs == REFERENCE else theirs
    timing = found.record.timing(theirs, found.case.batch)
    if timing is None or not is_result(timing):
        return None
    return against(found.record, found.case.batch, theirs)


def default_ratio(found: Found) -> Comparison | None:
    """Return the time of an export without a flag over that for the OpenCV at hand."""
    sides = [found.record.timing(name, found.case.batch) for name in (DEFAULT, OURS)]
    if any(timing is None or not is_result(timing) for timing in sides):
        return None
    default, ours = (timing.steady("forward") for timing in sides if timing is not None)
    return compare_blocks(default, ours)


def gflops(found: Found, subject: str) -> float | None:
    """Return the rate at which a subject computes a case, in GFLOP/s; None where it does not."""
    timing = found.record.timing(subject, found.case.batch)
    if timing is None or not is_result(timing):
        return None
    return found.gflop / (quantiles(timing).median / 1e3)


def milliseconds(one: Found, subject: str) -> str:
    """Return a subject's median as a cell; "-" where it gave no result."""
    timing = one.record.timing(subject, one.case.batch)
    return "-" if timing is None or not is_result(timing) else duration(quantiles(timing).median)


def geometric_mean(ratios: Sequence[float]) -> float:
    """Return the mean of ratios that does not depend on which side is above."""
    return float(np.exp(np.mean(np.log(ratios))))


def grown(found: Sequence[Found], group: str) -> list[tuple[float, Found]]:
    """Return a group's points; MobileNetV2 as it is belongs to all that it grows in."""
    usual = {"size": 224.0, "batch": 1.0, "threads": float(usable_cores())}
    points = [(one.case.x, one) for one in found if one.case.group == group]
    if group in usual:
        points += [(usual[group], one) for one in found if one.case.name == "MobileNetV2"]
    return sorted(points, key=lambda point: point[0])
