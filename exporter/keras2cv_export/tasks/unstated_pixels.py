"""Ask for the preprocessing of an image model, if none is recognised."""

from __future__ import annotations

from keras2cv_export.model.spec import TensorSpec

# keras.applications whose preprocess_input is one of the presets: a hint, never a guess.
_HINTS = {
    "mobilenetv2": "tf", "mobilenet_": "tf", "inception": "tf", "xception": "tf", "nasnet": "tf",
    "resnet50v2": "tf", "resnet101v2": "tf", "resnet152v2": "tf", "resnet": "caffe",
    "vgg": "caffe", "densenet": "torch",
}  # fmt: skip


def preset_hint(model_name: str) -> str | None:
    """Return the preset that a keras.applications model of this name was published with."""
    name = model_name.lower()
    return next((preset for stem, preset in _HINTS.items() if name.startswith(stem)), None)


def how_pixels(model_name: str, image: TensorSpec, kind: str, images: int = 1) -> str:
    """Ask for --preprocess, with the preset of a keras.applications model of that name.

    Args:
        model_name: The model's.
        image: Its first image.
        kind: The task.
        images: How many of its inputs are images.
    """
    hint = preset_hint(model_name)
    advice = f" {model_name!r} of keras.applications was trained with {hint}." if hint else ""
    each = "" if images == 1 else f" Give one for all {images} images, or NAME=P for each."
    return (
        f"How do pixels become the input {image}? A {kind} task on images needs --preprocess: "
        "0-1 (x/255), tf (-1..1), torch or caffe (ImageNet statistics), none (0..255), "
        "or a FILE.json."
        f"{advice}{each} With --task raw the bundle takes arrays instead."
    )
