"""The sample that ships with keras2cv: small, proven, and in the README, without TensorFlow."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv import sample
from keras2cv.cli import main
from keras2cv.selftest import run_selftest
from support.tiny_bundle import Classifier

README = Path(__file__).parents[2] / "README.md"
MAX_BYTES = 300_000


def test_the_bundle_is_small_and_proven() -> None:
    """It loads without a warning (warnings are errors here), and passes its self-test."""
    assert sum(path.stat().st_size for path in sample.BUNDLE.iterdir()) <= MAX_BYTES
    model = keras2cv.load(sample.BUNDLE)
    assert model.manifest.status == "verified"
    assert model.manifest.model.opencv == "4.6"
    assert run_selftest(model).verdict == "pass"


def test_it_finds_what_was_drawn() -> None:
    """Every shape of the picture, under its name and in its place, and nothing else."""
    from campaigns.sample.__main__ import PHOTO_SEED, PHOTO_WH
    from campaigns.sample.scenes import draw_scene

    scene = draw_scene(PHOTO_WH, np.random.default_rng(PHOTO_SEED))
    photo = cv2.imread(str(sample.PHOTO))
    assert np.abs(photo.astype(float) - scene.picture).mean() < 5  # JPEG's loss
    found = keras2cv.load(sample.BUNDLE).predict(photo)
    truth = sorted(
        zip(scene.classes.tolist(), (scene.boxes * (PHOTO_WH * 2)).tolist(), strict=True)
    )
    answers = sorted((one.class_id, list(one.box_xyxy)) for one in found)
    assert [number for number, _ in answers] == [number for number, _ in truth]
    apart = np.abs(np.array([b for _, b in answers]) - np.array([b for _, b in truth]))
    assert apart.max() < 25  # pixels of 640


def test_it_is_evaluated_on_its_own_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`keras2cv evaluate sample photo`: every shape is found; true boxes ship with the picture."""
    monkeypatch.chdir(tmp_path)
    command = ["evaluate", "sample", "photo", "--json", "e.json", "--min", "f1=1"]
    assert main([*command, "--min", "AP50=0.99"]) == 0
    assert "sample on 1 sample, cpu" in capsys.readouterr().out
    found = json.loads(Path("e.json").read_text())
    assert set(found["per_class"]) == {"circle", "heart", "square", "star"}
    assert found["intervals"] == {}  # of one picture


def test_the_first_command_of_the_readme_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`keras2cv run sample photo --save drawn.png`, in an empty folder."""
    [line] = re.findall(r"^env/bin/keras2cv (run .*)$", README.read_text(encoding="utf-8"), re.M)
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(line)) == 0
    assert "star" in capsys.readouterr().out
    drawn, photo = cv2.imread("drawn.png"), cv2.imread(str(sample.PHOTO))
    assert (drawn != photo).any()


@pytest.mark.parametrize(
    "verb", [["info"], ["selftest"], ["codegen", "--lang", "python", "-o", "p"]]
)
def test_other_verbs_know_it(
    verb: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sample` stands for the bundle wherever one is asked for."""
    monkeypatch.chdir(tmp_path)
    assert main([verb[0], "sample", *verb[1:]]) == 0


def test_a_folder_of_that_name_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user's own bundle may be called sample, and has no picture of ours."""
    monkeypatch.chdir(tmp_path)
    Classifier().write(tmp_path / "sample")
    assert main(["run", "sample", "photo"]) == 2
    assert "photo" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["smaple", "photo"], "smaple does not exist. Did you mean sample?"),
        (["cars.cv", "photo.jpg"], "cars.cv does not exist. Check the path of the bundle."),
        (["photo.jpg", "sample"], "photo.jpg is a file, and a bundle is a folder."),
    ],
)
def test_the_bundle_is_looked_for_first(
    words: list[str],
    problem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A mistyped bundle is named, and not the sources after it."""
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_bytes(sample.PHOTO.read_bytes())
    assert main(["run", *words]) == 2
    assert problem in capsys.readouterr().err


def test_it_takes_other_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With another source, the sample's own picture is left out; so it is by a file `photo`."""
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("gray.png", np.full((60, 80, 3), 128, np.uint8))
    assert main(["run", "sample", "gray.png"]) == 0
    assert "gray.png" in capsys.readouterr().out
    Path("gray.png").rename("photo")
    assert main(["run", "sample", "--top", "1", "photo"]) == 2  # --top is for classes
    assert main(["run", "sample", "--score", "0.9", "photo"]) == 0
    assert "shapes.jpg" not in capsys.readouterr().out
