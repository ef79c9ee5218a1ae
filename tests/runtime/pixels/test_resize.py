"""Resizes against the libraries that they repeat, TensorFlow and Pillow."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import PIL
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from keras2cv.pixels.resize import resize
from keras2cv.schema.vocabulary import INTERPOLATIONS
from support.drawn_image import draw_image

TF_MODES = [mode for mode in INTERPOLATIONS if mode.startswith("tf-")]
PIL_MODES = [mode for mode in INTERPOLATIONS if mode.startswith("pil-")]
PIL13_MODES = [mode for mode in INTERPOLATIONS if mode.startswith("pil13-")]
CV2_MODES = [mode for mode in INTERPOLATIONS if "-" not in mode]

TOLERANCES = {"tf-nearest": 0.0}  # of 255; the other tf modes:
FLOAT32_SUMS = 0.0005

# (source_wh, target_wh): down, up, one of each, odd, strips of one pixel, the same size.
SIZES = [
    ((331, 187), (96, 64)),
    ((187, 331), (64, 71)),
    ((45, 30), (128, 127)),
    ((60, 211), (150, 97)),
    ((211, 60), (97, 150)),
    ((211, 331), (97, 150)),
    ((1, 50), (7, 9)),
    ((333, 1), (50, 3)),
    ((5, 3), (112, 100)),
    ((97, 64), (1, 1)),
    ((83, 59), (83, 59)),
]
SIDES = st.integers(1, 160)
EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


def resize_with_tensorflow(
    image: NDArray[Any], size_wh: tuple[int, int], mode: str
) -> NDArray[np.float32]:
    """Call tf.image.resize with the method and antialiasing that the mode names."""
    _, method, *antialias = mode.split("-")
    resized = tf.image.resize(image, size_wh[::-1], method=method, antialias=bool(antialias))
    return np.asarray(resized)


def resize_with_pillow(
    image: NDArray[Any],
    size_wh: tuple[int, int],
    mode: str,
    box_xyxy: tuple[int, int, int, int] | None = None,
) -> NDArray[np.uint8]:
    """Let Pillow 13 choose the order of its passes for pil13 modes, else make it width first."""
    version, _, name = mode.partition("-")
    resample = Image.Resampling[name.upper()]
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box_xyxy or (0, 0, width, height)
    picture = Image.fromarray(image)
    if version == "pil13" or name == "nearest":
        return np.asarray(picture.resize(size_wh, resample, box=(x0, y0, x1, y1)))
    picture = picture.resize((size_wh[0], height), resample, box=(x0, 0, x1, height))
    return np.asarray(picture.resize(size_wh, resample, box=(0, y0, size_wh[0], y1)))


def assert_as_tensorflow(image: NDArray[Any], size_wh: tuple[int, int], mode: str) -> None:
    """Compare one resize, dtype included."""
    expected = resize_with_tensorflow(image, size_wh, mode)
    got = resize(image, size_wh, mode)
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCES.get(mode, FLOAT32_SUMS))


def needs_pillow_13(mode: str) -> Any:
    """Skip a pil13 mode where Pillow itself is older."""
    is_older = int(PIL.__version__.split(".")[0]) < 13
    return pytest.param(mode, marks=pytest.mark.skipif(is_older, reason="repeats Pillow 13"))


@pytest.mark.parametrize(("source_wh", "target_wh"), SIZES)
@pytest.mark.parametrize("mode", TF_MODES)
def test_a_tf_mode_gives_what_tensorflow_gives(
    mode: str, source_wh: tuple[int, int], target_wh: tuple[int, int]
) -> None:
    """Every tf mode equals tf.image.resize, growing and shrinking, at any aspect ratio."""
    assert_as_tensorflow(draw_image(*source_wh), target_wh, mode)


@given(st.sampled_from(TF_MODES), SIDES, SIDES, SIDES, SIDES)
@EXAMPLES
def test_a_tf_mode_gives_what_tensorflow_gives_at_any_size(
    mode: str, width: int, height: int, target_width: int, target_height: int
) -> None:
    """No pair of sizes is a special case of a tf mode."""
    assert_as_tensorflow(draw_image(width, height), (target_width, target_height), mode)


@pytest.mark.parametrize("mode", TF_MODES)
def test_a_tf_mode_resizes_float_images(mode: str) -> None:
    """Images that were already scaled to -1..1 are resized without rounding."""
    image = draw_image(67, 43).astype(np.float32) / 127.5 - 1.0
    expected = resize_with_tensorflow(image, (31, 58), mode)
    np.testing.assert_allclose(resize(image, (31, 58), mode), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("source_wh", "target_wh"), SIZES)
@pytest.mark.parametrize("mode", [*PIL_MODES, *map(needs_pillow_13, PIL13_MODES)])
def test_a_pil_mode_gives_pillows_bytes(
    mode: str, source_wh: tuple[int, int], target_wh: tuple[int, int]
) -> None:
    """Every pil mode equals PIL.Image.resize in every byte."""
    image = draw_image(*source_wh)
    expected = resize_with_pillow(image, target_wh, mode)
    np.testing.assert_array_equal(resize(image, target_wh, mode), expected)


@given(st.sampled_from(PIL_MODES), SIDES, SIDES, SIDES, SIDES)
@EXAMPLES
def test_a_pil_mode_gives_pillows_bytes_at_any_size(
    mode: str, width: int, height: int, target_width: int, target_height: int
) -> None:
    """No pair of sizes is a special case of a pil mode."""
    image, target_wh = draw_image(width, height), (target_width, target_height)
    expected = resize_with_pillow(image, target_wh, mode)
    np.testing.assert_array_equal(resize(image, target_wh, mode), expected)


@pytest.mark.parametrize("mode", [*PIL_MODES, *map(needs_pillow_13, PIL13_MODES)])
@pytest.mark.parametrize("box_xyxy", [(13, 0, 70, 61), (0, 9, 83, 40), (21, 17, 22, 60)])
def test_a_pil_mode_reads_around_the_box_as_pillow_does(
    mode: str, box_xyxy: tuple[int, int, int, int]
) -> None:
    """A box gives Pillow's bytes, which take in pixels beyond the edges of the box."""
    image = draw_image(83, 61)
    expected = resize_with_pillow(image, (29, 37), mode, box_xyxy)
    np.testing.assert_array_equal(resize(image, (29, 37), mode, box_xyxy=box_xyxy), expected)


@pytest.mark.parametrize("mode", [*TF_MODES, *CV2_MODES])
def test_other_modes_end_at_the_box(mode: str) -> None:
    """Without Pillow, a box means: crop, then resize."""
    image = draw_image(83, 61)
    expected = resize(image[9:50, 13:70].copy(), (29, 37), mode)
    np.testing.assert_array_equal(resize(image, (29, 37), mode, box_xyxy=(13, 9, 70, 50)), expected)


def test_pillow_13_differs_where_the_height_shrinks_most() -> None:
    """The pil and pil13 modes part for tall images and agree for wide ones."""
    tall, wide = draw_image(40, 230), draw_image(230, 40)
    differences = resize(tall, (160, 50), "pil-bicubic") != resize(tall, (160, 50), "pil13-bicubic")
    assert differences.any()
    np.testing.assert_array_equal(
        resize(wide, (50, 160), "pil-bicubic"), resize(wide, (50, 160), "pil13-bicubic")
    )


def test_linear_is_what_blob_from_image_does() -> None:
    """Mode "linear" gives the pixels of cv2.dnn.blobFromImage."""
    image = draw_image(331, 187)
    blob = cv2.dnn.blobFromImage(image, size=(96, 64))
    resized = resize(image, (96, 64), "linear")
    np.testing.assert_array_equal(resized.transpose(2, 0, 1)[np.newaxis], blob)


@pytest.mark.parametrize("mode", INTERPOLATIONS)
@pytest.mark.parametrize("channels", [(), (1,), (2,), (5,)])
def test_channels_are_independent(mode: str, channels: tuple[int, ...]) -> None:
    """Any number of channels keeps its shape, and the last one its own content."""
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (31, 47, *channels), np.uint8)
    resized = resize(image, (29, 38), mode)
    assert resized.shape == (38, 29, *channels)
    last = image.reshape(31, 47, -1)[..., -1].copy()
    # cv2's "cubic" rounds differently by number of channels: a step of 1.
    np.testing.assert_allclose(
        resized.reshape(38, 29, -1)[..., -1].astype(np.float64),
        resize(last, (29, 38), mode),
        rtol=0,
        atol=1 if mode == "cubic" else FLOAT32_SUMS,
    )


@pytest.mark.parametrize("mode", INTERPOLATIONS)
def test_a_view_is_resized_like_its_copy(mode: str) -> None:
    """Cropped, flipped and channel-reversed views give the same as their contiguous copies."""
    view = draw_image(83, 61)[::-1, 5:70, ::-1]
    np.testing.assert_array_equal(
        resize(view, (38, 45), mode), resize(np.ascontiguousarray(view), (38, 45), mode)
    )


@pytest.mark.parametrize("mode", INTERPOLATIONS)
def test_the_result_is_a_new_array(mode: str) -> None:
    """Writing into the result leaves the image alone, also where there was nothing to resize."""
    image = draw_image(23, 17)
    assert not np.shares_memory(resize(image, (23, 17), mode), image)


def test_an_unknown_interpolation_is_refused() -> None:
    """The message names the choices."""
    with pytest.raises(ValueError, match=r"'bilinear'.*tf-bilinear.*pil-bilinear"):
        resize(draw_image(9, 7), (4, 5), "bilinear")


@pytest.mark.parametrize(
    ("shape", "dtype", "mode", "message"),
    [
        ((7, 9, 3), np.float32, "pil-box", "uint8, got float32"),
        ((7, 9, 3), np.float32, "linear", "uint8, got float32"),
        ((7, 9, 3), np.float64, "tf-area", "uint8 or float32, got float64"),
        ((2, 7, 9, 3), np.uint8, "linear", r"\(2, 7, 9, 3\)"),
        ((7, 0, 3), np.uint8, "linear", r"\(7, 0, 3\)"),
    ],
)
def test_an_image_that_a_mode_cannot_take_is_refused(
    shape: tuple[int, ...], dtype: Any, mode: str, message: str
) -> None:
    """Nothing is converted silently."""
    with pytest.raises(ValueError, match=message):
        resize(np.zeros(shape, dtype), (4, 5), mode)


@pytest.mark.parametrize("box_xyxy", [(0, 0, 10, 7), (-1, 0, 4, 4), (4, 0, 4, 7), (0, 6, 9, 5)])
def test_a_box_outside_the_image_is_refused(box_xyxy: tuple[int, int, int, int]) -> None:
    """A box has pixels, and the image has all of them."""
    with pytest.raises(ValueError, match="not a part of an image of 9x7 pixels"):
        resize(draw_image(9, 7), (4, 5), "tf-area", box_xyxy=box_xyxy)


def test_an_empty_target_is_refused() -> None:
    """A size of nothing is an error, not an empty array."""
    with pytest.raises(ValueError, match=r"\(4, 0\)"):
        resize(draw_image(9, 7), (4, 0), "tf-area")
