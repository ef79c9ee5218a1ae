"""One predictor, many threads, mixed calls: every answer is compared with that of a single thread.

python -m campaigns.reliability.threads --corpus DIR [--threads 16] [--calls 1000]
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import keras2cv

Call = Callable[[], Any]


def mixed_calls(model: keras2cv.Predictor) -> list[Call]:
    """Return calls that differ in kind, size and batch, on one predictor for images."""
    rng = np.random.default_rng(4)
    images = [rng.integers(0, 256, (11 + 9 * k, 17 + 4 * k, 3), np.uint8) for k in range(6)]
    name, shape = model.input_names[0], model.manifest.inputs[0].keras_shape[1:]
    arrays = [rng.uniform(-1, 1, (n, *shape)).astype(np.float32) for n in (1, 2, 3)]
    calls: list[Call] = [partial(model.predict, image) for image in images]
    calls += [partial(model.infer, array) for array in arrays]
    calls += [partial(model.predict, images[:4]), partial(model, {name: arrays[2]})]
    calls += [partial(model.run_image, images[5])]
    return [*calls, lambda: model.complete(model.prepare(images[1:3]))]


def compared(calls: list[Call], threads: int, count: int) -> list[str]:
    """Describe each difference found while `threads` threads make `count` calls each."""
    expected = [plain(call()) for call in calls]
    problems: list[str] = []
    barrier = threading.Barrier(threads)

    def work(seed: int) -> None:
        order = random.Random(seed)  # noqa: S311 - to be repeatable
        barrier.wait()
        for _ in range(count):
            which = order.randrange(len(calls))
            try:
                if plain(calls[which]()) != expected[which]:
                    problems.append(f"thread {seed}: call {which} has another answer")
            except Exception as error:  # of any kind: there is no answer
                problems.append(f"thread {seed}: call {which} raised {error!r}")

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return problems


def plain(answer: Any) -> Any:
    """Return an answer in a form that == compares bit by bit."""
    if isinstance(answer, np.ndarray):
        return (answer.shape, str(answer.dtype), answer.tobytes())
    if isinstance(answer, list | tuple):
        return [plain(item) for item in answer]
    if isinstance(answer, dict):
        return {key: plain(value) for key, value in answer.items()}
    return answer.to_dict()


def main() -> int:
    """Compare, and print the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpus", type=Path, required=True, help="made by campaigns.fuzz")
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--calls", type=int, default=1000, help="of each thread")
    args = parser.parse_args()
    failed = 0
    for bundle in sorted((args.corpus / "bundle").iterdir()):
        model = keras2cv.load(bundle)
        if model.manifest.preprocessing is None or len(model.manifest.inputs) != 1:
            continue
        started = time.perf_counter()
        problems = compared(mixed_calls(model), args.threads, args.calls)
        print(
            f"{bundle.name}: {args.threads} threads x {args.calls} calls, {len(problems)} wrong, "
            f"{time.perf_counter() - started:.1f} s"
        )
        print(*problems[:5], sep="\n")
        failed += len(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
