"""Keypoints, image to image and embeddings, from Keras to a result, against Keras pipelines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from keras import layers

import keras2cv
from conformance import randomize
from keras2cv.cli import main
from keras2cv.errors import UsageError
from keras2cv_export import ImageOptions, KeypointsOptions, export
from support.drawn_image import draw_image

WIDTH, HEIGHT = 96, 64
SIZES = [(187, 131), (61, 90)]


def ready(model: keras.Model, seed: int = 5) -> keras.Model:
    """Return the model with informative weights."""
    keras.utils.set_random_seed(seed)
    images = np.random.default_rng(seed).uniform(0, 1, (6, HEIGHT, WIDTH, 3))
    randomize(model, seed, [images.astype(np.float32)])
    return model


def backbone(photo: Any) -> Any:
    """Return (N, 32, 48, 8) of (N, 64, 96, 3)."""
    y = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(photo)
    y = layers.Conv2D(8, 3, padding="same")(y)
    return layers.ReLU()(layers.BatchNormalization()(y))


def pose_by_maps(activation: str | None) -> keras.Model:
    """Return a model of five heatmaps (32, 48)."""
    photo = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    maps = layers.Conv2D(5, 1, activation=activation, name="heatmaps")(backbone(photo))
    return ready(keras.Model(photo, maps))


def pose_by_numbers() -> keras.Model:
    """Return a model of five rows y, x, score, as shares, as MoveNet gives them."""
    photo = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    y = layers.Flatten()(layers.AveragePooling2D(8)(backbone(photo)))
    y = layers.Reshape((1, 5, 3))(layers.Dense(15, activation="sigmoid")(y))
    return ready(keras.Model(photo, y))


def upscaler(activation: str | None, channels: int = 3) -> keras.Model:
    """Return a model of an image of twice the size, (128, 192, channels)."""
    photo = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    y = layers.Conv2D(8, 3, padding="same", activation="relu")(photo)
    y = layers.UpSampling2D(2, interpolation="bilinear")(y)
    y = layers.Conv2D(channels, 3, padding="same", activation=activation, name="enlarged")(y)
    return ready(keras.Model(photo, y))


def answer(model: keras.Model, image: Any) -> Any:
    """Return the model's output for an image BGR of any size, stretched."""
    x = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), (WIDTH, HEIGHT)) / 255
    return np.array(model(np.asarray(x, np.float32)[None], training=False))[0]


@pytest.mark.parametrize("source_wh", SIZES)
def test_a_heatmap_s_highest_cell_is_the_point(source_wh: Any, tmp_path: Path) -> None:
    """Where Keras' map is highest, in pixels of the image, with its score."""
    model = pose_by_maps("sigmoid")
    report = export(
        model,
        tmp_path / "m.cv",
        preprocess="0-1",
        keypoints=KeypointsOptions(refine="none", score=0.4),
    )
    assert report.manifest.task.kind == "keypoints"
    assert any("read as heatmaps" in note for note in report.notes)
    image = draw_image(*source_wh)
    maps = answer(model, image)
    rows, columns = np.divmod(maps.reshape(-1, 5).argmax(axis=0), 48)
    expected = (np.stack([columns, rows], 1) + 0.5) * np.divide(source_wh, (48, 32))
    result = keras2cv.load(tmp_path / "m.cv").predict(image)
    assert isinstance(result, keras2cv.Keypoints)
    np.testing.assert_allclose(result.points_xy, expected, rtol=1e-5)
    np.testing.assert_allclose(result.scores, maps.max(axis=(0, 1)), atol=1e-5)
    assert result.image_wh == source_wh


def test_points_given_as_numbers_are_read_in_their_order(tmp_path: Path) -> None:
    """y, x, score as shares of the input, through a letterbox and back, from the command line."""
    model = pose_by_numbers()
    model.save(tmp_path / "pose.keras")
    (tmp_path / "names.txt").write_text("nose\nleft\nright\nback\nfoot\n", encoding="utf-8")
    options = [
        *("--task", "keypoints", "--point-format", "yxs", "--point-units", "normalised"),
        *("--score", "0.2", "--skeleton", "0-1,0-2", "--preprocess", "0-1"),
        *("--resize", "letterbox"),
    ]
    bundle, labels = str(tmp_path / "pose.cv"), str(tmp_path / "names.txt")
    arguments = ["export", str(tmp_path / "pose.keras"), "-o", bundle, "--labels", labels]
    assert main([*arguments, *options]) == 0
    image = draw_image(90, 90)  # 64x64 in the middle of 96x64
    cv2.imwrite(str(tmp_path / "p.png"), image)
    assert main(["run", bundle, str(tmp_path / "p.png"), "--json", str(tmp_path / "r.jsonl")]) == 0
    record = json.loads((tmp_path / "r.jsonl").read_text(encoding="utf-8"))
    loaded = keras2cv.load(bundle)
    x = np.full((HEIGHT, WIDTH, 3), loaded.manifest.preprocessing.pad / 255, np.float32)  # type: ignore[union-attr,operator]
    x[:, 16:80] = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), (64, 64)) / 255
    y, x, score = np.array(model(x[None], training=False))[0, 0].T
    expected = np.stack([(x * WIDTH - 16) * 90 / 64, y * HEIGHT * 90 / 64], axis=1)
    np.testing.assert_allclose([p["xy"] for p in record["points"]], expected, atol=0.01)
    np.testing.assert_allclose([p["score"] for p in record["points"]], score, atol=1e-5)
    assert [p["label"] for p in record["points"]] == ["nose", "left", "right", "back", "foot"]
    assert loaded.manifest.task.record.skeleton == (0, 1, 0, 2)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("activation", "channels", "options", "shares"),
    [
        ("sigmoid", 3, {}, lambda y: y),
        ("tanh", 3, {"range": (-1, 1)}, lambda y: (y + 1) / 2),
        ("sigmoid", 1, {}, lambda y: y),
    ],
)
def test_an_image_comes_out(
    activation: str, channels: int, options: dict[str, Any], shares: Any, tmp_path: Path
) -> None:
    """Keras' image within half a step of each pixel, twice the input's size."""
    model = upscaler(activation, channels)
    report = export(model, tmp_path / "m.cv", task="image", image=options, preprocess="0-1")
    assert any(note.startswith("Image: enlarged (N, 128, 192, ") for note in report.notes)
    image = draw_image(WIDTH, HEIGHT)
    expected = shares(answer(model, image).astype(np.float64)) * 255
    expected = np.repeat(expected, 4 - channels, axis=2)[..., :3][..., ::-1]
    result = keras2cv.load(tmp_path / "m.cv").predict(image)
    assert isinstance(result, keras2cv.ImageResult)
    assert np.abs(result.image_bgr - expected).max() <= 0.5 + 0.01
    assert np.ptp(result.image_bgr) > 20
    assert np.array_equal(result.draw(image), result.image_bgr)


def test_images_are_saved_as_they_come_out(tmp_path: Path, monkeypatch: Any) -> None:
    """`run --save` writes the model's image for each image of a folder."""
    monkeypatch.chdir(tmp_path)
    export(upscaler("sigmoid"), "up.cv", image=ImageOptions(color="RGB"), preprocess="0-1")
    Path("in").mkdir()
    for number, size in enumerate([(WIDTH, HEIGHT), (300, 200)]):
        cv2.imwrite(f"in/{number}.png", draw_image(*size))
    assert main(["run", "up.cv", "in", "--save", "out/"]) == 0
    model = keras2cv.load("up.cv")
    for number, shape in enumerate([(128, 192, 3), (200, 300, 3)]):
        image = cv2.imread(f"in/{number}.png")
        written = cv2.imread(f"out/{number}.png")
        assert written.shape == shape
        assert np.array_equal(written, model.predict(image).draw(image))


def test_an_embedding_is_compared(
    tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The vectors equal Keras'; `run` also prints each distance to the first image."""
    monkeypatch.chdir(tmp_path)
    photo = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    y = layers.Dense(12)(layers.Flatten()(layers.AveragePooling2D(8)(backbone(photo))))
    model = ready(keras.Model(photo, layers.UnitNormalization()(y)))
    export(model, "face.cv", task="embed", preprocess="0-1")
    images = [draw_image(120, 100), draw_image(90, 140), draw_image(120, 100)[:, ::-1]]
    for number, image in enumerate(images):
        cv2.imwrite(f"{number}.png", image)
    vectors = [answer(model, image) for image in images]
    loaded = keras2cv.load("face.cv")
    results = loaded.predict(images)
    for result, vector in zip(results, vectors, strict=True):
        assert isinstance(result, keras2cv.Embedding)
        np.testing.assert_allclose(result.vector, vector, atol=1e-5)
    capsys.readouterr()
    names = [f"{number}.png" for number in range(3)]
    assert main(["run", "face.cv", *names, "--json", "r.jsonl"]) == 0
    lines = capsys.readouterr().out.splitlines()
    records = [json.loads(line) for line in Path("r.jsonl").read_text("utf-8").splitlines()]
    assert "cosine_distance" not in records[0]
    for number in (1, 2):
        expected = 1 - float(vectors[0] @ vectors[number])
        assert records[number]["cosine_distance"] == {
            "to": "0.png",
            "value": pytest.approx(expected, abs=1e-5),
        }
        assert lines[number].endswith(f"{expected:.4f} from 0.png")


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (pose_by_numbers, {"task": "keypoints"}, "What is a point in "),
        (pose_by_numbers, {"keypoints": {"form": "yxs"}}, "--point-units normalised or pixels"),
        (pose_by_numbers, {"keypoints": {"form": "xy", "units": "pixels"}}, "x 2 numbers, got"),
        (pose_by_numbers, {"keypoints": {"shape": 3}}, "A figure of keypoints has no 'shape'"),
        (pose_by_numbers, {"keypoints": {}, "image": {}}, "described for keypoints and image"),
        (pose_by_numbers, {"task": "embed"}, "The task embed needs one output of shape"),
        (lambda: upscaler(None), {"task": "image"}, "Which values of enlarged"),
        (lambda: upscaler("sigmoid"), {"task": "image", "labels": ["a"]}, "no classes to name"),
        (lambda: upscaler("sigmoid"), {"task": "raw", "image": {}}, "is for the task image, and"),
        (lambda: upscaler("sigmoid", 2), {"task": "image"}, "Which output is the image"),
        (lambda: pose_by_maps(None), {"keypoints": {}, "labels": ["a"]}, "holds 5 points"),
    ],
)
def test_what_nobody_can_guess_is_asked_for(
    build: Any, options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    """Before anything is written, the error names the option that states it."""
    with pytest.raises(UsageError, match=message):
        export(build(), tmp_path / "m.cv", preprocess="0-1", **options)
    assert not (tmp_path / "m.cv").exists()


def test_a_program_is_written_for_them_too(tmp_path: Path) -> None:
    """Its answers are compared where programs are tested."""
    export(upscaler("sigmoid"), tmp_path / "m.cv", task="image", preprocess="0-1")
    assert (
        main(["codegen", str(tmp_path / "m.cv"), "--lang", "cpp", "-o", str(tmp_path / "p")]) == 0
    )
    assert (tmp_path / "p/include/keras2cv/m.hpp").is_file()
    assert main(["info", str(tmp_path / "m.cv")]) == 0
