"""Resize rules against the Keras and TensorFlow functions that they repeat, and the way back."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import PIL
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from keras2cv.errors import InputError
from keras2cv.pixels.geometry import PADDING_RULES, Placement, center_box, fit, letterbox_box, place
from keras2cv.schema.vocabulary import RESIZE_RULES
from support.drawn_image import draw_image

# (source_wh, target_wh): wide, tall, odd on every side, growing, the ratio kept, extreme.
SIZES = [
    ((331, 187), (96, 64)),
    ((187, 331), (96, 64)),
    ((101, 77), (43, 59)),
    ((33, 21), (64, 97)),
    ((120, 80), (60, 40)),
    ((400, 31), (31, 47)),
]
BARS = (114.0, 13.0, 212.0)
INSTALLED_PILLOW = "pil13" if int(PIL.__version__.split(".")[0]) >= 13 else "pil"

each_size = pytest.mark.parametrize(("source_wh", "target_wh"), SIZES)
each_rule = pytest.mark.parametrize("rule", RESIZE_RULES)
Size = tuple[int, int]


def pad_for(rule: str) -> tuple[float, ...] | None:
    """Return the colour that the rule asks for."""
    return BARS if rule in PADDING_RULES else None


@each_size
def test_center_crop_is_smart_resize(source_wh: Size, target_wh: Size) -> None:
    """With a tf interpolation, center-crop equals keras.preprocessing.image.smart_resize."""
    image = draw_image(*source_wh)
    expected = keras.preprocessing.image.smart_resize(image, target_wh[::-1], "bilinear")
    got, _ = fit(image, target_wh, "center-crop", "tf-bilinear", None)
    np.testing.assert_allclose(got, expected, rtol=0, atol=0.03)


@each_size
def test_center_crop_is_the_resizing_layer(source_wh: Size, target_wh: Size) -> None:
    """With a tf interpolation, center-crop equals Resizing(crop_to_aspect_ratio=True)."""
    image = draw_image(*source_wh).astype(np.float32)
    layer = keras.layers.Resizing(*target_wh[::-1], "bicubic", crop_to_aspect_ratio=True)
    got, _ = fit(image, target_wh, "center-crop", "tf-bicubic", None)
    np.testing.assert_allclose(got, layer(image), rtol=0, atol=0.0005)


@each_size
@pytest.mark.parametrize("name", ["nearest", "bilinear", "lanczos"])
@pytest.mark.parametrize("rule", ["center-crop", "stretch"])
def test_a_pil_interpolation_is_load_img(
    rule: str, name: str, source_wh: Size, target_wh: Size, tmp_path: Path
) -> None:
    """With a pil interpolation, each byte is that of load_img and its keep_aspect_ratio."""
    image, path = draw_image(*source_wh), tmp_path / "drawn.png"
    Image.fromarray(image).save(path)
    is_crop = rule == "center-crop"
    expected = keras.utils.load_img(
        path, target_size=target_wh[::-1], interpolation=name, keep_aspect_ratio=is_crop
    )
    interpolation = "pil-nearest" if name == "nearest" else f"{INSTALLED_PILLOW}-{name}"
    got, _ = fit(image, target_wh, rule, interpolation, None)
    np.testing.assert_array_equal(got, np.asarray(expected))


@each_size
def test_letterbox_is_resize_with_pad(source_wh: Size, target_wh: Size) -> None:
    """With black bars and a tf interpolation, letterbox equals tf.image.resize_with_pad."""
    image = draw_image(*source_wh)
    expected = tf.image.resize_with_pad(image, *target_wh[::-1], method="bicubic", antialias=True)
    got, _ = fit(image, target_wh, "letterbox", "tf-bicubic-antialias", (0.0, 0.0, 0.0))
    np.testing.assert_allclose(got, expected, rtol=0, atol=0.0005)


@given(*[st.integers(1, 900)] * 2, *[st.integers(1, 200)] * 2)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_letterbox_rounds_as_tensorflow_does(
    width: int, height: int, target_width: int, target_height: int
) -> None:
    """The bars of tf.image.resize_with_pad are matched to the pixel, float32 rounding included."""
    target_wh = (target_width, target_height)
    # TensorFlow refuses an extent that is rounded down to nothing.
    assume(min(target_width / width * height, target_height / height * width) >= 1.01)
    ones = np.ones((height, width, 1), np.uint8)
    padded = tf.image.resize_with_pad(ones, target_height, target_width, method="nearest")
    rows, columns = np.nonzero(padded[:, :, 0])
    expected = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert letterbox_box((width, height), target_wh) == expected


@each_size
@pytest.mark.parametrize("name", ["nearest", "bilinear", "bicubic", "lanczos3"])
def test_pad_is_the_resizing_layer(source_wh: Size, target_wh: Size, name: str) -> None:
    """With a tf interpolation, pad equals Resizing(pad_to_aspect_ratio=True)."""
    image = draw_image(*source_wh).astype(np.float32)
    layer = keras.layers.Resizing(
        *target_wh[::-1], name, pad_to_aspect_ratio=True, fill_value=114.0
    )
    got, _ = fit(image, target_wh, "pad", f"tf-{name}", (114.0,) * 3)
    atol = 0.03 if name == "bilinear" else 0.0005
    np.testing.assert_allclose(got, layer(image), rtol=0, atol=atol)


@given(*[st.integers(1, 300)] * 2, *[st.integers(1, 200)] * 2)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_pad_rounds_as_keras_does(
    width: int, height: int, target_width: int, target_height: int
) -> None:
    """The bars are Keras' to the pixel: each pixel comes from the same place."""
    assume(max(width * target_height, height * target_width) < 3000 * min(width, height))
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    image = np.dstack([x + 1, y + 1, x + y]).astype(np.float32)
    target_wh = (target_width, target_height)
    layer = keras.layers.Resizing(
        target_height, target_width, "nearest", pad_to_aspect_ratio=True, fill_value=0.0
    )
    got, _ = fit(image, target_wh, "pad", "tf-nearest", (0.0, 0.0, 0.0))
    np.testing.assert_array_equal(got, layer(image))


def test_what_pad_fills_may_end_inside_of_a_pixel() -> None:
    """The bars are whole pixels of the source, which are parts of the input's."""
    placement = place((101, 77), (43, 43), "pad")
    assert placement.visible_xyxy == (0, 0, 101, 77)
    bar = 12 * 43 / 101
    np.testing.assert_allclose(placement.filled_xyxy, (0, bar, 43, bar + 77 * 43 / 101))
    np.testing.assert_allclose(placement.to_source([(0, bar)]), [(0, 0)], atol=1e-12)


def test_a_strip_is_not_padded_beyond_all_memory() -> None:
    """Keras would make a square of 2.7 gigabytes of it."""
    with pytest.raises(InputError, match="30000x2 pixels would be padded to 30000x30000"):
        fit(np.zeros((2, 30000, 3), np.uint8), (224, 224), "pad", "linear", BARS)


def test_a_letterbox_is_never_empty() -> None:
    """A strip whose height would be rounded down to nothing keeps one row."""
    image, placement = fit(draw_image(400, 3), (31, 47), "letterbox", "tf-area", BARS)
    inside = (image != BARS).any(axis=2)
    np.testing.assert_array_equal(inside.any(axis=1), np.arange(47) == 23)
    assert placement.offset_xy == (0, 23)


@pytest.mark.parametrize("interpolation", ["linear", "pil-bicubic", "tf-bilinear"])
def test_bars_have_the_given_colour(interpolation: str) -> None:
    """Bars are filled channel by channel, in the dtype of the resized image."""
    image, _ = fit(draw_image(90, 40), (60, 50), "letterbox", interpolation, BARS)
    x0, y0, x1, y1 = letterbox_box((90, 40), (60, 50))
    assert (x0, y0, x1, y1) == (0, 11, 60, 37)
    np.testing.assert_array_equal(image[:y0], np.broadcast_to(BARS, (y0, 60, 3)))
    np.testing.assert_array_equal(image[y1:], np.broadcast_to(BARS, (50 - y1, 60, 3)))


def test_a_gray_image_takes_one_value() -> None:
    """A letterbox of an (H, W) image stays (height, width)."""
    image, _ = fit(draw_image(40, 90)[..., 1], (60, 50), "letterbox", "area", (7.0,))
    assert image.shape == (50, 60)
    assert (image[:, 0] == 7).all()
    assert (image[:, -1] == 7).all()


@each_rule
@each_size
def test_the_way_back_leads_to_the_pixels_that_were_used(
    source_wh: Size, target_wh: Size, rule: str
) -> None:
    """Resizing images of their own x and y coordinates, each pixel names the place it came from."""
    x, y = np.meshgrid(*(np.arange(side, dtype=np.float32) + 0.5 for side in source_wh))
    image, placement = fit(np.dstack([x, y, x]), target_wh, rule, "tf-bilinear", pad_for(rule))
    centres = np.dstack(np.meshgrid(*(np.arange(side) + 0.5 for side in target_wh)))
    mapped = placement.to_source(centres)
    # Beyond the outermost centres that it may read, a resize repeats the edge.
    x0, y0, x1, y1 = (
        center_box(source_wh, target_wh) if rule == "center-crop" else (0, 0, *source_wh)
    )
    inside = ((mapped > (x0 + 0.5, y0 + 0.5)) & (mapped < (x1 - 0.5, y1 - 0.5))).all(axis=2)
    assert inside.sum() > 50
    np.testing.assert_allclose(image[inside][:, :2], mapped[inside], rtol=0, atol=1e-3)


@each_size
def test_corners_map_to_corners(source_wh: Size, target_wh: Size) -> None:
    """A stretched input's corners are the source's corners."""
    _, placement = fit(draw_image(*source_wh), target_wh, "stretch", "linear", None)
    corners = placement.to_source([(0, 0), target_wh])
    np.testing.assert_allclose(corners, [(0, 0), source_wh], rtol=1e-15)


def test_boxes_map_as_pairs_of_corners() -> None:
    """(N, 2, 2) corners keep their shape, and points on the bars fall outside the source."""
    _, placement = fit(draw_image(90, 45), (60, 50), "letterbox", "linear", BARS)
    boxes = placement.to_source([[(0, 0), (60, 50)], [(30, 20), (60, 40)]])
    np.testing.assert_allclose(boxes[0], [(0, -15), (90, 60)])
    np.testing.assert_allclose(boxes[1], [(45, 15), (90, 45)])


def test_an_unknown_rule_is_refused() -> None:
    """The message names the choices."""
    with pytest.raises(ValueError, match=r"'crop'.*stretch, letterbox, center-crop"):
        fit(draw_image(9, 7), (4, 5), "crop", "linear", None)


@pytest.mark.parametrize(("rule", "pad"), [("letterbox", None), ("pad", None), ("stretch", BARS)])
def test_a_colour_goes_with_bars_only(rule: str, pad: tuple[float, ...] | None) -> None:
    """A missing colour has no default, and a useless one is not ignored."""
    with pytest.raises(ValueError, match=f"{rule}.*pad_value"):
        fit(draw_image(9, 7), (4, 5), rule, "linear", pad)


@pytest.mark.parametrize("pad", [(114.0,), (1.0, 2.0, 3.0, 4.0), (1.0, 2.0, 256.0), (0.5, 0, 0)])
def test_a_colour_that_the_image_cannot_hold_is_refused(pad: tuple[float, ...]) -> None:
    """Colours are neither repeated, nor clipped, nor rounded."""
    with pytest.raises(ValueError, match="no colour of a uint8 image"):
        fit(draw_image(9, 7), (4, 5), "letterbox", "linear", pad)


@pytest.mark.parametrize(
    ("scale_xy", "source_wh"), [((0.0, 1.0), (9, 7)), ((1.0, -1.0), (9, 7)), ((1.0, 1.0), (0, 7))]
)
def test_a_placement_that_leads_nowhere_is_refused(
    scale_xy: tuple[float, float], source_wh: Size
) -> None:
    """A placement can always be inverted."""
    with pytest.raises(ValueError, match="scales above 0"):
        Placement(scale_xy, (0.0, 0.0), source_wh, (4, 5))
