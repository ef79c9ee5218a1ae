"""Golden cases: bundles, samples and their answers, for the tests of programs in any language.

`write_cases` makes a folder that a test reads without knowing what is in it, so that a new task or
rule reaches every language:

    cases.json          {"tolerance": ..., "pictures": {...}, "cases": [...]}
    pictures/*.png      drawn pictures of several sizes
    pictures/*.npy      their pixels, (H, W, 3) uint8 BGR, for programs that decode none
    <number>/bundle.cv  a case's bundle, of a net that takes microseconds
    <number>/*.npy      arrays of its samples, and the blobs that pictures become
    <number>/drawn.png  the last sample's answer, drawn on its picture

A case is {"name", "task", "bundle", "samples"}, and a sample {"inputs", "blob", "answer", "drawn"}:

    inputs   Keras' name -> {"picture": name} or {"array": file, "shape": [...]}
    blob     the file of what the picture becomes, (1, C, H, W) float32; none for arrays alone
    answer   what `to_dict` returns; for classify with the five best classes
    drawn    a file, of the last sample of a case with a picture

Every .npy file is of version 1.0, little-endian, in C order: its numbers begin at byte 10 + the
16-bit number at byte 8.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from unittest import mock

import cv2
import numpy as np

import keras2cv
from keras2cv.bundle.manifest import InputTensor
from keras2cv.schema.vocabulary import INTERPOLATIONS
from support.drawn_image import draw_image
from support.pixel_bundles import INPUT_BUNDLES
from support.program_bundles import (
    BUNDLES,
    IMAGE_SIZES_WH,
    RULES,
    Write,
    assert_same,
    filtered,
)
from support.stroke_font import text_size

TOLERANCE: Final = 1e-5  # of a number, relative to the largest of its list where that is above 1

# Every interpolation by two rules each, in turns; "lanczos4" is rounded by each build in its way.
_FILTERED: Final[Mapping[str, Write]] = {
    f"{interpolation}, {rule}": filtered(interpolation, rule)
    for number, interpolation in enumerate(INTERPOLATIONS)
    for rule in list(RULES)[number % 2 :: 2]
    if interpolation != "lanczos4"
}
CASES: Final[Mapping[str, Write]] = {**BUNDLES, **INPUT_BUNDLES, **_FILTERED}
# One is smaller than the nets' input, and one twice as large. The last is drawn on.
_SIZES_WH: Final = ((7, 5), (24, 18), *IMAGE_SIZES_WH)
_PICTURES: Final = {f"{width}x{height}": (width, height) for width, height in _SIZES_WH}


def write_cases(folder: Path, names: Iterable[str] = CASES) -> Path:
    """Write the cases of those names, and return the path of `cases.json`."""
    (folder / "pictures").mkdir(parents=True)
    pictures = {name: _write_picture(folder, name, size) for name, size in _PICTURES.items()}
    cases = [_write_case(folder, number, name) for number, name in enumerate(names)]
    path = folder / "cases.json"
    record = {"tolerance": TOLERANCE, "pictures": pictures, "cases": cases}
    path.write_text(json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1), "utf-8")
    return path


def assert_answers(found: Sequence[Mapping[str, Any]], case: Mapping[str, Any]) -> None:
    """Raise unless a program's answers to a case's samples are the golden ones.

    Args:
        found: An answer for each sample; keys that `to_dict` does not have are left aside.
        case: Of `cases.json`.
    """
    for answer, sample in zip(found, case["samples"], strict=True):
        expected = sample["answer"]
        assert_same({key: answer[key] for key in expected}, expected, TOLERANCE)


def _write_picture(folder: Path, name: str, size_wh: tuple[int, int]) -> dict[str, Any]:
    image, file = draw_image(*size_wh), f"pictures/{name}.png"
    assert cv2.imwrite(str(folder / file), image)
    np.save(folder / "pictures" / f"{name}.npy", image)
    return {"file": file, "pixels": f"pictures/{name}.npy", "size_wh": size_wh}


def _write_case(folder: Path, number: int, name: str) -> dict[str, Any]:
    place = folder / f"{number:03d}"
    bundle = CASES[name](place / "bundle.cv")
    model = keras2cv.load(bundle.folder)
    has_picture = model.manifest.preprocessing is not None
    pictures = list(_PICTURES) if has_picture and name not in INPUT_BUNDLES else list(_PICTURES)[:2]
    samples = [_write_sample(model, place, i, picture) for i, picture in enumerate(pictures)]
    if has_picture:
        _draw(model, place, samples[-1], pictures[-1])
        samples[-1]["drawn"] = f"{place.name}/drawn.png"
    task = model.manifest.task.kind
    return {"name": name, "task": task, "bundle": f"{place.name}/bundle.cv", "samples": samples}


def _write_sample(
    model: keras2cv.Predictor, place: Path, index: int, picture: str
) -> dict[str, Any]:
    """Write a sample's files, and return its record."""
    values: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    record: dict[str, Any] = {"inputs": inputs}
    for tensor in model.manifest.inputs:
        if tensor.name == model.manifest.image_input:
            values[tensor.name] = draw_image(*_PICTURES[picture])
            inputs[tensor.name] = {"picture": picture}
        else:
            array = values[tensor.name] = _array_for(tensor, index)
            file = _save(place / f"{tensor.name}{index}.npy", array)
            inputs[tensor.name] = {"array": file, "shape": array.shape}
    if model.manifest.image_input is not None:
        blob = model.prepare([values]).blobs[0]
        record["blob"] = _save(place / f"blob{index}.npy", blob)
    return {**record, "answer": _answer(model, values).to_dict()}


def _array_for(tensor: InputTensor, index: int) -> Any:
    rng = np.random.default_rng([40 + index, *tensor.name.encode()])
    return rng.normal(size=(1, *tensor.keras_shape[1:])).astype(np.float32)


def _answer(model: keras2cv.Predictor, values: Mapping[str, Any]) -> Any:
    if model.manifest.preprocessing is None:
        return model.results_of(model.infer(values))[0]
    return model.predict(values if len(values) > 1 else next(iter(values.values())))


def _draw(model: keras2cv.Predictor, place: Path, sample: Mapping[str, Any], picture: str) -> None:
    """Draw a sample's answer by OpenCV 4's stroke font, which every program has."""
    values = {
        name: np.load(place.parent / value["array"])
        if "array" in value
        else draw_image(*_PICTURES[value["picture"]])
        for name, value in sample["inputs"].items()
    }
    strokes = [mock.patch("keras2cv.pixels.drawing.text.has_truetype", return_value=False)]
    if not cv2.__version__.startswith("4."):
        strokes.append(mock.patch.object(cv2, "getTextSize", text_size))
    with strokes[0], strokes[-1]:
        drawn = _answer(model, values).draw(draw_image(*_PICTURES[picture]))
    assert cv2.imwrite(str(place / "drawn.png"), drawn)


def _save(path: Path, array: Any) -> str:
    np.save(path, np.ascontiguousarray(array))
    return f"{path.parent.name}/{path.name}"
