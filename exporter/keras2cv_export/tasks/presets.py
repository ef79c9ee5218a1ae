"""Build the preprocessing: from a preset of keras.applications, a file, or the model itself.

The presets are `keras.applications.imagenet_utils.preprocess_input`'s modes, written as
`(pixel - mean) * scale / std` with `pixel` in 0..255:

    0-1     x / 255
    tf      x / 127.5 - 1                                     RGB
    torch   (x / 255 - (.485, .456, .406)) / (.229, .224, .225)   RGB
    caffe   x - (103.939, 116.779, 123.68)                    BGR
    none    x

Of 16 bits (`--depth 16`), 65535 takes the place of 255. Other numbers of channels than 1 and 3 are
taken in the model's own order, by the presets that treat all channels alike.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras2cv.bundle.manifest import Preprocessing
from keras2cv.errors import InputError, UsageError
from keras2cv.pixels.geometry import PADDING_RULES
from keras2cv.plain_files import read_plain
from keras2cv.schema.fields import SchemaError, decode, parse_json
from keras2cv_export.model.spec import TensorSpec

PRESETS = ("none", "0-1", "tf", "torch", "caffe")
_TORCH_MEAN = [255 * m for m in (0.485, 0.456, 0.406)]
_TORCH_STD = [0.229, 0.224, 0.225]
_CAFFE_MEAN = [103.939, 116.779, 123.68]  # blue, green, red

# The rule of a plain cv2.resize, and of blobFromImage itself.
DEFAULT_RESIZE = "stretch"
DEFAULT_INTERPOLATION = "linear"
# The grey that YOLO models are trained with; for other models, a FILE.json has the colour.
_LETTERBOX_GREY = 114

_MAX_FILE_BYTES = 2**16  # ten numbers take a hundredth of it
_NEEDED = {"color", "mean", "scale", "std"}
_OPTIONAL = {"size", "resize", "interpolation", "pad", "transpose", "depth", "clip"}


@dataclass(frozen=True)
class Geometry:
    """The user's choices of how an image gets the input's size; None where there is none.

    Attributes:
        size_wh: Width and height in pixels.
        resize: stretch, letterbox, center-crop or pad.
        interpolation: One of `keras2cv.pixels.resize.INTERPOLATIONS`.
        transpose: Whether the resized image's rows become the input's columns.
        depth: 16 if the model was trained on all 16 bits.
        window: Of a clip: how many frames it has.
        stride: Of a clip: how many frames of the video one of its frames is after the other.
        hop: Of a clip: how many frames after it the next one begins.
    """

    size_wh: tuple[int, int] | None = None
    resize: str | None = None
    interpolation: str | None = None
    transpose: bool = False
    depth: int | None = None
    window: int | None = None
    stride: int | None = None
    hop: int | None = None

    @property
    def cuts_clips(self) -> bool:
        """Whether there is a choice of how frames become clips."""
        return (self.window, self.stride, self.hop) != (None,) * 3


def preprocessing(
    choice: str | Path | Mapping[str, Any], image: TensorSpec, geometry: Geometry, source: str
) -> Preprocessing:
    """Build the manifest's preprocessing for the image input.

    Args:
        choice: A preset's name, a JSON file with the manifest's own keys, or a mapping of them.
        image: The input, (N, H, W, C), or (N, C, H, W) where it says so; or of clips,
            (N, T, H, W, C).
        geometry: Size, resize rule and interpolation; the input's own size where not given.
        source: The origin of the choice, for the manifest: "preset tf", "in the model", "file".

    Raises:
        UsageError: The choice is unknown, does not hold together, or does not fit the input.
        InputError: The file cannot be read.
    """
    channels = _channels(image)
    if isinstance(choice, Mapping):
        rules, choice = dict(choice), source
    else:
        depth = geometry.depth or 8
        rules = _from_preset(str(choice), channels, depth) or _from_file(Path(choice))
    if geometry.depth == 16:
        rules["depth"] = 16
    if (clip := _clip(rules, geometry, image)) is not None:
        rules["clip"] = clip
    if geometry.transpose:
        rules["transpose"] = 1
    _place(rules, geometry, _size_of(image, "transpose" in rules))
    try:
        result = decode(Preprocessing, {**rules, "input": image.name, "source": source})
    except SchemaError as error:
        raise UsageError(
            f"The preprocessing {choice} does not hold together: {error}. "
            f"Choose {', '.join(PRESETS)}, or correct the file."
        ) from error
    _check_fits(result, image, choice)
    return result


def require_preprocessing(choice: str | os.PathLike[str]) -> None:
    """Raise unless `choice` is a preset, or a file that can be read.

    Raises:
        UsageError: It is neither.
        InputError: The file is not there, or holds something else.
    """
    if str(choice) not in PRESETS:
        _from_file(Path(choice))


def stated_keys(choice: str | os.PathLike[str]) -> frozenset[str]:
    """Return the keys that a FILE.json states; nothing for a preset.

    Raises:
        UsageError: It is neither.
        InputError: The file is not there, or holds something else.
    """
    return frozenset() if str(choice) in PRESETS else frozenset(_from_file(Path(choice)))


def _place(rules: dict[str, Any], geometry: Geometry, own_size_wh: tuple[int, int]) -> None:
    """Fill in how the image gets its size: the user's choice, else the file's, else the default."""
    if geometry.resize not in (None, *PADDING_RULES):
        rules.pop("pad", None)  # the file's rule is overruled, and its border with it
    chosen = {
        "size": geometry.size_wh and list(geometry.size_wh),
        "resize": geometry.resize,
        "interpolation": geometry.interpolation,
    }
    rules |= {key: value for key, value in chosen.items() if value is not None}
    rules.setdefault("size", list(own_size_wh))
    rules.setdefault("resize", DEFAULT_RESIZE)
    rules.setdefault("interpolation", DEFAULT_INTERPOLATION)
    if rules["resize"] in PADDING_RULES:
        rules.setdefault("pad", _LETTERBOX_GREY * (257 if rules.get("depth") == 16 else 1))


def _clip(rules: Mapping[str, Any], geometry: Geometry, image: TensorSpec) -> dict[str, int] | None:
    """Return how frames become clips: the user's choice, else the file's, else one after another.

    Raises:
        UsageError: The input takes no clips, or clips of another number of frames.
    """
    stated = rules.get("clip")
    if len(image.shape) != 5:
        if geometry.cuts_clips or stated is not None:
            raise UsageError(
                "--window, --stride and --hop are for clips (N, T, H, W, C), and the input "
                f"{image} takes none. Leave them out."
            )
        return None
    given = stated if isinstance(stated, Mapping) else {}
    frames = int(image.shape[1] or 0)
    window = geometry.window or given.get("window", frames)
    if window != frames:
        raise UsageError(
            f"A window of {window} frames does not fit the input {image}, which takes {frames}. "
            "Leave --window out, or give --input-shape."
        )
    stride = geometry.stride or given.get("stride", 1)
    hop = geometry.hop or given.get("hop", frames * stride)
    return {"window": frames, "stride": stride, "hop": hop}


def _check_fits(rules: Preprocessing, image: TensorSpec, choice: str | Path) -> None:
    own_size_wh = _size_of(image, rules.transpose is not None)
    if rules.size_wh != own_size_wh:
        raise UsageError(
            f"The size {rules.size_wh[0]}x{rules.size_wh[1]} does not fit the input {image}, which "
            f"takes {own_size_wh[0]}x{own_size_wh[1]}. Leave --size out, or give --input-shape."
        )
    if rules.channels != image.channels:
        raise UsageError(
            f"The preprocessing {choice} makes {rules.color}, which has {rules.channels} channels, "
            f"and the input {image} has {image.channels}. Give the colour that the model takes."
        )
    if rules.bits == 16 and image.dtype in ("uint8", "int8"):
        raise UsageError(
            f"The input {image} holds 8 bits, and --depth 16 gives 16. Leave --depth out."
        )
    if not image.dtype.startswith("float") and _makes_fractions(rules):
        raise UsageError(
            f"The input {image} takes whole numbers, and the preprocessing {choice} "
            f"({rules.interpolation}) makes fractions of pixels. "
            "Use none, and an interpolation that gives whole pixels, such as linear."
        )


def _makes_fractions(rules: Preprocessing) -> bool:
    values = {rules.scale, *rules.std, *(1 + m for m in rules.mean)}
    smooth = rules.interpolation.startswith("tf-") and rules.interpolation != "tf-nearest"
    return values != {1.0} or smooth


def _channels(image: TensorSpec) -> int:
    return int(image.channels or 0)


def _size_of(image: TensorSpec, transposed: bool) -> tuple[int, int]:
    """Return width and height of the image for the input; a transposed input has them swapped."""
    height, width = image.size_hw
    return (height, width) if transposed else (width, height)


def _from_preset(name: str, channels: int, depth: int) -> dict[str, Any] | None:
    if name not in PRESETS:
        return None
    if channels != 3 and name in ("torch", "caffe"):
        many = f"{channels} channel{'s' * (channels != 1)}"
        raise UsageError(f"The preset {name} is for colour images, and the model takes {many}.")
    if depth == 16 and name == "caffe":
        raise UsageError(
            "The preset caffe subtracts a mean of 8-bit pixels, and --depth 16 gives 16 bits. "
            "Give a FILE.json with the mean that the model was trained with."
        )
    one, none = [1.0] * channels, [0.0] * channels
    white = 65535.0 if depth == 16 else 255.0
    color = {1: "GRAY", 3: "RGB"}.get(channels, "CHANNELS")
    torch_mean = [white / 255 * mean for mean in _TORCH_MEAN]
    presets: dict[str, dict[str, Any]] = {
        "none": {"color": color, "mean": none, "scale": 1.0, "std": one},
        "0-1": {"color": color, "mean": none, "scale": 1 / white, "std": one},
        "tf": {"color": color, "mean": [white / 2] * channels, "scale": 2 / white, "std": one},
        "torch": {"color": "RGB", "mean": torch_mean, "scale": 1 / white, "std": _TORCH_STD},
        "caffe": {"color": "BGR", "mean": _CAFFE_MEAN, "scale": 1.0, "std": one},
    }
    return presets[name]


def _from_file(path: Path) -> dict[str, Any]:
    if path.suffix != ".json":
        raise UsageError(
            f"There is no preprocessing {str(path)!r}. Choose {', '.join(PRESETS)} or a FILE.json."
        )
    try:
        rules = parse_json(read_plain(path, _MAX_FILE_BYTES).decode("utf-8-sig").lstrip())
    except (OSError, UnicodeDecodeError, SchemaError) as error:
        raise InputError(
            f"The preprocessing file {path} cannot be read: "
            f"{getattr(error, 'strerror', None) or error}. "
            'Write {"color": "RGB", "mean": [0, 0, 0], "scale": 0.00392156862745098, '
            '"std": [1, 1, 1]}, with your numbers.'
        ) from error
    if not _NEEDED <= set(rules) <= _NEEDED | _OPTIONAL:
        raise InputError(
            f"{path} must have {', '.join(sorted(_NEEDED))}, and may have "
            f"{', '.join(sorted(_OPTIONAL))}; it has {', '.join(rules) or 'nothing'}."
        )
    return dict(rules)


def value_range(rules: Preprocessing | None) -> tuple[float, float]:
    """Return the least and the largest value that a blob can have, for samples like real ones."""
    if rules is None:
        return (-1.0, 1.0)
    ends = [
        (pixel - mean) * rules.scale / std
        for mean, std in zip(rules.mean, rules.std, strict=True)
        for pixel in (0, rules.white)
    ]
    return (min(ends), max(ends))
