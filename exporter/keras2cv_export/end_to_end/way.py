"""How Keras' side makes a file into the model's input: `--reference-resize`, read."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from keras2cv.bundle.manifest import Preprocessing
from keras2cv.errors import UsageError
from keras2cv.pixels.geometry import PADDING_RULES
from keras2cv.schema.vocabulary import INTERPOLATIONS, RESIZE_RULES
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.tasks.presets import PRESETS, Geometry, preprocessing

Decoder = Literal["pil", "tf", "tf-accurate", "cv2"]

# What the functions do that most people call: keras.utils.load_img's default is Pillow's NEAREST,
# tf.image.resize's (and so image_dataset_from_directory's) is bilinear without antialiasing.
ALIASES: Final = {
    "keras": "pil-nearest",
    "tf": "tf-bilinear",
    "tf-antialias": "tf-bilinear-antialias",
    "cv2": "linear",
}
_LETTERBOX_GREY: Final = 114


@dataclass(frozen=True)
class Way:
    """What happens to a picture on Keras' side.

    Attributes:
        decoder: Who reads the file: Pillow, TensorFlow's defaults, TensorFlow with
            `dct_method="INTEGER_ACCURATE"`, or OpenCV.
        rule: One of `keras2cv.pixels.geometry.RESIZE_RULES`.
        interpolation: One of `keras2cv.pixels.resize.INTERPOLATIONS`, by the library of that name.
        pad: The colour of the bars of a letterbox or pad, 0..255; None for the other rules.
        preset: "none", "0-1", "tf", "torch" or "caffe", done by
            `keras.applications.imagenet_utils.preprocess_input`; "file" for `facts`.
        facts: What a file says of colour, mean, scale and std.
        transpose: Whether the model's code turns the resized picture, its rows to columns.
    """

    decoder: Decoder
    rule: str
    interpolation: str
    pad: int | None
    preset: str
    facts: Preprocessing
    transpose: bool = False

    def __str__(self) -> str:
        """Show as `TensorFlow's decoder, stretch by tf-bilinear, preset tf`."""
        decoder = {
            "pil": "Pillow's decoder",
            "tf": "TensorFlow's decoder",
            "tf-accurate": "TensorFlow's accurate decoder",
            "cv2": "OpenCV's decoder",
        }[self.decoder]
        scaling = "the file's numbers" if self.preset == "file" else f"preset {self.preset}"
        turned = ", transposed" if self.transpose else ""
        return f"{decoder}, {self.rule} by {self.interpolation}{turned}, {scaling}"


def own_way(bundle: Preprocessing) -> Way:
    """Return the way that a bundle says it repeats, for the libraries themselves to go."""
    preset = bundle.source.removeprefix("preset ")
    if preset not in PRESETS:
        preset = "file" if bundle.source == "file" else "none"
    return Way(
        _decoder(bundle.interpolation), bundle.resize, bundle.interpolation, bundle.pad, preset,
        bundle, bool(bundle.transpose),
    )  # fmt: skip


def parse_way(resize: str | None, preprocess: str | Path | None, bundle: Preprocessing) -> Way:
    """Read `--reference-resize` and `--reference-preprocess`; the bundle's own where not said.

    Args:
        resize: `[RULE:]METHOD`, such as "keras", "tf", "pil-bilinear" or "letterbox:tf". A method
            without a rule is a stretch, as it is in the libraries.
        preprocess: A preset, or a JSON file as export takes it.
        bundle: What the bundle does.

    Raises:
        UsageError: There is no such rule, method or preset.
    """
    way = own_way(bundle)
    if resize is not None:
        rule, _, name = resize.rpartition(":")
        method = ALIASES.get(name, name)
        if method not in INTERPOLATIONS or rule not in ("", *RESIZE_RULES):
            raise UsageError(
                f"There is no reference resize {resize!r}. Give {', '.join(ALIASES)}, or one of "
                f"{', '.join(INTERPOLATIONS)}, after {', '.join(f'{r}:' for r in RESIZE_RULES)} "
                "or nothing, which is a stretch."
            )
        rule = rule or "stretch"
        pad = None if rule not in PADDING_RULES else bundle.pad
        pad = _LETTERBOX_GREY if rule in PADDING_RULES and pad is None else pad
        way = replace(way, decoder=_said(method), rule=rule, interpolation=method, pad=pad)
    if preprocess is None:
        return way
    if str(preprocess) in PRESETS:
        return replace(way, preset=str(preprocess))
    return replace(way, preset="file", facts=_from_file(Path(preprocess), bundle))


def _from_file(path: Path, bundle: Preprocessing) -> Preprocessing:
    width, height = bundle.size_wh
    image = TensorSpec(bundle.input, (1, *bundle.input_hw, bundle.channels), "float32")
    geometry = Geometry((width, height), transpose=bool(bundle.transpose))
    return preprocessing(path, image, geometry, "file")


def _decoder(interpolation: str) -> Decoder:
    """Pillow's resizes come with Pillow's decoder; else whoever decodes as OpenCV can, exactly.

    Where Pillow is not installed, the runtime's copy of its resizes has to do, unless it is asked
    for by name.
    """
    has_pillow = importlib.util.find_spec("PIL") is not None
    return "pil" if interpolation.startswith("pil") and has_pillow else "tf-accurate"


def _said(interpolation: str) -> Decoder:
    """A user who names TensorFlow's resize has TensorFlow's decoder, lossy as it is."""
    if interpolation.startswith("tf-"):
        return "tf"
    return "pil" if interpolation.startswith("pil") else "cv2"
