"""Image and task from a file's architecture: known for certain, or left open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers

from keras2cv.errors import UsageError
from keras2cv_export.exporting import export_model
from keras2cv_export.model.config import read_config
from keras2cv_export.model.image_in_config import bare_image, guessed_task
from keras2cv_export.options import ExportOptions


@keras.saving.register_keras_serializable("tests")
class Own(layers.Layer):
    """A layer that may do anything."""

    def call(self, x: Any) -> Any:
        """Return the input."""
        return x / 255.0


def picture(*stack: Any, channels: int = 3) -> keras.Model:
    """Return a model of a picture, layer on layer, by Keras' functional API."""
    x = y = keras.Input((12, 10, channels), name="photo")
    for layer in stack:
        y = layer(y)
    return keras.Model(x, y, name="drawn")


def sequential(*stack: Any) -> keras.Model:
    """Return the same as a Sequential."""
    return keras.Sequential([keras.Input((12, 10, 3), name="photo"), *stack], name="drawn")


def nested() -> keras.Model:
    """Return a classifier whose backbone is a model of its own."""
    return picture(
        picture(layers.Conv2D(4, 3)), layers.GlobalMaxPooling2D(), layers.Dense(3, "softmax")
    )


def conv() -> Any:
    """Return a layer with weights."""
    return layers.Conv2D(4, 3)


def mean(**settings: Any) -> Any:
    """Return the usual pooling before the last layer."""
    return layers.GlobalAveragePooling2D(**settings)


def two_inputs() -> keras.Model:
    """Return a model of a picture and a row of numbers."""
    photo, row = keras.Input((12, 10, 3), name="photo"), keras.Input((4,), name="row")
    joined = layers.Concatenate()([layers.Flatten()(photo), row])
    return keras.Model([photo, row], layers.Dense(3, "softmax")(joined))


Make = Callable[[], keras.Model]
CERTAIN: dict[str, tuple[Make, str]] = {
    "functional": (lambda: picture(conv(), mean(), layers.Dense(5, "softmax")), "classify"),
    "sequential": (
        lambda: sequential(conv(), layers.Flatten(), layers.Dense(1, "sigmoid")),
        "binary",
    ),
    "dropout": (
        lambda: picture(conv(), mean(), layers.Dropout(0.5), layers.Dense(5), layers.Softmax()),
        "classify",
    ),
    "nested": (nested, "classify"),
    "several dense": (
        lambda: sequential(layers.Flatten(), layers.Dense(7, "relu"), layers.Dense(2, "softmax")),
        "classify",
    ),
}
OPEN: dict[str, Make] = {
    "linear": lambda: picture(conv(), mean(), layers.Dense(5)),
    "several sigmoids": lambda: picture(conv(), mean(), layers.Dense(3, "sigmoid")),
    "softmax of one": lambda: picture(conv(), mean(), layers.Dense(1, "softmax")),
    "a map of scores": lambda: picture(conv(), layers.Dense(5, "softmax")),
    "pooled to a map": lambda: picture(conv(), mean(keepdims=True), layers.Dense(5, "softmax")),
    "reshaped": lambda: picture(
        layers.Flatten(), layers.Dense(6, "softmax"), layers.Reshape((2, 3))
    ),
    "two outputs": lambda: keras.Model(
        (x := keras.Input((12, 10, 3))),
        [layers.Dense(2, "softmax")(y := layers.Flatten()(x)), layers.Dense(3, "softmax")(y)],
    ),
    "joined": two_inputs,
}


def saved(model: keras.Model, folder: Path, kind: str) -> tuple[Path, dict[str, Any]]:
    """Return the model's file, and the architecture that is in it."""
    path = folder / f"model.{kind}"
    model.save(path)
    return path, read_config(path)


@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize(("make", "task"), CERTAIN.values(), ids=CERTAIN)
def test_what_is_certain_is_what_the_exporter_finds_out(
    make: Make, task: str, kind: str, tmp_path: Path
) -> None:
    """The loaded model raises the same question, for the same task."""
    path, config = saved(make(), tmp_path, kind)
    image = bare_image(config)
    assert image is not None
    assert (image.name, image.shape[1:]) == ("photo", (12, 10, 3))
    assert guessed_task(config, None) == task
    with pytest.raises(UsageError, match=f"become the input photo .* A {task} task"):
        export_model(ExportOptions(path, tmp_path / "new.cv"))


@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize("make", OPEN.values(), ids=OPEN)
def test_a_task_that_is_not_certain_is_left_open(make: Make, kind: str, tmp_path: Path) -> None:
    """None, where the graph alone can tell."""
    _, config = saved(make(), tmp_path, kind)
    assert guessed_task(config, None) is None


def test_labels_make_classes_of_plain_numbers(tmp_path: Path) -> None:
    """As many as there are numbers."""
    _, config = saved(picture(conv(), mean(), layers.Dense(3)), tmp_path, "keras")
    assert guessed_task(config, ["a", "b", "c"]) == "classify"
    assert guessed_task(config, ["a", "b"]) is None


@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: picture(layers.Rescaling(1 / 255), conv()),
        lambda: picture(picture(layers.Normalization(mean=1.0, variance=2.0)), conv()),
        lambda: picture(Own(), conv()),
        lambda: picture(conv(), channels=2),
        lambda: keras.Sequential([keras.Input((7,)), layers.Dense(2, "softmax")]),
    ],
    ids=["rescaling", "a normalisation inside", "an own layer", "two channels", "a row"],
)
def test_a_model_that_may_prepare_pixels_is_not_bare(make: Make, kind: str, tmp_path: Path) -> None:
    """Or one that takes no picture."""
    _, config = saved(make(), tmp_path, kind)
    assert bare_image(config) is None


def test_keras_2_wrote_it_otherwise() -> None:
    """`batch_input_shape`, and nodes as lists."""
    config = {
        "class_name": "Functional",
        "config": {
            "name": "old",
            "layers": [
                {
                    "class_name": "InputLayer",
                    "config": {"name": "photo", "batch_input_shape": [None, 9, 8, 1]},
                    "inbound_nodes": [],
                },
                {
                    "class_name": "Flatten",
                    "config": {"name": "flat"},
                    "inbound_nodes": [[["photo", 0, 0, {}]]],
                },
                {
                    "class_name": "Dense",
                    "config": {"name": "scores", "units": 4, "activation": "softmax"},
                    "inbound_nodes": [[["flat", 0, 0, {}]]],
                },
            ],
            "input_layers": [["photo", 0, 0]],
            "output_layers": [["scores", 0, 0]],
        },
    }
    image = bare_image(config)
    assert image is not None
    assert str(image) == "photo (None, 9, 8, 1) float32"
    assert guessed_task(config, None) == "classify"
