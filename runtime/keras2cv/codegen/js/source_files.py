"""The files of a JavaScript program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.codegen.detector_traits import detector_traits
from keras2cv.codegen.language import Words
from keras2cv.codegen.tail_steps import lacking
from keras2cv.codegen.template import applies, fill_braces, read_template
from keras2cv.codegen.traits import traits_of
from keras2cv.tasks import TASKS

# Each file of a program, and for which traits it is written.
_FILES: Final[Mapping[str, str]] = {
    "README.md": "",
    "package.json": "",
    "index.html": "",
    "predictor.js": "",
    "predictor.d.ts": "",
    "errors.js": "",
    "rounding.js": "",
    "runtime.js": "",
    "bundle.js": "",
    "fit.js": "!arrays",
    "resize.js": "!arrays",
    "resample.js": "resample",
    "net.js": "",
    "tail.js": "tail",
    "head.js": "head",
    "masks.js": "masks",
    "points.js": "keypoints boxpoints",
    "rotated.js": "rotated",
    "placement.js": "pixels",
    "decode.js": "!arrays",
    "drawing.js": "drawn",
    "npy.js": "inputs bands",
    "png.js": "depth",
    "worker.js": "",
    "client.js": "",
    "page.js": "",
}

# A page is downloaded, so it has the resize of its bundle alone. These are the traits of one.
_INTERPOLATIONS: Final[Mapping[str, str]] = {
    "nearest": "nearest",
    "pil-nearest": "nearest",
    "tf-nearest": "nearest",
    "linear": "linear",
    "cubic": "cubic",
    "area": "area",
    "lanczos4": "lanczos",
    "tf-bilinear": "bilinear",
}
_RULES: Final[Mapping[str, str]] = {
    "stretch": "stretched",
    "letterbox": "letterbox",
    "center-crop": "cropped",
    "pad": "padded",
}


def source_files(manifest: Manifest, words: Words) -> dict[str, str]:
    """Return file name -> text of the program for bundles that are like that of `manifest`."""
    kind = manifest.task.kind
    traits = traits_of(manifest) | _resize_traits(manifest) | _tensor_traits(manifest)
    traits |= _picture_traits(manifest) | detector_traits(manifest) | {kind}
    traits |= _needs(traits)
    templates = {name: name for name, wanted in _FILES.items() if applies(wanted, traits)}
    templates["answer.js"] = f"answer/{kind}.js"
    return {
        name: fill_braces(read_template("js", path), traits, words)
        for name, path in templates.items()
    }


def _resize_traits(manifest: Manifest) -> frozenset[str]:
    found = set()
    for rules in manifest.pictures:
        found |= {_RULES[rules.resize], _INTERPOLATIONS.get(rules.interpolation, "")}
    if found and not TASKS[manifest.task.kind].has_drawing:  # the picture gets another size
        found |= {"area", "cubic"}
    return frozenset(found - {""})


def _tensor_traits(manifest: Manifest) -> frozenset[str]:
    """Return whether inputs have axes that no picture has, and channels change their place."""
    shapes = [tensor.net_shape for tensor in manifest.inputs]
    is_usual = all(len(s) == 2 or (len(s) == 4 and s[0] == 1 and s[1] in (1, 3)) for s in shapes)
    pictures = [rules.input for rules in manifest.pictures if rules.clip is None]
    others = [tensor.layout for tensor in manifest.inputs if tensor.name not in pictures]
    layouts = [*others, *(tensor.layout for tensor in manifest.net_outputs)]
    found = {"ranks": not is_usual, "moved": any(layout != "same" for layout in layouts)}
    return frozenset(name for name, is_so in found.items() if is_so)


def _picture_traits(manifest: Manifest) -> frozenset[str]:
    """Return what is special about pictures: several of them, clips, 16 bits, alpha, bands."""
    rules = manifest.pictures
    found = {
        "pictures": len(rules) > 1,
        "clips": any(one.clip is not None for one in rules),
        "depth": any(one.depth is not None for one in rules),
        "alpha": any(one.color in ("RGBA", "BGRA") for one in rules),
        "bands": any(one.color == "CHANNELS" for one in rules),
    }
    return frozenset(name for name, is_so in found.items() if is_so)


def _needs(traits: frozenset[str]) -> frozenset[str]:
    """Return what follows from traits: whether boxes have tables, pictures are made of float32."""
    special = {"depth", "alpha", "bands"} & traits
    found = {
        "tables": "head" not in traits or bool({"weighted", "boxpoints", "rotated"} & traits),
        "floats": not special or bool({"letterbox", "padded"} & traits),
    }
    return frozenset(name for name, is_so in found.items() if is_so)


def missing(manifest: Manifest) -> list[str]:
    """Return what a bundle needs and a JavaScript program lacks, each in words."""
    found = lacking(manifest)
    if {"pillow", "tensorflow"} <= traits_of(manifest):
        found.append("the filters of both Pillow and TensorFlow")
    return found
