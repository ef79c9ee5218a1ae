"""Score a folder of images on several processes, or on a Ray cluster.

    python examples/score_folder.py cat.cv photos/                   # processes of this machine
    python examples/score_folder.py cat.cv photos/ --ray             # pip install 'keras2cv[ray]'

Every worker loads the bundle once and uses one thread: whole images are shared out, not layers.
On several machines the bundle must lie at the same path on each (a shared folder, or copied
there); a worker that finds another model there refuses to answer. An image that cannot be
predicted has a line with the reason, and the others go on.

Images in an object storage, checkpoints, Dask and Spark: `examples/clusters/`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import keras2cv
from keras2cv.batches.batch_predictor import BatchPredictor

BATCH = 16  # paths that travel to a worker at a time


def in_processes(bundle: str, paths: Sequence[str], workers: int) -> Iterator[tuple[str, str]]:
    """Yield (path, answer) in order; spawned processes, which work on every system."""
    predictor = BatchPredictor(bundle, column="path", keep_input=True)
    batches = [{"path": paths[k : k + BATCH]} for k in range(0, len(paths), BATCH)]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        for found in pool.map(predictor, batches):
            for path, result, error in zip(
                found["path"], found["result"], found["error"], strict=True
            ):
                yield path, result or error


def on_ray(bundle: str, paths: Sequence[str], workers: int) -> Iterator[tuple[str, str]]:
    """Yield (path, answer), in the order in which Ray finishes."""
    import ray

    rows = ray.data.from_items([{"path": path} for path in paths])
    scored = keras2cv.ray.predict(
        rows, bundle, column="path", keep_input=True, workers=workers, batch_size=BATCH
    )
    for row in scored.iter_rows():
        yield row["path"], row["result"] or row["error"]


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
