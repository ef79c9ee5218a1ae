"""What a frozen graph costs beside its ONNX sibling.

    python -m keras2cv_bench.frozen_cost export FOLDER --name MobileNetV2 --name ResNet50
    python -m keras2cv_bench.frozen_cost time FOLDER [--runs 40] [--threads 1]

The first writes both bundles of each application; the second times them on every engine of this
Python's OpenCV, which may be another one: it needs keras2cv, cv2 and NumPy. Both run in the same
process and threads, in turns, after a warm-up. Prints the medians, and the median of the ratios.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

WARM_UP_RUNS = 5
FORMATS = ("onnx", "frozen")


def main() -> None:
    """Export, or time what was exported."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("verb", choices=("export", "time"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", action="append", default=[])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if args.verb == "export":
        for name in args.name or ["MobileNetV2"]:
            write(name, args.folder)
    else:
        compare(args.folder, args.runs, args.threads)


def write(name: str, folder: Path) -> None:
    """Write both bundles of an application, with calibrated random weights."""
    from keras2cv_bench import models
    from keras2cv_export import export

    model = models.application(name)
    for format_ in FORMATS:
        export(model, folder / f"{name}.{format_}.cv", format=format_, task="raw")


def compare(folder: Path, runs: int, threads: int) -> None:
    """Print a line for each application and engine."""
    import cv2

    import keras2cv
    from keras2cv.net import ENGINES

    cv2.setNumThreads(threads)
    for bundle in sorted(folder.glob("*.onnx.cv")):
        name = bundle.name.removesuffix(".onnx.cv")
        for engine in ENGINES:
            sides = [
                keras2cv.load(folder / f"{name}.{format_}.cv", engine=engine) for format_ in FORMATS
            ]
            onnx, frozen = take_turns(sides, runs)
            ratio = statistics.median(f / o for o, f in zip(onnx, frozen, strict=True))
            print(
                f"{name:12s} OpenCV {cv2.__version__} {engine:7s} {threads} threads: "
                f"onnx {statistics.median(onnx):7.2f} ms, "
                f"frozen {statistics.median(frozen):7.2f} ms, ratio {ratio:.2f}",
                flush=True,
            )


def take_turns(sides: list[Any], runs: int) -> tuple[list[float], list[float]]:
    """Return how long each of two sides took, in ms, run by run."""
    import numpy as np

    (shape,) = (tensor.keras_shape for tensor in sides[0].manifest.inputs)
    image = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    taken: tuple[list[float], list[float]] = ([], [])
    for run in range(WARM_UP_RUNS + runs):
        for side in (0, 1) if run % 2 else (1, 0):
            started = time.perf_counter_ns()
            sides[side].infer(image)
            if run >= WARM_UP_RUNS:
                taken[side].append((time.perf_counter_ns() - started) / 1e6)
    return taken


if __name__ == "__main__":
    main()
