"""Read a file of each kind as the product does, and check the answer.

Each function takes the folder of the mutated files, follows the steps of a verb of the command
line, and returns if the answer is right. It raises `WrongAnswer` if it is not; errors of
`keras2cv.errors` mean that the file was refused.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import random
import warnings
from collections.abc import Callable
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import Bundle, read_bundle, read_manifest, sha256_of
from keras2cv.errors import Keras2cvWarning, NetError

Array = NDArray[Any]
Try: TypeAlias = Callable[[Path, random.Random], None]

_PERTURB = -6  # M_PERTURB of malloc.h
MOST_ELEMENTS = 2**20  # of an input that is filled; larger ones are only declared


class WrongAnswer(AssertionError):  # noqa: N818 - reads as a sentence
    """The file was accepted, and the answer does not match its contents."""


def try_manifest(folder: Path, _: random.Random) -> None:
    """`keras2cv info`: the manifest is read, survives writing, and can be shown."""
    from keras2cv.cli.card import describe
    from keras2cv.cli.snippet import opencv_snippet

    manifest = read_manifest(folder)
    _expect(Manifest.from_json(manifest.to_json()) == manifest, "does not survive writing")
    shown = "\n".join(describe(manifest)) + opencv_snippet(manifest, folder)
    _expect("\x1b" not in shown, "controls the terminal")


def try_bundle(folder: Path, _: random.Random) -> None:
    """Everything that is read of a bundle before a net is loaded: what passes is unaltered."""
    from keras2cv.bundle.golden_vectors import read_golden_vectors

    bundle = read_bundle(folder)
    model = bundle.manifest.model
    _expect(sha256_of(bundle.model_path) == model.sha256, "another file than the manifest's")
    _expect(bundle.model_path.resolve().is_relative_to(folder.resolve()), "outside the bundle")
    if bundle.selftest_path.exists():
        golden = read_golden_vectors(bundle.selftest_path, bundle.manifest)
        if golden.image is not None:
            golden.image.decode()


def try_net(folder: Path, rng: random.Random) -> None:
    """The worker's job: load the net, and infer; every output must match the manifest."""
    _infer(replace(read_bundle(folder), unknown=None), rng)  # this process may die


def try_followed(folder: Path, rng: random.Random) -> None:
    """A net that was followed runs in the user's own process: it must survive, and leak nothing.

    It runs twice, while fresh memory is filled with different bytes.

    Raises:
        NetError: It was not followed, so that the product tries it elsewhere first.
    """
    bundle = read_bundle(folder)
    if bundle.unknown is not None:
        raise NetError(f"not followed: {bundle.unknown}")
    seed, answers = rng.randrange(2**32), []
    for fill in (85, 170):
        ctypes.CDLL(None).mallopt(_PERTURB, fill)
        answers.append(_infer(bundle, random.Random(seed), returned=True))  # noqa: S311
    for first, second in zip(*answers, strict=True):
        _expect(np.array_equal(first, second, equal_nan=True), "an answer that holds memory")


def try_changing(folder: Path, rng: random.Random) -> None:
    """The file changes between the check and the load: the bytes that were checked are loaded."""
    bundle = read_bundle(folder)
    path = bundle.model_path
    match rng.randrange(3):
        case 0:
            path.write_bytes(rng.randbytes(path.stat().st_size))
        case 1:
            os.truncate(path, rng.randrange(path.stat().st_size))
        case _:
            path.unlink()
    _infer(replace(bundle, unknown=None), rng)


def try_run(folder: Path, rng: random.Random) -> None:
    """`keras2cv run` and `selftest`: a whole net behind a manifest that disagrees with it."""
    from keras2cv.selftest import run_selftest

    bundle = replace(read_bundle(folder), unknown=None)
    model = _infer(bundle, rng)
    if bundle.manifest.preprocessing is not None and len(bundle.manifest.inputs) == 1:
        image = np.random.default_rng(rng.randrange(99)).integers(0, 256, (9, 13, 3), np.uint8)
        result = model.predict(image)
        result.to_dict()
        if hasattr(result, "draw"):
            result.draw(image)
    if bundle.selftest_path.exists():
        run_selftest(model)


def try_inspect(folder: Path, _: random.Random) -> None:
    """`keras2cv inspect`: read an ONNX file as far as is done outside a child process."""
    from keras2cv_export.inspecting import survey
    from keras2cv_export.inspecting.opening import Opened
    from keras2cv_export.model.onnx_files.reading import read_onnx
    from keras2cv_export.verifying.probing import input_shapes

    path = folder / "model.onnx"
    model = read_onnx(path)
    survey(Opened(path.name, model, path), ("4.6", "5.0 new"))
    input_shapes(model)


def try_look(folder: Path, _: random.Random) -> None:
    """`keras2cv export`, up to the moment when Keras loads the file."""
    from keras2cv_export.model.config import read_saved
    from keras2cv_export.model.load.own_code import own_objects, refuse_unknown
    from keras2cv_export.model.untrusted.danger import refuse
    from keras2cv_export.model.untrusted.dangers import dangers

    (path,) = folder.iterdir()
    saved = read_saved(path)
    refuse(path, dangers(saved.config), unsafe=False)
    refuse_unknown(path, saved.config, own_objects((), saved.config))


def try_load(folder: Path, _: random.Random) -> None:
    """`keras2cv export`, until the model is loaded and its inputs are known."""
    from keras2cv_export.model.load import load_model

    (path,) = folder.iterdir()
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = load_model(path)
    _expect(bool(loaded.inputs), "no inputs")


def try_arrays(folder: Path, _: random.Random) -> None:
    """Arrays as `run` and `export --samples` take them: NumPy reads them, without objects."""
    from keras2cv.streams.frames import BrokenSource, Sample
    from keras2cv.streams.sources import find_sources, read_sources
    from keras2cv_export.model.spec import TensorSpec
    from keras2cv_export.verifying.sample_files import load_samples

    (path,) = folder.iterdir()
    (item,) = read_sources(find_sources([str(path)]))
    if isinstance(item, Sample):
        for array in item.arrays.values():
            _expect(array.dtype.kind in "biufcUSVM", f"an array of {array.dtype}")
            _expect(array.nbytes < 2**31, "more than is allowed")
    else:
        _expect(isinstance(item, BrokenSource), "neither arrays nor a complaint")
    inputs = [TensorSpec("arr_0", (None, 3, 4), "float32"), TensorSpec("n", (None,), "int64")]
    load_samples(path, inputs if path.suffix == ".npz" else inputs[:1])


def try_labels(folder: Path, _: random.Random) -> None:
    """`--labels FILE`: as many names as lines, none empty."""
    from keras2cv_export.tasks.labels import read_labels

    labels = read_labels(folder / "labels.txt")
    _expect(labels is not None and all(labels), "an empty label")


def try_preprocess(folder: Path, _: random.Random) -> None:
    """`--preprocess FILE.json`: rules that are consistent."""
    from keras2cv_export.model.spec import TensorSpec
    from keras2cv_export.tasks.presets import Geometry, preprocessing

    image = TensorSpec("photo", (1, 20, 24, 3), "float32")
    rules = preprocessing(folder / "preprocess.json", image, Geometry(), "file")
    _expect(0 not in rules.std and len(rules.mean) == 3, "rules that divide by zero")


def try_lines(folder: Path, _: random.Random) -> None:
    """`--resume`: the lines that stay are whole."""
    import json

    from keras2cv.cli.resume import answered

    path = folder / "lines.jsonl"
    names = answered(path)
    kept = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    _expect({line["source"] for line in kept} == names, "other lines than it says")


def try_pictures(folder: Path, _: random.Random) -> None:
    """Pictures and films as `run` reads them: frames, or an error message in their place."""
    from keras2cv.streams.frames import BrokenSource, Frame
    from keras2cv.streams.sources import find_sources, read_sources

    (path,) = folder.iterdir()
    for item in read_sources(find_sources([str(path)])):
        _expect(isinstance(item, Frame | BrokenSource), f"a {type(item).__name__}")


def _infer(bundle: Bundle, rng: random.Random, *, returned: bool = False) -> Any:
    """Load the bundle, and infer something of the inputs' shapes; return the predictor.

    `returned`: return the answers instead.
    """
    from keras2cv.predictor import Predictor

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Keras2cvWarning)
        model = Predictor(bundle)  # its threads are set before the fork
    manifest = bundle.manifest
    shapes = [t.keras_shape for t in manifest.inputs] + [t.keras_shape for t in manifest.outputs]
    if max(map(prod, shapes)) > MOST_ELEMENTS:
        return [] if returned else model
    numbers = np.random.default_rng(rng.randrange(2**32))
    answers = model.infer(
        *(numbers.integers(0, 2, t.keras_shape).astype(t.dtype) for t in manifest.inputs)
    )
    for answer, tensor in zip(answers, manifest.outputs, strict=True):
        _expect(answer.shape == tensor.keras_shape, f"{answer.shape} for {tensor.keras_shape}")
        _expect(answer.dtype == tensor.dtype, f"{answer.dtype} for {tensor.dtype}")
    return answers if returned else model


def _expect(holds: bool, problem: str) -> None:
    if not holds:
        raise WrongAnswer(problem)
