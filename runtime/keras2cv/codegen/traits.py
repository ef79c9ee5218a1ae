"""The traits of a bundle that decide which program is written for it."""

from __future__ import annotations

from keras2cv.bundle.manifest import Manifest, Preprocessing
from keras2cv.tasks import TASKS


def traits_of(manifest: Manifest) -> frozenset[str]:
    """Return the traits that the templates ask for.

    The traits of the task's row (`TaskKind.traits`):

        top         it ranks classes: --top
        score       it decides by a threshold: --score; its answers are tags on the image
        perclass    each class may have a threshold of its own
        mask        it gives each pixel a class: --mask, and its threshold is one of pixels
        nested      its numbers are written as nested lists
        crops       it needs the part of the image that the net sees
        compared    each answer is compared with the first
        beam        it keeps the best of many candidates

    And of the bundle:

        pixels      it answers in pixels of the image
        picture     its answer is a picture, and not drawn on the image
        inputs      there are other inputs than an image
        photo       one of several inputs is an image that gets prepared
        arrays      no input is: they are arrays, as Keras takes them
        tail        steps follow the net
        drawn       the answer is drawn on the image
        placed      it answers in pixels of an image that comes with other inputs
        identity    it answers in pixels of an input that is an array
        writes      a picture can be written
        linear      images are resized by that rule, and likewise:
        cubic
        area
        bilinear    "tf-bilinear"
        picked      each pixel is one of the image's, as Pillow or TensorFlow chooses it
        resample    images are resized by a filter that no call of cv2.resize repeats:
        pillow      one of Pillow's
        tensorflow  one of TensorFlow's
    """
    row = TASKS[manifest.task.kind]
    is_image = manifest.preprocessing is not None
    rules = {pictures.interpolation for pictures in manifest.pictures}
    libraries = {_filter_library(pictures) for pictures in manifest.pictures}
    has_inputs = not is_image or len(manifest.inputs) > 1
    found = {
        **dict.fromkeys(row.traits, True),
        "pixels": row.in_pixels,
        "picture": not row.has_drawing,
        "inputs": has_inputs,
        "photo": has_inputs and is_image,
        "arrays": not is_image,
        "tail": manifest.tail is not None,
        "drawn": is_image and row.has_drawing,
        "placed": row.in_pixels and has_inputs and is_image,
        "identity": row.in_pixels and not is_image,
        "writes": is_image or "mask" in row.traits,
        "linear": "linear" in rules,
        "cubic": "cubic" in rules,
        "area": "area" in rules,
        "bilinear": "tf-bilinear" in rules,
        "picked": not rules.isdisjoint(("pil-nearest", "tf-nearest")),
        "resample": bool(libraries - {None}),
        "pillow": "pillow" in libraries,
        "tensorflow": "tensorflow" in libraries,
    }
    return frozenset(name for name, is_so in found.items() if is_so)


def _filter_library(rules: Preprocessing) -> str | None:
    """Return whose filter resizes the images, if it is neither cv2's nor one that picks pixels."""
    # "tf-bilinear" has a function of its own in resizing.hpp, and nearest picks pixels.
    if rules.interpolation in ("tf-bilinear", "tf-nearest", "pil-nearest"):
        return None
    libraries = {"tf": "tensorflow", "pil": "pillow", "pil13": "pillow"}
    return libraries.get(rules.interpolation.partition("-")[0])
