"""Stateful layers: what they remember is carried from call to call, as in Keras."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

import keras2cv
from keras2cv.cli import main
from keras2cv.errors import InputError, ModelError, UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv_export import check, export

LAYERS = {
    "lstm_gru": lambda kl: [
        kl.LSTM(6, stateful=True, return_sequences=True),
        kl.GRU(4, stateful=True),
    ],
    "simple": lambda kl: [kl.SimpleRNN(5, stateful=True), kl.Dense(3)],
    "cells": lambda kl: [kl.RNN([kl.LSTMCell(4), kl.GRUCell(3)], stateful=True)],
    "both_ways": lambda kl: [kl.Bidirectional(kl.LSTM(3, stateful=True))],
    "beside": lambda kl: [kl.LSTM(4, return_sequences=True), kl.GRU(3, stateful=True)],
}


def built(library: Any, name: str) -> Any:
    """Return the model, in Keras 3 or 2, with a batch of 2 and weights that matter."""
    layers = LAYERS[name](library.layers)
    x = y = library.Input(batch_shape=(2, 7, 5), name="x")
    for layer in layers:
        y = layer(y)
    model = library.Model(x, y)
    rng = np.random.default_rng(3)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape) * 0.4)
    return model


def forget(model: Any) -> None:
    """Set Keras' states to zero, in layers inside of others as well."""
    for layer in model._flatten_layers():
        if getattr(layer, "stateful", False) and hasattr(layer, "cell"):
            for state in keras.tree.flatten(layer.states):
                state.assign(np.zeros(state.shape))


@pytest.mark.parametrize(
    ("library", "name"),
    [(keras, name) for name in LAYERS] + [(tf_keras, "lstm_gru"), (tf_keras, "both_ways")],
)
def test_calls_go_on_where_the_last_one_ended_as_in_keras(
    tmp_path: Path, library: Any, name: str
) -> None:
    """Four calls in a row are Keras' four; reset() begins anew; all rows at once are the same."""
    model = built(library, name)
    report = export(model, tmp_path / "m.cv", task="raw")
    assert any("remember" in note for note in report.notes)
    calls = np.random.default_rng(1).normal(size=(4, 2, 7, 5)).astype(np.float32)
    forget(model)
    expected = np.stack([np.asarray(model(call)) for call in calls])
    loaded = keras2cv.load(tmp_path / "m.cv")
    for _ in range(2):
        got = np.stack([loaded.infer(call)[0] for call in calls])
        np.testing.assert_allclose(got, expected, atol=1e-5)
        loaded.reset()
    [whole] = loaded.infer(calls.reshape(8, 7, 5))
    np.testing.assert_allclose(whole, expected.reshape(whole.shape), atol=1e-5)
    assert np.abs(expected[1] - np.asarray(_fresh(model, calls[1]))).max() > 1e-3  # they matter


def _fresh(model: Any, call: Any) -> Any:
    forget(model)
    return model(call)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that remembers."""
    folder = tmp_path_factory.mktemp("states")
    model = built(keras, "lstm_gru")
    model.save(folder / "m.keras")
    export(folder / "m.keras", folder / "m.cv", task="classify")
    return folder / "m.cv"


def test_check_compares_the_states_too(bundle: Path) -> None:
    """They are outputs like any other, and are asked with drawn values, not with zeros alone."""
    report = check(bundle, bundle.with_suffix(".keras"))
    assert report.parity.verdict == "pass"
    assert len(report.parity.outputs) == 4


def test_states_can_be_given(bundle: Path) -> None:
    """With all inputs, the predictor remembers nothing and returns the new states."""
    model = keras2cv.load(bundle)
    assert model.input_names == ("x",)
    rng = np.random.default_rng(0)
    everything = [rng.normal(size=t.keras_shape).astype(np.float32) for t in model.manifest.inputs]
    first, second = model.infer(*everything), model.infer(*everything)
    assert len(first) == 4
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    named = {t.name: a for t, a in zip(model.manifest.inputs, everything, strict=True)}
    assert all(np.array_equal(a, b) for a, b in zip(first, model.infer(named), strict=True))


def test_results_are_of_the_models_own_outputs(bundle: Path) -> None:
    """`predict` gives the task's results, and goes on as `infer` does."""
    model = keras2cv.load(bundle)
    x = np.ones((2, 7, 5), np.float32)
    first, second = model.predict(x), model.predict(x)
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert not np.array_equal(first[0].scores, second[0].scores)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - it was made a line above
    np.testing.assert_array_equal(again.predict(x)[0].scores, first[0].scores)


def test_another_number_of_rows_is_refused(bundle: Path) -> None:
    """Each row has a state of its own."""
    with pytest.raises(InputError, match="remembers 2 sequences side by side, and got 1 samples"):
        keras2cv.load(bundle).infer(np.ones((1, 7, 5), np.float32))


def test_run_carries_states_from_file_to_file(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line predicts in the order of its arguments."""
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", np.ones((2, 7, 5), np.float32))
    assert main(["run", str(bundle), str(tmp_path / "a.npy"), str(tmp_path / "b.npy")]) == 0
    lines = [line.split()[-1] for line in capsys.readouterr().out.splitlines() if ".npy" in line]
    assert len(lines) == 4
    assert lines[0] != lines[2]


def test_programs_and_tuning_say_that_they_keep_no_states(bundle: Path, tmp_path: Path) -> None:
    """One sentence each."""
    assert main(["codegen", str(bundle), "--lang", "cpp", "-o", str(tmp_path / "cpp")]) == 2
    with pytest.raises(UsageError, match="Leave --tune out"):
        export(built(keras, "simple"), tmp_path / "t.cv", task="raw", tune=True)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (("x", "nothing"), r"states\[0\]: must link"),
        (("x", "lstm_state_0_next"), "of the same shape"),
    ],
)
def test_a_manifest_with_a_wrong_link_is_refused(
    bundle: Path, link: tuple[str, str], words: str
) -> None:
    """States link an output to an input of its shape."""
    from keras2cv.bundle.manifest import Manifest, StateLink

    manifest = Manifest.from_json((bundle / "manifest.json").read_text(encoding="utf-8"))
    outputs = [tensor.name for tensor in manifest.outputs]
    target = link[1] if link[1] == "nothing" else outputs[1]
    with pytest.raises(SchemaError, match=words):
        manifest.replace(states=(StateLink(link[0], target),))


def test_a_saved_model_that_remembers_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """Its function assigns to variables, and nothing says which of them are states."""
    built(tf_keras, "simple").save(tmp_path / "saved", save_format="tf")
    with pytest.raises(ModelError, match=r"remembers from call to call.*\.keras or \.h5"):
        export(tmp_path / "saved", tmp_path / "m.cv", task="raw")


def test_a_saved_model_that_is_still_pruned_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """The wrappers of tfmot change the weights at each call."""
    kernel = tf.Variable(tf.ones((3, 2)), name="dense/kernel")
    mask = tf.Variable(tf.ones((3, 2)), name="prune_low_magnitude_dense/mask")
    module = tf.Module()
    module.kernel, module.mask = kernel, mask

    def pruned(x: tf.Tensor) -> dict[str, tf.Tensor]:
        kernel.assign(kernel * mask)
        return {"y": x @ kernel}

    signature = tf.function(pruned).get_concrete_function(tf.TensorSpec((None, 3), name="x"))
    tf.saved_model.save(module, str(tmp_path / "saved"), signatures=signature)
    with pytest.raises(ModelError, match=r"while it was pruned \(tfmot\).*strip_pruning\(model\)"):
        export(tmp_path / "saved", tmp_path / "m.cv", task="raw")


def test_a_saved_model_in_training_mode_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """It normalizes by the batch and moves its averages; `predict` of the live model does not."""
    image = keras.Input((8, 8, 3))
    hidden = keras.layers.BatchNormalization()(image, training=True)
    pooled = keras.layers.GlobalMaxPooling2D()(keras.layers.Conv2D(4, 3)(hidden))
    model = keras.Model(image, keras.layers.Dense(3)(pooled))
    model.export(tmp_path / "saved", verbose=False)
    with pytest.raises(ModelError, match=r"saved in training mode.*\.keras or \.h5"):
        export(tmp_path / "saved", tmp_path / "m.cv", task="raw", preprocess="none")
    model.save(tmp_path / "m.keras")
    export(tmp_path / "m.keras", tmp_path / "m.cv", task="raw", preprocess="none")
    x = np.random.default_rng(0).normal(size=(3, 8, 8, 3)).astype(np.float32)
    (found,) = keras2cv.load(tmp_path / "m.cv").infer(x)
    np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=1e-4, atol=1e-4)


def test_layers_that_normalize_each_sample_are_not_taken_for_others(tmp_path: Path) -> None:
    """Group and layer normalization, and batch normalization as it is after training."""
    image = keras.Input((8, 8, 4))
    layers = keras.layers
    for layer in (
        layers.GroupNormalization(2), layers.LayerNormalization(), layers.BatchNormalization(),
        layers.Conv2D(4, 3, kernel_constraint="unit_norm"), layers.GroupNormalization(-1),
    ):  # fmt: skip
        made = export(keras.Model(image, layer(image)), tmp_path / "m.cv", task="raw", check=False)
        assert not any("batch at hand" in note for note in made.notes), layer.name
