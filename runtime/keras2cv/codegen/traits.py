"""What in a bundle decides which program is written for it."""

from __future__ import annotations

from keras2cv.bundle.manifest import RECORDS, Manifest, Preprocessing


def traits_of(manifest: Manifest) -> frozenset[str]:
    """Return the traits that the templates ask for.

    The task's kind, and:

        pixels      it answers in pixels of the image
        inputs      there are other inputs than an image
        photo       one of several inputs is an image that gets prepared
        arrays      no input is: they are arrays, as Keras takes them
        tail        steps follow the net
        drawn       the answer is drawn on the image
        placed      it answers in pixels of an image that comes with other inputs
        identity    it answers in pixels of an input that is an array
        writes      a picture can be written
        checks      arguments need to be compared with each other
        resample    images are resized by a filter that no call of cv2.resize repeats:
        pillow      one of Pillow's
        tensorflow  one of TensorFlow's
    """
    kind = manifest.task.kind
    is_image = manifest.preprocessing is not None
    library = _filter_library(manifest.preprocessing)
    has_inputs, in_pixels = not is_image or len(manifest.inputs) > 1, kind in RECORDS
    found = {
        kind: True,
        "pixels": in_pixels,
        "inputs": has_inputs,
        "photo": has_inputs and is_image,
        "arrays": not is_image,
        "tail": manifest.tail is not None,
        "drawn": is_image and kind != "image",
        "placed": in_pixels and has_inputs and is_image,
        "identity": in_pixels and not is_image,
        "writes": is_image or kind == "segment",
        "checks": kind == "classify" or not has_inputs,
        "resample": library is not None,
        "pillow": library == "pillow",
        "tensorflow": library == "tensorflow",
    }
    return frozenset(name for name, is_so in found.items() if is_so)


def _filter_library(rules: Preprocessing | None) -> str | None:
    """Return whose filter resizes the images, if it is neither cv2's nor one that picks pixels."""
    # "tf-bilinear" is cv2's linear, on float32.
    if rules is None or rules.interpolation in ("tf-bilinear", "tf-nearest", "pil-nearest"):
        return None
    libraries = {"tf": "tensorflow", "pil": "pillow", "pil13": "pillow"}
    return libraries.get(rules.interpolation.partition("-")[0])
