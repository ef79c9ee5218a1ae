"""A video, end to end: `keras2cv run --save` against the loop that everyone writes.

    python -m campaigns.video_cost [--name MobileNetV2] [--size 1920x1080] [--frames 240]
                                        [--runs 7] [--bundle DIR] [--clip-codec mp4v|MJPG|...]
                                        [--save .mp4|.avi|...] [--every N]

The loop: read, blobFromImage, forward, putText, write, one after the other, with OpenCV's own
threads. Both sides read the same clip, run the same file on the same engine, write the same codec,
and load the net anew. Runs are interleaved in random order; the ratio is the median over pairs,
with a bootstrap interval. cpu/wall is the number of cores that each side really had; other load on
the machine lowers it. The cost of each stage alone shows how much could overlap. The bound assumes
full cores, and a pipeline that needs as much processor time per frame as the loop. A net on one
thread needs less, so it can beat the bound.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from keras2cv.cli import main as keras2cv_main
from keras2cv.cli.video_file import CODECS
from keras2cv.tuning.interleave import interval

from .predict_cost import bare_opencv, export_application

CLIP_SUFFIX = {"MJPG": ".avi", "VP80": ".webm"}  # by codec; else .mp4
FPS = 25.0
STAGE_FRAMES = 60


def main() -> None:
    """Make a clip and a bundle, then time both sides."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--name", default="MobileNetV2")
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--bundle", type=Path, help="keep the exported bundle here between runs")
    parser.add_argument("--clip-codec", default="mp4v", help="of the clip: mp4v, MJPG, VP80, ...")
    parser.add_argument("--save", default=".mp4", choices=tuple(CODECS), help="what is written")
    parser.add_argument("--every", type=int, default=1)
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        bundle = args.bundle or Path(folder, "model.cv")
        if not bundle.exists():
            export_application(args.name, bundle)
        clip = Path(folder, "clip" + CLIP_SUFFIX.get(args.clip_codec, ".mp4"))
        write_clip(clip, (width, height), args.frames, args.clip_codec)
        _report(bundle, clip, args)


def _report(bundle: Path, clip: Path, args: argparse.Namespace) -> None:
    engine = _engine(bundle)
    out, loop_out = (clip.with_name(f"{name}{args.save}") for name in ("out", "loop"))
    sides = {
        "keras2cv run --save": lambda: run_keras2cv(bundle, clip, out, args.every),
        "read, blob, forward, draw, write": lambda: run_loop(
            bundle, engine, clip, loop_out, args.every
        ),
    }
    times, cores = interleaved(list(sides.values()), args.runs)
    ratios = np.array(times[1]) / np.array(times[0])
    low, high = interval(ratios)
    print(
        f"{args.name}, {engine} engine, {args.size}, {args.frames} frames of {args.clip_codec}, "
        f"every {args.every}, to {args.save}, {args.runs} pairs"
    )
    print(f"{cv2.getNumThreads()} OpenCV threads, {os.cpu_count()} cores")
    for name, seconds, shares in zip(sides, times, cores, strict=True):
        wall_s, share = statistics.median(seconds), statistics.median(shares)
        cpu_ms = share * wall_s * 1e3 / args.frames
        print(
            f"{name:34} {args.frames / wall_s:7.1f} fps   cpu/wall {share:.2f}   "
            f"{cpu_ms:.1f} ms of cpu a frame"
        )
    bound = (os.cpu_count() or 1) / statistics.median(cores[1])
    print(f"ratio {np.median(ratios):.3f} (95 % {low:.3f} to {high:.3f}), bound {bound:.2f}")
    print("a frame's stages alone, ms: " + stage_costs(bundle, engine, clip, args.save))


def _engine(bundle: Path) -> str:
    import keras2cv

    return keras2cv.load(bundle).engine


def write_clip(path: Path, size_wh: tuple[int, int], frames: int, codec: str) -> None:
    """Write a clip of a textured picture that moves, so that decoding has real work.

    Args:
        path: The file.
        size_wh: Of a frame.
        frames: How many.
        codec: Four letters.

    Raises:
        SystemExit: This OpenCV does not write the codec.
    """
    rng = np.random.default_rng(3)
    width, height = size_wh
    coarse = rng.integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    wall = cv2.resize(coarse, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)
    grain = rng.integers(0, 24, wall.shape, np.uint8)
    wall = cv2.add(wall, grain)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), FPS, size_wh)
    if not writer.isOpened():
        raise SystemExit(f"OpenCV {cv2.__version__} cannot write {codec} into {path.suffix}.")
    for number in range(frames):
        x, y = (5 * number) % width, (3 * number) % height
        writer.write(wall[y : y + height, x : x + width])
    writer.release()


def run_keras2cv(bundle: Path, clip: Path, out: Path, every: int) -> None:
    """Run the command in this process, its table thrown away.

    Args:
        bundle: The bundle that runs.
        clip: The video.
        out: The video to write.
        every: Takes every n-th frame.

    Raises:
        RuntimeError: The command failed.
    """
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        files = [str(bundle), str(clip), "--save", str(out)]
        code = keras2cv_main(["run", *files, "--every", str(every)])
    if code:
        raise RuntimeError(f"keras2cv run ended with {code}: {quiet.getvalue()[-500:]}")


def run_loop(bundle: Path, engine: str, clip: Path, out: Path, every: int) -> None:
    """Do the same as a user without keras2cv would.

    Args:
        bundle: Holds the net's file.
        engine: "new" or "classic".
        clip: The video.
        out: The video to write.
        every: Takes every n-th frame.
    """
    predict = bare_opencv(bundle, engine)
    capture = cv2.VideoCapture(str(clip))
    size_wh = (int(capture.get(3)), int(capture.get(4)))  # CAP_PROP_FRAME_WIDTH, _HEIGHT
    code = cv2.VideoWriter.fourcc(*CODECS[out.suffix])
    writer = cv2.VideoWriter(str(out), code, capture.get(cv2.CAP_PROP_FPS) / every, size_wh)
    number = 0
    while capture.grab():
        if number % every == 0:
            _, frame = capture.retrieve()
            draw(frame, predict(frame))
            writer.write(frame)
        number += 1
    writer.release()
    capture.release()


def draw(frame: Any, scores: Any) -> None:
    """Write the best class on the frame."""
    best = int(scores.argmax())
    text = f"{best} {float(scores.max()):.3f}"
    cv2.putText(frame, text, (10, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255, 255, 255), 2)


def interleaved(
    sides: list[Callable[[], None]], runs: int
) -> tuple[list[list[float]], list[list[float]]]:
    """Time each side `runs` times after one warm-up, in random order.

    Returns:
        Seconds of every run, and processor seconds per second, for each side.
    """
    rng = np.random.default_rng(1)
    times: list[list[float]] = [[] for _ in sides]
    cores: list[list[float]] = [[] for _ in sides]
    for run in range(-1, runs):
        for side in rng.permutation(len(sides)):
            started, cpu = time.perf_counter(), time.process_time()
            sides[side]()
            took = time.perf_counter() - started
            if run >= 0:
                times[side].append(took)
                cores[side].append((time.process_time() - cpu) / took)
    return times, cores


def stage_costs(bundle: Path, engine: str, clip: Path, suffix: str) -> str:
    """Return the milliseconds of reading, predicting and writing one frame, each alone.

    Args:
        bundle: Holds the net's file.
        engine: "new" or "classic".
        clip: The video.
        suffix: Of the video to write.
    """
    capture = cv2.VideoCapture(str(clip))
    frames, reading = timed(lambda: [capture.read()[1] for _ in range(STAGE_FRAMES)])
    predict = bare_opencv(bundle, engine)
    predict(frames[0])
    _, predicting = timed(lambda: [predict(frame) for frame in frames])
    height, width = frames[0].shape[:2]
    code, out = cv2.VideoWriter.fourcc(*CODECS[suffix]), str(clip.with_name(f"stage{suffix}"))
    writer = cv2.VideoWriter(out, code, FPS, (width, height))
    _, writing = timed(lambda: [writer.write(frame) for frame in frames])
    return f"read {reading:.1f}, blob + forward {predicting:.1f}, write {writing:.1f}"


def timed(work: Callable[[], list[Any]]) -> tuple[list[Any], float]:
    """Return the result of `work`, and its milliseconds per item."""
    started = time.perf_counter()
    found = work()
    return found, (time.perf_counter() - started) * 1e3 / len(found)


if __name__ == "__main__":
    main()
