"""The cost of one file for every OpenCV: time the portable default against --opencv 5.0.

    python -m campaigns.portability [--runs 60] [--names MobileNetV2,ConvNeXtTiny]

Both files run in the same process and threads on each engine of the OpenCV at hand, interleaved run
by run in random order after a warm-up. Prints medians of `infer` and their ratio with a bootstrap
interval over pairs; above 1 the portable file is the slower.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import keras2cv
from keras2cv.net.engines import ENGINES
from keras2cv.tuning.interleave import interval

from .predict_cost import interleave

NAMES = "MobileNetV2,ResNet50,EfficientNetB0,DenseNet121,ConvNeXtTiny"
_AIMS = (None, "5.0")


def main() -> None:
    """Export each application both ways, then time both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--names", default=NAMES)
    args = parser.parse_args()
    print(f"OpenCV {cv2.__version__}, {cv2.getNumThreads()} threads, {args.runs} pairs, batch 1")
    print(
        "| model | engine | portable, ms | --opencv 5.0, ms | ratio (95 %) |\n|---|---|--:|--:|--:|"
    )
    for name in args.names.split(","):
        with tempfile.TemporaryDirectory() as folder:
            shape = _export_both(name, Path(folder))
            for engine in ENGINES:
                print(
                    f"| {name} | {engine} | {_compared(Path(folder), engine, shape, args.runs)} |"
                )


def _export_both(name: str, folder: Path) -> tuple[int, ...]:
    from keras2cv_export import export

    from . import models

    model = models.application(name)
    for aim in _AIMS:
        export(model, folder / f"{aim}.cv", task="raw", opencv=aim, check=False)
    return (1, *model.input_shape[1:])


def _compared(folder: Path, engine: str, shape: tuple[int, ...], runs: int) -> str:
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    portable, newest = (_inferring(folder / f"{aim}.cv", engine, image) for aim in _AIMS)
    ours, theirs = interleave(portable, newest, runs)
    low, high = interval(ratios := np.array(ours) / np.array(theirs))
    medians = " | ".join(f"{statistics.median(times) / 1e6:.1f}" for times in (ours, theirs))
    return f"{medians} | {np.median(ratios):.2f} ({low:.2f} to {high:.2f})"


def _inferring(bundle: Path, engine: str, image: Any) -> Callable[[], Any]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", keras2cv.Keras2cvWarning)  # of `unverified` bundles
        model = keras2cv.load(bundle, engine=engine)
    return lambda: model.infer(image)


if __name__ == "__main__":
    main()
