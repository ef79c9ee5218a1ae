"""Check sends picture files through both whole pipelines, and names the stage that differs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from keras import layers

from keras2cv.errors import InputError, UsageError
from keras2cv_export import check, export
from support.drawn_image import draw_image
from support.engines import ONE_ENGINE

WAYS = {
    "keras": "resize",
    "tf-antialias": "resize",
    "pil-lanczos": "resize",
    "tf-bilinear": "resize",
    "letterbox:cv2": "resize",
    "center-crop:cv2": "resize",
}
OWN = """
import keras

def tf_scaled(path, interpolation="nearest"):
    image = keras.utils.load_img(path, target_size=(20, 31), interpolation=interpolation)
    return keras.applications.mobilenet_v2.preprocess_input(keras.utils.img_to_array(image))

def caffe_scaled(path):
    x = keras.utils.img_to_array(keras.utils.load_img(path, target_size=(20, 31)))
    return keras.applications.resnet50.preprocess_input(x)

def squared(path):
    return tf_scaled(path) ** 2

def flat(path):
    return tf_scaled(path).ravel()
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of three drawn photos, as PNG."""
    folder = tmp_path_factory.mktemp("photos")
    for k in range(3):
        cv2.imwrite(str(folder / f"photo{k}.png"), draw_image(70 + 9 * k, 44 + 5 * k, seed=k))
    return folder


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a module with the user's own preprocessing."""
    (tmp_path / "own_reading.py").write_text(OWN, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_reading", raising=False)
    return "own_reading"


def test_pictures_pass_by_the_rules_of_the_bundle(shapes: Any, photos: Path) -> None:
    """TensorFlow decodes and scales them itself, and every stage keeps its limit."""
    report = check(shapes.folder, shapes.model, samples=photos)
    assert report.verdict == "pass"
    found = report.journey.report
    assert [stage.name for stage in found.stages] == ["decode", "resize", "normalise", "net"]
    assert found.pictures == ("photo0.png", "photo1.png", "photo2.png")
    assert found.agreement.same == 3
    assert found.stages[2].largest < 1e-6


@pytest.mark.parametrize(("way", "stage"), WAYS.items())
def test_another_resize_is_found_in_its_stage(
    way: str, stage: str, shapes: Any, photos: Path
) -> None:
    """With its share of the difference, and the options for another export."""
    report = check(
        shapes.folder, shapes.model, samples=photos, reference_resize=way, engine=ONE_ENGINE
    )
    assert (report.verdict, report.exit_code) == ("fail", 1)
    found = report.journey.report
    assert report.parity.verdict == "pass"
    assert found.culprit.name == stage
    assert found.culprit.share > 0.9
    assert report.stages_at_fault == (stage,)
    assert "Export again with --resize" in found.advice[0]


@pytest.mark.parametrize("preset", ["0-1", "torch", "caffe", "none"])
def test_another_scale_is_found_in_its_stage(preset: str, shapes: Any, photos: Path) -> None:
    """The bundle does `tf`."""
    report = check(
        shapes.folder, shapes.model, samples=photos, reference_preprocess=preset, engine=ONE_ENGINE
    )
    assert report.stages_at_fault == ("normalise",)
    assert "preset tf" not in report.journey.report.advice[0]


def test_a_lossy_decoder_is_reported_and_not_held_against_the_bundle(
    shapes: Any, tmp_path: Path
) -> None:
    """TensorFlow's default JPEG decoding cannot be repeated: a remark gives its size."""
    for k in range(3):
        image = cv2.GaussianBlur(draw_image(170 + 9 * k, 144 + 5 * k, seed=k), (9, 9), 3)
        cv2.imwrite(str(tmp_path / f"photo{k}.jpg"), image)
    found = check(
        shapes.folder, shapes.model, samples=tmp_path, reference_resize="tf", engine=ONE_ENGINE
    ).journey.report
    decode = found.stages[0]
    assert (decode.passed, decode.excused, decode.problem) == (False, True, None)
    assert "trades pixels for speed" in found.advice[0]


def test_a_turned_photo_is_found_in_decoding(shapes: Any, tmp_path: Path) -> None:
    """OpenCV heeds EXIF, Keras does not: the net sees another picture."""
    from PIL import Image

    for k in range(3):
        exif = Image.Exif()
        exif[0x0112] = 6  # turn by 90 degrees
        image = Image.fromarray(draw_image(70 + 9 * k, 44 + 5 * k, seed=k))
        image.save(tmp_path / f"photo{k}.jpg", exif=exif)
    report = check(shapes.folder, shapes.model, samples=tmp_path, engine=ONE_ENGINE)
    assert report.stages_at_fault[0] == "decode"
    assert "70x44 pixels and OpenCV 44x70" in " ".join(report.reasons)


def small(channels: int) -> keras.Model:
    """Return a model of small pictures, gray or in colour."""
    x = keras.Input((17, 26, channels), name="photo")
    y = layers.Flatten()(layers.Conv2D(3, 5, strides=4)(x))
    return keras.Model(x, layers.Dense(3, name="values")(y))


@pytest.mark.filterwarnings("ignore::keras2cv.errors.Keras2cvWarning")
@pytest.mark.parametrize(
    ("channels", "preprocess", "interpolation", "rule"),
    [
        (3, "caffe", "pil13-bilinear", "letterbox"),
        (3, "torch", "tf-bicubic-antialias", "center-crop"),
        (3, "0-1", "area", "letterbox"),
        (3, "none", "pil-nearest", "center-crop"),
        (3, "tf", "tf-lanczos3", "letterbox"),
        (1, "tf", "tf-bilinear", "stretch"),
        (1, "0-1", "pil13-lanczos", "letterbox"),
        (1, "none", "linear", "center-crop"),
    ],
)
def test_every_preprocessing_is_that_of_its_library(
    channels: int, preprocess: str, interpolation: str, rule: str, photos: Path, tmp_path: Path
) -> None:
    """No false alarm for any preprocessing; a wrong reference does not match."""
    model = small(channels)
    options = {"preprocess": preprocess, "interpolation": interpolation, "resize": rule}
    export(model, tmp_path / "small.cv", check=False, **options)
    found = check(tmp_path / "small.cv", model, samples=photos, engine=ONE_ENGINE)
    assert found.verdict == "pass", found.reasons
    other = check(
        tmp_path / "small.cv", model, samples=photos, engine=ONE_ENGINE,
        reference_resize="tf-mitchellcubic",
    )  # fmt: skip
    assert other.journey.report.culprit.name == "resize"


@pytest.mark.filterwarnings("ignore::keras2cv.errors.Keras2cvWarning")
@pytest.mark.parametrize("interpolation", ["linear", "pil13-bilinear"])
def test_a_gray_model_takes_photos_in_colour(interpolation: str, tmp_path: Path) -> None:
    """A JPEG's own luma is not the gray of its colours, which all other libraries compute."""
    samples = tmp_path / "photos"
    samples.mkdir()
    for k in range(3):
        cv2.imwrite(str(samples / f"photo{k}.jpg"), draw_image(90 + 9 * k, 54 + 5 * k, seed=k))
    model = small(1)
    options = {"preprocess": "0-1", "interpolation": interpolation}
    export(model, tmp_path / "small.cv", check=False, **options)
    found = check(tmp_path / "small.cv", model, samples=samples, engine=ONE_ENGINE)
    assert found.verdict == "pass", found.reasons


def test_pictures_that_tensorflow_cannot_read_are_read_as_opencv_does(
    shapes: Any, tmp_path: Path
) -> None:
    """Unless TensorFlow's decoder was requested; of ten files the pixels of eight are kept."""
    for k in range(10):
        cv2.imwrite(str(tmp_path / f"photo{k}.tiff"), draw_image(70 + 9 * k, 44 + 5 * k, seed=k))
    found = check(shapes.folder, shapes.model, samples=tmp_path, engine=ONE_ENGINE)
    assert (found.verdict, found.parity.samples) == ("pass", 10)
    assert found.journey.report.agreement.samples == 10
    assert [w.shown is not None for w in found.journey.walked] == [True] * 8 + [False] * 2
    with pytest.raises(InputError, match="TensorFlow cannot decode"):
        check(shapes.folder, shapes.model, samples=tmp_path, reference_resize="tf")


def test_ones_own_function_is_recognised(shapes: Any, photos: Path, own: str) -> None:
    """The known preprocessing is named, so that the stages can be separated."""
    found = check(
        shapes.folder, shapes.model, samples=photos, reference_fn=f"{own}:tf_scaled",
        engine=ONE_ENGINE,
    ).journey.report  # fmt: skip
    assert "pil-nearest, preset tf" in found.reference
    assert found.culprit.name == "resize"
    both = check(
        shapes.folder, shapes.model, samples=photos, reference_fn=f"{own}:caffe_scaled",
        engine=ONE_ENGINE,
    ).journey.report  # fmt: skip
    assert "pil-nearest, preset caffe" in both.reference
    assert [stage.name for stage in both.stages if stage.problem] == ["resize", "normalise"]


def test_a_function_like_no_other_is_compared_as_a_whole(
    shapes: Any, photos: Path, own: str
) -> None:
    """Its input is all that can be compared."""
    found = check(
        shapes.folder, shapes.model, samples=photos, reference_fn=f"{own}:squared",
        engine=ONE_ENGINE,
    ).journey.report  # fmt: skip
    assert [stage.name for stage in found.stages] == ["preprocess", "net"]
    assert found.verdict == "fail"
    assert "no preprocessing that is known" in found.advice[0]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("{own}:flat", r"gave \(1860,\) float32, and the model takes \(20, 31, 3\)"),
        ("{own}:missing", "cannot be imported"),
        ("{own}", "must be MODULE:FUNCTION"),
    ],
)
def test_a_function_that_does_not_fit_is_refused(
    name: str, words: str, shapes: Any, photos: Path, own: str
) -> None:
    """With the shape that it returned."""
    with pytest.raises(UsageError, match=words):
        check(
            shapes.folder, shapes.model, samples=photos, reference_fn=name.format(own=own),
            engine=ONE_ENGINE,
        )  # fmt: skip


def test_a_wrong_net_is_found_in_the_net(shapes: Any, photos: Path) -> None:
    """Beside the outputs' own report; an output that is allowed more by name is excused."""
    other = keras.models.clone_model(shapes.model)
    other.set_weights([w * np.float32(1.01) for w in shapes.model.get_weights()])
    report = check(shapes.folder, other, samples=photos, engine=ONE_ENGINE)
    assert report.stages_at_fault == ("net",)
    assert report.journey.report.culprit.name == "net"
    assert report.journey.report.culprit.share > 0.99
    allowed = check(
        shapes.folder, other, samples=photos, engine=ONE_ENGINE, tolerance="shape:0.5"
    ).journey.report
    assert allowed.verdict == "pass"
    assert (allowed.stages[-1].passed, allowed.stages[-1].excused) == (False, True)


@pytest.mark.parametrize("option", ["reference_resize", "reference_preprocess", "reference_fn"])
def test_options_about_pictures_need_some(option: str, shapes: Any, tmp_path: Path) -> None:
    """Arrays are compared as they are: an option without effect is refused."""
    np.savez(tmp_path / "a.npz", photo=np.zeros((3, 20, 31, 3), np.float32))
    with pytest.raises(UsageError, match="none are compared: the samples are arrays"):
        check(shapes.folder, shapes.model, samples=tmp_path / "a.npz", **{option: "tf"})


def test_other_labels_are_found(shapes: Any) -> None:
    """Shifted by one, every prediction gets another's name."""
    labels = shapes.report.manifest.task.labels
    moved = (*labels[1:], labels[0])
    report = check(shapes.folder, shapes.model, labels=moved, engine=ONE_ENGINE)
    assert report.stages_at_fault == ("labels",)
    assert "class 0 is 'circle' in the bundle, and 'square' was given" in report.reasons[0]
    assert check(shapes.folder, shapes.model, labels=labels, engine=ONE_ENGINE).verdict == "pass"


def test_the_record_holds_versions_host_and_values(shapes: Any) -> None:
    """As plain JSON, with a schema."""
    record = json.loads(json.dumps(check(shapes.folder, shapes.model).to_dict(), allow_nan=False))
    assert record["schema"] == 1
    assert {"keras2cv", "opencv", "tensorflow"} <= set(record["versions"])
    assert record["host"]["cpus"] >= 1
    values = record["values"][ONE_ENGINE]["shape"]
    assert len(values["reference"]) == len(values["candidate"]) == 6 * 4
    errors = values["errors"]
    assert sum(errors["counts"]) + errors["below"] + errors["above"] == 6 * 4
    assert record["end_to_end"]["drawn"]


def test_speed_is_measured_when_asked_for(shapes: Any) -> None:
    """By a process that runs OpenCV and the model as it is loaded; no net is that fast."""
    report = check(shapes.folder, shapes.model, speed=True, max_ratio=1e-9, engine=ONE_ENGINE)
    assert (report.verdict, report.parity.verdict) == ("fail", "pass")
    assert "--max-ratio is 1e-09" in report.reasons[-1]
    assert list(report.speed.nanoseconds) == ["predict", "tf.function", "model.predict"]
    assert report.speed.engine == ONE_ENGINE
    assert report.to_dict()["speed"]["line"] == str(report.speed)
