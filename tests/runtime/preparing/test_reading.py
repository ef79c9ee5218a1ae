"""Files are read with the bits and channels that an input takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv.errors import InputError
from keras2cv.pixels.image_file import read_image
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv.pixels.preprocessing import Preprocessing
from keras2cv.preparing.reading import drawable, read_picture
from keras2cv.schema.fields import SchemaError

RNG = np.random.default_rng(1)
DEEP = RNG.integers(0, 65536, (6, 8, 3)).astype(np.uint16)


def rules(color: str, channels: int, **changes: Any) -> Preprocessing:
    """Return rules that change nothing."""
    plain: dict[str, Any] = {
        "input": "x",
        "color": color,
        "size_wh": (8, 6),
        "resize": "stretch",
        "interpolation": "linear",
        "mean": (0.0,) * channels,
        "scale": 1.0,
        "std": (1.0,) * channels,
        "source": "file",
    }
    return Preprocessing(**{**plain, **changes})


@pytest.mark.parametrize("suffix", [".png", ".tif", ".ppm"])
def test_16_bits_are_whole_or_their_upper_byte(tmp_path: Path, suffix: str) -> None:
    """One rule for all formats; cv2.imread itself rounds colours of a TIFF."""
    path = tmp_path / f"deep{suffix}"
    cv2.imwrite(str(path), DEEP)
    np.testing.assert_array_equal(read_image(path, 16), DEEP)
    np.testing.assert_array_equal(read_image(path), DEEP >> 8)
    blob = Preprocessor(rules("RGB", 3))([DEEP])
    np.testing.assert_array_equal(Preprocessor(rules("RGB", 3))([read_image(path)]), blob)


def test_a_blob_of_16_bits_keeps_them_all() -> None:
    """RGB from BGR; 8 bits are multiplied by 257."""
    prepare = Preprocessor(rules("RGB", 3, depth=16))
    np.testing.assert_array_equal(prepare([DEEP])[0].transpose(1, 2, 0), DEEP[..., ::-1])
    low = (DEEP >> 8).astype(np.uint8)
    wide = low[..., ::-1].astype(np.float32) * 257
    np.testing.assert_array_equal(prepare([low])[0].transpose(1, 2, 0), wide)


@pytest.mark.parametrize("interpolation", ["linear", "area", "cubic", "lanczos4", "tf-bilinear"])
@pytest.mark.parametrize("channels", [5, 9])
def test_each_of_many_channels_is_resized_as_alone(channels: int, interpolation: str) -> None:
    """In groups that every resize of cv2 takes."""
    image = RNG.integers(0, 256, (17, 23, channels)).astype(np.uint8)
    whole = Preprocessor(rules("CHANNELS", channels, interpolation=interpolation))([image])[0]
    for k in range(channels):
        gray = Preprocessor(rules("GRAY", 1, interpolation=interpolation))
        np.testing.assert_allclose(whole[k], gray([image[..., k]])[0, 0], atol=1e-4)


def test_alpha_has_its_order(tmp_path: Path) -> None:
    """cv2's BGRA is put in the order of RGBA, and of plain channels; drawn without alpha."""
    bgra = RNG.integers(0, 256, (6, 8, 4)).astype(np.uint8)
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), bgra)
    rgba = bgra[..., [2, 1, 0, 3]]
    for color in ("RGBA", "CHANNELS"):
        read = read_picture(path, rules(color, 4))
        blob = Preprocessor(rules(color, 4))([read])[0]
        np.testing.assert_array_equal(blob.transpose(1, 2, 0), rgba)
        np.testing.assert_array_equal(drawable(read, rules(color, 4)), bgra[..., :3])


def test_other_channels_are_refused_with_both_numbers(tmp_path: Path) -> None:
    """In files and arrays."""
    cv2.imwrite(f"{tmp_path}/rgb.png", np.zeros((6, 8, 3), np.uint8))
    np.save(tmp_path / "x.npy", np.zeros((6, 8, 7), np.float32))
    with pytest.raises(InputError, match="has 3 channels, and the model takes 5"):
        read_picture(tmp_path / "rgb.png", rules("CHANNELS", 5))
    with pytest.raises(InputError, match=r"one picture \(H, W, 5\) of uint8 .* got \(6, 8, 7\) fl"):
        read_picture(tmp_path / "x.npy", rules("CHANNELS", 5))
    with pytest.raises(InputError, match=r"of 5 channels, \(H, W, 5\), and got \(6, 8, 3\), of 3"):
        Preprocessor(rules("CHANNELS", 5))([np.zeros((6, 8, 3), np.uint8)])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth": 8}, "must be 16, or left out"),
        ({"depth": 16, "interpolation": "pil-box"}, "resizes 8 bits, not 16"),
        ({"resize": "letterbox", "pad": 300}, "must be 0 to 255, got 300"),
        ({"mean": (0.0,) * 4}, "RGB needs 3, got 4"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    """By the record of the manifest."""
    with pytest.raises(SchemaError, match=message):
        rules("RGB", 3, **changes)
    assert rules("RGB", 3, depth=16, resize="letterbox", pad=300).white == 65535
