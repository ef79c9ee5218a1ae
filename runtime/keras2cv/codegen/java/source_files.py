"""The files of a Java module."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.codegen.detector_traits import detector_traits
from keras2cv.codegen.identifier import identifier
from keras2cv.codegen.java.reserved_words import RESERVED
from keras2cv.codegen.language import Words
from keras2cv.codegen.tail_steps import lacking as steps_lacking
from keras2cv.codegen.template import applies, fill_braces, read_template
from keras2cv.codegen.traits import traits_of
from keras2cv.tasks.detect.record import DetectRecord

# Each class of a module, and for which traits it is there.
_CLASSES: Final[Mapping[str, str]] = {
    "BundleException": "",
    "ClipCutter": "clips",
    "Drawing": "drawn",
    "Facts": "",
    "Json": "",
    "Main": "",
    "Manifest": "",
    "Network": "",
    "Numbers": "",
    "NumpyFile": "inputs bands",
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
# Those of detectors, in a folder of templates of their own.
_OF_DETECTORS: Final[Mapping[str, str]] = {
    "Activations": "perclass",
    "BoxMasks": "masks",
    "BoxPoints": "boxpoints",
    "Head": "head",
    "Joints": "joints",
    "Mask": "masks",
    "Rows": "perclass",
    "Turned": "rotated",
}
_PROJECT: Final = ("README.md", "build.gradle", "pom.xml", "settings.gradle")
# The keys of `task.detect` that not every detector's module reads, and for which traits it does.
_READ: Final[Mapping[str, str]] = {
    **dict.fromkeys(("boxes", "scores", "classes", "objectness", "raw", "columns"), "!head"),
    "columns_axis": "lastrows",
    "anchors": "offsets priors",
    "masks": "masks",
    "points": "boxpoints",
    "angles": "rotated",
    "head": "head",
    "multi_label": "several peaks",
}
_IMPORTS: Final = re.compile(r"(^import .+;\n)+", re.MULTILINE)
_OPTIONS: Final = ("--top K", "--score S", "--json", "--save PATH", "--mask PATH")


def source_files(manifest: Manifest, words: Words) -> dict[str, str]:
    """Return file name -> text of the module for bundles that are like that of `manifest`."""
    traits = module_traits(manifest)
    words = {**words, **_own_words(manifest, words, traits)}
    templates = _templates(traits, manifest.task.kind, words)
    return {
        name: _with_sorted_imports(fill_braces(read_template("java", path), traits, words))
        for name, path in templates.items()
    }


def _with_sorted_imports(text: str) -> str:
    """Return a source whose imports, one after the other, are in the order of their names."""
    return _IMPORTS.sub(lambda found: "".join(sorted(found[0].splitlines(keepends=True))), text)


def module_traits(manifest: Manifest) -> frozenset[str]:
    """Return the traits that decide which module is written for a bundle.

    Those of every language, of detectors, and

        lastrows    the columns of a table are its first axis
        pictures    several inputs are images
        placedfirst it answers in pixels of the first of them
        deep        images have 16 bits
        bands       or other channels than gray or colour
        clips       images are the frames of clips
        cliponly    and the only input
        readone     the only input is such an image
        readnamed   one of several is
        drawnspecial the answer is drawn on such an image
    """
    record = manifest.task.record
    has_rows_last = isinstance(record, DetectRecord) and record.columns_axis is not None
    traits = traits_of(manifest) | detector_traits(manifest)
    is_deep = any(rules.depth is not None for rules in manifest.pictures)
    has_bands = any(rules.color not in ("RGB", "BGR", "GRAY") for rules in manifest.pictures)
    has_clips = any(rules.clip is not None for rules in manifest.pictures)
    found = {
        "clips": has_clips,
        "cliponly": has_clips and "inputs" not in traits,
        "lastrows": has_rows_last,
        "pictures": len(manifest.pictures) > 1,
        "deep": is_deep,
        "bands": has_bands,
        "readone": (is_deep or has_bands) and "inputs" not in traits,
        "readnamed": (is_deep or has_bands) and "inputs" in traits,
        "drawnspecial": (is_deep or has_bands) and "drawn" in traits,
        "placedfirst": len(manifest.pictures) > 1 and "placed" in traits,
    }
    return traits | {name for name, is_so in found.items() if is_so}


def lacking(manifest: Manifest) -> list[str]:
    """Return what a bundle needs and modules in Java do not have, each in words."""
    missing = steps_lacking(manifest)
    if {"pillow", "tensorflow"} <= traits_of(manifest):
        missing.append("the filters of both Pillow and TensorFlow")
    return missing


def _templates(traits: Collection[str], kind: str, words: Words) -> dict[str, str]:
    """Return file name -> template."""
    folder = f"src/main/java/{words['package'].replace('.', '/')}"
    classes = {name: f"{name}.java" for name, when in _CLASSES.items() if applies(when, traits)}
    for name, when in _OF_DETECTORS.items():
        if applies(when, traits):
            classes[name] = f"detect/{name}.java"
    if applies("!arrays", traits) or "pixels" in traits:
        classes["Resizing"] = "Resizing.java"
    for library in ("pillow", "tensorflow"):
        if library in traits:
            classes["Resampling"] = f"Resampling.{library}.java"
    classes[words["result"]] = f"results/{kind}.java"
    files = {f"{folder}/{name}.java": path for name, path in sorted(classes.items())}
    return {**{name: name for name in _PROJECT}, **files}


def _task_keys(manifest: Manifest, traits: Collection[str]) -> list[str]:
    """Return the keys of the task's own section that a module reads, or may leave alone."""
    record = manifest.task.record
    if record is None or not is_dataclass(record):
        return []
    keys = [field.name for field in fields(record)]
    if not isinstance(record, DetectRecord):
        return keys
    return [key for key in keys if applies(_READ.get(key, ""), traits)]


def _literal(names: Sequence[str]) -> str:
    """Return Java's text of the names with spaces between, in lines of the style's length."""
    lines = textwrap.wrap(" ".join(names), 76) or [""]
    return "\n            + ".join(
        json.dumps(line + " " * (number < len(lines))) for number, line in enumerate(lines, 1)
    )


def _own_words(manifest: Manifest, words: Words, traits: Collection[str]) -> dict[str, str]:
    name = identifier(words["name"], RESERVED)
    record = manifest.task.record
    given = {
        spec.name: "array" if manifest.rules_of(spec.name) is None else "image"
        for spec in manifest.inputs
    }
    options = re.findall(r"\[[^]]*\]", words["options"])
    return {
        "sources": words["sources"].replace("SOURCE", "FILE"),
        "options": " ".join(one for one in options if one[1:].split("]")[0] in _OPTIONS),
        "identifier": name,
        "package": f"keras2cv.{name}",
        "taskkeys": _literal(_task_keys(manifest, traits)),
        "form": record.head.form if isinstance(record, DetectRecord) and record.head else "",
        "result": f"{manifest.task.kind.capitalize()}Result",
        "folder": f"{name}.cv",
        "inputs": ", ".join(f"{json.dumps(k)}, {v}" for k, v in given.items()),
        "pairs": ", ".join(f"{json.dumps(k)} to {v}" for k, v in given.items()),
    }
