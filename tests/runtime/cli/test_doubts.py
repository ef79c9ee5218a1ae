"""`run` says it where an answer is no number, and ends with exit code 1."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx import helper

from keras2cv.bundle.manifest import InputTensor, OutputTensor
from keras2cv.bundle.writing import write_bundle
from keras2cv.cli import main
from support.tiny_bundle import HEIGHT, WIDTH, Classifier, manifest_of, net, npz


@pytest.fixture
def logarithm(tmp_path: Path) -> Path:
    """Return a bundle that answers NaN to numbers below 0."""
    shape = (1, 4)
    data = net([helper.make_node("Log", ["x"], ["y"])], {"x": shape}, {"y": shape})
    manifest = manifest_of(
        data,
        inputs=(InputTensor("x", "x", shape, shape, "same", "float32"),),
        outputs=(OutputTensor("y", "y", shape, shape, "same", "float32", True),),
    )
    ones = np.ones(shape, np.float32)
    golden = npz({"tolerance/0": np.float64(1e-3), "in/0/0": ones, "out/0/0": 0 * ones})
    write_bundle(tmp_path / "log.cv", manifest, {"model.onnx": data, "selftest.npz": golden})
    return tmp_path / "log.cv"


def test_an_answer_that_is_no_number_is_listed(
    logarithm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer stays; only the sample that has it is named."""
    path = tmp_path / "x.npy"
    np.save(path, np.array([[1, 1, 1, 1], [1, -1, 1, 1], [0, 1, 1, 1]], np.float32))
    assert main(["run", str(logarithm), str(path), "--json", str(tmp_path / "y.jsonl")]) == 1
    told = capsys.readouterr().err
    assert "2 got an answer that means nothing:\n" in told
    assert f"{path}:000001: the model answers NaN or infinity" in told
    lines = [json.loads(line) for line in (tmp_path / "y.jsonl").read_text().splitlines()]
    assert ["doubt" in line for line in lines] == [False, True, True]


def test_an_input_that_is_no_number_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """OpenCV's softmax makes a sure class of it."""
    folder = Classifier().write(tmp_path / "cat.cv")
    array = np.ones((1, HEIGHT, WIDTH, 3), np.float32)
    np.save(tmp_path / "good.npy", array)
    array[0, 0, 0, 0] = np.inf
    np.save(tmp_path / "bad.npy", array)
    assert main(["run", str(folder), str(tmp_path / "good.npy")]) == 0
    assert main(["run", str(folder), str(tmp_path / "bad.npy")]) == 1
    assert "bad.npy: the input holds NaN or infinity" in capsys.readouterr().err
    assert main(["run", str(folder), str(tmp_path / "bad.npy"), str(tmp_path / "none.npy")]) == 2


def test_pictures_are_looked_at_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each on its own, in a batch as well."""
    from keras2cv.net.net import Net

    folder = Classifier(batch=2).write(tmp_path / "cat.cv")
    for name, level in (("a.png", 0), ("b.png", 90), ("c.png", 200)):
        cv2.imwrite(str(tmp_path / name), np.full((9, 12, 3), level, np.uint8))
    forward = Net.forward
    calls = iter(range(100))

    def spoilt(self: Net, blobs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = forward(self, blobs)
        if next(calls) == 0:
            for array in found.values():
                array[1] = np.nan
        return found

    monkeypatch.setattr(Net, "forward", spoilt)
    pictures = [str(tmp_path / f"{name}.png") for name in "abc"]
    assert main(["run", str(folder), *pictures]) == 1
    told = capsys.readouterr().err
    assert "1 got an answer that means nothing:" in told
    assert "b.png: the model answers NaN" in told
