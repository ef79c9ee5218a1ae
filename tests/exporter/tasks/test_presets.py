"""Preprocessing: the presets are keras.applications' own, and a misfit is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras2cv.bundle.manifest import Preprocessing
from keras2cv.errors import InputError, UsageError
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.tasks.presets import PRESETS, Geometry, preprocessing, value_range
from support.drawn_image import draw_image

HEIGHT, WIDTH = 47, 61
PHOTO = TensorSpec("photo", (1, HEIGHT, WIDTH, 3), "float32")
GRAY = TensorSpec("scan", (1, HEIGHT, WIDTH, 1), "float32")
BYTES = TensorSpec("photo", (1, HEIGHT, WIDTH, 3), "uint8")
STATED = {"color": "BGR", "mean": [1.5, 2, 3], "scale": 0.25, "std": [1, 2, 4]}


def build(
    choice: str | Path, image: TensorSpec = PHOTO, source: str = "file", **geometry: Any
) -> Preprocessing:
    """Return the preprocessing for an image, without a wish for its geometry unless given."""
    return preprocessing(choice, image, Geometry(**geometry), source)


def write(folder: Path, rules: Any) -> Path:
    """Write a preprocessing file."""
    path = folder / "rules.json"
    path.write_text(rules if isinstance(rules, str) else json.dumps(rules), encoding="utf-8")
    return path


MODES = {
    "tf": keras.applications.mobilenet_v2.preprocess_input,
    "caffe": keras.applications.resnet50.preprocess_input,
    "torch": keras.applications.densenet.preprocess_input,
    "0-1": lambda x: x / 255,
    "none": lambda x: x,
}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_makes_what_keras_applications_does(name: str) -> None:
    """On an image of the right size, whose colours Keras has as red, green, blue."""
    bgr = draw_image(WIDTH, HEIGHT)
    blob = Preprocessor(build(name))([bgr])
    keras_input = MODES[name](bgr[None, ..., ::-1].astype(np.float32))
    assert np.abs(blob.transpose(0, 2, 3, 1) - keras_input).max() < 3e-7 * np.abs(keras_input).max()


@pytest.mark.parametrize("name", ["none", "0-1", "tf"])
def test_presets_without_colour_statistics_take_gray_too(name: str) -> None:
    """One mean, one std, colour GRAY."""
    rules = build(name, GRAY)
    assert (rules.color, len(rules.mean), len(rules.std)) == ("GRAY", 1, 1)


@pytest.mark.parametrize("name", ["torch", "caffe"])
def test_presets_with_colour_statistics_refuse_gray(name: str) -> None:
    """ImageNet has no mean of gray."""
    with pytest.raises(UsageError, match=rf"The preset {name} is for colour images"):
        build(name, GRAY)


def test_the_input_gives_its_name_and_size() -> None:
    """Width first, as images have it."""
    rules = build("tf", source="preset tf")
    assert (rules.input, rules.size_wh, rules.source) == ("photo", (WIDTH, HEIGHT), "preset tf")
    assert (rules.resize, rules.interpolation, rules.pad) == ("stretch", "linear", None)


def test_geometry_is_the_users_choice() -> None:
    """A letterbox has a gray border unless a file says another."""
    rules = build("tf", resize="letterbox", interpolation="tf-bilinear", size_wh=(WIDTH, HEIGHT))
    assert (rules.resize, rules.interpolation, rules.pad) == ("letterbox", "tf-bilinear", 114)
    assert build("tf", resize="center-crop").pad is None


def test_another_size_than_the_inputs_is_refused() -> None:
    """The message holds both, width first."""
    with pytest.raises(UsageError, match=r"47x61 does not fit .* takes 61x47"):
        build("tf", size_wh=(HEIGHT, WIDTH))


@pytest.mark.parametrize("wish", [{"resize": "zoom"}, {"interpolation": "bilinear"}], ids=str)
def test_geometry_that_there_is_not_is_refused(wish: dict[str, str]) -> None:
    """The word is shown, and for the rules the choices."""
    with pytest.raises(UsageError, match=f"does not hold together.*{next(iter(wish.values()))}"):
        build("tf", **wish)


@pytest.mark.parametrize("channels", [2, 4, 7])
def test_other_numbers_of_channels_are_in_the_models_own_order(channels: int) -> None:
    """By the presets that treat all alike; the others are for colour."""
    spec = TensorSpec("photo", (1, HEIGHT, WIDTH, channels), "float32")
    rules = build("tf", spec)
    assert (rules.color, rules.mean) == ("CHANNELS", (127.5,) * channels)
    with pytest.raises(UsageError, match=rf"for colour images, and the model takes {channels} ch"):
        build("torch", spec)


def test_a_word_that_is_neither_preset_nor_file_is_refused() -> None:
    """With the choices."""
    with pytest.raises(
        UsageError, match=r"no preprocessing .imagenet.\. Choose none, 0-1, tf, torch"
    ):
        build("imagenet")


def test_a_file_holds_every_setting(tmp_path: Path) -> None:
    """Its numbers are taken as they are, whole ones too."""
    stated = STATED | {"size": [WIDTH, HEIGHT], "resize": "letterbox", "pad": 7}
    rules = build(write(tmp_path, stated | {"interpolation": "tf-area"}))
    assert (rules.color, rules.mean, rules.scale, rules.std) == (
        "BGR", (1.5, 2.0, 3.0), 0.25, (1.0, 2.0, 4.0),
    )  # fmt: skip
    assert (rules.resize, rules.pad, rules.interpolation) == ("letterbox", 7, "tf-area")


def test_a_file_may_leave_the_geometry_open(tmp_path: Path) -> None:
    """Then the input's size and the defaults hold."""
    rules = build(write(tmp_path, STATED))
    assert (rules.size_wh, rules.resize, rules.pad) == ((WIDTH, HEIGHT), "stretch", None)


def test_the_users_word_overrules_the_file(tmp_path: Path) -> None:
    """And removes the border of the letterbox."""
    path = write(tmp_path, STATED | {"resize": "letterbox", "pad": 7, "interpolation": "area"})
    rules = build(path, resize="stretch", interpolation="cubic")
    assert (rules.resize, rules.pad, rules.interpolation) == ("stretch", None, "cubic")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """Windows' editors write one."""
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(STATED), encoding="utf-8-sig")
    assert build(path).color == "BGR"


BROKEN = {
    "no JSON": "color: RGB",
    "cut off": '{"color": "RGB"',
    "a list": "[1, 2]",
    "empty": "",
    "a key twice": '{"color": "RGB", "color": "BGR", "mean": [0], "scale": 1, "std": [1]}',
    "NaN": '{"color": "GRAY", "mean": [NaN], "scale": 1, "std": [1]}',
    "a key missing": {k: v for k, v in STATED.items() if k != "std"},
    "a key unknown": STATED | {"mode": "tf"},
    "nothing": {},
}


@pytest.mark.parametrize("rules", BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, rules: Any) -> None:
    """The error has the file's name and the fault."""
    with pytest.raises(InputError, match=r"rules\.json"):
        build(write(tmp_path, rules))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """With the operating system's reason."""
    with pytest.raises(InputError, match=r"none\.json cannot be read: .*No such file"):
        build(tmp_path / "none.json")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """JSON is UTF-8."""
    path = tmp_path / "rules.json"
    path.write_bytes(json.dumps(STATED).encode("utf-16"))
    with pytest.raises(InputError, match="cannot be read"):
        build(path)


WRONG = {
    "a colour that there is not": {"color": "rgb"},
    "a mean for two channels": {"mean": [1, 2]},
    "a mean in words": {"mean": ["1", "2", "3"]},
    "one mean for three channels": {"mean": 127.5},
    "a std of zero": {"std": [1, 0, 1]},
    "a scale of zero": {"scale": 0},
    "a scale in words": {"scale": "1/255"},
    "a scale of true": {"scale": True},
    "a rule that there is not": {"resize": "zoom"},
    "an interpolation that there is not": {"interpolation": 3},
    "a size of one number": {"size": [WIDTH]},
    "a size in fractions": {"size": [WIDTH + 0.0, HEIGHT]},
    "a border without a letterbox": {"pad": 114},
    "a border beyond 255": {"resize": "letterbox", "pad": 256},
    "null": {"resize": None},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_fields_that_do_not_hold_together_are_refused(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    """The key is named, and the file."""
    key = list(change)[-1]
    with pytest.raises(UsageError, match=rf"rules\.json does not hold together: {key}"):
        build(write(tmp_path, STATED | change))


def test_a_file_for_colours_does_not_fit_a_gray_input(tmp_path: Path) -> None:
    """Nor one for gray a colour input."""
    with pytest.raises(UsageError, match="makes BGR, which has 3 channels, and the input scan"):
        build(write(tmp_path, STATED), GRAY)
    gray = {"color": "GRAY", "mean": [3], "scale": 1, "std": [1]}
    with pytest.raises(UsageError, match="makes GRAY, which has 1 channels, and the input photo"):
        build(write(tmp_path, gray))


def test_a_size_in_a_file_must_be_the_inputs(tmp_path: Path) -> None:
    """As one on the command line must."""
    with pytest.raises(UsageError, match="does not fit the input photo"):
        build(write(tmp_path, STATED | {"size": [HEIGHT, WIDTH]}))


@pytest.mark.parametrize(
    ("choice", "geometry"),
    [("tf", {}), ("0-1", {}), ("caffe", {}), ("none", {"interpolation": "tf-bilinear"})],
)
def test_an_input_of_bytes_takes_whole_pixels_only(choice: str, geometry: dict[str, str]) -> None:
    """Fractions would be cut off in one place and rounded in another."""
    with pytest.raises(UsageError, match=r"photo .*uint8 takes whole numbers"):
        build(choice, BYTES, **geometry)


@pytest.mark.parametrize("interpolation", ["linear", "area", "tf-nearest", "pil-bicubic"])
def test_an_input_of_bytes_takes_pixels(interpolation: str) -> None:
    """The resize must round to bytes itself."""
    assert build("none", BYTES, interpolation=interpolation).scale == 1.0


def test_the_range_of_a_blob() -> None:
    """From black to white, whichever is less."""
    assert value_range(None) == (-1.0, 1.0)
    assert value_range(build("tf")) == (-1.0, 1.0)
    assert value_range(build("none")) == (0.0, 255.0)
    low, high = value_range(build("torch"))
    assert np.allclose((low, high), (-0.485 / 0.229, (1 - 0.406) / 0.225))


def test_the_range_of_an_inverted_blob(tmp_path: Path) -> None:
    """A negative scale makes white the least."""
    rules = STATED | {"mean": [255, 255, 255], "scale": -1, "std": [1, 1, 1]}
    assert value_range(build(write(tmp_path, rules))) == (0.0, 255.0)
