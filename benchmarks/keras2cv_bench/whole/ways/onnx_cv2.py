"""onnxruntime with OpenCV reading and resizing, and a thread that reads ahead for many files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from keras2cv.bundle.reading import read_manifest
from keras2cv.pixels.image_file import read_image
from keras2cv.pixels.images import as_bgr
from keras2cv_bench.pipeline import OF_BUNDLE, Around, Array, around
from keras2cv_bench.runners.onnx_runtime import open_pipeline
from keras2cv_bench.whole.task import Task, Way, frames_of, in_batches

_AHEAD: Final = 8  # files


def open_way(task: Task, decode: Callable[[str], Array] = read_image) -> Way:
    """Load the ONNX file; `decode` reads a picture as OpenCV has it."""
    manifest = read_manifest(task.job.bundle)
    pipeline, whole = open_pipeline(task.job), around(task.job)

    size = manifest.model.batch if task.job.how == OF_BUNDLE else task.batch

    def many() -> Iterator[Any]:
        """Answer while the next files are read."""
        with ThreadPoolExecutor(1) as pool:
            pictures = frames_of(task.files[0]) if task.is_video else _ahead(pool, task, decode)
            for batch in in_batches(pictures, size):
                yield from whole.finish(batch, None, pipeline.forward(whole.prepare(batch)))

    return Way(
        about=pipeline.about,
        decode=decode,
        from_frame=lambda frame: frame,
        prepare=whole.prepare,
        forward=pipeline.forward,
        finish=Around(manifest).finish,
        arrays=pipeline.arrays,
        many=many,
        as_bgr=as_bgr,
    )


def _ahead(pool: ThreadPoolExecutor, task: Task, decode: Callable[[str], Array]) -> Iterator[Array]:
    """Yield the pictures, of which a few are read ahead."""
    waiting = [pool.submit(decode, path) for path in task.files[:_AHEAD]]
    for number in range(len(task.files)):
        if number + _AHEAD < len(task.files):
            waiting.append(pool.submit(decode, task.files[number + _AHEAD]))
        yield waiting.pop(0).result()
