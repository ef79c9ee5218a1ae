"""`info`: the card agrees with the manifest, and its code runs unchanged."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from onnx import helper

import keras2cv
from keras2cv.bundle.manifest import (
    Engine,
    InputTensor,
    Manifest,
    OutputTensor,
    Preprocessing,
    Task,
    Weights,
)
from keras2cv.bundle.writing import write_bundle
from keras2cv.cli.card import describe
from keras2cv.cli.snippet import exact, opencv_snippet
from keras2cv.net.engines import ENGINES, OPTIONS
from support.tiny_bundle import HEIGHT, RAW, WIDTH, Classifier, manifest_of, net

RGB = Preprocessing(
    input="photo",
    color="RGB",
    size_wh=(WIDTH, HEIGHT),
    resize="stretch",
    interpolation="linear",
    mean=(123.675, 116.28, 103.53),
    scale=1 / 255,
    std=(0.229, 0.224, 0.225),
    source="preset torch",
)
PICTURE = np.random.default_rng(3).integers(0, 256, (41, 67, 3), np.uint8)


def run_snippet(manifest: Manifest, folder: Path) -> dict[str, Any]:
    """Execute the code that `info` shows; return its variables."""
    variables: dict[str, Any] = {}
    exec(opencv_snippet(manifest, folder), variables)  # noqa: S102 - it is ours
    return variables


def written(folder: Path, preprocessing: Preprocessing | None) -> keras2cv.Predictor:
    """Write and load the tiny classifier with another preprocessing."""
    tiny = Classifier()
    manifest = dataclasses.replace(tiny.manifest(), preprocessing=preprocessing)
    write_bundle(folder, manifest, {"model.onnx": tiny.onnx(), "selftest.npz": tiny.selftest()})
    return keras2cv.load(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"color": "BGR"},
        {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)},
        {"scale": 0.017},
        {"interpolation": "area"},
        {"interpolation": "cubic", "resize": "center-crop"},
        {"interpolation": "linear", "resize": "letterbox", "pad": 114},
        {"interpolation": "tf-area", "resize": "letterbox", "pad": 7},
        {"interpolation": "area", "resize": "pad", "pad": 7},
    ],
)
def test_the_code_prepares_an_image_as_the_bundle_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    """Blob and outputs of the shown code are keras2cv's own, for every rule."""
    monkeypatch.chdir(tmp_path)
    model = written(tmp_path / "it's.cv", dataclasses.replace(RGB, **changes))
    Path("photo.jpg").write_bytes(cv2.imencode(".png", PICTURE)[1].tobytes())  # lossless
    found = run_snippet(model.manifest, model.folder)
    blob, outputs = model.run_image(PICTURE)
    np.testing.assert_allclose(found["blob"], blob, atol=1e-6 * np.abs(blob).max())
    np.testing.assert_allclose(found["out"], outputs[0], atol=1e-5 * np.abs(outputs[0]).max())


@pytest.mark.parametrize("rule", ["stretch", "center-crop"])
def test_the_code_marks_positions_that_cv2_rounds_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: Any
) -> None:
    """cv2's floats are within 0.03 grey levels of TensorFlow's, and a comment says so."""
    monkeypatch.chdir(tmp_path)
    rules = dataclasses.replace(RGB, interpolation="tf-bilinear", resize=rule)
    model = written(tmp_path / "tf.cv", rules)
    code = opencv_snippet(model.manifest, model.folder)
    assert "# cv2 rounds positions otherwise than tf-bilinear: this comes near.\n" in code
    Path("photo.jpg").write_bytes(cv2.imencode(".png", PICTURE)[1].tobytes())
    found = run_snippet(model.manifest, model.folder)["blob"]
    expected = model.run_image(PICTURE)[0]
    np.testing.assert_allclose(found, expected, atol=0.03 / 255 * np.ptp(expected))


def test_the_code_warns_of_resizes_on_arm(tmp_path: Path) -> None:
    """A plain call may resize otherwise there, so the code leads to `doctor`."""
    model = written(tmp_path / "linear.cv", RGB)
    assert "keras2cv doctor" in opencv_snippet(model.manifest, model.folder)
    area = written(tmp_path / "area.cv", dataclasses.replace(RGB, interpolation="area"))
    assert "keras2cv doctor" not in opencv_snippet(area.manifest, area.folder)


def test_the_code_marks_a_resize_that_cv2_only_comes_near(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resize that cv2 does not have is replaced by its nearest, with a comment."""
    monkeypatch.chdir(tmp_path)
    model = written(tmp_path / "pil.cv", dataclasses.replace(RGB, interpolation="pil-bilinear"))
    code = opencv_snippet(model.manifest, model.folder)
    assert "# cv2 has no pil-bilinear: keras2cv has it exactly, this comes near.\n" in code
    Path("photo.jpg").write_bytes(cv2.imencode(".png", PICTURE)[1].tobytes())
    found = run_snippet(model.manifest, model.folder)["blob"]
    off = np.abs(found - model.run_image(PICTURE)[0])
    assert 0 < off.mean() < 0.1 * np.abs(found).max()


def two_inputs(rank_3: bool) -> tuple[bytes, Manifest]:
    """Return a net of two inputs and two outputs, and its manifest: sum and difference."""
    shape = (2, 5, 7) if rank_3 else (2, 5)
    nodes = [helper.make_node("Add", ["a", "b"], ["x"]), helper.make_node("Sub", ["a", "b"], ["y"])]
    model = net(nodes, {"a": shape, "b": shape}, {"x": shape, "y": shape})
    inputs = [
        InputTensor(name, key, shape, shape, "same", "float32")
        for name, key in (("left", "a"), ("right", "b"))
    ]
    outputs = [
        OutputTensor(name, key, shape, shape, "same", "float32", batched=True)
        for name, key in (("sum", "x"), ("difference", "y"))
    ]
    manifest = manifest_of(model, inputs=tuple(inputs), outputs=tuple(outputs), task=RAW, batch=2)
    return model, manifest


@pytest.mark.parametrize("rank_3", [False, True])
def test_the_code_feeds_arrays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rank_3: bool
) -> None:
    """Inputs that are not images are read from files of their names; outputs come in order."""
    monkeypatch.chdir(tmp_path)
    model, manifest = two_inputs(rank_3)
    Path("model.onnx").write_bytes(model)
    rng = np.random.default_rng(4)
    left, right = rng.normal(size=(2, *manifest.inputs[0].net_shape)).astype(np.float32)
    np.save("left.npy", left)
    np.save("right.npy", right)
    out = run_snippet(manifest, tmp_path)["out"]
    np.testing.assert_allclose(out[0], left + right, rtol=1e-6)
    np.testing.assert_allclose(out[1], left - right, rtol=1e-6)


def test_the_code_asks_for_the_engine_that_was_verified(tmp_path: Path) -> None:
    """An engine or option other than OpenCV's default is in the code."""
    manifest = Classifier().manifest()
    text = opencv_snippet(manifest, tmp_path)
    assert "engine" not in text
    assert "enable" not in text
    classic = dataclasses.replace(manifest, engine=Engine("classic", fusion=False, winograd=False))
    text = opencv_snippet(classic, tmp_path)
    assert "engine = {'engine': 1} if version >= (5, 0) else {}\n" in text
    assert "/model.onnx', **engine)\n" in text
    assert "net.enableFusion(False)\nnet.enableWinograd(False)\n" in text


def test_the_code_refuses_an_older_opencv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that may read the file, and compute something else; the card warns of it, too."""
    tiny = Classifier().manifest()
    newer = tiny.replace(model=dataclasses.replace(tiny.model, opencv="4.10"))
    monkeypatch.setattr(cv2, "__version__", "4.8.1")
    with pytest.raises(AssertionError, match="an older OpenCV may read the file"):
        run_snippet(newer, tmp_path)
    assert any("needs OpenCV 4.10 or newer" in row for row in describe(newer))
    assert not any("needs OpenCV" in row for row in describe(tiny))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_code_checks_that_the_engine_is_the_verified_one(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks the net: constants may be renamed, and an environment variable may choose another."""
    tiny = Classifier()
    manifest = tiny.manifest().replace(
        engine=Engine(engine, fusion=True, winograd=True), preprocessing=None
    )
    (tmp_path / "model.onnx").write_bytes(tiny.onnx())
    monkeypatch.chdir(tmp_path)
    np.save("photo.npy", np.zeros(manifest.inputs[0].net_shape, np.float32))
    assert run_snippet(manifest, tmp_path)["out"].size
    other = {"new": "classic", "classic": "new"}[engine]
    if other in ENGINES:
        read = cv2.dnn.readNet
        forced = OPTIONS[other]
        monkeypatch.setattr(cv2.dnn, "readNet", lambda path, **_: read(path, **forced))
        with pytest.raises(AssertionError, match=f"not the {engine} engine"):
            run_snippet(manifest, tmp_path)


@pytest.mark.parametrize(
    ("value", "code"),
    [(1.0, "1"), (255.0, "255"), (1 / 255, "1 / 255"), (1 / 127.5, "1 / 127.5"), (0.017, "0.017")],
)
def test_numbers_are_written_exactly(value: float, code: str) -> None:
    """1/255 is shown as that, and every text evaluates to the very same float."""
    assert exact(value) == code
    assert eval(code) == value  # noqa: S307 - it is ours


def line(manifest: Manifest, title: str) -> str:
    """Return the card's text under `title`."""
    return next(row for row in describe(manifest) if row.startswith(title))[13:]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {},
            "becomes photo: RGB, stretched to 12x9 (linear), (pixel - (123.675, 116.28, 103.53)) "
            "/ 255 / (0.229, 0.224, 0.225) [preset torch]",
        ),
        (
            {"resize": "letterbox", "pad": 114, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)},
            "becomes photo: RGB, fitted into 12x9 with bars of 114 (linear), pixel / 255 "
            "[preset torch]",
        ),
        (
            {
                "color": "BGR",
                "resize": "center-crop",
                "interpolation": "pil-bicubic",
                "mean": (0.0, 0.0, 0.0),
                "scale": 1.0,
                "std": (1.0, 1.0, 1.0),
                "source": "in the model",
            },
            "becomes photo: BGR, cut to the middle and resized to 12x9 (pil-bicubic), "
            "pixels as they are, 0 to 255 [in the model]",
        ),
        ({"scale": 0.017, "std": (1.0, 1.0, 1.0)}, " - (123.675, 116.28, 103.53)) * 0.017 [preset"),
    ],
)
def test_the_card_describes_the_preprocessing(changes: dict[str, Any], words: str) -> None:
    """Colour, resize and arithmetic are in words, without steps that change nothing."""
    preprocessing = dataclasses.replace(RGB, **changes)
    manifest = dataclasses.replace(Classifier().manifest(), preprocessing=preprocessing)
    assert words in line(manifest, "an image")


def test_the_card_of_an_unverified_bundle_of_arrays() -> None:
    """The card marks unknown things, and has no evidence."""
    manifest = dataclasses.replace(
        Classifier().manifest(),
        status="unverified",
        evidence=None,
        preprocessing=None,
        task=Task("classify", "scores", "logits"),
    )
    assert line(manifest, "status") == "UNVERIFIED: nobody compared it with TensorFlow"
    assert line(manifest, "an image") == "is not what it takes: give arrays"
    assert line(manifest, "task") == "classify from scores (logits)"
    assert not any(row.startswith(("evidence", "made with")) for row in describe(manifest))


def test_the_card_shortens_many_labels() -> None:
    """A thousand labels are one line."""
    labels = tuple(f"class{n}" for n in range(11))
    task = dataclasses.replace(Classifier().manifest().task, labels=labels[:5])
    assert line(dataclasses.replace(Classifier().manifest(), task=task), "task").endswith("class4")
    from keras2cv.cli.card import _task

    assert _task(Task("classify", "scores", "softmax", labels)).endswith(", class7, ... 3 more")


def test_the_card_names_engine_and_options() -> None:
    """The card names the preferred engine, and the options that are off."""
    manifest = Classifier().manifest()
    assert line(manifest, "net").endswith("batch 1, for every engine")
    slow = dataclasses.replace(manifest, engine=Engine("classic", fusion=True, winograd=False))
    assert line(slow, "net").endswith("for the classic engine, without winograd")


def test_the_card_describes_the_storage_of_weights() -> None:
    """The card has the saved size and the loss."""
    manifest = Classifier().manifest()
    size = int(manifest.model.size_bytes)
    stored = manifest.replace(weights=Weights("int8", 2, str(3 * size), 0.9375))
    expected = "2 kernels stored as int8, 3.0 times smaller than float32"
    assert any(expected in line and "93.8%" in line for line in describe(stored))
    assert not any("stored" in line for line in describe(manifest))
