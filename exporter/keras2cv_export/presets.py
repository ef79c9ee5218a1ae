"""From an image to the model's input: a preset of keras.applications, a file, or the model itself.

The presets are `keras.applications.imagenet_utils.preprocess_input`'s modes, written as
`(pixel - mean) * scale / std` with `pixel` in 0..255:

    0-1     x / 255
    tf      x / 127.5 - 1                                     RGB
    torch   (x / 255 - (.485, .456, .406)) / (.229, .224, .225)   RGB
    caffe   x - (103.939, 116.779, 123.68)                    BGR
    none    x
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras2cv.errors import InputError, UsageError
from keras2cv.manifest import Preprocessing

from .spec import TensorSpec

PRESETS = ("none", "0-1", "tf", "torch", "caffe")
_TORCH_MEAN = tuple(255 * m for m in (0.485, 0.456, 0.406))
_TORCH_STD = (0.229, 0.224, 0.225)
_CAFFE_MEAN = (103.939, 116.779, 123.68)  # blue, green, red

# The rule of a plain cv2.resize, and of blobFromImage itself.
DEFAULT_RESIZE = "stretch"
DEFAULT_INTERPOLATION = "linear"
# The grey that YOLO models are trained with; models trained otherwise say so in a FILE.json.
_LETTERBOX_GREY = 114

_KEYS = {"color", "size", "resize", "interpolation", "mean", "scale", "std", "pad"}


@dataclass(frozen=True)
class Geometry:
    """How an image gets the input's size; None where the user did not say.

    Attributes:
        size_wh: Width and height in pixels.
        resize: stretch, letterbox or center-crop.
        interpolation: One of `keras2cv.resize.INTERPOLATIONS`.
    """

    size_wh: tuple[int, int] | None = None
    resize: str | None = None
    interpolation: str | None = None


def preprocessing(
    choice: str | Path, image: TensorSpec, geometry: Geometry, source: str
) -> Preprocessing:
    """Build the manifest's preprocessing for the image input.

    Args:
        choice: A preset's name, or a JSON file with the manifest's own keys.
        image: The input, (N, H, W, C).
        geometry: Size, resize rule and interpolation; the input's own size where not given.
        source: Who decided, for the manifest: "preset tf", "in the model", "file".

    Raises:
        UsageError: The choice is unknown or does not fit the input.
    """
    facts = _from_preset(str(choice), _channels(image))
    if facts is None:
        facts = _from_file(Path(choice))
    size_wh = geometry.size_wh or _pair(facts.pop("size", None)) or _size_of(image)
    if size_wh != _size_of(image):
        raise UsageError(
            f"The size {size_wh[0]}x{size_wh[1]} does not fit the input {image}, which takes "
            f"{_size_of(image)[0]}x{_size_of(image)[1]}. Leave --size out, or give --input-shape."
        )
    facts["resize"] = geometry.resize or facts.get("resize") or DEFAULT_RESIZE
    facts["interpolation"] = (
        geometry.interpolation or facts.get("interpolation") or DEFAULT_INTERPOLATION
    )
    if facts["resize"] == "letterbox":
        facts.setdefault("pad", _LETTERBOX_GREY)
    return _checked(choice, {"input": image.name, "size_wh": size_wh, "source": source, **facts})


def _checked(choice: str | Path, facts: dict[str, Any]) -> Preprocessing:
    try:
        return Preprocessing(**facts)
    except (TypeError, ValueError) as error:
        raise UsageError(f"The preprocessing {choice} does not hold together: {error}.") from error


def _channels(image: TensorSpec) -> int:
    channels = image.shape[3]
    if channels not in (1, 3):
        raise UsageError(
            f"The input {image} has {channels} channels, and images have 1 or 3. "
            "Use --task raw and give arrays."
        )
    return int(channels)


def _size_of(image: TensorSpec) -> tuple[int, int]:
    return int(image.shape[2] or 0), int(image.shape[1] or 0)


def _pair(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    if not (isinstance(value, list) and len(value) == 2 and all(isinstance(v, int) for v in value)):
        raise UsageError(f"'size' is {value!r}, and must be [width, height].")
    return value[0], value[1]


def _from_preset(name: str, channels: int) -> dict[str, Any] | None:
    if name not in PRESETS:
        return None
    if channels == 1 and name in ("torch", "caffe"):
        raise UsageError(f"The preset {name} is for colour images, and the model takes 1 channel.")
    one, none = (1.0,) * channels, (0.0,) * channels
    color = "GRAY" if channels == 1 else "RGB"
    facts: dict[str, dict[str, Any]] = {
        "none": {"color": color, "mean": none, "scale": 1.0, "std": one},
        "0-1": {"color": color, "mean": none, "scale": 1 / 255, "std": one},
        "tf": {"color": color, "mean": (127.5,) * channels, "scale": 1 / 127.5, "std": one},
        "torch": {"color": "RGB", "mean": _TORCH_MEAN, "scale": 1 / 255, "std": _TORCH_STD},
        "caffe": {"color": "BGR", "mean": _CAFFE_MEAN, "scale": 1.0, "std": one},
    }
    return facts[name]


def _from_file(path: Path) -> dict[str, Any]:
    if path.suffix != ".json":
        raise UsageError(
            f"There is no preprocessing {str(path)!r}. Choose {', '.join(PRESETS)} or a FILE.json."
        )
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"The preprocessing file {path} cannot be read: {error}.") from error
    if not isinstance(facts, dict) or not {"color", "mean", "scale", "std"} <= set(facts) <= _KEYS:
        raise InputError(
            f"{path} must be a map with color, mean, scale, std, and perhaps size, resize, "
            f"interpolation and pad; it has: {', '.join(facts) if isinstance(facts, dict) else ''}."
        )
    return {**facts, "mean": _floats(path, "mean", facts), "std": _floats(path, "std", facts)}


def _floats(path: Path, key: str, facts: dict[str, Any]) -> tuple[float, ...]:
    values: Sequence[Any] = facts[key] if isinstance(facts[key], list) else [facts[key]]
    if not all(isinstance(v, int | float) for v in values):
        raise InputError(f"{path}: {key} is {facts[key]!r}, and must be numbers, one per channel.")
    return tuple(float(v) for v in values)


def value_range(facts: Preprocessing | None) -> tuple[float, float]:
    """Return the least and the largest value that a blob can have, for samples like real ones."""
    if facts is None:
        return (-1.0, 1.0)
    low = min((0 - m) * facts.scale / s for m, s in zip(facts.mean, facts.std, strict=True))
    high = max((255 - m) * facts.scale / s for m, s in zip(facts.mean, facts.std, strict=True))
    return (low, high)
