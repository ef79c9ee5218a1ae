"""Programs refuse as many overlapping boxes as the runtime does, with smaller limits in both."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.reading import read_bundle
from keras2cv.codegen import generate
from keras2cv.errors import NetError
from keras2cv.numpy_tail import nms
from keras2cv.tasks.detect import rotated, suppress
from support.belonging_bundles import BELONGING_BUNDLES
from support.cmake import build, require_opencv
from support.java_machine import run_jobs, run_main
from support.npm_packages import OPENCV_JS, package, run_node
from support.pixel_bundles import Write
from support.program_bundles import BUNDLES, write_images

SCORES: Final = (0.0, 0.4, 0.55, 0.7, 0.99)
_RUNNER: Final = Path(__file__).parents[1] / "support" / "js" / "run_cases.mjs"


@dataclass(frozen=True)
class Limit:
    """How many pairs are compared.

    Attributes:
        write: Of the bundle.
        module: Of the runtime.
        own: The runtime's numbers: name -> the smaller one.
        texts: Language -> what stands in its source -> what takes its place.
        words: Of the refusal, in every language.
    """

    write: Write
    module: ModuleType
    own: Mapping[str, int]
    texts: Mapping[str, Mapping[str, str]]
    words: str


_BLOCK: Final = {"BLOCK = 8192;": "BLOCK = 4;"}
LIMITS: Final[Mapping[str, Limit]] = {
    "upright": Limit(
        BUNDLES["a score per class, suppressed"],
        suppress,
        {"_BLOCK": 4, "_MAX_PAIRS": 100},
        {
            "cpp": {**_BLOCK, "MOST_PAIRS = 2147483648;": "MOST_PAIRS = 100;"},
            "java": {**_BLOCK, "MOST_PAIRS = 2_147_483_648L;": "MOST_PAIRS = 100;"},
            "js": {**_BLOCK, "MOST_PAIRS = 2 ** 31;": "MOST_PAIRS = 100;"},
        },
        "boxes are above the score, and overlap so little that to compare them takes",
    ),
    "rotated": Limit(
        BELONGING_BUNDLES["the angles of boxes"]["rotated boxes"],
        rotated,
        {"_MAX_PAIRS": 30},
        {
            "cpp": {"MOST_PAIRS = 2000000;": "MOST_PAIRS = 30;"},
            "java": {"MOST_PAIRS = 2_000_000;": "MOST_PAIRS = 30;"},
            "js": {"MOST_PAIRS = 2e6;": "MOST_PAIRS = 30;"},
        },
        "rotated boxes are above the score, and to compare them takes",
    ),
}


def test_the_runtime_has_the_numbers_that_programs_have() -> None:
    """Whoever changes one changes all."""
    assert (suppress._BLOCK, suppress._MAX_PAIRS) == (8192, 2_147_483_648)
    assert rotated._MAX_PAIRS == 2_000_000
    assert nms._MAX_PAIRS == 2**30


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("language", ["cpp", "java", "js"])
def test_a_program_refuses_what_the_runtime_does(
    language: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By bundles of five scores, of which some leave too many boxes, in a sentence."""
    limit = LIMITS[name]
    bundles = [_with_score(limit.write, tmp_path / f"{score}.cv", score) for score in SCORES]
    image = write_images(tmp_path)[0]
    for constant, number in limit.own.items():
        monkeypatch.setattr(limit.module, constant, number)
    expected = [_refusal(bundle, image) for bundle in bundles]
    assert {bool(text) for text in expected} == {True, False}
    program = tmp_path / "boxes"
    files = generate(read_bundle(bundles[0]), language, program)
    _replace(files, limit.texts[language])
    found = _RUN[language](program, bundles, image)
    assert [bool(text) for text in found] == [bool(text) for text in expected]
    for one in [text for text in (*found, *expected) if text]:
        assert limit.words in one


def _with_score(write: Write, folder: Path, score: float) -> Path:
    """Write a bundle whose boxes are above `score`; return its folder."""
    manifest = write(folder).folder / "manifest.json"
    record = json.loads(manifest.read_text("utf-8"))
    record["task"]["detect"]["score"] = score
    manifest.write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    return folder


def _refusal(bundle: Path, image: Path) -> str:
    """Return what the runtime refuses an image with; "" if it answers."""
    picture = cv2.imread(str(image))
    assert picture is not None
    try:
        keras2cv.load(bundle).predict(picture)
    except NetError as error:
        return str(error)
    return ""


def _replace(files: list[Path], texts: Mapping[str, str]) -> None:
    """Replace each text, which stands in one of the files, once."""
    for old, new in texts.items():
        (file,) = (file for file in files if old in file.read_text("utf-8"))
        text = file.read_text("utf-8")
        assert text.count(old) == 1
        file.write_text(text.replace(old, new), "utf-8")


def _run_cpp(program: Path, bundles: list[Path], image: Path) -> list[str]:
    require_opencv(program / "find")
    build(program)
    executable = str(program / "build" / "predict")
    found = []
    for bundle in bundles:
        words = [executable, str(bundle), str(image)]
        done = subprocess.run(words, check=False, capture_output=True, encoding="utf-8", timeout=60)
        assert done.returncode == bool(done.stderr)
        found.append(done.stderr)
    return found


def _run_java(program: Path, bundles: list[Path], image: Path) -> list[str]:
    assert run_jobs([["compile", program]], program / "runner") == ["ok"]
    return [
        run_main(program / "classes", "keras2cv.model_0_0", bundle, image).stderr
        for bundle in bundles
    ]


def _run_js(program: Path, bundles: list[Path], image: Path) -> list[str]:
    picture = cv2.imread(str(image))
    assert picture is not None
    np.save(program / "picture.npy", picture)
    height, width = picture.shape[:2]
    sample = {"x": {"pixels": str(program / "picture.npy"), "size_wh": (width, height)}}
    jobs = [
        {"program": str(program), "bundle": str(bundle), "samples": [sample]} for bundle in bundles
    ]
    (program / "jobs.json").write_text(json.dumps(jobs), "utf-8")
    run = run_node(_RUNNER, package(OPENCV_JS["5.0"]), program / "jobs.json")
    assert (run.stderr, run.returncode) == ("", 0)
    return [json.loads(line).get("error", "") for line in run.stdout.splitlines()]


_RUN: Final[Mapping[str, Callable[[Path, list[Path], Path], list[str]]]] = {
    "cpp": _run_cpp,
    "java": _run_java,
    "js": _run_js,
}
