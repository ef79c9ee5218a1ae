"""The files of a C++ library, and of the program that is its example."""

from __future__ import annotations

from typing import Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.codegen.cpp.identifier import identifier
from keras2cv.codegen.language import Words
from keras2cv.codegen.template import applies, fill, read_template
from keras2cv.codegen.traits import traits_of

# Each template, the file that is made of it, and for which traits it is written.
_FILES: Final = (
    ("CMakeLists.txt", "CMakeLists.txt", ""),
    ("README.md", "README.md", ""),
    ("config.cmake", "cmake/keras2cv_{namespace}-config.cmake", ""),
    ("library.hpp", "include/keras2cv/{namespace}.hpp", ""),
    ("predictor.cpp", "src/predictor.cpp", ""),
    ("files.hpp", "src/files.hpp", ""),
    ("manifest.hpp", "src/manifest.hpp", ""),
    ("inputs.hpp", "src/inputs.hpp", "inputs"),
    ("resample.hpp", "src/resample.hpp", "resample"),
    ("resizing.hpp", "src/resizing.hpp", "linear cubic area bilinear"),
    ("prepare.hpp", "src/prepare.hpp", "!arrays"),
    ("placement.hpp", "src/placement.hpp", "pixels"),
    ("engines.hpp", "src/engines.hpp", ""),
    ("model.hpp", "src/model.hpp", ""),
    ("tail.hpp", "src/tail.hpp", "tail"),
    ("drawing.hpp", "src/drawing.hpp", "drawn"),
    ("json.hpp", "src/json.hpp", ""),
    ("example/predict.cpp", "example/predict.cpp", ""),
    ("example/sources.hpp", "example/sources.hpp", ""),
    ("example/terminal.hpp", "example/terminal.hpp", ""),
)

# The steps of the tail that tail.hpp has.
TAIL_STEPS: Final = frozenset((
    "combined_nms", "nms", "top_k", "constant", "cast", "reshape", "slice", "concat", "stack",
    "gather", "transpose", "where", "not", "and", "or", "add", "subtract", "multiply", "divide",
    "minimum", "maximum", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
    "floor_divide", "modulo",
))  # fmt: skip


def source_files(manifest: Manifest, words: Words) -> dict[str, str]:
    """Return file name -> text of the library for bundles that are like that of `manifest`."""
    traits = traits_of(manifest)
    words = {**words, "namespace": identifier(words["folder"])}
    for part in ("result", "answer"):
        template = read_template("cpp", f"{part}/{manifest.task.kind}.hpp")
        words[part] = fill(template, traits, words)
    return {
        name.format_map(words): fill(read_template("cpp", template), traits, words)
        for template, name, wanted in _FILES
        if applies(wanted, traits)
    }


def lacking(manifest: Manifest) -> list[str]:
    """Return the steps behind the net that programs in C++ do not have."""
    steps = manifest.tail.steps if manifest.tail else ()
    missing = dict.fromkeys(step.op for step in steps if step.op not in TAIL_STEPS)
    return [f"the step {op}" for op in missing]
