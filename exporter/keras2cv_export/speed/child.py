"""The OpenCV side of a timing (the child's side of `sides.py`)."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from keras2cv import Keras2cvWarning, Predictor

Reply = dict[str, Any]


def answer(
    opening: Mapping[str, Any], _: Callable[..., None]
) -> Generator[Reply, Mapping[str, Any], None]:
    """Load a bundle; yield its settings, and then for each request the duration of a sample.

    Args:
        opening: "bundle", a path; "inputs", the path of an .npz with `image/<i>`, or `in/<i>/<k>`
            for a bundle that takes arrays; "engine"; "nets", how many nets work at the same time,
            each on the requested sample; "options", more of Predictor's.

    Yields:
        "engine" and "threads"; later "wall_ns", and "used_ns" of all cores together, for the
        request's "sample", a number.
    """
    warnings.simplefilter("ignore", Keras2cvWarning)  # unverified bundles are checked, too
    bundle, engine, options = opening["bundle"], opening["engine"], opening["options"]
    models = [Predictor(bundle, engine=engine, **options) for _ in range(opening["nets"])]
    with np.load(opening["inputs"]) as archive:
        arrays = dict(archive)
    runs = together([_runs(one, arrays) for one in models])
    request = yield {"engine": models[0].engine, "threads": models[0].threads}
    while True:
        run = runs[request["sample"]]
        started, used = time.perf_counter_ns(), time.process_time_ns()
        run()
        wall_ns, used_ns = time.perf_counter_ns() - started, time.process_time_ns() - used
        request = yield {"wall_ns": wall_ns, "used_ns": used_ns}


def together(each: list[list[Callable[[], Any]]]) -> list[Callable[[], Any]]:
    """Return functions that run each sample on every net at the same time."""
    if len(each) == 1:
        return each[0]
    pool = ThreadPoolExecutor(len(each))

    def run(nets: tuple[Callable[[], Any], ...]) -> list[Any]:
        return list(pool.map(lambda net: net(), nets))

    return [partial(run, nets) for nets in zip(*each, strict=True)]


def _runs(model: Any, arrays: dict[str, Any]) -> list[Callable[[], Any]]:
    images = [arrays[f"image/{i}"] for i in range(len(arrays)) if f"image/{i}" in arrays]
    batch = model.manifest.model.batch
    if images:
        return [_predict(model, image if batch == 1 else [image] * batch) for image in images]
    width = len(model.manifest.inputs)
    samples = [[arrays[f"in/{i}/{k}"] for k in range(width)] for i in range(len(arrays) // width)]
    return [_infer(model, sample) for sample in samples]


def _predict(model: Any, images: Any) -> Callable[[], Any]:
    return lambda: model.predict(images)


def _infer(model: Any, sample: list[Any]) -> Callable[[], Any]:
    return lambda: model.infer_net(*sample)
