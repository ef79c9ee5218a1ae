"""A frozen graph is exported, checked and run like an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import keras2cv
from keras2cv.cli import main
from keras2cv.errors import UnsupportedError, UsageError
from keras2cv.net.engines import ENGINES
from keras2cv_export import check, export
from keras2cv_export.inspecting import inspect_model

pytestmark = pytest.mark.frozen


def small_net() -> keras.Model:
    """Return a convolutional net with the usual layers, for images of 13 x 18."""
    keras.utils.set_random_seed(3)
    image = keras.Input((13, 18, 3), name="image")
    h = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu6")(image)
    h = keras.layers.BatchNormalization(beta_initializer="random_normal")(h)
    side = keras.layers.DepthwiseConv2D(3, padding="same", bias_initializer="random_normal")(h)
    h = keras.layers.Add()([h, keras.layers.Activation("swish")(side)])
    h = keras.layers.MaxPooling2D()(h)
    rows = keras.layers.Dense(5)(keras.layers.Flatten()(h))
    mean = keras.layers.Dense(4, activation="softmax")(keras.layers.GlobalAveragePooling2D()(h))
    return keras.Model(image, {"rows": rows, "mean": mean})


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a frozen bundle of the small net."""
    folder = tmp_path_factory.mktemp("frozen") / "net.cv"
    export(small_net(), folder, format="frozen", preprocess="none", task="raw")
    return folder


def test_a_frozen_graph_predicts_what_keras_predicts(tmp_path: Path) -> None:
    """On every engine of this OpenCV, in a bundle whose net is called model.pb."""
    model = small_net()
    report = export(model, tmp_path / "net.cv", format="frozen", preprocess="none", task="raw")
    assert report.parity is not None
    assert report.parity.verdict == "pass"
    assert report.manifest.model.file == "model.pb"
    assert report.manifest.model.format == "frozen"
    assert report.manifest.evidence is not None
    assert [run.engine for run in report.manifest.evidence.runs] == list(ENGINES)
    pixels = np.random.default_rng(5).uniform(0, 255, (2, 13, 18, 3)).astype(np.float32)
    expected = model.predict(pixels, verbose=0)
    for engine in ENGINES:
        net = keras2cv.load(tmp_path / "net.cv", engine=engine)
        found = dict(zip(net.output_names, net.infer(pixels), strict=True))
        for name, wanted in expected.items():
            np.testing.assert_allclose(found[name], wanted, atol=1e-4 * np.abs(wanted).max())


@keras.saving.register_keras_serializable(package="frozen")
class Powers(keras.layers.Layer):
    """x to the power of something that is computed, too."""

    def call(self, x: Any) -> Any:
        """Keep the base positive."""
        return keras.ops.power(keras.ops.abs(x) + 0.5, x)


def powers() -> keras.Model:
    """Return a model that the importer has no op for."""
    image = keras.Input((5, 6, 2), name="image")
    h = Powers(name="risen")(keras.layers.Conv2D(3, 3, name="conv")(image))
    return keras.Model(image, keras.layers.Flatten()(h))


def test_what_the_importer_lacks_is_refused_with_its_layer(tmp_path: Path) -> None:
    """The op, the Keras layer, the reason, and the advice to use ONNX; nothing is written."""
    refusal = r"Pow in .*risen.*: the importer has no op for it.*--format onnx"
    with pytest.raises(UnsupportedError, match=refusal):
        export(powers(), tmp_path / "net.cv", format="frozen", task="raw")
    assert not (tmp_path / "net.cv").exists()


def test_names_that_opencv_takes_apart_are_written_otherwise(tmp_path: Path) -> None:
    """The manifest maps the net's name to Keras', and infer() takes Keras' name."""
    image = keras.Input((9, 11, 2), name="the image: 1")
    model = keras.Model(image, keras.layers.Conv2D(3, 3, name="größe")(image))
    report = export(model, tmp_path / "net.cv", format="frozen", task="raw")
    (given,), (made,) = report.manifest.inputs, report.manifest.outputs
    assert (given.name, given.net_name) == ("the image: 1", "the_image__1")
    assert (made.name, made.net_name) == ("größe", "gr__e")
    assert report.parity is not None
    assert report.parity.verdict == "pass"


def test_a_frozen_bundle_is_checked_but_not_bisected(bundle: Path) -> None:
    """Bisection reads ONNX files alone, and refuses others before it computes anything."""
    assert check(bundle, small_net()).exit_code == 0
    with pytest.raises(UsageError, match="Export the model as ONNX"):
        check(bundle, small_net(), bisect=True)


def test_a_frozen_bundle_is_inspected(bundle: Path, tmp_path: Path) -> None:
    """Its nodes have TensorFlow's names, and both engines try it; a model can be asked about."""
    found = inspect_model(bundle)
    assert found.exit_code == 0
    assert found.ops["Conv2D"] == 2
    assert [trial.ran for trial in found.trials] == [True] * len(ENGINES)
    path = tmp_path / "powers.keras"
    powers().save(path)
    asked = inspect_model(path, ["4.6"], format="frozen")
    (finding,) = asked.findings
    assert (finding.problem.op, asked.exit_code, asked.trials) == ("Pow", 1, ())
    assert inspect_model(path, ["5.0"]).exit_code == 0


def test_the_card_calls_the_format_legacy(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the consequences, and the way to another format."""
    assert main(["info", str(bundle)]) == 0
    shown = capsys.readouterr().out
    assert "model.pb, frozen" in shown
    assert "legacy" in shown
    assert "--format onnx" in shown
    assert "readNet(" in shown
