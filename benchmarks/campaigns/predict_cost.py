"""The time that `predict` adds to bare `blobFromImage` and `forward`.

    python -m campaigns.predict_cost [--runs 300] [--name MobileNetV2]

Both sides run the same file in the same process and threads, interleaved run by run in random
order after a warm-up. Prints load, first prediction, and the steady medians with their ratio; the
ratio's interval is a bootstrap over pairs.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import keras2cv
from keras2cv.net.engines import OPTIONS
from keras2cv.tuning.interleave import interval

WARM_UP_RUNS = 20
FRAME_HW = (720, 1280)


def main() -> None:
    """Export one application, then time both sides."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--name", default="MobileNetV2")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder, "model.cv")
        export_application(args.name, bundle)
        _report(bundle, args.runs)


def export_application(name: str, bundle: Path) -> None:
    """Export an application, with random weights, as a classifier with the preset `tf`."""
    from keras2cv_export import export

    from . import models

    model = models.application(name)
    export(model, bundle, task="classify", preprocess="tf", labels=[f"c{i}" for i in range(1000)])


def _report(bundle: Path, runs: int) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*FRAME_HW, 3), dtype=np.uint8)
    started = time.perf_counter_ns()
    model = keras2cv.load(bundle)
    loaded = time.perf_counter_ns()
    model.predict(frame)
    first = time.perf_counter_ns()
    bare = bare_opencv(bundle, model.engine)
    ours, theirs = interleave(lambda: model.predict(frame), lambda: bare(frame), runs)
    ratios = np.array(ours) / np.array(theirs)
    low, high = interval(ratios)
    print(f"engine {model.engine}, {cv2.getNumThreads()} threads, {runs} pairs, frame {FRAME_HW}")
    print(f"load {ms(loaded - started):.1f} ms, first prediction {ms(first - loaded):.1f} ms")
    print(f"predict               {statistics.median(ours) / 1e6:8.3f} ms (median)")
    print(f"blobFromImage+forward {statistics.median(theirs) / 1e6:8.3f} ms (median)")
    print(f"ratio                 {np.median(ratios):8.3f}    (95 % {low:.3f} to {high:.3f})")


def ms(nanoseconds: int) -> float:
    """Convert nanoseconds to milliseconds."""
    return nanoseconds / 1e6


def bare_opencv(bundle: Path, engine: str) -> Callable[[Any], Any]:
    """Return the code of a user without keras2cv, for the preset `tf` at 224x224."""
    net = cv2.dnn.readNetFromONNX(str(bundle / "model.onnx"), **OPTIONS[engine])

    def run(frame: Any) -> Any:
        mean = (127.5, 127.5, 127.5)
        net.setInput(cv2.dnn.blobFromImage(frame, 1 / 127.5, (224, 224), mean, swapRB=True))
        return net.forward()

    return run


def interleave(
    a: Callable[[], Any], b: Callable[[], Any], runs: int
) -> tuple[list[int], list[int]]:
    """Time both `runs` times each, one right after the other, in random order.

    Returns:
        Nanoseconds of every run of each.
    """
    rng = np.random.default_rng(1)
    times: tuple[list[int], list[int]] = ([], [])
    for _ in range(WARM_UP_RUNS):
        a()
        b()
    for _ in range(runs):
        for side in rng.permutation(2):
            started = time.perf_counter_ns()
            (a, b)[side]()
            times[side].append(time.perf_counter_ns() - started)
    return times


if __name__ == "__main__":
    main()
