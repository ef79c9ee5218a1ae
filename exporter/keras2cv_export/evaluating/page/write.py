"""The whole page, from an evaluation."""

from __future__ import annotations

from pathlib import Path

from keras2cv.errors import UsageError
from keras2cv.evaluation.evaluation_report import Evaluation
from keras2cv.evaluation.labelled import LabelledData
from keras2cv.isolation.confinement import freely
from keras2cv.plain_files import write_whole
from keras2cv.predictor import Predictor
from keras2cv_export.pages.templating import render

from . import evaluation_charts as charts
from .gallery import parted_tiles, worst_tiles

_MOST_CLASSES = 200


def write(found: Evaluation, model: Predictor, data: LabelledData, path: Path) -> None:
    """Write the page of an evaluation.

    Args:
        found: The evaluation.
        model: The bundle, which draws the worst cases.
        data: The samples.
        path: Of the page.

    Raises:
        UsageError: It cannot be written there.
    """
    text = page(found, model, data)
    try:
        freely(write_whole, path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}. "
            "Choose a place that you may write to."
        ) from error


def page(found: Evaluation, model: Predictor, data: LabelledData) -> str:
    """Return the page of an evaluation."""
    groups = charts.curve_groups(found.numbers.curves)
    return render(
        __package__,
        "evaluation.html.jinja",
        found=found,
        record=_finite(found.to_dict()),
        groups=groups,
        confusion=charts.confusion(found.numbers.confusion, found.numbers.labels),
        classes=charts.class_bars(found),
        worst=worst_tiles(found, model, data),
        parted=parted_tiles(found, model, data),
        most_classes=_MOST_CLASSES,
    )


def _finite(value: object) -> object:
    """Return plain values in which NaN and infinity, which JSON has not, are strings."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):  # noqa: PLR0124 - NaN
        return str(value)
    return value
