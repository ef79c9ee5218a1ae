"""A picture that the model made of a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError
from keras2cv.evaluation.labelled import BadTruthError
from keras2cv.evaluation.measures.measure import Measure, Numbers
from keras2cv.evaluation.metrics.pictures import WINDOW, psnr, ssim
from keras2cv.evaluation.outcome import Outcome
from keras2cv.evaluation.rows import Rows
from keras2cv.pixels.image_file import read_image
from keras2cv.tasks.image.result import ImageResult

Array = NDArray[Any]


class ImageMeasure(Measure):
    """PSNR and SSIM beside the pictures that should have come out.

    `psnr` is the mean of the pictures that differ; those that are equal have none.
    """

    better: ClassVar[Mapping[str, bool]] = MappingProxyType({"psnr": True, "ssim": True})
    primary = "psnr"

    def __init__(self) -> None:
        """Begin."""
        super().__init__()
        self._rows = Rows(2)

    def outcome(self, name: str, truth: Any, result: Any, image: Array | None) -> Outcome:
        """Keep PSNR and SSIM.

        Args:
            name: The sample's.
            truth: As the data has it.
            result: The answer.
            image: The picture; None for arrays.

        Raises:
            BadTruthError: the picture that should come out has another size.
        """
        assert isinstance(result, ImageResult)  # noqa: S101 - the task's
        wanted = _picture(Path(truth))
        got = result.image_bgr
        if got.shape != wanted.shape and image is not None:
            got = result.draw(image)
        if got.shape != wanted.shape:
            text = (
                f"The picture for {name} has {wanted.shape[1]}x{wanted.shape[0]} pixels, and the "
                f"model makes {got.shape[1]}x{got.shape[0]}."
            )
            raise BadTruthError("picture of another size", text)
        likeness = psnr(got, wanted)
        similar = ssim(got, wanted) if min(got.shape[:2]) >= WINDOW else math.nan
        words = f"{likeness:.2f} dB, SSIM {similar:.3f}"
        error = 0.0 if math.isinf(likeness) else 10 ** (-likeness / 20)
        return Outcome(
            name, Path(truth).name, words, error, None, {"psnr": likeness, "ssim": similar}
        )

    def add(self, outcome: Outcome) -> None:
        """Add a picture."""
        likeness, similar = float(outcome.data["psnr"]), float(outcome.data["ssim"])
        self._rows.append(np.array([likeness, similar]))
        finite = math.isfinite(likeness)
        self._terms.append(np.array([likeness if finite else 0.0, float(finite)]))

    def gap(self, one: Outcome, other: Outcome) -> float:
        """Return the difference of the errors."""
        return abs(one.error - other.error)

    def numbers(self) -> Numbers:
        """Return everything."""
        rows = self._rows.array()
        metrics = {}
        for name, column in zip(("psnr", "ssim"), rows.T, strict=True):
            finite = column[np.isfinite(column)]
            metrics[name] = float(finite.mean()) if len(finite) else None
        if len(rows) and np.isposinf(rows[:, 0]).all():
            metrics["psnr"] = math.inf
        return Numbers(metrics)


def _picture(path: Path) -> Array:
    try:
        return read_image(path)
    except (InputError, OSError) as error:
        reason = str(error) if isinstance(error, InputError) else f"{path} cannot be read: {error}."
        raise BadTruthError("label unreadable", reason) from error
