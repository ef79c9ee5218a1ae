"""The preprocessing of Keras' side: `--reference-resize` and `--reference-preprocess`, parsed."""

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

# The resizes of the most used functions: keras.utils.load_img's default is Pillow's NEAREST,
# tf.image.resize's (and so image_dataset_from_directory's) is bilinear without antialiasing.
ALIASES: Final = {
    "keras": "pil-nearest",
    "tf": "tf-bilinear",
    "tf-antialias": "tf-bilinear-antialias",
    "cv2": "linear",
}
_LETTERBOX_GREY: Final = 114


@dataclass(frozen=True)
class ReferencePreprocessing:
    """How Keras' side turns a file into the model's input.

    Attributes:
        decoder: The library that reads the file: Pillow, TensorFlow's defaults, TensorFlow with
            `dct_method="INTEGER_ACCURATE"`, or OpenCV.
        rule: One of `keras2cv.pixels.geometry.RESIZE_RULES`.
        interpolation: One of `keras2cv.pixels.resize.INTERPOLATIONS`, by the library of that name.
        pad: The colour of the bars of a letterbox or pad, 0..255; None for the other rules.
        preset: "none", "0-1", "tf", "torch" or "caffe", done by
            `keras.applications.imagenet_utils.preprocess_input`; "file" for `from_file`.
        from_file: The colour order, mean, scale and std of a file; used by the preset "file".
        transpose: Whether the model's code transposes the resized picture, its rows to columns.
    """

    decoder: Decoder
    rule: str
    interpolation: str
    pad: int | None
    preset: str
    from_file: Preprocessing
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
        transposed = ", transposed" if self.transpose else ""
        return f"{decoder}, {self.rule} by {self.interpolation}{transposed}, {scaling}"


def reference_of(bundle: Preprocessing) -> ReferencePreprocessing:
    """Return the preprocessing that a bundle repeats, to be done by the libraries themselves."""
    preset = bundle.source.removeprefix("preset ")
    if preset not in PRESETS:
        preset = "file" if bundle.source == "file" else "none"
    return ReferencePreprocessing(
        _decoder(bundle.interpolation), bundle.resize, bundle.interpolation, bundle.pad, preset,
        bundle, bool(bundle.transpose),
    )  # fmt: skip


def parse_reference(
    resize: str | None, preprocess: str | Path | None, bundle: Preprocessing
) -> ReferencePreprocessing:
    """Parse `--reference-resize` and `--reference-preprocess`; the bundle's own is the default.

    Args:
        resize: `[RULE:]METHOD`, such as "keras", "tf", "pil-bilinear" or "letterbox:tf". A method
            without a rule is a stretch, as it is in the libraries.
        preprocess: A preset, or a JSON file as export takes it.
        bundle: The bundle's preprocessing.

    Raises:
        UsageError: There is no such rule, method or preset.
    """
    reference = reference_of(bundle)
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
        reference = replace(
            reference, decoder=_named_decoder(method), rule=rule, interpolation=method, pad=pad
        )
    if preprocess is None:
        return reference
    if str(preprocess) in PRESETS:
        return replace(reference, preset=str(preprocess))
    return replace(reference, preset="file", from_file=_from_file(Path(preprocess), bundle))


def _from_file(path: Path, bundle: Preprocessing) -> Preprocessing:
    width, height = bundle.size_wh
    image = TensorSpec(bundle.input, (1, *bundle.input_hw, bundle.channels), "float32")
    geometry = Geometry((width, height), transpose=bool(bundle.transpose))
    return preprocessing(path, image, geometry, "file")


def _decoder(interpolation: str) -> Decoder:
    """Choose Pillow's decoder for Pillow's resizes, else the one that OpenCV repeats exactly.

    Where Pillow is not installed, the runtime's copy of its resizes is used, unless the user names
    one.
    """
    has_pillow = importlib.util.find_spec("PIL") is not None
    return "pil" if interpolation.startswith("pil") and has_pillow else "tf-accurate"


def _named_decoder(interpolation: str) -> Decoder:
    """Choose the decoder for a resize that the user names: TensorFlow's own, lossy as it is."""
    if interpolation.startswith("tf-"):
        return "tf"
    return "pil" if interpolation.startswith("pil") else "cv2"
