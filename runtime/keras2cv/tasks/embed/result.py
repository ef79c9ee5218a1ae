"""A vector that stands for an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import UsageError
from keras2cv.pixels.drawing.captions import caption
from keras2cv.pixels.images import Image
from keras2cv.tasks.result import DrawnResult

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Embedding(DrawnResult):
    """A vector that stands for an image: `vector` (D,) float32, of any length in space."""

    vector: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.vector.ndim != 1 or not self.vector.size or self.vector.dtype != np.float32:
            raise UsageError(
                f"Embedding.vector must be (D,) float32, got {self.vector.shape} "
                f"{self.vector.dtype}. Pass one sample's values."
            )

    @property
    def norm(self) -> float:
        """The vector's Euclidean length: 1 for models that normalise."""
        return float(np.linalg.norm(self.vector.astype(np.float64)))

    def cosine_distance(self, other: Embedding) -> float:
        """Return 1 - cos of the angle between the two, 0 (same direction) to 2; NaN if one is 0.

        Raises:
            UsageError: the other comes from another model.
        """
        if other.vector.shape != self.vector.shape:
            raise UsageError(
                f"An embedding of {self.vector.size} numbers cannot be compared with one of "
                f"{other.vector.size}. Take both from the same model."
            )
        length = self.norm * other.norm
        if length == 0:
            return float("nan")
        product = float(self.vector.astype(np.float64) @ other.vector.astype(np.float64))
        return min(2.0, max(0.0, 1 - product / length))

    @property
    def label(self) -> str:
        """How many numbers it has."""
        return f"{self.vector.size} numbers"

    @property
    def score(self) -> None:
        """None: the model does not say how sure it is."""
        return

    def to_dict(self) -> dict[str, Any]:
        """Return the vector."""
        return {"task": "embed", "vector": self.vector.tolist()}

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture with the vector's size and first numbers."""
        first = " ".join(f"{value:.3g}" for value in self.vector[:4])
        lines = [f"{self.vector.size} numbers, length {self.norm:.3g}", first]
        return caption(image, lines, in_place=in_place)
