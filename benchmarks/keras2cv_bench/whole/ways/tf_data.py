"""A tf.data pipeline with `model.predict`: what TensorFlow recommends for many files.

Files are read and decoded in parallel, resized by `tf.image`, batched and prefetched. Where the
bundle's resize is not one of TensorFlow's, the library that it comes from is called in the map.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from keras2cv.bundle.manifest import Preprocessing
from keras2cv.bundle.reading import read_manifest
from keras2cv_bench.pipeline import Around
from keras2cv_bench.whole.task import Task, Way
from keras2cv_bench.whole.ways import tutorial
from keras2cv_export.end_to_end.reference_preprocessing import reference_of
from keras2cv_export.model.load import load_model
from keras2cv_export.quiet.tensorflow import keras, tf

_BATCH: Final = 32  # Keras' own default


def open_way(task: Task) -> Way:
    """Open the Keras model, and build the dataset."""
    manifest = read_manifest(task.job.bundle)
    rules = manifest.preprocessing
    assert rules is not None  # noqa: S101 - the verb asks for a bundle of pictures
    one = tutorial.open_way(replace(task, way="tutorial"))
    batch = task.batch if task.batch > 1 else _BATCH
    job = task.job
    shapes = (batch, *manifest.own_inputs[0].keras_shape[1:])
    model = load_model(
        job.file, input_shapes=shapes, unsafe=job.unsafe, imports=job.imports
    ).keras_model
    around = Around(manifest)

    def many() -> Iterator[Any]:
        """Answer all files in one call of `predict`."""
        pictures = _dataset(task, rules, batch)
        found = [np.asarray(a) for a in keras.tree.flatten(model.predict(pictures, verbose=0))]
        size = np.zeros((rules.size_wh[1], rules.size_wh[0], 3), np.uint8)
        for k in range(len(found[0])):  # boxes stay in the input's pixels: no file's size is known
            yield around.finish([size], None, [array[k : k + 1] for array in found])[0]

    return replace(one, about=f"{one.about}, batches of {batch}", decode=None, many=many)


def _dataset(task: Task, rules: Preprocessing, batch: int) -> Any:
    inputs = tf.data.Dataset.from_tensor_slices(list(task.files))
    to_input = _by_tensorflow(rules) or _by_library(rules)
    return (
        inputs.map(to_input, num_parallel_calls=tf.data.AUTOTUNE)
        .batch(batch)
        .prefetch(tf.data.AUTOTUNE)
    )


def _by_tensorflow(rules: Preprocessing) -> Any:
    """Return a map of TensorFlow's ops; None where the resize is another library's."""
    plain = rules.interpolation.removeprefix("tf-").removesuffix("-antialias")
    if rules.resize != "stretch" or not rules.interpolation.startswith("tf-") or rules.transpose:
        return None
    antialias = rules.interpolation.endswith("-antialias")
    mean, std = (np.array(x, np.float32) for x in (rules.mean, rules.std))

    def read(path: Any) -> Any:
        image = tf.io.decode_image(tf.io.read_file(path), rules.channels, expand_animations=False)
        image = tf.image.resize(image, rules.size_wh[::-1], method=plain, antialias=antialias)
        image = image[..., ::-1] if rules.color == "BGR" else image
        return (image - mean) * np.float32(rules.scale) / std

    return read


def _by_library(rules: Preprocessing) -> Any:
    """Return a map that calls the library which the resize comes from."""
    from pathlib import Path

    from keras2cv_export.end_to_end import reference_pictures as by_library

    read, reference = tutorial.reader(rules), reference_of(rules)
    shape = (rules.size_wh[1], rules.size_wh[0], rules.channels)

    def whole(path: bytes) -> Any:
        picture = by_library.decode(Path(path.decode()), reference, rules.channels)
        return read(picture).astype(np.float32)

    def mapped(path: Any) -> Any:
        return tf.ensure_shape(tf.numpy_function(whole, [path], tf.float32), shape)

    return mapped
