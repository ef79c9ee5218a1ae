"""The files of a Java module."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.codegen.cpp.source_files import lacking
from keras2cv.codegen.language import Words
from keras2cv.codegen.template import applies, fill, read_template
from keras2cv.codegen.traits import traits_of

__all__ = ["lacking", "source_files"]  # the steps of its tail are those of C++

# Each class of a module, and for which traits it is there.
_CLASSES: Final[Mapping[str, str]] = {
    "BundleException": "",
    "Drawing": "drawn",
    "Facts": "",
    "Json": "",
    "Main": "",
    "Manifest": "",
    "Network": "",
    "Numbers": "",
    "NumpyFile": "inputs",
    "Options": "",
    "Placement": "pixels",
    "Predictor": "",
    "Preparation": "!arrays",
    "Preprocessing": "!arrays",
    "Result": "",
    "Tail": "tail",
    "Tensor": "",
    "TensorSpec": "",
    "package-info": "",
}
_PROJECT: Final = ("README.md", "build.gradle", "pom.xml", "settings.gradle")
_OPTIONS: Final = ("--top K", "--score S", "--json", "--save PATH", "--mask PATH")
_RESERVED: Final = frozenset((
    "abstract", "assert", "boolean", "break", "byte", "case", "catch", "char", "class", "const",
    "continue", "default", "do", "double", "else", "enum", "extends", "false", "final", "finally",
    "float", "for", "goto", "if", "implements", "import", "instanceof", "int", "interface", "long",
    "native", "new", "null", "package", "private", "protected", "public", "return", "short",
    "static", "strictfp", "super", "switch", "synchronized", "this", "throw", "throws", "true",
    "transient", "try", "var", "void", "volatile", "while",
))  # fmt: skip


def source_files(manifest: Manifest, words: Words) -> dict[str, str]:
    """Return file name -> text of the module for bundles that are like that of `manifest`."""
    traits = traits_of(manifest)
    words = {**words, **_own_words(manifest, words)}
    templates = _templates(traits, manifest.task.kind, words)
    return {
        name: fill(read_template("java", path), traits, words) for name, path in templates.items()
    }


def _templates(traits: Collection[str], kind: str, words: Words) -> dict[str, str]:
    """Return file name -> template."""
    folder = f"src/main/java/{words['package'].replace('.', '/')}"
    classes = {name: f"{name}.java" for name, when in _CLASSES.items() if applies(when, traits)}
    if applies("!arrays", traits) or "pixels" in traits:
        classes["Resizing"] = "Resizing.java"
    for library in ("pillow", "tensorflow"):
        if library in traits:
            classes["Resampling"] = f"Resampling.{library}.java"
    classes[words["result"]] = f"results/{kind}.java"
    files = {f"{folder}/{name}.java": path for name, path in sorted(classes.items())}
    return {**{name: name for name in _PROJECT}, **files}


def _own_words(manifest: Manifest, words: Words) -> dict[str, str]:
    name = identifier_of(words["name"])
    given = {
        spec.name: "image" if spec.name == manifest.image_input else "array"
        for spec in manifest.inputs
    }
    options = re.findall(r"\[[^]]*\]", words["options"])
    return {
        "sources": words["sources"].replace("SOURCE", "FILE"),
        "options": " ".join(one for one in options if one[1:].split("]")[0] in _OPTIONS),
        "identifier": name,
        "package": f"keras2cv.{name}",
        "result": f"{manifest.task.kind.capitalize()}Result",
        "folder": f"{name}.cv",
        "inputs": ", ".join(f"{json.dumps(k)}, {v}" for k, v in given.items()),
        "pairs": ", ".join(f"{json.dumps(k)} to {v}" for k, v in given.items()),
    }


def identifier_of(name: str) -> str:
    """Return a bundle's name as a part of a package's: small letters, digits and underscores."""
    plain = re.sub("[^a-z0-9]+", "_", name.removesuffix(".cv").lower()).strip("_")
    if not plain or plain[0].isdigit() or plain in _RESERVED:
        return f"model_{plain}".rstrip("_")
    return plain
