"""What `keras2cv evaluate` needs of this package: Keras' own pipeline, and the page.

`keras2cv.evaluation.companion` imports this module, which imports TensorFlow, jinja2 and matplotlib
only when they are needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras2cv_export.cli.heavy import load_function, require_exporter, require_pages

if TYPE_CHECKING:
    from keras2cv.evaluation.evaluate import OtherPipeline
    from keras2cv.evaluation.evaluation_report import Evaluation
    from keras2cv.evaluation.labelled import LabelledData
    from keras2cv.predictor import Predictor

__all__ = ["keras_pipeline", "require_page", "write_page"]


@contextmanager
def keras_pipeline(against: Any, model: Predictor, **options: Any) -> Iterator[OtherPipeline]:
    """Give Keras' own pipeline for the bundle's data; see `pipeline.keras_answers`.

    Raises:
        MissingDependency: TensorFlow is not installed.
    """
    require_exporter("evaluate --against")
    made = load_function("keras2cv_export.evaluating.pipeline", "keras_answers")
    with made(against, model, **options) as pipeline:
        yield pipeline


def require_page() -> None:
    """Raise unless a page can be made.

    Raises:
        MissingDependency: something of the extra [pages] is not installed.
    """
    require_pages("evaluate")


def write_page(found: Evaluation, model: Predictor, data: LabelledData, path: Path) -> None:
    """Write the page of an evaluation.

    Args:
        found: The evaluation.
        model: The bundle, which draws the worst cases.
        data: The samples.
        path: Of the page.

    Raises:
        UsageError: It cannot be written there.
    """
    from .page.write import write

    write(found, model, data, path)
