"""From a loaded model to the graph: its inputs and outputs in the manifest."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras2cv.bundle.manifest import InputTensor, OutputTensor
from keras2cv_export import convert as converting
from keras2cv_export.convert import Converted, convert, convert_unchecked
from keras2cv_export.model.load import load_model
from keras2cv_export.targets.importer_support import UnsupportedOpsError
from keras2cv_export.targets.target import Target


def converted(model: keras.Model, **settings: Any) -> Converted:
    """Load and convert."""
    return convert(load_model(model, **settings))


def picture(**options: Any) -> Any:
    """Return a picture (7, 9, 3) as an input."""
    return keras.Input((7, 9, 3), name="photo", **options)


def test_pictures_are_channels_first_in_the_net() -> None:
    """Both shapes are in the manifest, with the batch."""
    x = picture(dtype="uint8")
    y = layers.Conv2D(5, 3, name="map")(layers.Rescaling(0.5)(x))
    found = converted(keras.Model(x, y), batch=2)
    assert found.inputs == (
        InputTensor("photo", "photo", (2, 7, 9, 3), (2, 3, 7, 9), "NCHW", "uint8"),
    )
    assert found.outputs == (
        OutputTensor("map", "map", (2, 5, 7, 5), (2, 5, 5, 7), "NCHW", "float32", True),
    )


def test_what_passes_left_alone_is_kept_with_its_layer() -> None:
    """A convolution that two layers read takes the scale of neither."""
    x = picture()
    shared = layers.Conv2D(5, 3, name="shared")(x)
    scaled = layers.BatchNormalization(name="scaled")(shared)
    found = converted(keras.Model(x, [scaled, layers.ReLU(name="cut")(shared)]))
    (miss,) = found.missed["fold_scale_into_conv"]
    assert "scaled" in miss.node
    assert "read elsewhere" in miss.reason


def test_the_last_activations_are_kept_for_the_comparison() -> None:
    """Those of (N, classes), that are known to be probabilities."""
    x = keras.Input((6,), name="row")
    heads = {
        "kind": layers.Dense(4, activation="softmax")(x),
        "alarm": layers.Dense(1, activation="sigmoid")(x),
        "logits": layers.Dense(3)(x),
    }
    found = converted(keras.Model(x, heads))
    assert [(h.spec.name, h.activation) for h in found.heads] == [
        ("alarm", "sigmoid"),
        ("kind", "softmax"),
        ("logits", "linear"),
    ]
    assert found.scores == {"kind": "softmax", "alarm": "sigmoid"}


class Anchors(layers.Layer):
    """Boxes that are the same for every picture."""

    def call(self, x: Any) -> Any:
        """Return (6, 4) for any x; only the dtype depends on it."""
        boxes = np.random.default_rng(3).normal(size=(6, 4))
        return keras.ops.convert_to_tensor(boxes, dtype=x.dtype) + 1


def test_outputs_that_no_input_reaches_are_constant() -> None:
    """They are the same for every picture, and have no batch dimension."""
    x = picture()
    outputs = {"anchors": Anchors()(x), "mean": keras.ops.mean(x), "map": layers.Conv2D(2, 3)(x)}
    found = converted(keras.Model(x, outputs))
    assert found.constant == {"anchors"}
    assert {o.name: o.batched for o in found.outputs} == {
        "anchors": False,
        "map": True,
        "mean": False,
    }


def test_a_fixed_batch_is_taken_for_the_first_dimension() -> None:
    """The batch is unknown then: outputs whose first dimension has its size have one."""
    x = keras.Input(batch_shape=(4, 6), name="row")
    found = converted(keras.Model(x, {"each": layers.Dense(3)(x), "all": keras.ops.sum(x, 0)}))
    assert {o.name: o.batched for o in found.outputs} == {"all": False, "each": True}


def test_a_float16_head_is_given_as_float32() -> None:
    """It is computed in float32."""
    x = keras.Input((6,), name="row")
    y = layers.Dense(3, name="y", dtype=keras.DTypePolicy("mixed_float16"))(x)
    assert converted(keras.Model(x, y)).outputs[0].dtype == "float32"


@pytest.mark.parametrize("dtype", ["int32", "int64", "bool"])
def test_other_dtypes_are_the_manifests(dtype: str) -> None:
    """The net gives float32, and the runtime gives these back."""
    x = keras.Input((6,), name="row")
    y = keras.ops.cast(x > 0 if dtype == "bool" else x * 3, dtype)
    assert converted(keras.Model(x, {"y": y})).outputs[0].dtype == dtype


def test_a_tower_that_is_called_twice_is_stored_once() -> None:
    """Its convolution is folded and its kernel turned for each call, with the same result."""
    inner = keras.Input((7, 9, 3))
    y = layers.BatchNormalization()(layers.Conv2D(40, 3)(inner))
    tower = keras.Model(inner, layers.Dense(6)(layers.Flatten()(y)))
    left, right = picture(), keras.Input((7, 9, 3), name="other")
    model = keras.Model([left, right], layers.Subtract()([tower(left), tower(right)]))
    weights = converted(model).model.graph.initializers.values()
    sizes = [v.const_value.size for v in weights if v.const_value is not None]
    kernels = [40 * 3 * 3 * 3, 40 * 7 * 5 * 6]
    assert [sizes.count(kernel) for kernel in kernels] == [1, 1]


def test_what_a_target_cannot_run_is_refused_with_its_layers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All of it at once; the converted graph is still there to be examined."""
    monkeypatch.setattr(converting, "pipeline", lambda _: ())  # nothing is mended
    x = keras.Input((7, 9, 3), name="photo")
    y = layers.ReLU(6.0, name="second")(layers.ReLU(6.0, name="first")(x))
    loaded = load_model(keras.Model(x, y, name="net"))
    with pytest.raises(
        UnsupportedOpsError, match=r"OpenCV 4\.6 and newer cannot run 2 ops"
    ) as error:
        convert(loaded, Target.parse("4.6"))
    assert [(f.op, f.layer.rpartition("/")[2]) for f in error.value.found] == [
        ("Clip", "first_1"),
        ("Clip", "second_1"),
    ]
    for target in (None, Target.parse("4.8")):
        assert convert(loaded, target).model.graph.num_nodes() > 0
    assert convert_unchecked(loaded, Target.parse("4.6")).model.graph.num_nodes() > 0
