"""Each kind of image becomes (H, W, 3) uint8 BGR; anything else is refused."""

from typing import Any

import numpy as np
import pytest

from keras2cv.errors import InputError
from keras2cv.pixels.images import as_bgr, as_gray

RNG = np.random.default_rng(5)


def random_image(*shape: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return uint8 noise of that shape."""
    return RNG.integers(0, 256, shape, np.uint8)


def test_bgr_is_taken_as_it_is() -> None:
    """The common case costs no copy."""
    image = random_image(7, 9, 3)
    assert as_bgr(image) is image


@pytest.mark.parametrize("shape", [(7, 9), (7, 9, 1)])
def test_gray_becomes_three_equal_channels(shape: tuple[int, ...]) -> None:
    """Gray keeps its values, with or without a channel axis."""
    image = random_image(*shape)
    bgr = as_bgr(image)
    assert bgr.shape == (7, 9, 3)
    assert all((bgr[:, :, c] == image.reshape(7, 9)).all() for c in range(3))
    assert (as_gray(image) == image.reshape(7, 9)).all()


def test_alpha_is_dropped() -> None:
    """Transparent pixels keep their colour; nothing is blended."""
    image = random_image(7, 9, 4)
    assert (as_bgr(image) == image[:, :, :3]).all()
    assert (as_gray(image) == as_gray(image[:, :, :3].copy())).all()


def test_colour_becomes_gray_by_luma() -> None:
    """Gray is 0.299 R + 0.587 G + 0.114 B, rounded."""
    image = random_image(7, 9, 3)
    luma = image.astype(np.float64) @ [0.114, 0.587, 0.299]
    assert np.abs(as_gray(image) - luma).max() <= 0.502


def test_sixteen_bits_keep_their_upper_byte() -> None:
    """An array becomes what a file of 16 bits is read as, by cv2, TensorFlow and Pillow."""
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert (as_gray(values) == values >> 8).all()
    assert as_gray(values).dtype == np.uint8
    assert as_bgr(values.reshape(128, 128, 4)).shape == (128, 128, 3)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (None, "got NoneType. cv2.imread returns None"),
        ([[1, 2], [3, 4]], "must be a numpy array, got list"),
        (np.zeros((4, 5, 3), np.float32), "must be uint8 or uint16, got float32"),
        (np.zeros((4, 5, 3), np.int64), "must be uint8 or uint16, got int64"),
        (np.zeros((4, 5, 2), np.uint8), r"got (4, 5, 2)"),
        (np.zeros((1, 4, 5, 3), np.uint8), "Pass several images as a list"),
        (np.zeros(4, np.uint8), "got (4,)"),
        (np.zeros((0, 5, 3), np.uint8), "sides of 1 to 32767 pixels, got (0, 5, 3)"),
        (np.zeros((4, 0), np.uint8), "got (4, 0)"),
        (np.zeros((2, 32768), np.uint8), "got (2, 32768)"),
    ],
)
def test_what_is_no_image_is_refused(image: Any, message: str) -> None:
    """The message defines an image, and shows the value that was given."""
    for convert in (as_bgr, as_gray):
        with pytest.raises(InputError) as error:
            convert(image)
        assert message in str(error.value)
