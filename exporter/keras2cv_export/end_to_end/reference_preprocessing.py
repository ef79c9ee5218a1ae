"""The preprocessing of Keras' side: `--reference-resize` and `--reference-preprocess`, parsed."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from keras2cv.bundle.manifest import Preprocessing
from keras2cv.errors import UsageError
from keras2cv.pixels.geometry import PADDING_RULES
from keras2cv.schema.vocabulary import INTERPOLATIONS, RESIZE_RULES
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.tasks.presets import PRESETS, Geometry, preprocessing, stated_keys

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
    """Return the preprocessing that a bundle repeats, to be done by the libraries themselves.

    Numbers that are no preset's, and not the model's own, are repeated as they are.
    """
    preset = bundle.source.removeprefix("preset ")
    if preset not in PRESETS:
        preset = "none" if bundle.source == "in the model" else "file"
    return ReferencePreprocessing(
        _decoder(bundle.interpolation), bundle.resize, bundle.interpolation, bundle.pad, preset,
        bundle, bool(bundle.transpose),
    )  # fmt: skip


def parse_reference(
    resize: str | None,
    preprocess: str | Path | None,
    bundle: Preprocessing,
    library: Preprocessing | None = None,
) -> ReferencePreprocessing:
    """Parse `--reference-resize` and `--reference-preprocess`.

    Args:
        resize: `[RULE:]METHOD[:PAD]`, such as "keras", "tf", "pil-bilinear", "letterbox:tf" or
            "letterbox:tf:114". A method without a rule is a stretch, as it is in the libraries.
        preprocess: A preset, or a JSON file as export takes it; all of the file is used.
        bundle: The bundle's preprocessing: the default where nobody says it.
        library: The preprocessing of the model's own library, which comes before the bundle's.

    Raises:
        InputError: The file cannot be read.
        UsageError: There is no such rule, method or preset, or the file does not fit the model.
    """
    reference = reference_of(library or bundle)
    if preprocess is not None and str(preprocess) not in PRESETS:
        reference = _with_file(reference, Path(preprocess), bundle)
    elif preprocess is not None:
        reference = replace(reference, preset=str(preprocess))
    return reference if resize is None else _with_resize(reference, resize, bundle)


def _with_resize(
    reference: ReferencePreprocessing, resize: str, bundle: Preprocessing
) -> ReferencePreprocessing:
    words = resize.split(":")
    colour = words.pop() if len(words) == 3 else None
    rule, method = ("", *words)[-2:]
    method = ALIASES.get(method, method)
    if method not in INTERPOLATIONS or rule not in ("", *RESIZE_RULES) or len(words) > 2:
        raise UsageError(
            f"There is no reference resize {resize!r}. Give {', '.join(ALIASES)}, or one of "
            f"{', '.join(INTERPOLATIONS)}, after {', '.join(f'{r}:' for r in RESIZE_RULES)} "
            "or nothing, which is a stretch."
        )
    rule = rule or "stretch"
    return replace(
        reference,
        decoder=_named_decoder(method),
        rule=rule,
        interpolation=method,
        pad=_pad(resize, rule, colour, bundle),
    )


def _pad(resize: str, rule: str, colour: str | None, bundle: Preprocessing) -> int | None:
    """Return the colour of the bars: the user's, else the bundle's, else the usual grey."""
    if colour is None:
        usual = _LETTERBOX_GREY if bundle.pad is None else bundle.pad
        return usual if rule in PADDING_RULES else None
    if rule not in PADDING_RULES or not colour.isdecimal() or int(colour) > 255:
        raise UsageError(
            f"The reference resize {resize!r} ends in the colour of bars, 0 to 255, which "
            f"{' and '.join(PADDING_RULES)} have. Write for example letterbox:tf:114."
        )
    return int(colour)


def _with_file(
    reference: ReferencePreprocessing, path: Path, bundle: Preprocessing
) -> ReferencePreprocessing:
    """Take everything that a file says; its resize as well, if it says one."""
    image = TensorSpec(bundle.input, (1, *bundle.input_hw, bundle.channels), "float32")
    keys = stated_keys(path)
    rules = preprocessing(path, image, Geometry(transpose=bool(bundle.transpose)), "file")
    stated: dict[str, Any] = {
        name: value
        for key, name, value in (
            ("resize", "rule", rules.resize),
            ("resize", "pad", rules.pad),
            ("pad", "pad", rules.pad),
            ("interpolation", "interpolation", rules.interpolation),
            ("interpolation", "decoder", _decoder(rules.interpolation)),
        )
        if key in keys
    }
    transposed = bool(rules.transpose)
    return replace(reference, preset="file", from_file=rules, transpose=transposed, **stated)


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
