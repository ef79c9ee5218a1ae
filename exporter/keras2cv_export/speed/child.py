"""The OpenCV side of a timing: `python -m keras2cv_export.speed.child BUNDLE INPUTS ENGINE [JSON]`.

JSON holds more of Predictor's options, such as {"threads": 1}; "nets" is the number of predictors
that work at the same time, each on the requested sample.

INPUTS.npz holds `image/<i>`, or `in/<i>/<k>` for a bundle that takes arrays. The first line on
stdout describes the predictor; then each line on stdin, a sample's number, is answered by the
nanoseconds that it took, and those that all cores spent on it. It ends when stdin does.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from keras2cv import Keras2cvWarning, Predictor


def main(bundle: str, inputs: str, engine: str, options: str = "{}") -> None:
    """Answer until stdin ends."""
    warnings.simplefilter("ignore", Keras2cvWarning)  # unverified bundles are checked, too
    more = json.loads(options)
    nets = more.pop("nets", 1)
    models = [Predictor(bundle, engine=engine, **more) for _ in range(nets)]
    model = models[0]
    with np.load(inputs) as archive:
        arrays = dict(archive)
    runs = together([_runs(one, arrays) for one in models])
    print(json.dumps({"engine": model.engine, "threads": model.threads}), flush=True)
    for line in sys.stdin:
        run = runs[int(line)]
        started, used = time.perf_counter_ns(), time.process_time_ns()
        run()
        print(time.perf_counter_ns() - started, time.process_time_ns() - used, flush=True)


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
    width = len(model.input_names)
    samples = [[arrays[f"in/{i}/{k}"] for k in range(width)] for i in range(len(arrays) // width)]
    return [_infer(model, sample) for sample in samples]


def _predict(model: Any, images: Any) -> Callable[[], Any]:
    return lambda: model.predict(images)


def _infer(model: Any, sample: list[Any]) -> Callable[[], Any]:
    return lambda: model.infer(*sample)


if __name__ == "__main__":
    main(*sys.argv[1:5])
