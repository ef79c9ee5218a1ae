"""Recognition of a model's own normalisation, its heads and its task."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras2cv.bundle.manifest import Task
from keras2cv.errors import UsageError
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.tasks.recognise import (
    Head,
    build_task,
    guess_kind,
    heads,
    normaliser,
)
from keras2cv_export.tasks.unstated_pixels import preset_hint
from support.small_graphs import graph, integers


def classifier(*first: Any) -> keras.Model:
    """Return a model of a picture, with `first` before its convolution."""
    x = y = keras.Input((9, 11, 3), name="photo")
    for layer in first:
        y = layer(y)
    return keras.Model(x, layers.Conv2D(4, 3, name="conv")(y))


def head(activation: str, *shape: int, name: str = "y") -> Head:
    """Return an output of the given shape."""
    return Head(TensorSpec(name, shape, "float32"), activation)


def test_a_rescaling_layer_before_the_weights_is_the_normaliser() -> None:
    """It is named with its class."""
    found = normaliser(classifier(layers.Rescaling(1 / 255, name="to_unit")))
    assert found == "Rescaling layer 'to_unit'"


def test_an_adapted_normalization_layer_is_the_normaliser() -> None:
    """Its own statistics are weights, and are not taken for a layer's."""
    layer = layers.Normalization(name="standard")
    layer.adapt(np.random.default_rng(3).uniform(0, 255, (7, 9, 11, 3)))
    assert normaliser(classifier(layer)) == "Normalization layer 'standard'"


def test_layers_without_weights_may_come_first() -> None:
    """Augmentation and resizing pass pixels on."""
    model = classifier(layers.RandomFlip(), layers.Resizing(7, 8), layers.Rescaling(0.5, name="r"))
    assert normaliser(model) == "Rescaling layer 'r'"


def test_a_rescaling_layer_inside_a_nested_model_is_found() -> None:
    """As keras.applications' EfficientNet has it when it is used as a layer."""
    inner = classifier(layers.Rescaling(1 / 255, name="inside"))
    x = keras.Input((9, 11, 3))
    assert normaliser(keras.Model(x, inner(x))) == "Rescaling layer 'inside'"


def test_a_rescaling_layer_after_the_weights_is_not() -> None:
    """It scales features, or a generator's picture."""
    x = keras.Input((9, 11, 3))
    y = layers.Rescaling(127.5)(layers.Conv2D(3, 3)(x))
    assert normaliser(keras.Model(x, y)) is None


def test_most_models_have_none() -> None:
    """Nor has a SavedModel, which has no layers."""
    assert normaliser(classifier()) is None
    assert normaliser(None) is None


@pytest.mark.parametrize(
    ("name", "preset"),
    [
        ("mobilenetv2_1.00_224", "tf"),
        ("mobilenet_1.00_224", "tf"),
        ("resnet50", "caffe"),
        ("resnet50v2", "tf"),
        ("resnet152v2", "tf"),
        ("inception_resnet_v2", "tf"),
        ("inception_v3", "tf"),
        ("xception", "tf"),
        ("NASNet", "tf"),
        ("vgg16", "caffe"),
        ("densenet121", "torch"),
        ("MobileNetV3Small", None),
        ("efficientnetb0", None),
        ("cat", None),
    ],
)
def test_the_hint_is_what_the_application_was_trained_with(name: str, preset: str | None) -> None:
    """By the names that keras.applications gives its models."""
    assert preset_hint(name) == preset


@pytest.mark.parametrize(
    ("body", "activation"),
    [
        ("y = Softmax <axis=-1> (x)", "softmax"),
        ("y = Sigmoid (x)", "sigmoid"),
        ("y = Relu (x)", "linear"),
        ("s = Softmax <axis=-1> (x)  r = Reshape (s, k)  y = Identity (r)", "softmax"),
        ("s = Sigmoid (x)  c = Cast <to=10> (s)  y = Cast <to=1> (c)", "sigmoid"),
        ("s = Softmax <axis=-1> (x)  y = Mul (s, s)", "linear"),
    ],
)
def test_the_last_activation_is_read_off_the_graph(body: str, activation: str) -> None:
    """Layers that change shape, order or type alone are skipped."""
    model = graph(f"(float[2,5] x) => (float[2,5] y) {{ {body} }}", k=integers(2, 5))
    spec = TensorSpec("y", (2, 5), "float32")
    assert heads(model, [spec]) == [Head(spec, activation)]


def test_an_output_that_is_an_input_is_linear() -> None:
    """No node stands behind it."""
    model = graph("(float[2,5] x) => (float[2,5] y) { y = Identity (x) }")
    assert heads(model, [TensorSpec("y", (2, 5), "float32")])[0].activation == "linear"


LABELS = ["circle", "square", "star"]


@pytest.mark.parametrize(
    ("found", "labels", "kind"),
    [
        ([head("softmax", 2, 3)], None, "classify"),
        ([head("sigmoid", 2, 1)], None, "binary"),
        ([head("linear", 2, 3)], LABELS, "classify"),
        ([head("sigmoid", 2, 3)], LABELS, "classify"),
        ([head("linear", 2, 3)], None, "raw"),
        ([head("sigmoid", 2, 3)], None, "raw"),
        ([head("linear", 2, 1)], None, "raw"),
        ([head("linear", 2, 4)], LABELS, "raw"),
        ([head("softmax", 2, 1)], None, "raw"),
        ([head("softmax", 2, 9, 11, 3)], None, "raw"),
        ([head("softmax", 2, 3), head("sigmoid", 2, 1)], None, "raw"),
    ],
)
def test_a_task_is_guessed_only_without_doubt(
    found: list[Head], labels: list[str] | None, kind: str
) -> None:
    """Everything else is raw, which promises nothing."""
    assert guess_kind(found, labels) == kind


def test_a_task_names_its_output_and_what_the_numbers_are() -> None:
    """Softmax and sigmoid are probabilities, anything else logits."""
    found = [head("softmax", 2, 3, name="kind"), head("linear", 2, 9, 11, 4, name="boxes")]
    assert build_task("classify", found, LABELS) == Task(
        "classify", "kind", "softmax", ("circle", "square", "star")
    )
    assert build_task("classify", [head("linear", 2, 3)], None) == Task("classify", "y", "logits")
    assert build_task("classify", [head("sigmoid", 2, 3)], None).scores == "sigmoid"
    assert build_task("binary", [head("linear", 2, 1)], ["cat"]) == Task(
        "binary", "y", "logits", ("cat",)
    )
    assert build_task("regress", [head("linear", 2, 1)], None) == Task("regress", "y")
    assert build_task("raw", found, None) == Task("raw")


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("classify", [head("sigmoid", 2, 1)]),
        ("classify", [head("softmax", 2, 9, 11, 3)]),
        ("classify", [head("softmax", 2, 3, name="a"), head("softmax", 2, 4, name="b")]),
        ("binary", [head("softmax", 2, 2)]),
        ("regress", [head("linear", 2, 9, 11, 1)]),
    ],
)
def test_a_task_that_no_output_fits_or_two_do_is_refused(kind: Any, found: list[Head]) -> None:
    """All outputs are shown, and the way out."""
    with pytest.raises(UsageError, match=rf"The task {kind} needs one output") as caught:
        build_task(kind, found, None)
    assert all(str(h.spec) in str(caught.value) for h in found)
    assert "--task raw" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "shape", "labels", "needs"),
    [
        ("classify", (2, 4), LABELS, "needs 4"),
        ("classify", (2, 2), LABELS, "needs 2"),
        ("binary", (2, 1), LABELS, "needs 1 or 2"),
    ],
)
def test_labels_of_the_wrong_count_are_refused(
    kind: Any, shape: tuple[int, ...], labels: list[str], needs: str
) -> None:
    """Both counts are shown."""
    with pytest.raises(UsageError, match=f"There are 3 labels, and the output y .* {needs}"):
        build_task(kind, [head("softmax", *shape)], labels)


def test_labels_of_a_regression_name_its_values() -> None:
    """As many as there are."""
    assert build_task("regress", [head("linear", 2, 3)], LABELS).labels == tuple(LABELS)
    with pytest.raises(UsageError, match="There are 3 labels"):
        build_task("regress", [head("linear", 2, 2)], LABELS)


@pytest.mark.parametrize("labels", [LABELS, ["cat", "dog"]])
def test_a_raw_task_has_no_use_for_labels(labels: list[str]) -> None:
    """They are kept, for whoever reads the manifest."""
    assert build_task("raw", [head("softmax", 2, 3)], labels).labels == tuple(labels)
