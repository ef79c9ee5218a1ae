"""What all results share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import cv2
from numpy.typing import NDArray

from keras2cv.errors import UsageError
from keras2cv.pixels.image_file import image_of
from keras2cv.pixels.images import Image, as_bgr
from keras2cv.plain_files import write_whole

Array = NDArray[Any]


class Result(Protocol):
    """The interface that all results share."""

    @property
    def label(self) -> str:
        """The answer in a word or a few: the best class, or what the numbers are."""

    @property
    def score(self) -> float | None:
        """How sure the model is of `label`, as a probability mostly; None if it does not say."""

    def to_dict(self) -> dict[str, Any]:
        """Return the result in plain JSON types."""

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture of `image` with the result on it, (H, W, 3) uint8 BGR.

        `image` is what was predicted: gray, BGR or BGRA, of 8 or 16 bits. `in_place` may draw on
        `image` itself, if it is uint8 BGR, and return it, which saves a copy; a picture that has
        to be enlarged for its text is new all the same.

        Raises:
            InputError: it is no image.
            UsageError: it is not of the size that the result is for.
        """

    def save(self, path: str | os.PathLike[str], image: Array | str | os.PathLike[str]) -> Path:
        """Draw the result on `image`, and write the picture to `path`; see `DrawnResult.save`.

        Raises:
            UsageError: the picture cannot be written there, or the result is of another image.
            InputError: it is no image, or there is none at that path.
        """


class DrawnResult:
    """A result that writes its picture to a file."""

    __slots__ = ()

    def save(
        self: Result, path: str | os.PathLike[str], image: Array | str | os.PathLike[str]
    ) -> Path:
        """Draw the result on `image`, write the picture to `path`, and return where it is.

        Args:
            path: A file; its suffix is the format, such as .png or .jpg. One that is there is
                replaced, unless it is the image itself.
            image: What was predicted, as an array or the path of its file.

        Raises:
            UsageError: the picture cannot be written there, or the result is of another image.
            InputError: it is no image, or there is none at that path.
        """
        where = Path(path)
        if isinstance(image, str | os.PathLike) and _is_same(where, image):
            raise UsageError(f"{path} is the image itself. Name another file to save to.")
        return write_picture(where, self.draw(as_bgr(image_of(image))))


def write_picture(path: Path, picture: Image) -> Path:
    """Write a picture (H, W, 3) uint8 BGR to a file, in the format of its suffix.

    Raises:
        UsageError: it cannot be written there.
    """
    try:
        encoded, data = cv2.imencode(path.suffix, picture)
    except cv2.error:  # no such format
        encoded = False
    if not encoded:
        raise UsageError(f"OpenCV cannot encode {path}. Choose another suffix, such as .png.")
    try:
        write_whole(path, data.tobytes())
    except (OSError, ValueError) as error:  # a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} cannot be written: {reason}. Choose another place.") from error
    return path


def _is_same(path: Path, image: str | os.PathLike[str]) -> bool:
    try:
        return path.samefile(image)
    except (OSError, ValueError):
        return False
