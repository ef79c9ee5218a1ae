"""The interface that all results share."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

from keras2cv.pixels.images import Image

Array = NDArray[Any]


class Result(Protocol):
    """The interface that all results share."""

    def to_dict(self) -> dict[str, Any]:
        """Return the result in plain JSON types."""

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture of `image` with the result on it.

        `in_place` may draw on `image` itself and return it, which saves a copy; a picture that
        has to be enlarged for its text is new all the same.
        """
