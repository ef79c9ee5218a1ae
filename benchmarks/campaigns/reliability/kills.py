"""kill -9 at random moments: of exports, and of `keras2cv run --json FILE --resume`.

    python -m campaigns.reliability.kills [--exports 180] [--whole 20] [--runs 200]

After each kill of an export the bundle is the old or the new one, whole, beside at most one
temporary folder, which the next run removes. After each kill of a run the JSON lines are whole
results, each source once, at most the last line cut off; the next run goes on from there, and in
the end every line is the one that a run without kills writes. `--whole` exports are commands of
their own, TensorFlow's start included.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from campaigns.fuzz.corpus import picture
from keras2cv.bundle.writing import staged_bundle

from .exporting import Export, fork, is_old, leftovers, older_bundle, remembered_export, wait, whole

IMAGES: Final = 400
BROKEN: Final = 4


def killed_exports(
    start: Callable[[Path], int], longest_s: float, count: int, target: Path, rng: random.Random
) -> Counter[str]:
    """Kill `count` exports, each started over the remains of the last.

    Args:
        start: Starts an export to a path, and returns its process.
        longest_s: The latest moment of a kill.
        count: How many.
        target: The bundle.
        rng: Draws the moments.

    Returns:
        Outcome -> how often.

    Raises:
        AssertionError, BundleError: A bundle was lost or mixed, or other files were left.
    """
    outcomes: Counter[str] = Counter()
    for _ in range(count):
        pid = start(target)
        time.sleep(rng.uniform(0, longest_s))
        os.kill(pid, signal.SIGKILL)
        ended = wait(pid)
        bundle = whole(target)
        assert bundle is not None, "the bundle is lost"  # noqa: S101
        left = leftovers(target)
        assert len(left) <= 1, f"more than one folder is left: {left}"  # noqa: S101
        assert all(name.startswith(f"{target.name}.tmp-") for name in left), left  # noqa: S101
        with staged_bundle(target):
            assert len(leftovers(target)) == 1, leftovers(target)  # noqa: S101 - its own
        assert not leftovers(target), leftovers(target)  # noqa: S101
        which = "old" if is_old(bundle) else "new"
        outcomes[f"{which}, {'killed' if ended < 0 else 'done before'}"] += 1
        outcomes["with a temporary folder left"] += len(left)
    return outcomes


def exports(work: Path, count: int, rng: random.Random) -> list[str]:
    """Kill forked exports: half of them with OpenCV's child processes, half without."""
    lines = []
    with remembered_export(work) as (export, quick):
        place = work / "place"
        for name, one_export in (("with OpenCV's child", export), ("without", quick)):
            place.mkdir(exist_ok=True)
            target = place / "cat.cv"
            outcomes: Counter[str] = Counter()
            longest_s = _longest_s(one_export, target)
            for _ in range(max(1, count // 20)):  # an old one again, every ten kills
                older_bundle(quick, target)
                outcomes += killed_exports(_forked(one_export), longest_s, 10, target, rng)
            lines.append(f"exports {name}, up to {longest_s:.2f} s: {dict(outcomes)}")
            print(lines[-1], flush=True)
    return lines


def _forked(export: Export) -> Callable[[Path], int]:
    return lambda target: fork(lambda: export(target))


def _longest_s(export: Export, target: Path) -> float:
    """Return how long an export takes, and a little more."""
    started = time.perf_counter()
    wait(fork(lambda: export(target)))
    return (time.perf_counter() - started) * 1.1


def whole_exports(work: Path, count: int, rng: random.Random) -> list[str]:
    """Kill `keras2cv export` itself, at any moment from its start to its end."""
    model, target = work / "model.keras", work / "commands" / "cat.cv"
    target.parent.mkdir()
    command = [sys.executable, "-m", "keras2cv", "export", str(model), "-o", str(target)]
    command += ["--preprocess", "0-1", "--task", "classify"]
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = time.perf_counter()
    subprocess.run(command, check=True, **silent)
    longest_s = (time.perf_counter() - started) * 1.1
    outcomes = killed_exports(
        lambda _: subprocess.Popen(command, **silent).pid, longest_s, count, target, rng
    )
    line = f"whole commands, up to {longest_s:.1f} s: {dict(outcomes)}"
    print(line, flush=True)
    return [line]


def runs(work: Path, bundle: Path, count: int, rng: random.Random) -> list[str]:
    """Kill `keras2cv run --json FILE --resume` until there have been `count` kills.

    Args:
        work: Folder for images and lines.
        bundle: The bundle that runs.
        count: How many kills.
        rng: Draws the moments.

    Raises:
        AssertionError: A line is no result, wrong, there twice, or missing in the end.
    """
    folder, lines = work / "images", work / "lines.jsonl"
    _write_images(folder)
    command = [sys.executable, "-m", "keras2cv", "run", str(bundle), str(folder), "--json"]
    expected = _complete([*command, str(work / "expected.jsonl")], work / "expected.jsonl")
    kills = finished = resumed = 0
    lines.unlink(missing_ok=True)
    while kills < count:
        with subprocess.Popen(
            [*command, str(lines), "--resume"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as child:  # fmt: skip
            before = _size(lines)
            _wait_for_growth(child, lines, before, rng)
            child.send_signal(signal.SIGKILL)
        kills += child.returncode == -signal.SIGKILL
        resumed += before > 0
        found = _checked(lines, expected)
        if child.returncode == 2 or len(found) == len(expected):
            assert found == expected, "the lines are not those of a run without kills"  # noqa: S101
            finished += 1
            lines.unlink()
    final = _complete([*command, str(lines), "--resume"], lines)
    assert final == expected, "the lines are not those of a run without kills"  # noqa: S101
    line = f"runs: {kills} kills, {resumed} resumed, {finished + 1} times complete and right"
    print(line, flush=True)
    return [line]


def _wait_for_growth(
    child: subprocess.Popen[bytes], lines: Path, before: int, rng: random.Random
) -> None:
    """Wait a random time from the first lines on; seldom, return before that."""
    if rng.random() < 0.2:
        time.sleep(rng.uniform(0, 0.5))
        return
    while child.poll() is None and _size(lines) <= before:
        time.sleep(0.002)
    time.sleep(rng.uniform(0, 0.05))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _checked(lines: Path, expected: dict[str, Any]) -> dict[str, Any]:
    """Return the whole lines by source, after checking each against the expected one."""
    if not lines.exists():
        return {}
    *texts, _cut_off = lines.read_text(encoding="utf-8").split("\n")
    records = [json.loads(text) for text in texts]
    found = {record["source"]: record for record in records}
    assert len(found) == len(records), "a source has two lines"  # noqa: S101
    for name, record in found.items():
        assert record == expected[name], f"{name}: {record}"  # noqa: S101
    return found


def _complete(command: list[str], lines: Path) -> dict[str, Any]:
    done = subprocess.run(command, check=False, capture_output=True)
    assert done.returncode == 2, done.stderr  # noqa: S101 - there are broken images among them
    records = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    found = {record["source"]: record for record in records}
    assert len(found) == len(records) == IMAGES, len(records)  # noqa: S101
    assert sum("error" in record for record in records) == BROKEN  # noqa: S101
    return found


def _write_images(folder: Path) -> None:
    folder.mkdir()
    for number in range(IMAGES):
        data = cv2.imencode(".jpg", np.roll(picture(), number, axis=1))[1].tobytes()
        broken = number % (IMAGES // BROKEN) == 7
        (folder / f"{number:04d}.jpg").write_bytes(data[:50] if broken else data)


def main(arguments: list[str] | None = None) -> int:
    """Run the requested kills; an AssertionError ends them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--exports", type=int, default=180)
    parser.add_argument("--whole", type=int, default=20)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(arguments)
    rng = random.Random(args.seed)  # noqa: S311 - to be repeatable, as far as a clock allows
    with tempfile.TemporaryDirectory(prefix="keras2cv-kills-") as name:
        work = Path(name).resolve()
        exports(work, args.exports, rng)
        if args.whole:
            whole_exports(work, args.whole, rng)
        if args.runs:
            runs(work, work / "first.cv", args.runs, rng)
    return 0


if __name__ == "__main__":
    sys.exit(main())
