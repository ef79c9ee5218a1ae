"""Share the processors among nets: one on all of OpenCV's threads, or several on fewer each.

A layer that is too small to be split among threads leaves some idle; a second net uses them.
Measured on 2 cores, two MobileNetV2 on a thread each answer 4 to 18 % more images than one on two
threads. Beside decoding and encoding, which keep the cores busy too, a net on a single thread takes
a sixth less processor time for an image. So a long run has several (`side_by_side`), and
`--batch auto` measures (`fastest`). A larger batch than the file was verified with is never tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from keras2cv.bundle.manifest import InputTensor
from keras2cv.predictor import Predictor
from keras2cv.preparing.clips import ClipFrames
from keras2cv.preparing.prepared import Prepared

MEASURE_S: Final = 0.3  # for each split; long enough for a scheduler to have an average
MAX_NETS: Final = 8
MAX_MODEL_BYTES: Final = 512 * 2**20  # of all nets together: memory is not ours to fill
MIN_GAIN: Final = 1.05  # below it two splits are as good as each other


@dataclass(frozen=True, slots=True)
class Split:
    """A number of nets that run at the same time, and the threads of OpenCV that each uses."""

    nets: int
    threads: int
    images_per_s: float = 0.0


def candidates(threads: int, model_bytes: int) -> list[Split]:
    """Return the splits of `threads` to try: one net on all of them first."""
    limit = min(threads, MAX_NETS, max(1, MAX_MODEL_BYTES // model_bytes))
    counts = [2**k for k in range(limit.bit_length()) if 2**k <= limit]
    return [Split(nets, threads // nets) for nets in counts]


def side_by_side(model: Predictor, load: Callable[[], Predictor]) -> tuple[list[Predictor], Split]:
    """Return as many nets as there is room for, and their split, without measuring."""
    split = candidates(model.threads, int(model.manifest.model.size_bytes))[-1]
    with ThreadPoolExecutor(split.nets) as pool:
        others = [pool.submit(load) for _ in range(split.nets - 1)]
    cv2.setNumThreads(split.threads)  # last: loading sets them too
    return [model, *(other.result() for other in others)], split


def fastest(model: Predictor, load: Callable[[], Predictor]) -> tuple[list[Predictor], Split]:
    """Measure the splits, set OpenCV's threads for the fastest, and return its nets and itself.

    Args:
        model: the first net, for images; it is one of those returned.
        load: loads another one like it.
    """
    prepared = model.prepare([_noise(model)] * model.manifest.model.batch)
    models, found = [model], []
    for split in candidates(model.threads, int(model.manifest.model.size_bytes)):
        models += [load() for _ in range(split.nets - len(models))]
        found.append(
            Split(
                split.nets,
                split.threads,
                _rate(models[: split.nets], split.threads, prepared),
            )
        )
    best = chosen(found)
    cv2.setNumThreads(best.threads)
    return models[: best.nets], best


def chosen(splits: Sequence[Split]) -> Split:
    """Return the fastest split; among equally fast ones, that with the most nets.

    It is measured alone but runs beside other stages, where nets of few threads wait less.
    """
    best = max(split.images_per_s for split in splits)
    return [split for split in splits if MIN_GAIN * split.images_per_s >= best][-1]


def _noise(model: Predictor) -> Any:
    """Return a sample of noise, as `Predictor.prepare` takes it."""
    values = {tensor.name: _noise_for(model, tensor) for tensor in model.manifest.own_inputs}
    return next(iter(values.values())) if len(values) == 1 else values


def _noise_for(model: Predictor, tensor: InputTensor) -> Any:
    rules = model.manifest.rules_of(tensor.name)
    if rules is None:
        return np.zeros(tensor.keras_shape[1:], tensor.dtype)
    channels = rules.channels if rules.channels > 3 or rules.color == "CHANNELS" else 3
    shape = (rules.size_wh[1], rules.size_wh[0], channels)
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return image if rules.clip is None else ClipFrames([image] * rules.clip.window)


def _rate(models: Sequence[Predictor], threads: int, prepared: Prepared) -> float:
    """Return how many images a second `models` answer together."""
    cv2.setNumThreads(threads)
    for model in models:
        model.complete(prepared)  # the first run is slower
    with ThreadPoolExecutor(len(models)) as pool:
        started_s = time.perf_counter()
        counts = pool.map(lambda model: sum(_runs(model, prepared, started_s)), models)
        return sum(counts) / (time.perf_counter() - started_s)


def _runs(model: Predictor, prepared: Prepared, started_s: float) -> Iterator[int]:
    while time.perf_counter() - started_s < MEASURE_S:
        yield len(model.complete(prepared))
