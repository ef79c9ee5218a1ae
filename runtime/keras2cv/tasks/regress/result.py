"""Numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray

from keras2cv.pixels.drawing.captions import caption
from keras2cv.pixels.images import Image
from keras2cv.tasks.result import DrawnResult

Array = NDArray[Any]

_SHOWN: Final = 5  # values in a picture or a label


@dataclass(frozen=True, eq=False, slots=True)
class Regression(DrawnResult):
    """Numbers: `values` in the shape that the model gives one sample, float32 or float64."""

    values: Array
    labels: tuple[str, ...] | None = None  # one per value

    @property
    def label(self) -> str:
        """The first values, as text."""
        shown = [f"{value:.4g}" for value in self.values.ravel()[:_SHOWN]]
        if self.labels is not None:
            shown = [f"{label} {v}" for label, v in zip(self.labels, shown, strict=False)]
        return ", ".join(shown)

    @property
    def score(self) -> None:
        """None: the model gives numbers, and does not say how sure they are."""
        return

    def to_dict(self) -> dict[str, Any]:
        """Return the values, and their labels if they have any."""
        labels = {} if self.labels is None else {"labels": list(self.labels)}
        return {"task": "regress", "values": self.values.tolist(), **labels}

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture with the first five values."""
        values = self.values.ravel()[:_SHOWN]
        if self.labels is None:
            return caption(image, [f"{value:.4g}" for value in values], in_place=in_place)
        pairs = zip(self.labels, values, strict=False)
        return caption(image, [f"{label} {value:.4g}" for label, value in pairs], in_place=in_place)
