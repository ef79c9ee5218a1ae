"""Score a folder of images on several processes, or on a Ray cluster.

    python examples/score_folder.py cat.cv photos/                   # processes of this machine
    python examples/score_folder.py cat.cv photos/ --ray             # pip install "ray[data]"

Every worker loads the bundle once and uses one thread: whole images are shared out, not layers.
On several machines the bundle must lie at the same path on each (a shared folder, or copied
there); a worker that finds another model there refuses to answer.

`Scorer` reads files. Where the data are arrays already, `keras2cv.Predictor` needs no class around
it: it is called with a dict of arrays by the inputs' names, and returns one by the outputs' names.

    dataset.map_batches(keras2cv.Predictor, fn_constructor_args=["cat.cv"], concurrency=8)
    frame.map_partitions(...)  # Dask and pandas UDFs: predictor({"photo": array}), it is picklable
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import keras2cv

BATCH = 16  # paths that travel to a worker at a time


class Scorer:
    """Called with {"path": names}, returns {"path": names, "answer": results as JSON}."""

    def __init__(self, bundle: str) -> None:
        """Load `bundle`, on one thread of OpenCV."""
        self.model = keras2cv.load(bundle, threads=1)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Read and predict the images of one batch."""
        images = [cv2.imread(str(path)) for path in batch["path"]]
        answers = [json.dumps(result.to_dict()) for result in self.model.predict(images)]
        return {"path": np.asarray(batch["path"]), "answer": np.asarray(answers)}


def in_processes(bundle: str, paths: Sequence[str], workers: int) -> Iterator[tuple[str, str]]:
    """Yield (path, answer) in order; spawned processes, which work on every system."""
    context = multiprocessing.get_context("spawn")
    batches = [{"path": paths[k : k + BATCH]} for k in range(0, len(paths), BATCH)]
    with ProcessPoolExecutor(workers, context, _start, (bundle,)) as pool:
        for found in pool.map(_score, batches):
            yield from zip(found["path"].tolist(), found["answer"].tolist(), strict=True)


def on_ray(bundle: str, paths: Sequence[str], workers: int) -> Iterator[tuple[str, str]]:
    """Yield (path, answer), in the order in which Ray finishes."""
    import ray

    rows = ray.data.from_items([{"path": path} for path in paths])
    scored = rows.map_batches(
        Scorer,
        fn_constructor_args=[os.path.abspath(bundle)],  # noqa: PTH100 - links stay links
        batch_size=BATCH,
        concurrency=workers,
    )
    for row in scored.iter_rows():
        yield row["path"], row["answer"]


def _start(bundle: str) -> None:
    global _scorer  # noqa: PLW0603 - what a worker of ProcessPoolExecutor keeps between calls
    _scorer = Scorer(bundle)


def _score(batch: dict[str, Any]) -> dict[str, Any]:
    return _scorer(batch)


_scorer: Scorer


def main() -> None:
    """Print a line per image."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("bundle")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--ray", action="store_true")
    args = parser.parse_args()
    paths = sorted(str(path.resolve()) for path in args.folder.iterdir())
    score = on_ray if args.ray else in_processes
    for path, answer in score(args.bundle, paths, args.workers):
        print(path, answer)


if __name__ == "__main__":
    main()
