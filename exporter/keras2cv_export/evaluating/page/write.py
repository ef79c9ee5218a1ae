"""The whole page, from an evaluation."""

from __future__ import annotations

from pathlib import Path

from keras2cv.cli.output import write_text
from keras2cv.evaluation.evaluation_report import Evaluation
from keras2cv.evaluation.labelled import LabelledData
from keras2cv.predictor import Predictor
from keras2cv.schema.result_json import plain
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
    write_text(path, page(found, model, data))


def page(found: Evaluation, model: Predictor, data: LabelledData) -> str:
    """Return the page of an evaluation."""
    groups = charts.curve_groups(found.numbers.curves)
    return render(
        __package__,
        "evaluation.html.jinja",
        found=found,
        record=plain(found.to_dict()),
        groups=groups,
        confusion=charts.confusion(found.numbers.confusion, found.numbers.labels),
        classes=charts.class_bars(found),
        worst=worst_tiles(found, model, data),
        parted=parted_tiles(found, model, data),
        most_classes=_MOST_CLASSES,
    )
