"""Keras' own pipeline beside the bundle, the page, and the pytest fixture."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import keras2cv
from keras2cv.cli import main
from keras2cv.errors import InputError, ModelError, UsageError
from keras2cv.isolation import confinement
from keras2cv_export import export
from keras2cv_export.confined_child.choosing import HERE
from keras2cv_export.evaluating import pipeline
from keras2cv_export.pytest_plugin import BundleAssertions
from support.writing_resource import WritingResource

NAMES = ("red", "green", "blue")
RNG = np.random.default_rng(0)


def picture(number: int) -> np.ndarray:
    """Return a noisy picture (50, 60, 3) uint8 RGB in which one channel is a little higher."""
    image = RNG.integers(0, 200, (50, 60, 3)).astype(np.uint8)
    image[..., number] += np.uint8(RNG.integers(0, 12))
    return image


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a model of the channels' means, its bundle, and 40 pictures, one of them broken."""
    folder = tmp_path_factory.mktemp("evaluating")
    photo = keras.Input((20, 24, 3), name="photo")
    means = layers.GlobalAveragePooling2D()(layers.Rescaling(1 / 255)(photo))
    model = keras.Model(photo, layers.Dense(3, activation="softmax")(means))
    model.layers[-1].set_weights([40 * np.eye(3, dtype=np.float32), np.zeros(3, np.float32)])
    model.save(folder / "m.keras")
    options: Any = {"preprocess": "none", "interpolation": "tf-bilinear", "labels": NAMES}
    export(folder / "m.keras", folder / "m.cv", **options)
    for number in range(39):
        where = folder / "data" / NAMES[number % 3]
        where.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(where / f"{number}.png"), picture(number % 3)[..., ::-1])
    (folder / "data" / "red" / "broken.png").write_bytes(b"x")
    return folder


@pytest.fixture(scope="module")
def found(place: Path) -> keras2cv.Evaluation:
    """Evaluate the bundle beside its model."""
    return keras2cv.evaluate(place / "m.cv", place / "data", against=place / "m.keras")


def test_both_sides_are_measured_on_the_same_samples(
    found: keras2cv.Evaluation, place: Path
) -> None:
    """The other side is what Keras itself predicts of its own reading of the files."""
    model = keras.models.load_model(place / "m.keras")
    right = []
    for number, name in enumerate(NAMES):
        for path in sorted((place / "data" / name).glob("[0-9]*.png")):
            pixels = np.asarray(keras.utils.load_img(path))[None]
            resized = keras.ops.image.resize(pixels.astype("float32"), (20, 24))
            right.append(int(np.argmax(model.predict(resized, verbose=0))) == number)
    side = found.comparison
    assert side is not None
    assert side.numbers.metrics["accuracy"] == pytest.approx(np.mean(right))
    assert 0 < np.mean(right) < 1
    assert found.metrics["accuracy"] == pytest.approx(np.mean(right))
    assert (side.only_ours, side.only_other, side.p_value, side.changed) == (0, 0, 1.0, 0)
    assert side.interval == (0, 0)
    assert side.parted == ()
    assert (found.count, dict(found.problems.counts)) == (39, {"picture unreadable": 1})


@pytest.mark.skipif(confinement.version() == 0, reason="this kernel has no Landlock")
def test_a_strangers_model_answers_in_a_child(
    found: keras2cv.Evaluation, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same numbers as here; the file is not opened in this process."""
    monkeypatch.delenv(HERE)
    monkeypatch.setattr(pipeline, "open_model", None)
    again = keras2cv.evaluate(place / "m.cv", place / "data", against=place / "m.keras")
    assert again.comparison is not None
    assert found.comparison is not None
    assert again.comparison.to_dict() == found.comparison.to_dict()


@pytest.mark.skipif(confinement.version() == 0, reason="this kernel has no Landlock")
def test_a_file_that_writes_cannot(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the checks do not see, the kernel refuses: here the user's own module is the blind."""
    proof = tmp_path / "it_ran.txt"
    model = tf.Module()
    model.resource = WritingResource(proof)
    assert model.resource.resource_handle is not None
    spec = tf.TensorSpec((1, 20, 24, 3), tf.float32, name="photo")
    model.run = tf.function(lambda photo: {"y": photo[:, 0, 0]}, input_signature=[spec])
    tf.saved_model.save(model, str(tmp_path / "saved"), signatures=model.run)
    proof.unlink(missing_ok=True)
    (tmp_path / "blind_evaluation.py").write_text(
        "from keras2cv_export.model.load import from_saved_model\n"
        "from_saved_model.graph_dangers = lambda graphs: []\n",
        encoding="utf-8",
    )
    monkeypatch.delenv(HERE)
    monkeypatch.syspath_prepend(str(tmp_path))
    options: Any = {"against": tmp_path / "saved", "imports": ["blind_evaluation"]}
    with pytest.raises(ModelError, match="TensorFlow cannot load this SavedModel"):
        keras2cv.evaluate(place / "m.cv", place / "data", **options)
    assert not proof.exists()


def test_another_reading_of_the_pictures_is_seen(place: Path) -> None:
    """Where Keras' side reads by another rule, the two part, and a drop is a no."""
    found = keras2cv.evaluate(
        place / "m.cv", place / "data", against=place / "m.keras", reference_preprocess="caffe"
    )
    side = found.comparison
    assert side is not None
    assert side.changed > 0
    assert side.parted
    assert side.parted[0].answer.split()[0] != side.parted[0].other.split()[0]
    assert side.interval[0] < side.interval[1]


def test_the_command_writes_the_page(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It needs no other file, and holds every number as JSON."""
    page = tmp_path / "page.html"
    words = ["evaluate", str(place / "m.cv"), str(place / "data"), "--html", str(page)]
    words += ["--against", str(place / "m.keras"), "--max-drop", "accuracy=0.001"]
    assert main([*words, "--choose-score", "f1"]) == 0
    assert "Keras  difference" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    record = json.loads(re.search(r'id="record"[^>]*>(.*?)</script>', text, re.S)[1])  # type: ignore[index]
    assert record["against"]["changed"] == 0
    for heading in (
        "Confusion",
        "Curves",
        "Classes",
        "The worst answers",
        "1 problem of the data",
    ):
        assert f"{heading}" in text
    assert main(words) == 0  # an earlier page is replaced


def test_arrays_are_answered_by_both(place: Path, tmp_path: Path) -> None:
    """Pictures of an .npz, RGB, and the model's own inputs."""
    pictures = np.stack([picture(k % 3) for k in range(9)])
    inputs = pictures[:, :20, :24].astype(np.float32)
    for x in (pictures, inputs):
        np.savez(tmp_path / "d.npz", x=x, y=np.arange(9) % 3)
        found = keras2cv.evaluate(place / "m.cv", tmp_path / "d.npz", against=place / "m.keras")
        assert found.comparison is not None
        theirs = found.comparison.numbers.metrics
        assert found.metrics["accuracy"] == theirs["accuracy"]
        assert found.comparison.changed == 0


def test_several_pictures_and_numbers_are_answered_by_both(tmp_path: Path) -> None:
    """Each picture is read by the rules of its own input, and the numbers go along."""
    left, right = (keras.Input((20, 24, 3), name=name) for name in ("left", "right"))
    shift = keras.Input((3,), name="shift")
    means = [layers.GlobalAveragePooling2D()(x) for x in (left, right)]
    moved = layers.Add()([layers.Subtract()(means), shift])
    model = keras.Model([left, right, shift], layers.Softmax()(layers.Rescaling(40.0)(moved)))
    rules: Any = {"preprocess": {"left": "0-1", "right": "tf"}, "interpolation": "tf-bilinear"}
    export(model, tmp_path / "m.cv", labels=NAMES, **rules)
    arrays: dict[str, Any] = {
        name: np.stack([picture(k % 3) for k in range(7)]) for name in ("left", "right")
    }
    arrays["shift"] = RNG.uniform(-0.5, 0.5, (7, 3)).astype(np.float32)
    np.savez(tmp_path / "d.npz", y=np.arange(7) % 3, **arrays)
    _assert_both_answer(tmp_path, model)
    np.savez(tmp_path / "d.npz", y=np.arange(7) % 3, **{
        name: a[:, :20, :24].astype(np.float32) / 255 if a.ndim == 4 else a
        for name, a in arrays.items()
    })  # fmt: skip
    _assert_both_answer(tmp_path, model)


def test_clips_are_answered_by_both(tmp_path: Path) -> None:
    """Every frame is resized as a picture is; a clip of another number of frames is named."""
    clip = keras.Input((4, 20, 24, 3), name="clip")
    means = layers.GlobalAveragePooling3D()(clip)
    model = keras.Model(clip, layers.Softmax()(layers.Rescaling(40.0)(means)))
    rules: Any = {"preprocess": "0-1", "interpolation": "tf-bilinear", "labels": NAMES}
    export(model, tmp_path / "m.cv", **rules)
    clips = np.stack([[picture(k % 3) for _ in range(4)] for k in range(6)])
    np.savez(tmp_path / "d.npz", x=clips, y=np.arange(6) % 3)
    _assert_both_answer(tmp_path, model)
    np.savez(tmp_path / "d.npz", x=clips[:, :3], y=np.arange(6) % 3)
    with pytest.raises(InputError, match="has 3 frames, and one of the model 4"):
        keras2cv.evaluate(tmp_path / "m.cv", tmp_path / "d.npz", against=model)


def _assert_both_answer(folder: Path, model: keras.Model) -> None:
    found = keras2cv.evaluate(folder / "m.cv", folder / "d.npz", against=model)
    side = found.comparison
    assert side is not None
    assert (found.count, side.changed) == (len(np.load(folder / "d.npz")["y"]), 0)
    assert found.metrics["accuracy"] == side.numbers.metrics["accuracy"]


def test_the_fixture_for_pytest(place: Path) -> None:
    """It passes, fails with a sentence for each bound, and refuses what means nothing."""
    bundle, data, model = place / "m.cv", place / "data", place / "m.keras"
    keras2cv_fixture = BundleAssertions()
    found = keras2cv_fixture.assert_accuracy(bundle, data, accuracy=0.3, ece=1.0)
    assert found.count == 39
    with pytest.raises(pytest.fail.Exception, match=r"accuracy = 0\.\d+ is below 1"):
        keras2cv_fixture.assert_accuracy(bundle, data, accuracy=1.0)
    with pytest.raises(pytest.fail.Exception, match=r"broken\.png"):
        keras2cv_fixture.assert_accuracy(bundle, data, strict=True)
    with pytest.raises(UsageError, match="There is no metric 'speed'"):
        keras2cv_fixture.assert_accuracy(bundle, data, speed=1)
    with pytest.raises(UsageError, match="Give against=MODEL"):
        keras2cv_fixture.assert_accuracy(bundle, data, max_drop={"accuracy": 0.1})
    assert keras2cv_fixture.assert_parity(bundle, model).verdict == "pass"
