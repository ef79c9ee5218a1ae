"""Golden cases: bundles, samples and their answers, for the tests of programs in any language.

`write_cases` makes a folder that a test reads without knowing what is in it, so that a new task or
rule reaches every language:

    cases.json          {"tolerance": ..., "pictures": {...}, "cases": [...]}
    pictures/*.png      drawn pictures of several sizes; a few of 16 bits, or with alpha
    pictures/*.npy      their pixels, (H, W, C) as cv2 has them, for programs that decode none; of
                        pictures of 2 or 5 channels there is no other file
    <number>/bundle.cv  a case's bundle, of a net that takes microseconds
    <number>/*.npy      arrays of its samples, and the blobs that pictures become
    <number>/drawn.png  the last sample's answer, drawn on its picture

A case is {"name", "task", "bundle", "samples", "needs"}. `needs` are words of the sentence in which
`generate` refuses it in a language that cannot do so yet, or null; `cases_for` gives the others. A
sample is {"inputs", "blob", "blobs", "answer", "drawn", "drawn_on"}:

    inputs    Keras' name -> {"picture": name}, {"clip": [names of frames]}, or
              {"array": file, "shape": [...]}
    blob      the file of what the picture becomes, (1, C, H, W) float32; none for arrays alone
    blobs     Keras' name -> that file, for each of several pictures, or of none that is plain
    answer    what `to_dict` returns; for classify with the five best classes
    drawn     a file, of the last sample of a case with a picture
    drawn_on  the name of the picture under it

A picture is {"file", "pixels", "size_wh", "channels", "bits"}. Every .npy file is of version 1.0,
little-endian, in C order: its numbers begin at byte 10 + the 16-bit number at byte 8.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from unittest import mock

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.manifest import InputTensor, Preprocessing
from keras2cv.bundle.reading import read_bundle
from keras2cv.codegen.generate import generate, lacking
from keras2cv.codegen.languages import LANGUAGES
from keras2cv.errors import UsageError
from keras2cv.preparing.reading import drawable
from keras2cv.schema.vocabulary import INTERPOLATIONS
from support.belonging_bundles import BELONGING_BUNDLES
from support.drawn_image import draw_image
from support.head_bundles import HEAD_BUNDLES
from support.head_point_bundles import HEAD_POINT_BUNDLES
from support.pixel_bundles import INPUT_BUNDLES
from support.program_bundles import (
    BUNDLES,
    IMAGE_SIZES_WH,
    RULES,
    Write,
    assert_same,
    filtered,
)
from support.special_bundles import SPECIAL_BUNDLES, mixed, picture
from support.stroke_font import text_size

TOLERANCE: Final = 1e-5  # of a number, relative to the largest of its list where that is above 1

# Every interpolation by two rules each, in turns; "lanczos4" is rounded by each build in its way.
_FILTERED: Final[Mapping[str, Write]] = {
    f"{interpolation}, {rule}": filtered(interpolation, rule)
    for number, interpolation in enumerate(INTERPOLATIONS)
    for rule in list(RULES)[number % 2 :: 2]
    if interpolation != "lanczos4"
}
# What not every language has: words of its refusal -> cases.
_ADVANCED: Final[Mapping[str, Mapping[str, Write]]] = {
    "the decoding of a head": {**HEAD_BUNDLES, **HEAD_POINT_BUNDLES},
    **BELONGING_BUNDLES,
    **SPECIAL_BUNDLES,
}
NEEDS: Final[Mapping[str, str]] = {
    name: words for words, cases in _ADVANCED.items() for name in cases
}
# What Python alone has, by words of the refusal elsewhere. A case is in every language, or
# in this table: `test_golden` knows no third.
PYTHON_ALONE: Final[Mapping[str, Mapping[str, Write]]] = {
    "filters of both Pillow and TensorFlow": {
        "one picture by Pillow's filter, another by TensorFlow's": mixed(
            picture("left", interpolation="pil-box"), picture("right", interpolation="tf-area")
        ),
    },
}
_WORDS: Final[Mapping[str, str]] = {
    **NEEDS,
    **{name: words for words, cases in PYTHON_ALONE.items() for name in cases},
}
CASES: Final[Mapping[str, Write]] = {
    **BUNDLES,
    **INPUT_BUNDLES,
    **_FILTERED,
    **{name: write for cases in _ADVANCED.values() for name, write in cases.items()},
    **{name: write for cases in PYTHON_ALONE.values() for name, write in cases.items()},
}
# One is smaller than the nets' input, and one twice as large. The last is drawn on.
_SIZES_WH: Final = ((7, 5), (24, 18), *IMAGE_SIZES_WH)
_PICTURES: Final = {f"{width}x{height}": (width, height) for width, height in _SIZES_WH}


def write_cases(folder: Path, names: Iterable[str] = CASES) -> Path:
    """Write the cases of those names, and return the path of `cases.json`."""
    pictures = Pictures(folder)
    cases = [_write_case(folder, number, name, pictures) for number, name in enumerate(names)]
    path = folder / "cases.json"
    record = {"tolerance": TOLERANCE, "pictures": pictures.records, "cases": cases}
    path.write_text(json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1), "utf-8")
    return path


def cases_for(golden: Path, language: str) -> list[dict[str, Any]]:
    """Return the cases in a `cases.json` that a language does.

    Raises:
        AssertionError: it refuses one in other words than those of what it lacks.
    """
    cases = json.loads(golden.read_text(encoding="utf-8"))["cases"]
    return [case for case in cases if _is_done(golden.parent / case["bundle"], case, language)]


def _is_done(folder: Path, case: Mapping[str, Any], language: str) -> bool:
    bundle = read_bundle(folder)
    if not lacking(bundle.manifest, LANGUAGES[language]):
        return True
    with pytest.raises(UsageError, match="do not have what") as refusal:
        generate(bundle, language, folder.parent / "nothing")
    assert not (folder.parent / "nothing").exists()
    assert case["needs"] in str(refusal.value), case["name"]
    return False


def assert_answers(found: Sequence[Mapping[str, Any]], case: Mapping[str, Any]) -> None:
    """Raise unless a program's answers to a case's samples are the golden ones.

    Args:
        found: An answer for each sample; keys that `to_dict` does not have are left aside.
        case: Of `cases.json`.
    """
    for answer, sample in zip(found, case["samples"], strict=True):
        expected = sample["answer"]
        assert_same({key: answer[key] for key in expected}, expected, TOLERANCE)


class Pictures:
    """The drawn pictures of a folder of cases: those of plain models, and others when asked for."""

    def __init__(self, folder: Path) -> None:
        """Draw the plain ones."""
        self._folder = folder
        (folder / "pictures").mkdir(parents=True)
        self.records: dict[str, dict[str, Any]] = {}
        self._images: dict[str, Any] = {}
        for name, size_wh in _PICTURES.items():
            self._add(name, draw_image(*size_wh))

    def __getitem__(self, name: str) -> Any:
        """Return the pixels of the picture of that name."""
        return self._images[name]

    def of(self, rules: Preprocessing, plain: str, index: int) -> str:
        """Return the name of a picture for `rules`, of the size of the plain one.

        The second sample of a model of 16 bits is a picture of 8.
        """
        if rules.is_plain or (rules.is_picture_file and index % 2):
            return plain
        name = f"{plain} of {rules.channels} channels and {rules.bits} bits"
        if name not in self._images:
            self._add(name, _layered(rules, _PICTURES[plain]))
        return name

    def frames(self, rules: Preprocessing, plain: str, count: int) -> list[str]:
        """Return the names of `count` pictures for `rules`, of the size of the plain one."""
        is_plain = dataclasses.replace(rules, clip=None).is_plain
        about = "" if is_plain else f" of {rules.channels} channels and {rules.bits} bits"
        names = [f"{plain}, frame {number}{about}" for number in range(count)]
        for seed, name in enumerate(names, 20):
            if name not in self._images:
                size_wh = _PICTURES[plain]
                drawn = draw_image(*size_wh, seed) if is_plain else _layered(rules, size_wh, seed)
                self._add(name, drawn)
        return names

    def _add(self, name: str, image: Any) -> None:
        height, width, channels = image.shape
        pixels = f"pictures/{name}.npy"
        np.save(self._folder / pixels, image)
        file = f"pictures/{name}.png" if channels in (1, 3, 4) else pixels
        if file != pixels:
            assert cv2.imwrite(str(self._folder / file), image)
        bits = 8 * image.dtype.itemsize
        self._images[name] = image
        self.records[name] = {
            "file": file, "pixels": pixels, "size_wh": (width, height), "channels": channels,
            "bits": bits,
        }  # fmt: skip


def _layered(rules: Preprocessing, size_wh: tuple[int, int], first: int = 1) -> Any:
    """Return a picture of as many channels and bits as `rules` have, each of another drawing."""
    layers = [draw_image(*size_wh, seed) for seed in range(first, first + rules.channels)]
    image = np.stack([layer[..., k % 3] for k, layer in enumerate(layers)], axis=2)
    if rules.bits == 16:
        image = image.astype(np.uint16) * 256 + np.roll(image, 1, axis=1)
    return image


def _write_case(folder: Path, number: int, name: str, pictures: Pictures) -> dict[str, Any]:
    place = folder / f"{number:03d}"
    bundle = CASES[name](place / "bundle.cv")
    model = keras2cv.load(bundle.folder)
    has_picture = model.manifest.preprocessing is not None
    is_short = name in INPUT_BUNDLES or len(model.manifest.pictures) != 1
    is_short |= NEEDS.get(name) in SPECIAL_BUNDLES
    names = list(_PICTURES)[:2] if is_short else list(_PICTURES)
    if name in NEEDS and not is_short:
        names = [*names[1:4], names[-1]]
    samples = [_write_sample(model, place, i, picture, pictures) for i, picture in enumerate(names)]
    if has_picture:
        _draw(model, place, samples[-1], pictures)
    task = model.manifest.task.kind
    return {
        "name": name,
        "task": task,
        "bundle": f"{place.name}/bundle.cv",
        "samples": samples,
        "needs": _WORDS.get(name),
    }


def _write_sample(
    model: keras2cv.Predictor, place: Path, index: int, picture: str, pictures: Pictures
) -> dict[str, Any]:
    """Write a sample's files, and return its record.

    Args:
        model: The case's.
        place: The case's folder.
        index: The sample's number.
        picture: The name of the (first) picture, if the model takes one.
        pictures: All of them.
    """
    values: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    record: dict[str, Any] = {"inputs": inputs}
    plain = list(_PICTURES)
    for number, tensor in enumerate(model.manifest.inputs):
        name = plain[(plain.index(picture) + number) % len(plain)]  # each has a size of its own
        rules = model.manifest.rules_of(tensor.name)
        if rules is None:
            array = values[tensor.name] = _array_for(tensor, index)
            file = _save(place / f"{tensor.name}{index}.npy", array)
            inputs[tensor.name] = {"array": file, "shape": array.shape}
        elif rules.clip is not None:
            inputs[tensor.name] = {"clip": pictures.frames(rules, name, rules.clip.span)}
            values[tensor.name] = [pictures[frame] for frame in inputs[tensor.name]["clip"]]
        else:
            shown = picture if tensor.name == model.manifest.image_input else name
            inputs[tensor.name] = {"picture": pictures.of(rules, shown, index)}
            values[tensor.name] = pictures[inputs[tensor.name]["picture"]]
    if model.manifest.image_input is not None:
        record |= _write_blobs(model, place, index, values)
    return {**record, "answer": _answer(model, values).to_dict()}


def _write_blobs(
    model: keras2cv.Predictor, place: Path, index: int, values: Mapping[str, Any]
) -> dict[str, Any]:
    prepared = model.prepare([values])
    first = _save(place / f"blob{index}.npy", prepared.blobs[0])
    kinds = model.manifest.pictures
    if len(kinds) == 1 and kinds[0].is_plain:
        return {"blob": first}
    others = {t.name: t.net_name for t in model.manifest.inputs}
    blobs = {
        rules.input: _save(
            place / f"blob{index} {rules.input}.npy", prepared.others[0][others[rules.input]]
        )
        for rules in kinds[1:]
    }
    return {"blob": first, "blobs": {kinds[0].input: first, **blobs}}


def _array_for(tensor: InputTensor, index: int) -> Any:
    rng = np.random.default_rng([40 + index, *tensor.name.encode()])
    return rng.normal(size=(1, *tensor.keras_shape[1:])).astype(np.float32)


def _answer(model: keras2cv.Predictor, values: Mapping[str, Any]) -> Any:
    if model.manifest.preprocessing is None:
        return model.results_of(model.infer(values))[0]
    return model.predict(values)


def _draw(
    model: keras2cv.Predictor, place: Path, sample: dict[str, Any], pictures: Pictures
) -> None:
    """Draw a sample's answer by OpenCV 4's stroke font, which every program has.

    Args:
        model: The case's.
        place: The case's folder.
        sample: Of the case; it gets the file's name.
        pictures: All of them.
    """
    values = {
        name: np.load(place.parent / value["array"])
        if "array" in value
        else pictures[value["picture"]]
        if "picture" in value
        else [pictures[frame] for frame in value["clip"]]
        for name, value in sample["inputs"].items()
    }
    rules = model.manifest.preprocessing
    assert rules is not None
    first = sample["inputs"][rules.input]
    sample["drawn_on"] = first["picture"] if "picture" in first else first["clip"][-1]
    strokes = [mock.patch("keras2cv.pixels.drawing.text.has_truetype", return_value=False)]
    if not cv2.__version__.startswith("4."):
        strokes.append(mock.patch.object(cv2, "getTextSize", text_size))
    with strokes[0], strokes[-1]:
        drawn = _answer(model, values).draw(drawable(pictures[sample["drawn_on"]], rules).copy())
    assert cv2.imwrite(str(place / "drawn.png"), drawn)
    sample["drawn"] = f"{place.name}/drawn.png"


def _save(path: Path, array: Any) -> str:
    np.save(path, np.ascontiguousarray(array))
    return f"{path.parent.name}/{path.name}"
