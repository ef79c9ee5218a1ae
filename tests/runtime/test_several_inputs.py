"""Models with an image and other inputs: by a dict from Python, by NAME=FILE on a command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.cli import main
from keras2cv.errors import InputError
from support.several_inputs import MATRIX, expected_sum, write_sum
from support.tiny_bundle import HEIGHT, WIDTH


def picture(seed: int) -> Any:
    """Return an image of a size of its own."""
    return np.random.default_rng(seed).integers(0, 256, (30 + seed, 41, 3), np.uint8)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with the bundle, two images and two vectors."""
    monkeypatch.chdir(tmp_path)
    write_sum(tmp_path / "price.cv", batch=2)
    for number in (1, 2):
        cv2.imwrite(f"{number}.png", picture(number))
        np.save(f"{number}.npy", vector(number))
    return tmp_path


def vector(seed: int) -> Any:
    """Return a sample's other input."""
    return np.random.default_rng(70 + seed).normal(size=4).astype(np.float32)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("batched", [True, False])
def test_a_dict_gives_each_input_its_own(tmp_path: Path, batch: int, batched: bool) -> None:
    """The image is prepared, the array passed on, whatever the file's batch."""
    model = keras2cv.load(write_sum(tmp_path / "price.cv", batch))
    other = vector(1)[None] if batched else vector(1)
    result = model.predict({"photo": picture(1), "facts": other})
    assert isinstance(result, keras2cv.Regression)
    np.testing.assert_allclose(result.values, expected_sum(picture(1), vector(1)), rtol=1e-4)


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ({"photo": picture(1)}, r"inputs are \['facts', 'photo'\], got \['photo'\]"),
        ({"photo": picture(1), "facts": vector(1)[:3]}, r"Input facts must be \(N, 4\) float32"),
        ({"photo": picture(1), "facts": np.ones((2, 4))}, "facts must be one sample beside one"),
        ({"photo": np.ones((2, 4)), "facts": vector(1)}, "An image must be uint8 or uint16"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, sample: Any, message: str) -> None:
    """With the input's name."""
    model = keras2cv.load(write_sum(tmp_path / "price.cv", 1))
    with pytest.raises(InputError, match=message):
        model.predict(sample)


def test_files_are_given_by_the_inputs_names(folder: Path) -> None:
    """In any order; a name that comes again begins the next sample; pictures can be drawn."""
    files = ["photo=1.png", "facts=1.npy", "facts=2.npy", "photo=2.png"]
    assert main(["run", "price.cv", *files, "--json", "r.jsonl", "--save", "out"]) == 0
    records = [json.loads(line) for line in Path("r.jsonl").read_text("utf-8").splitlines()]
    assert [r["source"] for r in records] == [
        "photo=1.png facts=1.npy",
        "facts=2.npy photo=2.png",
    ]
    for number, record in enumerate(records, 1):
        wanted = expected_sum(picture(number), vector(number))
        np.testing.assert_allclose(record["values"], wanted, rtol=1e-4)
    assert len(list(Path("out").iterdir())) == 2


def test_arrays_alone_are_given_by_name_too(folder: Path) -> None:
    """Each is an array for `infer`."""
    image = np.random.default_rng(3).uniform(-1, 1, (HEIGHT, WIDTH, 3)).astype(np.float32)
    np.save("image.npy", image)
    assert main(["run", "price.cv", "photo=image.npy", "facts=1.npy", "--json", "r.jsonl"]) == 0
    record = json.loads(Path("r.jsonl").read_text("utf-8"))
    wanted = image.mean(axis=(0, 1)) @ MATRIX.T + vector(1)
    np.testing.assert_allclose(record["values"], wanted, rtol=1e-4)


def test_a_broken_file_among_them_costs_one_sample(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next sample is still answered."""
    (folder / "1.png").write_bytes(b"broken")
    files = ["photo=1.png", "facts=1.npy", "photo=2.png", "facts=2.npy"]
    assert main(["run", "price.cv", *files]) == 2
    shown = capsys.readouterr()
    assert shown.out.startswith("photo=2.png facts=2.npy")
    assert "1 could not be predicted:\n  OpenCV" in shown.err


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (["photo=1.png", "2.png"], "2.png is for no input, and others are given as NAME=FILE. "),
        (["photo=none.png"], "none.png, for the input photo, cannot be read: No such file"),
        (["photo=price.cv"], "price.cv, for the input photo, cannot be read: it is a folder"),
        (
            ["image=1.png", "facts=1.npy"],
            "There is no input 'image'. The model's are facts, photo.",
        ),
        (["photo=1.png", "facts=2.png"], "2.png is an image, and the input facts takes an array. "),
        (
            ["photo=1.png", "facts=1.npy", "--save", "1.png"],
            "--save 1.png would overwrite what it ",
        ),
        (["1.png"], "price.cv has the inputs facts, photo, and an image fills only one. "),
    ],
)
def test_arguments_that_mean_nothing_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], files: list[str], sentence: str
) -> None:
    """One sentence, exit code 2."""
    assert main(["run", "price.cv", *files]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"error: {sentence}")


def test_an_equals_sign_may_be_part_of_a_name(folder: Path, tmp_path: Path) -> None:
    """Files, patterns and URLs with an equals sign stay sources."""
    from keras2cv.streams.sources import find_sources

    Path("day=1").mkdir()
    cv2.imwrite("day=1/a=b.png", picture(1))
    assert [s.kind for s in find_sources(["day=1/a=b.png"])] == ["image"]
    assert [s.kind for s in find_sources(["day=1"])] == ["image"]
    assert [s.kind for s in find_sources(["day=1/*.png"])] == ["image"]
    assert [s.kind for s in find_sources(["rtsp://a/b?c=d"])] == ["live"]
