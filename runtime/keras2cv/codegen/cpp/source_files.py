"""The files of a C++ program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.codegen.language import Words
from keras2cv.codegen.template import applies, fill, read_template
from keras2cv.codegen.traits import traits_of

# Each file of a program, and for which traits it is written.
_FILES: Final[Mapping[str, str]] = {
    "CMakeLists.txt": "",
    "README.md": "",
    "main.cpp": "",
    "sources.hpp": "",
    "manifest.hpp": "",
    "resample.hpp": "resample",
    "resizing.hpp": "!arrays",
    "prepare.hpp": "!arrays",
    "placement.hpp": "pixels",
    "engines.hpp": "",
    "model.hpp": "",
    "tail.hpp": "tail",
    "drawing.hpp": "drawn",
    "json.hpp": "",
}

# The steps of the tail that tail.hpp has.
TAIL_STEPS: Final = frozenset((
    "combined_nms", "nms", "top_k", "constant", "cast", "reshape", "slice", "concat", "stack",
    "gather", "transpose", "where", "not", "and", "or", "add", "subtract", "multiply", "divide",
    "minimum", "maximum", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
    "floor_divide", "modulo",
))  # fmt: skip


def source_files(manifest: Manifest, words: Words) -> dict[str, str]:
    """Return file name -> text of the program for bundles that are like that of `manifest`."""
    traits = traits_of(manifest)
    templates = {name: name for name, wanted in _FILES.items() if applies(wanted, traits)}
    templates["answer.hpp"] = f"answer/{manifest.task.kind}.hpp"
    return {
        name: fill(read_template("cpp", path), traits, words) for name, path in templates.items()
    }


def lacking(manifest: Manifest) -> list[str]:
    """Return the steps behind the net that programs in C++ do not have."""
    steps = manifest.tail.steps if manifest.tail else ()
    missing = dict.fromkeys(step.op for step in steps if step.op not in TAIL_STEPS)
    return [f"the step {op}" for op in missing]
