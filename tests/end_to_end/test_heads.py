"""Detectors with undecoded heads, from Keras to boxes on the picture, on every OpenCV."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.reading import read_bundle
from keras2cv.cli import main
from keras2cv.cli.card import describe as card_of
from keras2cv.codegen import generate
from keras2cv.errors import MissingDependency
from keras2cv.net.engines import ENGINES
from keras2cv_export import export
from keras2cv_export.matrix.environment import Environments, runtime_copy
from support.head_answers import CASES, assert_same, outputs_of
from support.heads import HEIGHT, SCORE, WIDTH, draw

NAMES = ("yolov3", "yolov8, two tables", "ssd", "centernet", "centernet with joints")
LABELS = ("red", "green", "blue")
PREDICT = """\
import json, sys, cv2, keras2cv
for bundle in sys.argv[2:]:
    model = keras2cv.load(bundle)
    pictures = [cv2.imread(f"{sys.argv[1]}/{k}.png") for k in range(4)]
    print(json.dumps([one.to_dict() for one in model.predict(pictures)]))
"""


@dataclass(frozen=True)
class Built:
    """A model, its bundle, and pictures (BGR) of the input's size, which are files 0.png to 3."""

    name: str
    model: keras.Model
    folder: Path
    pictures: list[Any]

    @property
    def photos(self) -> Path:
        """Return the folder of the pictures."""
        return self.folder.parent / "photos"

    def found(self, picture: Any) -> Any:
        """Return the boxes of the model's own pipeline."""
        image = picture[..., ::-1].astype(np.float32)[None] / np.float32(255)
        outputs = outputs_of(self.model, image)
        return CASES[self.name].find({name: array[0] for name, array in outputs.items()})


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Built]:
    """Return a function that exports a head, once."""
    pictures = [np.ascontiguousarray(one.image[..., ::-1]) for one in draw(4, 91)]

    @cache
    def built(name: str) -> Built:
        folder = tmp_path_factory.mktemp("head")
        (folder / "photos").mkdir()
        for k, picture in enumerate(pictures):
            cv2.imwrite(str(folder / "photos" / f"{k}.png"), picture)
        case = CASES[name]
        model = case.build()
        report = export(
            model, folder / "d.cv", preprocess="0-1", opencv="4.6", labels=LABELS,
            detect={**case.options, "score": SCORE},
        )  # fmt: skip
        assert report.parity is not None
        assert report.parity.verdict == "pass"
        return Built(name, model, folder / "d.cv", pictures)

    return built


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NAMES)
def test_the_boxes_are_those_of_the_keras_pipeline(
    name: str, engine: str, build: Callable[[str], Built]
) -> None:
    """Of several pictures in one call, on both engines."""
    built = build(name)
    results: Any = keras2cv.load(built.folder, engine=engine).predict(built.pictures)
    counts = [
        assert_same(result, built.found(picture))
        for result, picture in zip(results, built.pictures, strict=True)
    ]
    assert sum(counts) >= 4


@pytest.mark.parametrize("version", ["4.6", "4.14"])
def test_older_opencvs_find_the_same_boxes(
    version: str, build: Callable[[str], Built], tmp_path: Path
) -> None:
    """All heads in one process."""
    bundles = [build(name) for name in NAMES]
    for one, records in zip(bundles, predicted(version, tmp_path, bundles), strict=True):
        for record, picture in zip(records, one.pictures, strict=True):
            found = one.found(picture)
            boxes = record["detections"]
            result = keras2cv.Detections(
                np.array([b["box_xyxy"] for b in boxes], np.float32).reshape(-1, 4),
                np.array([b["score"] for b in boxes], np.float32),
                np.array([b["class_id"] for b in boxes], np.int32),
                (WIDTH, HEIGHT),
                keypoints=_keypoints(boxes),
            )
            assert_same(result, found)


def _keypoints(boxes: Sequence[Any]) -> Any:
    """Return the points of each box; None where there are none."""
    if not boxes or "keypoints" not in boxes[0]:
        return None
    rows = [[point["xy"] for point in box["keypoints"]] for box in boxes]
    return tuple(keras2cv.Keypoints(np.array(r, np.float32), None, (WIDTH, HEIGHT)) for r in rows)


def predicted(version: str, folder: Path, bundles: Sequence[Built]) -> list[Any]:
    """Return each bundle's answers to its pictures on another OpenCV."""
    with runtime_copy(folder) as environment:
        try:
            environments = Environments()
            python = environments.prepare(environments.resolve(version)).python
        except MissingDependency as error:
            pytest.skip(f"no environment with OpenCV {version} can be made here: {error}")
        words = [str(bundles[0].photos), *(str(one.folder) for one in bundles)]
        done = subprocess.run(
            [str(python), "-c", PREDICT, *words],
            check=False, env=dict(environment), capture_output=True, encoding="utf-8", timeout=300,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_program_in_python_finds_the_same_boxes(
    build: Callable[[str], Built], tmp_path: Path
) -> None:
    """It holds the runtime's own modules."""
    built = build("yolov3")
    bundle = read_bundle(built.folder)
    generate(bundle, "python", tmp_path / "program")
    photo = built.photos / "0.png"
    done = subprocess.run(
        [sys.executable, "predict.py", str(built.folder), str(photo), "--json"],
        check=False, cwd=tmp_path / "program", capture_output=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout.splitlines()[0])
    result: Any = keras2cv.load(built.folder).predict(cv2.imread(str(photo)))
    boxes = np.array([d["box_xyxy"] for d in shown["detections"]])
    assert len(boxes) >= 1
    np.testing.assert_allclose(boxes, result.boxes_xyxy, atol=1e-3)


def test_the_card_and_the_drawing_show_the_head(build: Callable[[str], Built]) -> None:
    """Grids and anchors on the card; boxes on the picture."""
    built = build("yolov3")
    page = " ".join(" ".join(card_of(read_bundle(built.folder).manifest)).split())
    assert "cells and anchors (YOLO) of grids 4x6 x 2, 8x12 x 2, from y16, y8" in page
    picture = built.pictures[0]
    result: Any = keras2cv.load(built.folder).predict(picture)
    drawn = result.draw(picture)  # enlarged, as small pictures are
    plain = cv2.resize(picture, drawn.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    assert not np.array_equal(drawn, plain)


def test_check_compares_with_the_user_s_own_pipeline(build: Callable[[str], Built]) -> None:
    """The answers of all pictures, in a file, are the same."""
    built = build("yolov3")
    folder, given = built.folder.parent, {}
    for k, picture in enumerate(built.pictures):
        found = built.found(picture)
        boxes = np.clip(found.boxes, 0, (WIDTH, HEIGHT) * 2)
        rows = zip(found.classes.tolist(), found.scores.tolist(), boxes.tolist(), strict=True)
        given[f"{k}.png"] = [[LABELS[number], score, box] for number, score, box in rows]
    (folder / "answers.json").write_text(json.dumps(given), encoding="utf-8")
    built.model.save(folder / "model.keras")
    words = ["--against", str(folder / "model.keras"), "--samples", str(built.photos)]
    words += ["--reference-answers", str(folder / "answers.json")]
    words += ["--json", str(folder / "report.json")]
    assert main(["check", str(built.folder), *words]) == 0
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "pass"


def test_a_description_that_contradicts_ends_with_2(
    build: Callable[[str], Built], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the command line, with a file; no bundle is left."""
    model, head = build("yolov3").folder.parent / "three.keras", tmp_path / "head.json"
    build("yolov3").model.save(model)
    head.write_text('{"family": "yolov3", "anchors": [10, 13, 16, 30, 33, 23]}')
    words = ["--preprocess", "0-1", "--task", "detect", "--head", str(head)]
    assert main(["export", str(model), "-o", str(tmp_path / "d.cv"), *words]) == 2
    assert "There are 3 anchors, which 2 grids cannot share alike." in capsys.readouterr().err
    assert not (tmp_path / "d.cv").exists()
