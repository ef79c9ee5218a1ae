"""Time and peak memory of an export, whole process, beside Keras' own ONNX export.

    python -m campaigns.export_cost [NAME ...] [--check] [--skip-keras] [--timeout 600]
                                           [--memory-gib 20]

Each run is a process of its own that builds the model, saves nothing, and exports. The numbers
include TensorFlow's import and the building of the model, which the third row shows alone. Python's
bytecode is cached, as in an installed package. Keras' side runs under a memory limit, since VGG16
would exhaust the machine's memory.
"""

from __future__ import annotations

import argparse
import importlib
import math
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaigns import PACKAGES
from keras2cv.isolation import ChildLost, Entry, Limits, run_once
from keras2cv_bench.child import peak_mb

SIDES = ("keras2cv", "keras", "build only")
_ENV = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


@dataclass(frozen=True)
class Cost:
    """The cost of one process: wall seconds, peak resident memory in GiB, and how it ended."""

    seconds: float
    peak_gib: float
    ending: str


def main() -> None:
    """Run every side of every model in a fresh process, one at a time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", default=["MobileNetV2", "ResNet50", "VGG16"])
    parser.add_argument("--check", action="store_true", help="include the comparison")
    parser.add_argument("--skip-keras", action="store_true", help="leave Keras' own export out")
    parser.add_argument("--timeout", type=float, default=600)
    parser.add_argument("--memory-gib", type=float, default=20)
    args = parser.parse_args()
    run_once(_entry("warm_up"), {}, Limits(args.timeout))
    print(f"{'model':18s} {'side':12s} {'seconds':>8s} {'peak GiB':>9s}  ending")
    for name in args.names:
        for side in SIDES if not args.skip_keras else ("keras2cv", "build only"):
            cost = measure(side, name, args)
            print(f"{name:18s} {side:12s} {cost.seconds:8.1f} {cost.peak_gib:9.2f}  {cost.ending}")


def warm_up(_: Mapping[str, Any], __: Callable[..., None]) -> dict[str, Any]:
    """Let Python cache the bytecode of every module that an export imports."""
    importlib.import_module("keras2cv_export.exporting")
    return {}


def work(request: Mapping[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Do one side's job in this process; return the most memory that it ever held."""
    import keras

    out = Path(request["out"])
    model = getattr(keras.applications, request["name"])(weights=None, classifier_activation=None)
    model(keras.ops.zeros((1, *model.input_shape[1:])))  # Keras' exporter wants it called once
    if request["side"] == "keras2cv":
        from keras2cv_export import export

        export(model, out / "model.cv", task="raw", check=request["check"])
    elif request["side"] == "keras":
        model.export(str(out / "model.onnx"), format="onnx", verbose=False)
    return {"peak_gib": (peak_mb() or math.nan) / 2**10}


def measure(side: str, name: str, args: argparse.Namespace) -> Cost:
    """Run one side in a child of limited memory."""
    limits = Limits(args.timeout, memory_bytes=int(args.memory_gib * 2**30))
    with tempfile.TemporaryDirectory() as folder:
        request = {"side": side, "name": name, "out": folder, "check": args.check}
        started = time.perf_counter()
        try:
            peak_gib, ending = run_once(_entry("work"), request, limits)["peak_gib"], "exit 0"
        except ChildLost as lost:
            peak_gib, ending = math.nan, lost.how
        return Cost(time.perf_counter() - started, peak_gib, ending)


def _entry(function: str) -> Entry:
    return Entry(f"campaigns.export_cost:{function}", PACKAGES, variables=_ENV)


if __name__ == "__main__":
    main()
