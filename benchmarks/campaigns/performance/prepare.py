"""Make the files that the measurement of a model needs, in a process per model.

A case's folder gets `model.keras`, `model.cv` for the OpenCV at hand, and Keras' own `plain.onnx`
where that works; of the models `default.cv`, exported without a flag, `portable.cv` with its form
for every OpenCV alone where it has two, `frozen.cv` where a frozen graph can be exported, and
`plain-1.tflite`. `answers.cv` answers pictures. `prepared.json` comes last, and holds the net's
arithmetic.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import cv2

from keras2cv.bundle.reading import read_manifest
from keras2cv.errors import Keras2cvError
from keras2cv_bench.artefacts import make

from .flops import gflop_of
from .zoo import Case, cases

_AT_HAND = ".".join(cv2.__version__.split(".")[:2])
_SAMPLES: Final = 8  # to compare on: every subject's answers are compared again before it is timed


def answer(request: Mapping[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Build, save and export the "case" of a machine with so many "cores" into "folder"."""
    case = next(case for case in cases(request["cores"]) if case.name == request["case"])
    prepare(case, Path(request["folder"]))
    return {}


def prepare(case: Case, folder: Path) -> None:
    """Write a case's files."""
    folder.mkdir(parents=True, exist_ok=True)
    for module in case.imports:
        import_module(module)
    model = case.model()
    file = folder / "model.keras"
    model.save(file)
    options = options_of(case)
    _export(file, folder / "model.cv", opencv=_AT_HAND, **options)
    counted, frozen = folder / "model.cv", ""
    if case.group == "models":
        counted, frozen = _other_bundles(file, folder, options)
    if case.answers:
        answers = {**options, "interpolation": "tf-bilinear", **case.answers}
        _export(file, folder / "answers.cv", **answers)
    prepared = {"gflop": gflop_of(counted / "model.onnx"), "frozen": frozen}
    shapes = {t.name: (case.batch, *(int(n) for n in t.shape[1:])) for t in model.inputs}
    _make_for_peers(case, file, folder, shapes)
    (folder / "prepared.json").write_text(json.dumps(prepared), encoding="utf-8")


def options_of(case: Case) -> dict[str, Any]:
    """Return the options of every export of a case."""
    options: dict[str, Any] = {"task": "raw", "batch": case.batch, "samples": _SAMPLES}
    options |= {"preprocess": case.preprocess} if case.preprocess else {}
    return options | ({"imports": case.imports} if case.imports else {})


def _other_bundles(file: Path, folder: Path, options: Mapping[str, Any]) -> tuple[Path, str]:
    """Export as everybody does, for every OpenCV, and frozen.

    Returns the bundle whose net's arithmetic is counted (tiles take fewer products), and why there
    is no frozen graph.
    """
    default = folder / "default.cv"
    _export(file, default, **options)
    if read_manifest(default).forms:  # else it is that file
        _export(file, folder / "portable.cv", forms="portable", **options)
    try:
        _export(file, folder / "frozen.cv", format="frozen", **options)
    except Keras2cvError as error:
        return default, " ".join(str(error).split())[:300]
    return default, ""


def _make_for_peers(case: Case, file: Path, folder: Path, shapes: dict[str, Any]) -> None:
    """Make the files that peers load; one that cannot be made is named where it is measured."""
    single = {name: (1, *shape[1:]) for name, shape in shapes.items()}
    make("onnx", file, folder / "plain.onnx", single, imports=case.imports)
    if case.group == "models":
        name = f"plain-{case.batch}.tflite"
        make("litert", file, folder / name, shapes, imports=case.imports)


def _export(file: Path, bundle: Path, **options: Any) -> None:
    from keras2cv_export import export

    export(file, bundle, **options)
