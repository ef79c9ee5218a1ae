"""The models of the corpus: as small as possible, with random weights."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from keras2cv.bundle.manifest import (
    SCHEMA,
    Engine,
    InputTensor,
    Manifest,
    Model,
    ModelSource,
    OutputTensor,
    Task,
)
from keras2cv_bench.calibrate import randomize
from keras2cv_export import export

from .corpus import HEIGHT, WIDTH, seed_folder, write_seed

Build = Callable[[], Any]


def _classifier() -> Any:
    image = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    x = keras.layers.Conv2D(5, 3, strides=2, padding="same", use_bias=False)(image)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.DepthwiseConv2D(3)(x))
    return _random(image, keras.layers.Dense(4, activation="softmax", name="scores")(x))


def _two_inputs() -> Any:
    image, facts = keras.Input((8, 7, 3), name="photo"), keras.Input((5,), name="facts")
    x = keras.layers.Flatten()(keras.layers.MaxPooling2D()(image))
    x = keras.layers.Concatenate()([x, keras.layers.Dense(3, activation="tanh")(facts)])
    return _random([image, facts], keras.layers.Dense(2, name="price")(x))


def _segmenter() -> Any:
    image = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    x = keras.layers.UpSampling2D(2)(keras.layers.AveragePooling2D(2)(x))
    return _random(image, keras.layers.Conv2D(3, 1, activation="softmax", name="mask")(x))


def _keypoints() -> Any:
    image = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="swish")(image)
    return _random(image, keras.layers.Conv2D(3, 3, padding="same", name="heatmaps")(x))


def _sequence() -> Any:
    words = keras.Input((4, 6), name="words")
    x = keras.layers.LSTM(3, return_sequences=True)(words)
    return _random(words, keras.layers.Dense(2, name="said")(keras.layers.Flatten()(x)))


MODELS: Final[Mapping[str, tuple[Build, dict[str, Any]]]] = {
    "classifier": (
        _classifier,
        {"preprocess": "tf", "labels": ("cat", "dog", "na\u00efve", "\u732b"), "task": "classify"},
    ),
    "keypoints": (_keypoints, {"preprocess": "0-1", "task": "keypoints"}),
    "segmenter": (_segmenter, {"preprocess": "torch", "task": "segment", "resize": "letterbox"}),
    "sequence": (_sequence, {"task": "raw"}),
    "two_inputs": (_two_inputs, {"task": "regress", "preprocess": "none"}),
}


def _random(inputs: Any, outputs: Any) -> Any:
    model = keras.Model(inputs, outputs)
    rng = np.random.default_rng(3)
    sample = [rng.uniform(-1, 1, (2, *t.shape[1:])).astype(np.float32) for t in model.inputs]
    return randomize(model, 7, sample)


def frozen_bundle() -> Mapping[str, bytes]:
    """Return a verified-looking bundle around a frozen graph: convolution, pool, dense."""
    data = _frozen_graph()
    scores = OutputTensor("scores", "scores", (1, 4), (1, 4), "same", "float32", True)
    photo = InputTensor(
        "photo", "photo", (1, HEIGHT, WIDTH, 3), (1, 3, HEIGHT, WIDTH), "NCHW", "float32"
    )
    manifest = Manifest(
        schema=SCHEMA,
        status="unverified",
        model=Model(
            "model.pb", "frozen", hashlib.sha256(data).hexdigest(), str(len(data)), 1, "4.6"
        ),
        inputs=(photo,),
        outputs=(scores,),
        task=Task("raw"),
        engine=Engine("classic", fusion=True, winograd=True),
        source=ModelSource("model", "live"),
    )
    return {"model.pb": data, "manifest.json": manifest.to_json().encode()}


def _frozen_graph() -> bytes:
    rng = np.random.default_rng(2)

    def weights(*shape: int) -> Any:
        return tf.constant(rng.normal(size=shape).astype(np.float32))

    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (1, HEIGHT, WIDTH, 3), name="photo")
        x = tf.nn.bias_add(tf.nn.conv2d(x, weights(3, 3, 3, 5), 2, "SAME"), weights(5))
        x = tf.nn.max_pool2d(tf.nn.relu(x), 2, 2, "VALID")
        x = tf.concat([x, tf.nn.sigmoid(x)], axis=3)
        x = tf.reshape(x, (1, 5 * 6 * 10))
        x = tf.nn.bias_add(tf.matmul(x, weights(300, 4)), weights(4))
        tf.nn.softmax(x, name="scores")
        return bytes(graph.as_graph_def().SerializeToString())


def answer(request: Mapping[str, str], _: Callable[..., None]) -> dict[str, str]:
    """Write the seeds into "folder", as the child's entry."""
    write_models(Path(request["folder"]))
    return {}


def write_models(folder: Path) -> None:
    """Write the seeds that TensorFlow makes: models as .keras and .h5, bundles, a frozen graph."""
    for name, (build, options) in MODELS.items():
        model = build()
        for kind in ("keras", "h5"):
            model.save(seed_folder(folder, kind, name) / f"model.{kind}")
        write_seed(folder, "saved_model", name, {"saved_model.pb": _graphs(model)})
        bundle = seed_folder(folder, "bundle", name) / "model.cv"
        export(model, bundle, opencv=options.pop("opencv", None), **options)
        _flatten(bundle)
    write_seed(folder, "pb", "frozen", frozen_bundle())


def _graphs(model: Any) -> bytes:
    """Return the graphs of a model's SavedModel."""
    with tempfile.TemporaryDirectory() as place:
        model.export(place, verbose=False)
        return Path(place, "saved_model.pb").read_bytes()


def _flatten(bundle: Path) -> None:
    for file in bundle.iterdir():
        file.rename(bundle.parent / file.name)
    bundle.rmdir()
