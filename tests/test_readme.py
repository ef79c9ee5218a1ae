"""README.md's own code, run in the order in which a reader meets it."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest

from keras2cv.cli import main
from support.drawn_detector import BOXES, PICTURE_WH, draw_street, write_detector

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"<!-- test: (?P<name>[\w-]+) -->\n```python\n(?P<code>.*?)```", re.DOTALL)
# float32 arithmetic in two different orders, on probabilities.
TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    """The README's marked Python blocks by name."""
    return {m["name"]: m["code"] for m in BLOCK.finditer(README.read_text(encoding="utf-8"))}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the README's files: models, labels, photo.jpg, photos/ and street.jpg."""
    path = tmp_path_factory.mktemp("readme")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        _write_model(path / "cat.h5")
        (path / "labels.txt").write_text("no cat\ncat\n", encoding="utf-8")
        (path / "photos").mkdir()
        for k, name in enumerate(["photo.jpg", *(f"photos/{n}.jpg" for n in "abcde")]):
            cv2.imwrite(name, _picture(k))
        assert main(_export_command("cat.h5")) == 0
        write_detector(path / "detector.h5")
        (path / "things.txt").write_text("car\ntree\npool\n", encoding="utf-8")
        cv2.imwrite("street.jpg", draw_street())
        assert main(_export_command("detector.h5")) == 0
        yield path


def _write_model(path: Path) -> None:
    keras.utils.set_random_seed(7)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((224, 224, 3)),
            layers.Conv2D(12, 5, strides=4),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(20, 3, strides=2, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    rng = np.random.default_rng(7)
    for variable in model.weights:
        variable.assign(variable + rng.normal(0, 0.2, variable.shape))
        if "variance" in variable.name:
            variable.assign(np.abs(variable) + 0.5)
    model.save(path)


def _picture(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (5 + seed, 9, 3), dtype=np.uint8)
    return cv2.resize(small, (301 + 17 * seed, 240 - 11 * seed), interpolation=cv2.INTER_CUBIC)


def _export_command(model: str) -> list[str]:
    text = README.read_text(encoding="utf-8")
    [line] = re.findall(rf"^keras2cv export {re.escape(model)} .*$", text, re.M)
    return shlex.split(line)[1:]


def _check_commands() -> list[list[str]]:
    text = README.read_text(encoding="utf-8")
    return [shlex.split(line)[1:] for line in re.findall(r"^keras2cv check .*$", text, re.M)]


def run(blocks: dict[str, str], name: str) -> dict[str, Any]:
    """Execute one block and return the names it defines."""
    namespace: dict[str, Any] = {}
    exec(compile(blocks[name], f"README.md:{name}", "exec"), namespace)  # noqa: S102
    return namespace


@pytest.mark.usefixtures("folder")
def test_one_image_has_the_probability_that_tensorflow_gives(blocks: dict[str, str]) -> None:
    """Tutorial (a) ends in the same number with keras2cv, and with cv2 alone."""
    expected = float(run(blocks, "tensorflow-single")["probability"])
    assert 0.01 < expected < 0.99  # a saturated probability would agree with anything
    result = run(blocks, "opencv-single")["result"]
    assert result.probability == pytest.approx(expected, abs=TOLERANCE)
    assert result.label == ("cat" if expected >= 0.5 else "no cat")
    raw = run(blocks, "raw-single")["probability"]
    assert float(raw) == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.usefixtures("folder")
def test_a_batch_has_the_probabilities_that_tensorflow_gives(blocks: dict[str, str]) -> None:
    """Tutorial (b) gives a prediction per image, each TensorFlow's own."""
    expected = run(blocks, "tensorflow-batch")["probabilities"]
    assert len(expected) == 5
    assert np.ptp(expected) > 1e-3  # the pictures differ, so the answers must
    results = run(blocks, "opencv-batch")["results"]
    np.testing.assert_allclose([r.probability for r in results], expected, atol=TOLERANCE, rtol=0)


@pytest.mark.usefixtures("folder")
def test_the_boxes_are_those_that_tensorflow_gives(blocks: dict[str, str]) -> None:
    """Tutorial (c) finds the drawn things, with TensorFlow's boxes, scores and classes."""
    names = run(blocks, "tensorflow-detect")
    kept = np.argsort(-names["scores"])[: len(BOXES)]
    expected = names["boxes"][kept][:, [1, 0, 3, 2]] * (PICTURE_WH * 2)
    assert [int(number) for number in names["classes"][kept]] == [number for number, _ in BOXES]
    assert np.abs(expected - [box for _, box in BOXES]).max() < 5  # it is a detector at all
    result = run(blocks, "opencv-detect")["result"]
    assert [found.label for found in result] == ["car", "pool", "tree"]
    assert np.abs(result.scores - names["scores"][kept]).max() < TOLERANCE
    assert np.abs(result.boxes_xyxy - expected).max() < 1e-3  # pixels


@pytest.mark.usefixtures("folder")
def test_the_boxes_are_drawn_where_they_are(blocks: dict[str, str]) -> None:
    """The picture differs from the photo along every edge, and not inside or far away."""
    names = run(blocks, "opencv-detect")
    image, drawn = names["image"], cv2.imread("drawn.png")
    assert np.array_equal(drawn, names["result"].draw(image))
    changed = (image != drawn).any(axis=2)
    for x0, y0, x1, y1 in names["result"].boxes_xyxy.round().astype(int):
        edges = (
            changed[y0:y1, x0],
            changed[y0:y1, x1 - 1],
            changed[y0, x0:x1],
            changed[y1 - 1, x0:x1],
        )
        assert all(edge.all() for edge in edges)
        assert not changed[y0 + 25 : y1 - 9, x0 + 9 : x1 - 9].any()
    assert not changed[400:].any()


@pytest.mark.usefixtures("folder")
def test_infer_takes_and_gives_what_predict_does(blocks: dict[str, str]) -> None:
    """`infer` on three samples returns Keras' (3, 1)."""
    names = run(blocks, "opencv-infer")
    model = keras.models.load_model("cat.h5", compile=False)
    x = names["x"]
    expected = np.asarray(model(np.stack([x, x[:, ::-1], x[::-1]]), training=False))
    np.testing.assert_allclose(names["probabilities"], expected, atol=TOLERANCE, rtol=0)


@pytest.mark.usefixtures("folder")
def test_the_python_api_exports_and_checks(blocks: dict[str, str]) -> None:
    """The README's `export` and `check` pass on its own model."""
    assert run(blocks, "export-api")["report"].parity.verdict == "pass"


def test_the_checks_end_as_in_the_readme(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first passes and writes its page; the second finds another resize."""
    passing, failing = _check_commands()
    assert main([*passing, "--no-speed"]) == 0
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    capsys.readouterr()
    assert main(failing) == 1
    [promised] = re.findall(r"^end to end: .*$", README.read_text(encoding="utf-8"), re.M)
    assert promised in capsys.readouterr().out.splitlines()


def test_the_evaluation_is_beside_keras(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README's `evaluate` writes its page, on a folder per class."""
    shutil.copytree(folder / "cat.cv", tmp_path / "cat.cv")
    shutil.copy(folder / "cat.h5", tmp_path)
    for label, names in {"cat": "abc", "no cat": "de"}.items():
        (tmp_path / "photos" / label).mkdir(parents=True)
        for name in names:
            shutil.copy(folder / "photos" / f"{name}.jpg", tmp_path / "photos" / label)
    monkeypatch.chdir(tmp_path)
    [line] = re.findall(r"^keras2cv (evaluate .*)$", README.read_text(encoding="utf-8"), re.M)
    assert main(shlex.split(line)) == 0
    page = (tmp_path / "evaluation.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")


def test_every_python_block_is_run(blocks: dict[str, str]) -> None:
    """No Python in the README escapes these tests."""
    count = README.read_text(encoding="utf-8").count("```python")
    assert count == len(blocks) == 9
