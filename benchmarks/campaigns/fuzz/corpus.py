"""The real files that mutations start from, made as they are made for users.

Models are small, so that a mutation hits structure and not only weights: a classifier, a model of
two inputs, a segmenter, keypoints, an LSTM. Each is saved as .keras and .h5, and exported.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from campaigns import PACKAGES
from keras2cv.isolation import Entry, Limits, run_once

Array = NDArray[Any]
Files = Mapping[str, bytes]

PICTURES: Final = ("jpg", "png", "bmp", "tiff", "webp", "ppm", "gif", "avif")
WIDTH, HEIGHT = 24, 20
_TIMEOUT_S: Final = 900.0


def read_corpus(folder: Path) -> dict[str, list[Files]]:
    """Return the seeds of each kind: `folder/<kind>/<seed>/<file>` as {file: bytes}."""
    return {
        kind.name: [
            {file.name: file.read_bytes() for file in sorted(seed.iterdir())}
            for seed in sorted(kind.iterdir())
        ]
        for kind in sorted(folder.iterdir())
    }


def make_corpus(folder: Path) -> None:
    """Write all seeds to `folder`, those that need TensorFlow in a process of its own."""
    write_small_files(folder)
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    entry = Entry("campaigns.fuzz.corpus_models:answer", PACKAGES, variables=quiet)
    run_once(entry, {"folder": str(folder)}, Limits(_TIMEOUT_S))


def write_small_files(folder: Path) -> None:
    """Write the seeds that OpenCV and NumPy make: pictures, clips, arrays, texts."""
    image = picture()
    for suffix in PICTURES:
        encoded, data = _encoded(suffix, image)
        if encoded:
            write_seed(folder, "image", suffix, {f"image.{suffix}": data.tobytes()})
    for suffix, codec in (("avi", "MJPG"), ("mp4", "mp4v")):
        path = seed_folder(folder, "video", suffix) / f"video.{suffix}"
        write_clip(path, codec)
    rng = np.random.default_rng(5)
    arrays = {"arr_0": rng.normal(size=(2, 3, 4)).astype(np.float32), "n": np.arange(2)}
    for name, save in (("stored", np.savez), ("deflated", np.savez_compressed)):
        buffer = io.BytesIO()
        save(buffer, **arrays)  # type: ignore[arg-type]
        write_seed(folder, "npz", name, {"arrays.npz": buffer.getvalue()})
    buffer = io.BytesIO()
    np.save(buffer, np.ones((2, 3, 4), np.float32))
    write_seed(folder, "npz", "npy", {"arrays.npy": buffer.getvalue()})
    write_seed(folder, "labels", "plain", {"labels.txt": b"cat\ndog\nfox\n"})
    write_seed(
        folder, "labels", "unicode", {"labels.txt": "chat\r\nna\u00efve\r\n\u732b\r\n".encode()}
    )
    preprocess = b'{"color": "RGB", "mean": [1, 2.5, 3], "scale": 0.017, "std": [1, 1, 0.5]}'
    write_seed(folder, "preprocess", "plain", {"preprocess.json": preprocess})
    lines = b'{"source": "a.jpg", "top": [{"label": "cat", "score": 0.5}]}\n{"source": "b"}\n'
    write_seed(folder, "lines", "plain", {"lines.jsonl": lines})


def picture() -> Array:
    """Return a picture (H, W, 3) uint8 BGR with enough detail for every decoder."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [np.sin(rows / (2 + k)) * np.cos(columns / (3 + k)) for k in range(3)]
    return np.asarray((np.stack(waves, -1) + 1) * 127, np.uint8)


def write_clip(path: Path, codec: str, frames: int = 6) -> None:
    """Write a short film of the picture as it rolls."""
    code = cv2.VideoWriter.fourcc(*codec)
    writer = cv2.VideoWriter(str(path), code, 25.0, (WIDTH, HEIGHT))
    for number in range(frames):
        writer.write(np.roll(picture(), 2 * number, axis=1))
    writer.release()


def _encoded(suffix: str, image: Array) -> tuple[bool, Array]:
    try:
        done, data = cv2.imencode(f".{suffix}", image)
    except cv2.error:  # this OpenCV does not write it
        return False, np.empty(0, np.uint8)
    return done, data


def seed_folder(folder: Path, kind: str, name: str) -> Path:
    """Make the folder of one seed."""
    place = folder / kind / name
    place.mkdir(parents=True)
    return place


def write_seed(folder: Path, kind: str, name: str, files: Files) -> None:
    """Write the files of one seed.

    Args:
        folder: The corpus.
        kind: The kind of seed.
        name: The seed.
        files: File name -> bytes.
    """
    place = seed_folder(folder, kind, name)
    for file, data in files.items():
        (place / file).write_bytes(data)
