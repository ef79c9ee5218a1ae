"""The files of a C++ library, and of the program that is its example."""

from __future__ import annotations

from typing import Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.codegen.cpp.one_source import one_source
from keras2cv.codegen.cpp.reserved_words import RESERVED
from keras2cv.codegen.detector_traits import detector_traits
from keras2cv.codegen.identifier import identifier
from keras2cv.codegen.language import Words
from keras2cv.codegen.tail_steps import lacking as tail_lacking
from keras2cv.codegen.template import applies, fill_braces, read_template
from keras2cv.codegen.traits import traits_of
from keras2cv.tasks.detect.record import DetectRecord

# The oldest OpenCV that libraries are built with. The runtime takes 4.5.5, which has no build here.
_OLDEST: Final = "4.6"

# Each template, and the file that is made of it.
_FILES: Final = {
    "clang-tidy.yaml": ".clang-tidy",
    "CMakeLists.txt": "CMakeLists.txt",
    "README.md": "README.md",
    "config.cmake": "cmake/keras2cv_{namespace}-config.cmake",
    "library.hpp": "include/keras2cv/{namespace}.hpp",
    "example/predict.cpp": "example/predict.cpp",
    "example/sources.hpp": "example/sources.hpp",
    "example/terminal.hpp": "example/terminal.hpp",
}

# The headers beside the library's source, each with the traits for which it is there: what they do
# has nothing to do with bundles.
_HEADERS: Final = {
    "drawing.hpp": "drawn",
    "engines.hpp": "",
    "files.hpp": "",
    "json.hpp": "",
    "node.hpp": "",
    "resample.hpp": "resample",
    "resizing.hpp": "linear cubic area bilinear",
    "sha256.hpp": "",
}

# The parts of the library's source, likewise.
_PARTS: Final = {
    "manifest.hpp": "",
    "prepare.hpp": "!arrays",
    "placement.hpp": "pixels",
    "inputs.hpp": "inputs",
    "tail.hpp": "tail",
    "model.hpp": "",
    "detect/numbers.hpp": "perclass",
    "detect/head.hpp": "head",
    "detect/rotated.hpp": "rotated",
    "detect/masks.hpp": "masks",
    "detect/keypoints.hpp": "boxpoints",
    "answer/{kind}.hpp": "",
    "predictor.hpp": "",
}


def library_traits(manifest: Manifest) -> frozenset[str]:
    """Return the traits that decide which library is written for a bundle.

    Those of every language, of detectors and of each picture, and of special pictures:

        pictures    several inputs are images
        deep        of 16 bits
        bands       of other channels than gray or colour
        clips       images are the frames of clips,
        cliponly    and the only input,
        clipbeside  or beside others
    """
    pictures = manifest.pictures
    has_clips = any(rules.clip is not None for rules in pictures)
    found = traits_of(manifest).union(*(traits_of(manifest.about(rules)) for rules in pictures))
    special = {
        "pictures": len(pictures) > 1,
        "deep": any(rules.depth is not None for rules in pictures),
        "bands": any(rules.color not in ("RGB", "BGR", "GRAY") for rules in pictures),
        "clips": has_clips,
        "cliponly": has_clips and len(manifest.inputs) == 1,
        "clipbeside": has_clips and len(manifest.inputs) > 1,
    }
    own = {name for name, is_so in special.items() if is_so}
    return found | detector_traits(manifest) | own


def lacking(manifest: Manifest) -> list[str]:
    """Return what a bundle needs and libraries in C++ do not have, each in words."""
    missing = tail_lacking(manifest)
    if {"pillow", "tensorflow"} <= library_traits(manifest):
        missing.append("filters of both Pillow and TensorFlow")
    return missing


def source_files(manifest: Manifest, words: Words) -> dict[str, str]:
    """Return file name -> text of the library for bundles that are like that of `manifest`."""
    traits, name = library_traits(manifest), identifier(words["folder"], RESERVED)
    words = {**words, "namespace": name, "oldest": _OLDEST, "form": _form_of_head(manifest)}

    def filled(template: str) -> str:
        return fill_braces(read_template("cpp", template.format_map(words)), traits, words)

    words["result"] = filled("result/{kind}.hpp")
    parts = [filled(template) for template, wanted in _PARTS.items() if applies(wanted, traits)]
    files = {file.format_map(words): filled(template) for template, file in _FILES.items()}
    beside = [header for header, wanted in _HEADERS.items() if applies(wanted, traits)]
    files |= {f"src/{header}": filled(header) for header in beside}
    source = one_source(f"keras2cv/{name}.hpp", parts, f"keras2cv::{name}", beside)
    return {**files, f"src/{name}.cpp": source}


def _form_of_head(manifest: Manifest) -> str:
    """Return the form of a detector's head, as its manifest has it; "" without one."""
    record = manifest.task.record
    return record.head.form if isinstance(record, DetectRecord) and record.head else ""
