"""Check compares a bundle with a model in any format, and reports where they differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import keras2cv
from keras2cv.errors import BundleError, InputError, Keras2cvWarning, ModelError, UsageError
from keras2cv.net.engines import ENGINES
from keras2cv_export import check, export


@pytest.mark.parametrize("name", ["shapes.keras", "shapes.h5", "shapes"])
def test_a_bundle_passes_against_its_model_in_every_form(
    name: str, shapes: Any, tmp_path: Path
) -> None:
    """A SavedModel names its outputs otherwise; they are matched by position."""
    path = tmp_path / name
    if path.suffix:
        shapes.model.save(path)
    else:
        shapes.model.export(path, verbose=False)
    report = check(shapes.folder, path)
    assert report.parity.verdict == "pass"
    assert [output.name for output in report.parity.outputs] == ["shape"]
    assert [engine for engine, _ in report.by_engine] == list(ENGINES)


def test_a_bundle_passes_against_the_live_model(shapes: Any) -> None:
    """The report is plain JSON, with each engine's numbers."""
    report = check(shapes.folder, shapes.model)
    record = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert record["parity"]["verdict"] == "pass"
    assert list(record["engines"]) == list(ENGINES)
    assert all(engine["samples"] == 6 for engine in record["engines"].values())


def test_a_bundle_of_batch_three_passes(shapes_by_three: Any) -> None:
    """The model predicts three at a time, as the net does."""
    assert check(shapes_by_three.folder, shapes_by_three.model).parity.verdict == "pass"


def test_an_input_may_be_called_otherwise_in_the_file(tmp_path: Path) -> None:
    """Keras names an input without a name anew when it loads a file: position counts."""
    x = keras.Input((20, 31, 3))
    y = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(x))
    model = keras.Model(x, layers.Dense(3, name="values")(y))
    export(model, tmp_path / "photo.cv", preprocess="tf", check=False)
    model.save(tmp_path / "photo.keras")
    report = check(tmp_path / "photo.cv", tmp_path / "photo.keras", engine=ENGINES[0])
    assert report.verdict == "pass"


def test_other_weights_fail(shapes: Any) -> None:
    """A model that was trained on is not the one that was exported."""
    other = keras.models.clone_model(shapes.model)
    other.set_weights([w * 1.01 for w in shapes.model.get_weights()])
    report = check(shapes.folder, other)
    assert report.parity.verdict == "fail"
    assert "shape" in report.parity.reasons[0]


def test_one_engine_can_be_asked_for(shapes: Any) -> None:
    """Then only that one is run."""
    report = check(shapes.folder, shapes.model, engine=ENGINES[-1])
    assert [engine for engine, _ in report.by_engine] == [ENGINES[-1]]


def test_an_unverified_bundle_can_be_checked_later(tmp_path: Path) -> None:
    """Without a warning, since the check is what verifies it."""
    x = keras.Input((7,), name="row")
    model = keras.Model(x, layers.Dense(3, name="values")(x))
    export(model, tmp_path / "row.cv", check=False)
    assert check(tmp_path / "row.cv", model).parity.verdict == "pass"
    with pytest.warns(Keras2cvWarning):
        keras2cv.load(tmp_path / "row.cv")


def test_pictures_of_the_users_go_through_the_bundles_preprocessing(
    shapes: Any, tmp_path: Path
) -> None:
    """A folder of images of any size is read, resized and scaled as predict does."""
    import cv2

    from support.drawn_image import draw_image

    for k in range(3):
        image = draw_image(70 + 9 * k, 44 + 5 * k, seed=k)
        cv2.imwrite(str(tmp_path / f"photo{k}.png"), image)
    report = check(shapes.folder, shapes.model, samples=tmp_path)
    assert (report.parity.verdict, report.parity.samples) == ("pass", 3)


def other_size() -> keras.Model:
    """Return a model of larger pictures."""
    x = keras.Input((40, 31, 3), name="photo")
    return keras.Model(x, layers.Dense(4)(layers.GlobalAveragePooling2D()(x)))


def other_dtype() -> keras.Model:
    """Return a model of bytes."""
    x = keras.Input((20, 31, 3), dtype="uint8", name="photo")
    return keras.Model(x, layers.Dense(4)(layers.GlobalAveragePooling2D()(layers.Rescaling(1)(x))))


def other_classes() -> keras.Model:
    """Return a model of five classes."""
    x = keras.Input((20, 31, 3), name="photo")
    return keras.Model(x, layers.Dense(5, name="shape")(layers.GlobalAveragePooling2D()(x)))


def other_outputs() -> keras.Model:
    """Return a model of two outputs."""
    x = keras.Input((20, 31, 3), name="photo")
    y = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(x, [layers.Dense(4, name="shape")(y), y])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (other_size, r"does not fit the input photo \(None, 40, 31, 3\)"),
        (other_dtype, r"photo \(1, 20, 31, 3\) uint8, and the bundle was made for photo"),
        (other_classes, r"gives shape \(1, 5\), and the bundle was made for shape \(1, 4\)"),
        (other_outputs, r"gives shape \(1, 4\), pool \(1, 3\), and the bundle was made for shape"),
    ],
)
def test_a_model_with_another_interface_is_refused(make: Any, words: str, shapes: Any) -> None:
    """Both are shown."""
    with pytest.raises(UsageError, match=words):
        check(shapes.folder, make())


def test_what_is_missing_is_said(shapes: Any, tmp_path: Path) -> None:
    """The bundle, the model, or the samples."""
    with pytest.raises(BundleError, match=r"none\.cv does not exist"):
        check(tmp_path / "none.cv", shapes.model)
    with pytest.raises(ModelError, match=r"There is no model at .*none\.keras"):
        check(shapes.folder, tmp_path / "none.keras")
    with pytest.raises(InputError, match=r"no samples at .*none\.npz"):
        check(shapes.folder, shapes.model, samples=tmp_path / "none.npz")


def test_an_engine_that_there_is_not_is_refused(shapes: Any) -> None:
    """With those that there are."""
    with pytest.raises(UsageError, match="The engine 'warp' is not in this OpenCV"):
        check(shapes.folder, shapes.model, engine="warp")


def test_samples_that_never_change_the_answer_are_inconclusive(shapes: Any, tmp_path: Path) -> None:
    """The same picture three times proves nothing."""
    one = np.full((1, 20, 31, 3), 0.25, np.float32)
    np.savez(tmp_path / "same.npz", photo=np.concatenate([one] * 3))
    report = check(shapes.folder, shapes.model, samples=tmp_path / "same.npz")
    assert report.parity.verdict == "inconclusive"
