"""What an image costs on a cluster, measured with local workers of one thread each.

    python -m campaigns.cluster_cost cat.cv [--engines processes,ray,dask,spark] [--workers 1,2]
                             [--images 400] [--rounds 3] [--size 640x480] [--price 0.04]

Each engine predicts JPEG files twice, a quarter of them and all. The difference is the time of
three quarters without the start of workers. Images per core-second count the processor time of the
whole engine: its workers, its daemons and its JVM. They stay true on a busy machine, where images
per second do not. Every answer must be that of one process, to the letter.

Numbers of workers take turns, so that other work on the machine meets all of them. "Cores" are
processor seconds by the clock's: where others leave two workers less than two cores, images per
second cannot be twice one worker's, and "by core-seconds" is what they would be: as many times one
worker's as there are workers, times what an image takes of a core with one worker, by what it
takes with so many.

The cost of a million images is 1e6 / (images per core-second * 3600) core-hours, at `--price` each.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from campaigns.command_line import print_progress
from keras2cv.errors import InputError, MissingDependency

from .engines import ENGINES, one_process
from .processor_time import processor_time_s


@dataclass(frozen=True)
class Measured:
    """One engine with some workers: the time of its images, without its start."""

    engine: str
    workers: int
    images: int
    wall_s: float
    core_s: float

    @property
    def per_second(self) -> float:
        """Images a second."""
        return self.images / self.wall_s

    @property
    def per_core_second(self) -> float:
        """Images for each second of a processor core."""
        return self.images / self.core_s

    @property
    def cores(self) -> float:
        """Seconds of processor cores for each second of the clock."""
        return self.core_s / self.wall_s


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", default="640x480", help="of the pictures")
    parser.add_argument("--price", type=float, default=0.04, help="of a core-hour")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = write_pictures(Path(folder), args.images, args.size)
        expected = one_process(args.bundle, paths)
        found = [
            measured
            for engine in args.engines.split(",")
            for _ in range(args.rounds)
            for workers in map(int, args.workers.split(","))
            for measured in measure(engine, args.bundle, workers, paths, expected)
        ]
    print("\n".join(table(found, args.price)))


def write_pictures(folder: Path, count: int, size: str) -> list[str]:
    """Write JPEG files of soft noise, which take a decoder about as long as photos do."""
    width, height = map(int, size.split("x"))
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = rng.integers(0, 256, (height // 8, width // 8, 3), np.uint8)
        picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{number:05}.jpg"), picture)
    return [str(path) for path in sorted(folder.iterdir())]


def measure(
    engine: str, bundle: str, workers: int, paths: list[str], expected: list[str]
) -> list[Measured]:
    """Return a round of one engine; nothing where it is not installed.

    Args:
        engine: One of `ENGINES`.
        bundle: A folder.
        workers: How many.
        paths: Of the pictures.
        expected: Their answers.

    Raises:
        InputError: An answer is another than that of one process.
    """
    quarter = paths[: len(paths) // 4]
    try:
        with ENGINES[engine](bundle, workers) as predict:
            predict(quarter)  # the workers load their nets
            times = []
            for part in (quarter, paths):
                start_s, start_core_s = time.perf_counter(), processor_time_s()
                if predict(part) != expected[: len(part)]:
                    raise InputError(f"{engine} answers otherwise than one process.")
                times.append((time.perf_counter() - start_s, processor_time_s() - start_core_s))
    except MissingDependency as error:
        print_progress(str(error))
        return []
    (short_s, short_core_s), (long_s, long_core_s) = times
    times_s = long_s - short_s, long_core_s - short_core_s
    found = Measured(engine, workers, len(paths) - len(quarter), *times_s)
    print_progress(f"{found}, load {os.getloadavg()[0]:.1f}")
    return [found]


def table(found: list[Measured], price: float) -> list[str]:
    """Return the lines of a Markdown table: medians over the rounds."""
    lines = [
        "| engine | workers | images/s | times one worker | cores | images per core-second "
        "| by core-seconds | a million |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    kinds = list(dict.fromkeys((one.engine, one.workers) for one in found))
    rates = {kind: _median(found, kind, "per_second") for kind in kinds}
    core_rates = {kind: _median(found, kind, "per_core_second") for kind in kinds}
    for engine, workers in kinds:
        rate, core_rate = rates[engine, workers], core_rates[engine, workers]
        ratio = rate / rates.get((engine, 1), rate)
        by_cores = workers * core_rate / core_rates.get((engine, 1), core_rate)
        cores = _median(found, (engine, workers), "cores")
        cost = 1e6 / core_rate / 3600 * price
        lines.append(
            f"| {engine} | {workers} | {rate:.1f} | {ratio:.2f} | {cores:.2f} | {core_rate:.1f} "
            f"| {by_cores:.2f} | {cost:.2f} |"
        )
    return lines


def _median(found: list[Measured], kind: tuple[str, int], what: str) -> float:
    values = [getattr(m, what) for m in found if (m.engine, m.workers) == kind]
    return float(statistics.median(values))


if __name__ == "__main__":
    main()
