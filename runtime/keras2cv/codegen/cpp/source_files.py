"""The files of a C++ library, and of the program that is its example."""

from __future__ import annotations

from typing import Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.codegen.cpp.one_source import one_source
from keras2cv.codegen.cpp.reserved_words import RESERVED
from keras2cv.codegen.identifier import identifier
from keras2cv.codegen.language import Words
from keras2cv.codegen.template import applies, fill, read_template
from keras2cv.codegen.traits import traits_of

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

# The parts of the library's source, each with the traits for which it is there.
_PARTS: Final = {
    "files.hpp": "",
    "manifest.hpp": "",
    "resample.hpp": "resample",
    "resizing.hpp": "linear cubic area bilinear",
    "prepare.hpp": "!arrays",
    "placement.hpp": "pixels",
    "json.hpp": "",
    "inputs.hpp": "inputs",
    "engines.hpp": "",
    "tail.hpp": "tail",
    "model.hpp": "",
    "drawing.hpp": "drawn",
    "answer/{kind}.hpp": "",
    "predictor.hpp": "",
}


def source_files(manifest: Manifest, words: Words) -> dict[str, str]:
    """Return file name -> text of the library for bundles that are like that of `manifest`."""
    traits, name = traits_of(manifest), identifier(words["folder"], RESERVED)
    words = {**words, "namespace": name, "oldest": _OLDEST}

    def filled(template: str) -> str:
        return fill(read_template("cpp", template.format_map(words)), traits, words)

    words["result"] = filled("result/{kind}.hpp")
    parts = [filled(template) for template, wanted in _PARTS.items() if applies(wanted, traits)]
    files = {file.format_map(words): filled(template) for template, file in _FILES.items()}
    files[f"src/{name}.cpp"] = one_source(f"keras2cv/{name}.hpp", parts, f"keras2cv::{name}")
    return files
