"""What has to be there before a model can be measured, in a process of its own per model.

    python -m campaigns.performance.prepare CASE FOLDER CORES

FOLDER gets `model.keras`, `model.cv` for the OpenCV at hand, and Keras' own `plain.onnx` where that
works; of the models `default.cv`, for every OpenCV, and `frozen.cv` where a frozen graph can be
exported. `prepared.json` comes last, and says how much the net computes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2

from keras2cv.errors import Keras2cvError
from keras2cv_bench.artefacts import make

from .flops import gflop_of
from .zoo import Case, cases

_AT_HAND = ".".join(cv2.__version__.split(".")[:2])


def main(name: str, folder: str, cores: str) -> int:
    """Build, save and export one case."""
    case = next(case for case in cases(int(cores)) if case.name == name)
    prepare(case, Path(folder))
    return 0


def prepare(case: Case, folder: Path) -> None:
    """Write a case's files."""
    from keras2cv_export import export

    folder.mkdir(parents=True, exist_ok=True)
    model = case.model()
    model.save(folder / "model.keras")
    options = {"task": "raw", "preprocess": case.preprocess, "batch": case.batch}
    export(folder / "model.keras", folder / "model.cv", opencv=_AT_HAND, **options)  # type: ignore[arg-type]
    counted, facts = folder / "model.cv", {"gflop": 0.0, "frozen": ""}
    if case.group == "models":
        counted = folder / "default.cv"  # tiles take fewer products
        export(folder / "model.keras", counted, **options)  # type: ignore[arg-type]
        try:
            export(folder / "model.keras", folder / "frozen.cv", format="frozen", **options)  # type: ignore[arg-type]
        except Keras2cvError as error:
            facts["frozen"] = " ".join(str(error).split())[:300]
    facts["gflop"] = gflop_of(counted / "model.onnx")
    shape = tuple(int(n) for n in model.input_shape[1:])
    make("onnx", folder / "model.keras", folder / "plain.onnx", {model.inputs[0].name: (1, *shape)})
    (folder / "prepared.json").write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
