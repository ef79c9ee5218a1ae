"""What an evaluation needs of the project's package for export: Keras' side, and the page."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Protocol, cast

from keras2cv.errors import MissingDependency
from keras2cv.evaluation.evaluate import OtherPipeline
from keras2cv.evaluation.evaluation_report import Evaluation
from keras2cv.predictor import Predictor

# Not imported by name: the runtime does without the project's other packages.
_MODULE: Final = "keras2cv_export.evaluating"


class Companion(Protocol):
    """The module that does both."""

    def keras_pipeline(
        self, against: Any, model: Predictor, **options: Any
    ) -> AbstractContextManager[OtherPipeline]:
        """Give Keras' own pipeline for the bundle's data.

        Raises:
            MissingDependency: TensorFlow is not installed.
        """

    def require_page(self) -> None:
        """Raise unless a page can be made.

        Raises:
            MissingDependency: something of the extra [pages] is not installed.
        """

    def write_page(self, found: Evaluation, model: Predictor, data: Any, path: Path) -> None:
        """Write the page of an evaluation.

        Args:
            found: The evaluation.
            model: The bundle, which draws the worst cases.
            data: The samples.
            path: Of the page.

        Raises:
            UsageError: It cannot be written there.
        """


def load_companion() -> Companion:
    """Import the module.

    Raises:
        MissingDependency: the package is not installed.
    """
    try:
        return cast(Companion, importlib.import_module(_MODULE))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != _MODULE.partition(".")[0]:
            raise
        raise MissingDependency(
            "--against and --html need keras2cv_export, which is not installed. Install it: pip "
            "install 'keras2cv[export,pages]'."
        ) from error
