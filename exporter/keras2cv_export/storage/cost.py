"""What storing weights smaller costs: how far each class moves, and which decisions change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.postprocess import results_of, unplaced
from keras2cv_export.parity.report import ParityReport
from keras2cv_export.tasks.detect.agreement import match_boxes
from keras2cv_export.verifying.question import Outputs

Array = np.ndarray[Any, Any]


def cost_note(
    manifest: Manifest,
    report: ParityReport,
    expected: Sequence[Outputs],
    found: Sequence[Outputs],
    float32: ParityReport | None = None,
) -> str:
    """Return the cost as a sentence for the user.

    Args:
        manifest: The bundle's.
        report: The stored file against TensorFlow.
        expected: TensorFlow's outputs by name, for each sample.
        found: OpenCV's, with the stored weights.
        float32: The same net with its weights in float32 against TensorFlow, where it was compared.
    """
    largest, mean = errors_of(report)
    was = f" ({errors_of(float32)[0]:.1e} with float32)" if float32 is not None else ""
    top = top1(report)
    ranked = "" if top is None else f"; top-1 is TensorFlow's for {top:.1%} of them"
    return (
        f"The cost of the stored weights, over {report.samples} samples: the largest error is "
        f"{largest:.1e} of the output's largest value{was}, the mean one {mean:.1e}{ranked}"
        f"{_of_classes(expected, found)}{_of_boxes(manifest, expected, found)}."
    )


def errors_of(report: ParityReport) -> tuple[float, float]:
    """Return the largest and the mean error of the worst output, relative to its largest value."""
    measured = [o.metrics for o in report.outputs if o.metrics is not None]
    return (
        max((m.max_ratio for m in measured), default=0.0),
        max((m.mean_ratio for m in measured), default=0.0),
    )


def top1(report: ParityReport) -> float | None:
    """Return how often the worst output's first class is TensorFlow's; None without classes."""
    return min((o.top1.agreement for o in report.outputs if o.top1 is not None), default=None)


def _of_classes(expected: Sequence[Outputs], found: Sequence[Outputs]) -> str:
    names = expected[0] if expected else ()
    return "".join(f"; {part}" for name in names for part in _of_output(name, expected, found))


def _of_boxes(manifest: Manifest, expected: Sequence[Outputs], found: Sequence[Outputs]) -> str:
    """Return how many boxes are others, and how far the others move; "" for no detector."""
    if manifest.task.kind != "detect" or not all(map(_is_finite, [*expected, *found])):
        return ""
    sides = (_detections(manifest, side) for side in (expected, found))
    matches = [match_boxes(*pair) for pair in zip(*sides, strict=True)]
    missing, extra = sum(m.missing for m in matches), sum(m.extra for m in matches)
    overlaps = [overlap for m in matches for overlap, _ in m.pairs]
    moved = f"; the others overlap TensorFlow's by {min(overlaps):.1%} and more" * bool(overlaps)
    return f"; of {missing + len(overlaps)} boxes {missing} are missing, and {extra} are new{moved}"


def _is_finite(outputs: Outputs) -> bool:
    return all(np.isfinite(array).all() for array in outputs.values())


def _detections(manifest: Manifest, samples: Sequence[Outputs]) -> list[Detections]:
    places = unplaced(manifest.image_size_wh, manifest.model.batch)
    answered = (results_of(manifest.task, one, manifest.outputs, places) for one in samples)
    return [cast("Detections", result) for results in answered for result in results]


def _of_output(name: str, expected: Sequence[Outputs], found: Sequence[Outputs]) -> Iterator[str]:
    """Yield the class that moves most, and how many decisions change, for (.., classes)."""
    first = expected[0][name]
    if first.dtype.kind != "f" or first.ndim < 2 or first.shape[-1] < 2:
        return
    rows, ours = (
        np.concatenate([one[name].reshape(-1, first.shape[-1]) for one in side]).astype(np.float64)
        for side in (expected, found)
    )
    usable = (np.isfinite(rows) & np.isfinite(ours)).all(axis=1)
    rows, ours = rows[usable], ours[usable]
    if not len(rows):
        return
    moved = np.abs(ours - rows).max(axis=0) / np.maximum(np.ptp(rows, axis=0), 1e-30)
    worst = int(moved.argmax())
    yield f"of {name}, class {worst} moves most, by {moved[worst]:.1%} of its spread"
    changed = int((ours.argmax(axis=1) != rows.argmax(axis=1)).sum())
    yield f"its largest class changes for {changed} of {len(rows)}"
