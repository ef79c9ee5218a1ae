"""How near OpenCV's predictions are to TensorFlow's, per model and engine.

    python -m campaigns.parity_table [NAME ...]

Prints max|OpenCV - TensorFlow| / max|TensorFlow| over four inputs, the worst output of each model.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras2cv_export import export

from . import models

MODELS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "MobileNetV2": (lambda: models.application("MobileNetV2"), {"preprocess": "tf"}),
    "ResNet50": (lambda: models.application("ResNet50"), {"preprocess": "caffe"}),
    "EfficientNetB0": (lambda: models.application("EfficientNetB0"), {}),
    "multi-output dict": (models.multi_output, {}),
    "subclassed, custom layer": (models.subclassed, {}),
    "open height and width": (models.open_shape, {"input_shapes": (1, 45, 70, 3)}),
}


def main(names: list[str]) -> None:
    """Export each model, and print the errors that its manifest holds."""
    print(f"{'model':28s} {'OpenCV':8s} {'engine':8s} {'rel. error':>10s}  verdict")
    for name in names or list(MODELS):
        build, options = MODELS[name]
        with tempfile.TemporaryDirectory() as folder:
            report = export(build(), Path(folder, "model.cv"), **options)
        evidence = report.manifest.evidence
        for run in evidence.runs if evidence else ():
            worst = max(o.measured for o in run.outputs)
            print(f"{name:28s} {run.opencv:8s} {run.engine:8s} {worst:10.1e}  {_verdict(report)}")
        if not evidence:
            print(f"{name:28s} {'-':8s} {'-':8s} {'-':>10s}  {_verdict(report)}")


def _verdict(report: Any) -> str:
    return report.parity.verdict if report.parity else "unverified"


if __name__ == "__main__":
    main(sys.argv[1:])
