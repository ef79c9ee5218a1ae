"""Every output as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from keras2cv.pixels.drawing.captions import caption
from keras2cv.pixels.images import Image
from keras2cv.tasks.result import DrawnResult

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class RawOutputs(DrawnResult):
    """Every output as it is: `arrays` by Keras name, each in Keras' shape for one sample."""

    arrays: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        """Return the output of that Keras name."""
        return self.arrays[name]

    @property
    def label(self) -> str:
        """The outputs' names."""
        return ", ".join(self.arrays)

    @property
    def score(self) -> None:
        """None: the model does not say how sure it is."""
        return

    def to_dict(self) -> dict[str, Any]:
        """Return every value of every output."""
        return {"task": "raw", "outputs": {k: array.tolist() for k, array in self.arrays.items()}}

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture with each output's name, shape and range."""
        lines = [
            f"{name} {list(array.shape)} {array.min():.3g}..{array.max():.3g}"
            for name, array in self.arrays.items()
        ]
        return caption(image, lines, in_place=in_place)
