"""Keras' side of preprocessing: the libraries themselves read, resize and scale the pictures.

Nothing here is ours: Pillow, `tf.io`, `tf.image` and `keras.applications` do the work, so that the
bundle's preprocessing is compared with the originals and not with a copy of itself. Only the place
of a letterbox's or crop's part comes from `keras2cv.pixels.geometry`, whose own tests compare it
with `tf.image.resize_with_pad` and `keras.utils.load_img`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.errors import InputError, MissingDependency
from keras2cv.pixels.geometry import padded_box, place
from keras2cv.pixels.image_file import read_image
from keras2cv.pixels.images import as_bgr, as_gray
from keras2cv.pixels.resize import resize as repeat
from keras2cv_export.quiet.tensorflow import keras, tf

from .reference_preprocessing import ReferencePreprocessing

Array = np.ndarray[Any, Any]


def decode(path: Path, reference: ReferencePreprocessing, channels: int, bits: int = 8) -> Array:
    """Return the picture (H, W, channels), RGB or gray, read by the reference's decoder.

    uint8; with 16 bits uint16, by TensorFlow from a PNG, and by OpenCV from other files, which
    neither TensorFlow nor Pillow reads whole.

    Args:
        path: The picture's file.
        reference: The preprocessing of Keras' side.
        channels: 3 or 1.
        bits: 8 or 16.

    Raises:
        InputError: The decoder cannot read it.
        MissingDependency: Pillow is not installed.
    """
    if bits == 16:
        return _whole(path, reference, channels)
    if reference.decoder == "pil":
        return _by_pillow(path, channels)
    if reference.decoder == "cv2":
        return as_rgb(read_image(path), channels)
    return _by_tensorflow(path, channels, accurate=reference.decoder == "tf-accurate")


def as_rgb(image_bgr: Array, channels: int, bits: int = 8) -> Array:
    """Return OpenCV's (H, W, 3) BGR as RGB, or gray, (H, W, channels), of 8 or 16 bits."""
    if channels == 1:
        return as_gray(image_bgr, bits)[..., None]
    return as_bgr(image_bgr, bits)[..., ::-1]


def _whole(path: Path, reference: ReferencePreprocessing, channels: int) -> Array:
    """Read all 16 bits."""
    data = path.read_bytes()
    if reference.decoder == "cv2" or data[:4] != b"\x89PNG":
        return as_rgb(read_image(path, 16), channels, 16)
    with tf.device("/CPU:0"):
        read = tf.io.decode_png(data, 3, dtype=tf.uint16)
        if channels == 1:
            read = tf.image.rgb_to_grayscale(read)
    return np.asarray(read, np.uint16)


def _by_pillow(path: Path, channels: int) -> Array:
    """Read as `keras.utils.load_img` does."""
    image = _pillow().open(path)
    return _with_channels(np.asarray(image.convert("L" if channels == 1 else "RGB"), np.uint8))


def _by_tensorflow(path: Path, channels: int, *, accurate: bool) -> Array:
    """Read as `tf.io.decode_image` does, or as precisely as TensorFlow can.

    For one channel, TensorFlow returns a JPEG's own luma, unlike every library that converts
    colours to gray; so the precise decoder reads three.
    """
    data = path.read_bytes()
    is_jpeg = data[:2] == b"\xff\xd8"
    wanted = 3 if accurate else channels
    try:
        with tf.device("/CPU:0"):
            if is_jpeg and accurate:
                read = tf.io.decode_jpeg(data, wanted, dct_method="INTEGER_ACCURATE")
            else:
                read = tf.io.decode_image(data, wanted, expand_animations=False)
            if channels < wanted:
                read = tf.image.rgb_to_grayscale(read)
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
        if accurate:  # the user did not ask for TensorFlow; OpenCV reads WebP and TIFF
            return as_rgb(read_image(path), channels)
        raise InputError(
            f"TensorFlow cannot decode {path}: it reads JPEG, PNG, GIF and BMP. "
            "Give --reference-resize pil-... for Pillow, or leave the file out."
        ) from error
    return np.asarray(read, np.uint8)


def resize(pixels: Array, size_wh: tuple[int, int], reference: ReferencePreprocessing) -> Array:
    """Return (height, width, C): uint8 from Pillow and OpenCV, float32 from TensorFlow."""
    if reference.rule == "letterbox":
        x0, y0, x1, y1 = place(pixels.shape[1::-1], size_wh, reference.rule).content_xyxy
        part = _stretch(pixels, (x1 - x0, y1 - y0), reference, None)
        canvas = np.full((size_wh[1], size_wh[0], pixels.shape[2]), reference.pad, part.dtype)
        canvas[y0:y1, x0:x1] = part
        return canvas
    if reference.rule == "pad":
        x0, y0, _, _ = padded_box(pixels.shape[1::-1], size_wh)
        bars = ((-y0, -y0), (-x0, -x0), (0, 0))
        return _stretch(
            np.pad(pixels, bars, constant_values=reference.pad or 0), size_wh, reference, None
        )
    box = place(pixels.shape[1::-1], size_wh, reference.rule).visible_xyxy
    return _stretch(pixels, size_wh, reference, box if reference.rule == "center-crop" else None)


def transposed(pixels: Array, reference: ReferencePreprocessing) -> Array:
    """Return the picture (H, W, C) as the model reads it: (W, H, C) if its code transposes."""
    return np.asarray(tf.transpose(pixels, (1, 0, 2))) if reference.transpose else pixels


def _stretch(
    pixels: Array,
    size_wh: tuple[int, int],
    reference: ReferencePreprocessing,
    box: tuple[int, ...] | None,
) -> Array:
    interpolation = reference.interpolation
    if interpolation.startswith("pil") and reference.decoder == "pil":
        return _stretch_by_pillow(pixels, size_wh, interpolation, box)
    if interpolation.startswith("pil"):  # another decoder: use our copy, tested against Pillow
        return _with_channels(repeat(pixels, size_wh, interpolation, box_xyxy=_box(box)))
    x0, y0, x1, y1 = box or (0, 0, *pixels.shape[1::-1])
    part = np.ascontiguousarray(pixels[y0:y1, x0:x1])
    if not interpolation.startswith("tf-"):
        return _with_channels(repeat(part, size_wh, interpolation))
    name = interpolation.removeprefix("tf-")
    antialias = name.endswith("-antialias")
    with tf.device("/CPU:0"):
        resized = tf.image.resize(
            part, size_wh[::-1], method=name.removesuffix("-antialias"), antialias=antialias
        )
    return np.asarray(resized)


def _stretch_by_pillow(
    pixels: Array, size_wh: tuple[int, int], interpolation: str, box: tuple[int, ...] | None
) -> Array:
    family, _, name = interpolation.partition("-")
    if name != "nearest" and (family == "pil13") != (_pillow_version() >= 13):
        # The model was trained with another Pillow: ours repeats both versions, each tested against
        # its original.
        return _with_channels(repeat(pixels, size_wh, interpolation, box_xyxy=_box(box)))
    pillow = _pillow()
    flat = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    method = getattr(pillow.Resampling, name.upper())
    return _with_channels(np.asarray(pillow.fromarray(flat).resize(size_wh, method, box=box)))


def _box(box: tuple[int, ...] | None) -> tuple[int, int, int, int] | None:
    return None if box is None else (box[0], box[1], box[2], box[3])


def normalise(pixels: Array, reference: ReferencePreprocessing) -> Array:
    """Return the model's input (height, width, C) float32 for RGB or gray pixels."""
    values = pixels.astype(np.float32)
    if reference.preset not in ("none", "file"):  # the presets are for 8 bits
        values = values / np.float32(reference.from_file.white / 255)
    if reference.preset in ("tf", "torch", "caffe"):
        scale = keras.applications.imagenet_utils.preprocess_input
        if values.shape[2] == 3:
            return np.asarray(scale(values, data_format="channels_last", mode=reference.preset))
        return np.asarray(values / np.float32(127.5) - np.float32(1))
    if reference.preset == "0-1":
        return np.asarray(values / np.float32(255))
    if reference.preset == "none":
        return values
    rules = reference.from_file
    values = values[..., ::-1] if rules.color == "BGR" else values
    mean, std = (np.array(x, np.float64) for x in (rules.mean, rules.std))
    return np.asarray((values - mean) * rules.scale / std, np.float32)


def _with_channels(image: Array) -> Array:
    return image[..., None] if image.ndim == 2 else image


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependency(
            "The reference reads pictures by Pillow, which is not installed. "
            "Install it: pip install pillow."
        ) from error
    return Image


def _pillow_version() -> int:
    return int(_pillow().__version__.partition(".")[0])
