"""Make the files that the measurement of a model needs, in a process per model.

A case's folder gets `model.keras`, `model.cv` for the OpenCV at hand, and Keras' own `plain.onnx`
where that works; of the models `default.cv`, for every OpenCV, and `frozen.cv` where a frozen graph
can be exported. `prepared.json` comes last, and holds the net's arithmetic.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2

from keras2cv.errors import Keras2cvError
from keras2cv_bench.artefacts import make

from .flops import gflop_of
from .zoo import Case, cases

_AT_HAND = ".".join(cv2.__version__.split(".")[:2])


def answer(request: Mapping[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Build, save and export the "case" of a machine with so many "cores" into "folder"."""
    case = next(case for case in cases(request["cores"]) if case.name == request["case"])
    prepare(case, Path(request["folder"]))
    return {}


def prepare(case: Case, folder: Path) -> None:
    """Write a case's files."""
    from keras2cv_export import export

    folder.mkdir(parents=True, exist_ok=True)
    model = case.model()
    model.save(folder / "model.keras")
    options = {"task": "raw", "preprocess": case.preprocess, "batch": case.batch}
    export(folder / "model.keras", folder / "model.cv", opencv=_AT_HAND, **options)  # type: ignore[arg-type]
    counted, prepared = folder / "model.cv", {"gflop": 0.0, "frozen": ""}
    if case.group == "models":
        counted = folder / "default.cv"  # tiles take fewer products
        export(folder / "model.keras", counted, forms="portable", **options)  # type: ignore[arg-type]
        try:
            export(folder / "model.keras", folder / "frozen.cv", format="frozen", **options)  # type: ignore[arg-type]
        except Keras2cvError as error:
            prepared["frozen"] = " ".join(str(error).split())[:300]
    prepared["gflop"] = gflop_of(counted / "model.onnx")
    shape = tuple(int(n) for n in model.input_shape[1:])
    make("onnx", folder / "model.keras", folder / "plain.onnx", {model.inputs[0].name: (1, *shape)})
    (folder / "prepared.json").write_text(json.dumps(prepared), encoding="utf-8")
