"""Bundles for generated programs: one for every branch a program has, and ways to spoil one."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from onnx import helper

import keras2cv
from keras2cv.bundle.manifest import (
    ChosenScore,
    ChosenScores,
    Engine,
    InputTensor,
    OutputTensor,
    Preprocessing,
    Task,
)
from keras2cv.bundle.reading import Bundle
from keras2cv.bundle.writing import write_bundle
from keras2cv.net.engines import ENGINES
from keras2cv.schema.vocabulary import INTERPOLATIONS
from support.drawn_image import draw_image
from support.pixel_bundles import CATS_AND_DOGS, PIXEL_BUNDLES
from support.text_bundles import TEXT_BUNDLES
from support.tiny_bundle import (
    ANY_ENGINE,
    HEIGHT,
    LABELS,
    RAW,
    WIDTH,
    Classifier,
    manifest_of,
    net,
    npz,
)

Write: TypeAlias = Callable[[Path], Bundle]

TORCH = {
    "mean": (123.675, 116.28, 103.53),
    "scale": 1 / 255,
    "std": (0.229, 0.224, 0.225),
    "source": "preset torch",
}
IMAGE_SIZES_WH = ((67, 41), (30, 90), (13, 11), (200, 31), (48, 36), (500, 380))


def classifier(batch: int = 1, task: Mapping[str, Any] = {}, **preprocessing: Any) -> Write:
    """Return a writer of the tiny classifier with other preprocessing, batch or task."""

    def write(folder: Path) -> Bundle:
        tiny = Classifier(batch)
        manifest = tiny.manifest()
        assert manifest.preprocessing is not None
        manifest = manifest.replace(
            preprocessing=dataclasses.replace(manifest.preprocessing, **preprocessing),
            task=dataclasses.replace(manifest.task, **task),
        )
        files: dict[str, bytes | Path] = {"model.onnx": tiny.onnx(), "selftest.npz": b""}
        return write_bundle(folder, manifest, files)

    return write


def features(
    *outputs: OutputTensor,
    task: Task,
    color: str = "BGR",
    channels: int = 3,
    engine: Engine = ANY_ENGINE,
    **preprocessing: Any,
) -> Write:
    """Return a writer of a net with outputs `map` (1, 4, H, W), `means` (1, 4), `logit` (1, 1).

    Unlike the classifier's, its outputs depend on places in the image.

    Args:
        *outputs: Those in the manifest.
        task: Of the manifest.
        color: "BGR", "RGB" or "GRAY".
        channels: Of the input.
        engine: Of the manifest.
        **preprocessing: Other fields of the preprocessing.
    """

    def write(folder: Path) -> Bundle:
        rng = np.random.default_rng(23)
        weights = {
            "kernel": rng.normal(size=(4, channels, 3, 3)).astype(np.float32),
            "bias": np.float32([-0.4, 0.3, 0.2, -60]),  # the last feature is never positive
            "matrix": rng.normal(size=(1, 4)).astype(np.float32),
        }
        pads = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
        nodes = [
            helper.make_node("Conv", ["image", "kernel", "bias"], ["conv"], **pads),
            helper.make_node("Relu", ["conv"], ["map"]),
            helper.make_node("GlobalAveragePool", ["map"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["means"], axis=1),
            helper.make_node("Gemm", ["means", "matrix"], ["logit"], transB=1),
        ]
        used = {tensor.net_name: tensor.net_shape for tensor in outputs}
        model = net(nodes, {"image": (1, channels, HEIGHT, WIDTH)}, used, weights)
        keras, in_net = (1, HEIGHT, WIDTH, channels), (1, channels, HEIGHT, WIDTH)
        rules = Preprocessing(
            input="photo",
            color=color,  # type: ignore[arg-type]
            size_wh=(WIDTH, HEIGHT),
            resize="stretch",
            interpolation="linear",
            mean=(33.3, 44.4, 55.5)[:channels],
            scale=1 / 77,
            std=(1.7, 0.9, 1.3)[:channels],
            source="file",
        )
        manifest = manifest_of(
            model,
            inputs=(InputTensor("photo", "image", keras, in_net, "NCHW", "float32"),),
            outputs=outputs,
            task=task,
            preprocessing=dataclasses.replace(rules, **preprocessing),
            engine=engine,
        )
        return write_bundle(folder, manifest, {"model.onnx": model, "selftest.npz": npz({})})

    return write


MAP = OutputTensor(
    "heat map", "map", (1, HEIGHT, WIDTH, 4), (1, 4, HEIGHT, WIDTH), "NCHW", "float32", True
)
MEANS = OutputTensor("means", "means", (1, 4), (1, 4), "same", "float32", True)
LOGIT = OutputTensor("logit", "logit", (1, 1), (1, 1), "same", "float32", True)
COUNTS = dataclasses.replace(MEANS, name="counts", dtype="int32")
FLAGS = dataclasses.replace(MAP, name="flags", dtype="bool")
FIXED = dataclasses.replace(MEANS, name="fixed", batched=False)

# The interpolations that are a call of cv2.resize, or pick a pixel each. Programs do the others,
# which are filters, by themselves.
CV2_ALONE = (
    "nearest", "linear", "area", "cubic", "lanczos4", "tf-bilinear", "tf-nearest", "pil-nearest",
)  # fmt: skip
FILTERS = tuple(name for name in INTERPOLATIONS if name not in CV2_ALONE)
# The other fields that each rule for sizes needs.
RULES: Mapping[str, Mapping[str, Any]] = {
    "stretch": {},
    "letterbox": {"pad": 50},
    "pad": {"pad": 50},
    "center-crop": {},
}


def filtered(interpolation: str, rule: str = "stretch") -> Write:
    """Return a writer of a net whose outputs show every pixel that was resized so."""
    return features(MAP, task=RAW, resize=rule, interpolation=interpolation, **RULES[rule])


# No program runs it where this OpenCV, which the programs are compared with, lacks the engine.
_CLASSIC = Engine("classic", fusion=False, winograd=False)
_FOR_CLASSIC: Mapping[str, Write] = {
    f"{engine} engine": features(MEANS, task=Task("classify", "means", "linear"), engine=_CLASSIC)
    for engine in ENGINES
    if engine == "classic"
}


def chosen(write: Write, *scores: float) -> Write:
    """Return a writer of the same bundle with thresholds that were chosen on data."""

    def rewrite(folder: Path) -> Bundle:
        bundle = write(folder)
        found = tuple(ChosenScore(str(s), s, 0.9, 0.8, 0.85, 7) for s in scores)
        manifest = bundle.manifest.replace(
            task=dataclasses.replace(bundle.manifest.task, class_scores=scores),
            chosen_scores=ChosenScores("f1", "data: a folder per class", 21, "5.0.0", found),
        )
        names = (bundle.model_path, bundle.selftest_path)
        return write_bundle(folder, manifest, {path.name: path.read_bytes() for path in names})

    return rewrite


BUNDLES: Mapping[str, Write] = {
    "stretch": classifier(),
    "bgr": classifier(color="BGR", mean=(103.939, 116.779, 123.68), scale=1.0),
    "torch std": classifier(**TORCH),
    "letterbox": classifier(resize="letterbox", pad=114, **TORCH),
    "padded": classifier(resize="pad", pad=114, **TORCH),
    "letterbox in floats": classifier(resize="letterbox", pad=7, interpolation="tf-bilinear"),
    "center-crop": classifier(resize="center-crop", interpolation="area"),
    "center-crop in floats": classifier(resize="center-crop", interpolation="tf-bilinear"),
    "nearest": classifier(interpolation="nearest"),
    "Pillow's nearest": classifier(interpolation="pil-nearest"),
    "Pillow's nearest, crop": classifier(resize="center-crop", interpolation="pil-nearest"),
    "TensorFlow's nearest, letterbox": classifier(
        resize="letterbox", pad=9, interpolation="tf-nearest"
    ),
    "TensorFlow's nearest, crop": classifier(resize="center-crop", interpolation="tf-nearest"),
    "lanczos4": classifier(interpolation="lanczos4"),
    "three samples at a time": classifier(batch=3),
    "no labels, no softmax": classifier(task={"labels": None, "scores": "linear"}),
    "gray": features(
        MEANS, task=Task("classify", "means", "logits", LABELS[:4]), color="GRAY", channels=1
    ),
    **_FOR_CLASSIC,
    "binary": features(LOGIT, task=Task("binary", "logit", "logits", ("naïve", "wise"))),
    "binary, one label": features(LOGIT, task=Task("binary", "logit", "logits", ("猫",))),
    "a chosen score": chosen(
        features(LOGIT, task=Task("binary", "logit", "logits", ("no", "yes"))), 0.501
    ),
    "chosen scores of classes": chosen(classifier(), *[0.59] * len(LABELS)),
    "chosen scores of boxes": chosen(
        CATS_AND_DOGS,
        0.7,
        0.3,
    ),
    "regress": features(MEANS, task=Task("regress", "means", labels=("a", "b", 'c"d', "e\\f"))),
    "regress a map": features(MAP, task=Task("regress", "heat map")),
    "raw": features(MAP, LOGIT, task=RAW),
    "raw letterbox": features(MAP, task=RAW, resize="letterbox", pad=50),
    "raw center-crop": features(MAP, task=RAW, resize="center-crop"),
    "raw integers": features(COUNTS, task=RAW),
    "raw flags": features(FLAGS, task=RAW),
    "raw without batch": features(FIXED, task=RAW),
    "Pillow's lanczos": filtered("pil-lanczos"),
    "Pillow 13's bicubic, crop": filtered("pil13-bicubic", "center-crop"),
    "TensorFlow's bicubic": filtered("tf-bicubic"),
    "TensorFlow's antialias, letterbox": filtered("tf-bilinear-antialias", "letterbox"),
    "gray, Pillow's hamming": features(
        MAP, task=RAW, color="GRAY", channels=1, interpolation="pil-hamming"
    ),
    "gray, TensorFlow's area": features(
        MAP, task=RAW, color="GRAY", channels=1, interpolation="tf-area"
    ),
    **PIXEL_BUNDLES,
    **TEXT_BUNDLES,
}


def write_images(folder: Path) -> list[Path]:
    """Write six drawn PNGs of different sizes, which every OpenCV decodes alike."""
    paths = [folder / f"photo{number}.png" for number in range(len(IMAGE_SIZES_WH))]
    for path, size_wh in zip(paths, IMAGE_SIZES_WH, strict=True):
        assert cv2.imwrite(str(path), draw_image(*size_wh))
    return paths


def expected_samples(bundle: Bundle, words: Sequence[str]) -> list[dict[str, Any]]:
    """Return keras2cv's answers for NAME=FILE words: a record per sample."""
    model, count = keras2cv.load(bundle.folder), len(bundle.manifest.inputs)
    records = []
    for start in range(0, len(words), count):
        sample: dict[str, Any] = {}
        for tensor, word in zip(bundle.manifest.inputs, words[start : start + count], strict=True):
            file = word.partition("=")[2]
            if file.endswith(".png"):
                sample[tensor.name] = cv2.imread(file)
            else:
                sample[tensor.name] = np.load(file).reshape(1, *tensor.keras_shape[1:])
        is_image = bundle.manifest.preprocessing is not None
        whole = model.predict(sample) if is_image else model.results_of(model.infer(sample))
        result: Any = whole[0] if isinstance(whole, list) else whole
        name = " ".join(words[start : start + count])
        records.append({"source": name, **result.to_dict()})
    return records


def assert_same_lines(stdout: str, expected: Sequence[Any], tolerance: float) -> None:
    """Raise unless the lines of JSON are those, numbers within the tolerance."""
    for line, record in zip(stdout.splitlines(), expected, strict=True):
        assert_same(json.loads(line), record, tolerance)


def all_values(bundle: Bundle) -> list[str]:
    """Return the options that make a program print all of `to_dict`."""
    return ["--json", "--top", "5"] if bundle.manifest.task.kind == "classify" else ["--json"]


def assert_predicts(
    stdout: str, bundle: Bundle, images: Sequence[Path], *, tolerance: float
) -> None:
    """Raise unless a program's lines equal the Predictor's results for `images`.

    Args:
        stdout: The program's output, a line of JSON per image.
        bundle: The bundle.
        images: Files.
        tolerance: Allowed difference, relative to an output's largest number where that is above 1.
    """
    model = keras2cv.load(bundle.folder)
    for path, line in zip(images, stdout.splitlines(), strict=True):
        result = model.predict(cv2.imread(str(path)))
        found = json.loads(line)
        found.pop("cosine_distance", None)
        assert_same(found, {"source": str(path), **result.to_dict()}, tolerance)


def assert_same(found: Any, expected: Any, tolerance: float) -> None:
    """Raise unless a value of JSON is the expected one.

    Args:
        found: The value.
        expected: Its keys have the same order.
        tolerance: As in `assert_predicts`.
    """
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert_same(found[key], value, tolerance)
    elif isinstance(expected, list) and (not expected or isinstance(expected[0], dict)):
        for pair in zip(found, expected, strict=True):
            assert_same(*pair, tolerance)
    elif (numbers := np.array(expected)).dtype.kind == "f":
        scale = max(1.0, float(np.abs(numbers).max()))
        np.testing.assert_allclose(found, numbers, rtol=0, atol=tolerance * scale)
        assert np.shape(found) == numbers.shape
    else:
        assert found == expected


def _edit(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], object]:
    def spoil(bundle: Path) -> None:
        path = bundle / "manifest.json"
        value = json.loads(path.read_text(encoding="utf-8"))
        change(value)
        path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")

    return spoil


def _set(record: str, key: str, value: Any) -> Callable[[Path], object]:
    return _edit(lambda manifest: manifest[record].update({key: value}))


# name -> how a bundle of the tiny classifier is spoilt, and the program's error.
SPOILT: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "gone": (lambda bundle: bundle.rename(bundle.with_name("moved")), "is not a bundle"),
    "not JSON": (lambda b: (b / "manifest.json").write_text("{{ :", "utf-8"), "is not JSON"),
    "empty": (lambda b: (b / "manifest.json").write_text("", "utf-8"), "is not JSON"),
    "a list": (lambda b: (b / "manifest.json").write_text("[1]", "utf-8"), "manifest.json"),
    "newer": (_edit(lambda m: m.update(schema=2)), "schema is 2, this program reads 1"),
    "no task": (_edit(lambda m: m.pop("task")), "task"),
    "no scale": (_edit(lambda m: m["preprocessing"].pop("scale")), "scale"),
    "a size in words": (_set("preprocessing", "size", "big"), "manifest.json"),
    "another size": (_set("preprocessing", "size", [WIDTH, HEIGHT + 1]), "preprocessing.size"),
    "another kind": (_set("task", "kind", "raw"), "The bundle's task is raw, this program is for"),
    "another output": (_set("task", "output", "nope"), "nope"),
    "too few labels": (_set("task", "labels", ["cat"]), "task.labels must be one per class"),
    "a rule of its own": (_set("preprocessing", "resize", "zoom"), "no resize rule zoom"),
    "Pillow's": (_set("preprocessing", "interpolation", "pil-box"), "no interpolation pil-box"),
    "no arrays": (_edit(lambda m: m.pop("preprocessing")), "preprocessing"),
    "no batch": (_set("model", "batch", 0), "batch"),
    "no model": (lambda bundle: (bundle / "model.onnx").unlink(), "model.onnx is missing"),
    "half a model": (lambda b: (b / "model.onnx").write_bytes(b"\x08"), "Copy the bundle again"),
}


def bad_images(folder: Path) -> dict[str, str]:
    """Return paths that are not images -> the program's error."""
    text, empty = folder / "words.png", folder / "empty.png"
    text.write_text("not an image", encoding="utf-8")
    empty.write_bytes(b"")
    missing = folder / "missing.png"
    return {
        str(missing): f"{missing} cannot be opened",
        str(text): f"cannot decode {text} as an image",
        str(empty): f"cannot decode {empty} as an image",
    }
