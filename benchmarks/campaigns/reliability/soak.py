"""Memory, handles, threads and latency over many predictions, loads, frames and images.

    python -m campaigns.reliability.soak (--corpus DIR | --bundle DIR) [--json FILE]
        [--predictions 20000] [--loads 2000] [--frames 30000] [--images 100000]

Work is cut into twenty parts, and the resources of the process are read after each. The first two
parts warm caches up; growth is from the third to the last. Time is processor time per piece of
work, so that other load on the machine does not change it.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

import keras2cv
from campaigns.fuzz.corpus import picture, write_clip

from .process import Held, held

PARTS: Final = 20
WARM: Final = 2
BROKEN_EVERY: Final = 1000  # of the images, one in so many is cut off
_ENCODED: Final = 20  # files that the images are hard links to: a file system has a limit of links
_POLL_S: Final = 0.05


@dataclass(frozen=True)
class Course:
    """The resources after each part, and the processor time of one piece of work there, in ms."""

    name: str
    count: int
    held: tuple[Held, ...]
    ms: tuple[float, ...]
    note: str = ""

    @property
    def growth_mib(self) -> float:
        """Resident memory at the end less that after the warm-up."""
        return self.held[-1].rss_mib - self.held[WARM].rss_mib

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**asdict(self), "growth_mib": round(self.growth_mib, 2)}

    def __str__(self) -> str:
        """Return the row of the table in docs/reliability.md."""
        first, last = self.held[WARM], self.held[-1]
        ratio = self.ms[-1] / (self.ms[WARM] or math.nan)
        return (
            f"| {self.name} | {self.count:,} | {first.rss_mib:.1f} -> {last.rss_mib:.1f} MiB "
            f"({self.growth_mib:+.1f}) | {first.handles} -> {last.handles} "
            f"| {first.threads} -> {last.threads} "
            f"| {self.ms[WARM]:.2f} -> {self.ms[-1]:.2f} ms ({ratio:.2f}) | {self.note} |"
        )


def repeated(name: str, count: int, work: Callable[[int], None]) -> Course:
    """Return the course of `work(number)`, done `count` times in this process."""
    states, ms = [], []
    for part in range(PARTS):
        started_s = time.process_time()
        for number in range(part * count // PARTS, (part + 1) * count // PARTS):
            work(number)
        ms.append((time.process_time() - started_s) * 1e3 / max(1, count // PARTS))
        gc.collect()
        states.append(held())
    return Course(name, count, tuple(states), tuple(ms))


def predictions(bundle: Path, count: int) -> Course:
    """Return the course of one predictor that takes images of many sizes, and arrays."""
    model = keras2cv.load(bundle)
    rng = np.random.default_rng(1)
    images = [rng.integers(0, 256, (9 + 7 * k, 13 + 5 * k, 3), np.uint8) for k in range(9)]
    arrays = [rng.uniform(-1, 1, (1, *model.manifest.inputs[0].keras_shape[1:])) for _ in range(3)]

    def work(number: int) -> None:
        if number % 4:
            model.predict(images[number % 9])
        else:
            model.infer(arrays[number % 3].astype(np.float32))

    return repeated("predictions", count, work)


def loads(bundle: Path, count: int) -> Course:
    """Return the course of loading, predicting once, and letting go."""
    image = picture()

    def work(_: int) -> None:
        keras2cv.load(bundle).predict(image)

    return repeated("load, predict, unload", count, work)


def video(bundle: Path, count: int, folder: Path) -> Course:
    """Return the course of `keras2cv run` on a long film."""
    clip = folder / "long.avi"
    write_clip(clip, "MJPG", count)
    return watched("frames of a video", bundle, [str(clip)], count, folder, broken=0)


def images(bundle: Path, count: int, folder: Path) -> Course:
    """Return the course of `keras2cv run` on a folder of very many images, some of them broken."""
    place = folder / "images"
    place.mkdir()
    data = [cv2.imencode(".jpg", np.roll(picture(), k, 1))[1].tobytes() for k in range(_ENCODED)]
    for k, content in enumerate(data):
        (folder / f"{k}.jpg").write_bytes(content)
    (folder / "broken.jpg").write_bytes(data[0][:100])
    for number in range(count):
        name = "broken" if number % BROKEN_EVERY == BROKEN_EVERY - 1 else str(number % _ENCODED)
        os.link(folder / f"{name}.jpg", place / f"{number:06d}.jpg")
    broken = count // BROKEN_EVERY
    return watched("images in a folder", bundle, [str(place)], count, folder, broken=broken)


def watched(
    name: str, bundle: Path, sources: Sequence[str], count: int, folder: Path, *, broken: int
) -> Course:
    """Return the course of `keras2cv run --json` in a process that is watched from outside.

    Args:
        name: Of the course, and of its files.
        bundle: The bundle that runs.
        sources: Arguments for the command.
        count: How many answers are expected.
        folder: For the lines and the errors.
        broken: How many of the sources are broken.

    Raises:
        AssertionError: It did not answer every image, or did not list the broken ones.
    """
    lines, errors = folder / f"{name}.jsonl", folder / f"{name}.err"
    command = [sys.executable, "-m", "keras2cv", "run", str(bundle), *sources, "--json", str(lines)]
    started = time.perf_counter()
    seen: list[Seen] = []
    with errors.open("wb") as err:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=err)
        while child.poll() is None:
            time.sleep(_POLL_S)
            if lines.exists() and (size := lines.stat().st_size):
                try:
                    seen.append(Seen(size, held(child.pid)))
                except OSError:
                    break
        code = child.wait()
    records = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    failed = [record["source"] for record in records if "error" in record]
    log = errors.read_text(encoding="utf-8")
    assert len(records) == count, f"{len(records)} answers to {count}"  # noqa: S101
    assert len({record["source"] for record in records}) == count  # noqa: S101
    assert len(failed) == broken, f"{len(failed)} errors, expected {broken}"  # noqa: S101
    assert code == (2 if broken else 0), f"exit code {code}: {log[-500:]}"  # noqa: S101
    note = f"{count / (time.perf_counter() - started):.0f}/s"
    if broken:
        assert f"{broken} could not be predicted:" in log, log[-500:]  # noqa: S101
        note += f", {broken} broken, counted and listed"
    return _course(name, count, seen, note)


@dataclass(frozen=True)
class Seen:
    """The size of the file of lines, in bytes, and the resources of its writer."""

    size: int
    held: Held


def _course(name: str, count: int, seen: Sequence[Seen], note: str) -> Course:
    """Cut the observations into parts of equally many answers, by the size of the file."""
    total = seen[-1].size
    chosen = [  # in the middle of a part: at the end of the last one threads have ended already
        next(s for s in seen if s.size >= total * (part + 0.5) / PARTS) for part in range(PARTS)
    ]
    ms = [
        (now.held.cpu_s - before.held.cpu_s) * 1e3 * total / max(1, now.size - before.size) / count
        for before, now in zip([seen[0], *chosen], chosen, strict=False)
    ]
    return Course(name, count, tuple(s.held for s in chosen), tuple(ms), note)


def main() -> None:
    """Run the requested parts, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpus", type=Path, default=Path(), help="made by campaigns.fuzz")
    parser.add_argument(
        "--bundle", type=Path, help="for images; the corpus' classifier if not given"
    )
    parser.add_argument("--predictions", type=int, default=20_000)
    parser.add_argument("--loads", type=int, default=2_000)
    parser.add_argument("--frames", type=int, default=30_000)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    bundle = (args.bundle or args.corpus / "bundle" / "classifier").resolve()
    courses = []
    with tempfile.TemporaryDirectory(prefix="keras2cv-soak-") as name:
        folder = Path(name)
        for course, count in (
            (predictions, args.predictions),
            (loads, args.loads),
            (lambda b, n: video(b, n, folder), args.frames),
            (lambda b, n: images(b, n, folder), args.images),
        ):
            if count:
                courses.append(course(bundle, count))
                print(courses[-1], flush=True)
    if args.json:
        rows = [course.to_dict() for course in courses]
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
