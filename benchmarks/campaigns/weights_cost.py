"""The savings and costs of smaller weights: the tables of docs/weights.md.

    python -m campaigns.weights_cost [NAME ...] [--rounds 21]

Each model is exported three ways, with calibrated random weights, and each export is compared with
TensorFlow over the same 16 drawn samples. Then the three nets of an engine run in turns, and each
is divided by the float32 one of its round.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import keras2cv
from keras2cv.net.engines import ENGINES
from keras2cv_export import export
from keras2cv_export.storage.storages import STORAGES

from .models import application

_WARM_UP = 3


def main() -> None:
    """Print a line per model and storage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", default=["MobileNetV2", "EfficientNetB0", "ResNet50"])
    parser.add_argument("--rounds", type=int, default=21)
    args = parser.parse_args()
    print(
        f"{'model':16s} {'weights':8s} {'MB':>6s} {'largest':>8s} {'mean':>8s} {'top-1':>6s}  time"
    )
    for name in args.names:
        with tempfile.TemporaryDirectory() as folder:
            for line in lines(name, application(name), Path(folder), args.rounds):
                print(line, flush=True)


def lines(name: str, model: Any, folder: Path, rounds: int) -> list[str]:
    """Export, compare and time one model.

    Args:
        name: For the lines.
        model: The Keras model.
        folder: For the bundles.
        rounds: Of turns.
    """
    found = []
    for storage in STORAGES:
        report = export(
            model, folder / storage, preprocess="none", task="classify", weights=storage
        )
        [output] = report.parity.outputs if report.parity is not None else ()
        assert output.metrics is not None  # noqa: S101 - it has floats
        assert output.top1 is not None  # noqa: S101 - it has classes
        size = int(report.manifest.model.size_bytes) / 1e6
        found.append(
            f"{name:16s} {storage:8s} {size:6.1f} {output.metrics.max_ratio:8.1e} "
            f"{output.metrics.mean_ratio:8.1e} {output.top1.agreement:6.1%}"
        )
    ratios = [times(folder, engine, rounds) for engine in ENGINES]
    return [
        f"{line}  "
        + ", ".join(f"{r[k]:.2f} ({engine})" for engine, r in zip(ENGINES, ratios, strict=True))
        for k, line in enumerate(found)
    ]


def times(folder: Path, engine: str, rounds: int) -> list[float]:
    """Return the median time of each storage, as a multiple of float32's in the same round."""
    nets = [keras2cv.load(folder / storage, engine=engine) for storage in STORAGES]
    width, height = nets[0].manifest.image_size_wh or (0, 0)
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    taken = np.empty((rounds, len(nets)))
    for number in range(-_WARM_UP, rounds):
        for k in range(len(nets)) if number % 2 else reversed(range(len(nets))):
            started = time.perf_counter()
            nets[k].predict(image)
            if number >= 0:
                taken[number, k] = time.perf_counter() - started
    return [float(x) for x in np.median(taken / taken[:, :1], axis=0)]


if __name__ == "__main__":
    main()
