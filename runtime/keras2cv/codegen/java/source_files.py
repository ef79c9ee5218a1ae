"""The files of a Java module."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.codegen.identifier import identifier
from keras2cv.codegen.java.reserved_words import RESERVED
from keras2cv.codegen.language import Words
from keras2cv.codegen.template import applies, fill, read_template
from keras2cv.codegen.traits import traits_of

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
_UNREAD: Final = ("columns_axis", "masks", "points", "angles", "head", "multi_label")  # of detect
_OPTIONS: Final = ("--top K", "--score S", "--json", "--save PATH", "--mask PATH")


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


def _task_keys(manifest: Manifest) -> list[str]:
    """Return the keys of the task's own section that a module reads, or may leave alone."""
    record = manifest.task.record
    if record is None or not is_dataclass(record):
        return []
    return [field.name for field in fields(record) if field.name not in _UNREAD]


def _literal(names: Sequence[str]) -> str:
    """Return Java's text of the names with spaces between, in lines of the style's length."""
    lines = textwrap.wrap(" ".join(names), 76) or [""]
    return "\n            + ".join(
        json.dumps(line + " " * (number < len(lines))) for number, line in enumerate(lines, 1)
    )


def _own_words(manifest: Manifest, words: Words) -> dict[str, str]:
    name = identifier(words["name"], RESERVED)
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
        "taskkeys": _literal(_task_keys(manifest)),
        "result": f"{manifest.task.kind.capitalize()}Result",
        "folder": f"{name}.cv",
        "inputs": ", ".join(f"{json.dumps(k)}, {v}" for k, v in given.items()),
        "pairs": ", ".join(f"{json.dumps(k)} to {v}" for k, v in given.items()),
    }
