"""Java modules: every golden case on the distribution's OpenCV, and what is wrong in a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.reading import read_bundle
from keras2cv.codegen import generate
from keras2cv.codegen.identifier import identifier
from keras2cv.codegen.java.reserved_words import RESERVED
from keras2cv.errors import UsageError
from support.clips import write_clip
from support.drawn_image import draw_image
from support.golden import assert_answers, cases_for
from support.java_machine import run_jobs, run_main
from support.pixel_bundles import CATS_AND_DOGS, Write
from support.program_bundles import SPOILT, assert_same, bad_images, classifier, write_images
from support.special_bundles import DEEP, SMALL, SPECIAL_BUNDLES, mixed, picture

PACKAGE: Final = "keras2cv.bundle"
Case = Mapping[str, Any]


@dataclass(frozen=True)
class Answered:
    """A golden case, and what its module gives.

    Attributes:
        case: The golden case.
        answers: A JSON line for each sample.
        outs: For each sample, where its blob (.blob) and its picture (.png) lie.
    """

    case: Case
    answers: tuple[str, ...]
    outs: tuple[Path, ...]


@pytest.fixture(scope="module")
def answered(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answered]:
    """Compile each module that differs, and answer all samples in one process."""
    folder = tmp_path_factory.mktemp("java")
    record = json.loads(golden.read_text(encoding="utf-8"))
    modules: dict[str, Path] = {}
    jobs: list[list[object]] = []
    found: dict[str, Answered] = {}
    for number, case in enumerate(cases_for(golden, "java")):
        module = _module(golden.parent / case["bundle"], folder / f"module{number}", modules)
        outs = tuple(folder / f"{number}_{k}" for k in range(len(case["samples"])))
        for sample, out in zip(case["samples"], outs, strict=True):
            files = _files(golden.parent, record["pictures"], sample)
            jobs.append(["predict", module, PACKAGE, golden.parent / case["bundle"], out, *files])
        found[case["name"]] = Answered(case, (), outs)
    compiles = [["compile", module] for module in modules.values()]
    replies = iter(run_jobs([*compiles, *jobs], folder / "runner"))
    assert [next(replies) for _ in compiles] == ["ok"] * len(compiles)
    return {name: _with_answers(one, replies) for name, one in found.items()}


def _module(bundle: Path, folder: Path, modules: dict[str, Path]) -> Path:
    """Return the folder of a bundle's module, or of one with the same classes."""
    files = generate(read_bundle(bundle), "java", folder)
    classes = "".join(file.read_text("utf-8") for file in files if file.suffix == ".java")
    return modules.setdefault(classes, folder)


def _files(root: Path, pictures: Mapping[str, Any], sample: Mapping[str, Any]) -> Iterator[str]:
    for name, value in sample["inputs"].items():
        if "clip" in value:
            files = [str(root / pictures[frame]["file"]) for frame in value["clip"]]
            yield f"{name}={'|'.join(files)}"
            continue
        if "array" in value:
            yield f"{name}=numbers:{root / value['array']}"
        else:
            yield f"{name}={root / pictures[value['picture']]['file']}"


def _with_answers(one: Answered, replies: Iterator[str]) -> Answered:
    return Answered(one.case, tuple(next(replies) for _ in one.outs), one.outs)


def test_every_golden_case_has_the_golden_answers(answered: Mapping[str, Answered]) -> None:
    """The classes, boxes, masks, points and texts of keras2cv, within 1e-5."""
    for one in answered.values():
        assert_answers([json.loads(line) for line in one.answers], one.case)


def test_blobs_are_those_of_the_runtime(answered: Mapping[str, Answered], golden: Path) -> None:
    """Every resize rule and interpolation."""
    compared = 0
    for one in answered.values():
        for sample, out in zip(one.case["samples"], one.outs, strict=True):
            if "blob" not in sample or not out.with_suffix(".blob").exists():
                continue
            expected = np.load(golden.parent / sample["blob"]).ravel()
            blob = np.fromfile(out.with_suffix(".blob"), "<f4")
            assert blob.size == expected.size
            near = _rounding(golden, one.case) * max(1, np.abs(expected).max())
            assert np.abs(blob - expected).max() <= near + _unit_of_16_bits(golden, one.case)
            compared += 1
    assert compared > 500


def _rounding(golden: Path, case: Case) -> float:
    """Return what a blob may differ by, relative to its largest value.

    The runtime sums `tf.image.resize`'s windows in float32 in BLAS's order, which differs by
    processor. 200 numbers summed one by one are up to 1.8e-4 of 255 away from it on an EPYC with
    AVX-512, and a golden blob 1.12e-6.
    """
    rules = read_bundle(golden.parent / case["bundle"]).manifest.preprocessing
    summed = rules is not None and rules.interpolation.startswith("tf-")
    return 2e-6 if summed else 1e-6


def _unit_of_16_bits(golden: Path, case: Case) -> float:
    """Return what one of 65536 is in a blob where cv2, another build here, resizes 16 bits."""
    rules = read_bundle(golden.parent / case["bundle"]).manifest.preprocessing
    if rules is None or rules.depth is None or rules.interpolation.startswith("tf-"):
        return 0.0
    return rules.scale / min(rules.std)


def test_pictures_are_drawn_alike(answered: Mapping[str, Answered], golden: Path) -> None:
    """The golden picture but for its texts, which OpenCV 4.6 writes in another font."""
    for one in answered.values():
        sample = one.case["samples"][-1]
        if "drawn" not in sample:
            continue
        picture = cv2.imread(str(one.outs[-1].with_suffix(".png")))
        expected = cv2.imread(str(golden.parent / sample["drawn"]))
        assert picture is not None
        assert expected is not None
        assert picture.shape == expected.shape
        differs = (np.abs(picture.astype(int) - expected) > 2).any(axis=2).mean()
        is_plain = one.case["task"] == "image"
        # 21 % at most: sixty boxes that overlap, of whose texts some lie elsewhere.
        assert differs <= (0 if is_plain else 0.25), one.case["name"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a module for the tiny classifier, compiled."""
    folder = tmp_path_factory.mktemp("program")
    generate(classifier()(folder / "bundle.cv"), "java", folder)
    assert run_jobs([["compile", folder]], folder / "runner") == ["ok"]
    return folder


def test_a_spoilt_bundle_is_one_sentence(program: Path, tmp_path: Path) -> None:
    """Missing, altered, too new, or of another kind: what is wrong, and what to do."""
    photo = write_images(tmp_path)[0]
    jobs: list[list[object]] = []
    for name, (spoil, _) in SPOILT.items():
        bundle = classifier()(tmp_path / name / "cat.cv").folder
        spoil(bundle)
        jobs.append(["predict", program, PACKAGE, bundle, tmp_path / "out", f"image={photo}"])
    altered = classifier()(tmp_path / "altered.cv").folder
    content = bytearray((altered / "model.onnx").read_bytes())
    content[-1] ^= 1
    (altered / "model.onnx").write_bytes(content)
    jobs.append(["predict", program, PACKAGE, altered, tmp_path / "out", f"image={photo}"])
    replies = run_jobs(jobs, tmp_path / "runner")
    for reply, words in zip(replies, [*(w for _, w in SPOILT.values()), "SHA-256"], strict=True):
        assert reply.startswith(f"{PACKAGE}.BundleException: "), reply
        assert words in reply


SAYS_MORE: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "depth": (("preprocessing", "depth"), "preprocessing.depth is unknown to this program"),
    "pictures": (("more_pictures",), "The bundle has more_pictures"),
    "text": (("front",), "The bundle has front, which this program does not know"),
    "states": (("states",), "The bundle has states"),
    "later": (("twist",), "manifest.json: twist is unknown to this program"),
    "of the task": (("task", "twist"), "task.twist is unknown to this program"),
    "of boxes": (("task", "detect", "masks"), "task.detect.masks is unknown to this program"),
    "points": (("task", "detect", "points"), "task.detect.points is unknown to this program"),
    "classes": (("task", "detect", "multi_label"), "task.detect.multi_label is unknown to this"),
    "a head": (("task", "detect", "head"), "task.detect.head is unknown to this program"),
}


def test_a_bundle_that_says_more_than_the_program_reads(program: Path, tmp_path: Path) -> None:
    """A later bundle in the old one's place is refused in a sentence, and not misread."""
    photo = write_images(tmp_path)[0]
    boxes = tmp_path / "boxes"
    generate(CATS_AND_DOGS(boxes / "bundle.cv"), "java", boxes)
    jobs: list[list[object]] = []
    for number, (path, _) in enumerate(SAYS_MORE.values()):
        module, write = (boxes, CATS_AND_DOGS) if "detect" in path else (program, classifier())
        bundle = write(tmp_path / f"{number}.cv").folder
        _say_more(bundle / "manifest.json", path)
        jobs.append(["predict", module, PACKAGE, bundle, tmp_path / "out", f"image={photo}"])
    replies = run_jobs([["compile", boxes], *jobs], tmp_path / "runner")
    assert replies[0] == "ok"
    for reply, (_, words) in zip(replies[1:], SAYS_MORE.values(), strict=True):
        assert reply.startswith(f"{PACKAGE}.BundleException: "), reply
        assert words in reply


def _write_inputs(folder: Path) -> dict[str, tuple[Path, Any]]:
    """Write a picture or numbers for each input of `NAMED`: name -> the file, and what is in it."""
    rng = np.random.default_rng(5)
    arrays = {
        "scan.png": rng.integers(0, 65536, (20, 31, 3)).astype(np.uint16),
        "left.png": draw_image(40, 30),
        "right.png": draw_image(25, 18, 2),
        "bands.npy": rng.integers(0, 256, (14, 22, 5)).astype(np.uint8),
        "facts.npy": rng.normal(size=(1, 3)).astype(np.float32),
    }
    for file, array in arrays.items():
        if file.endswith(".npy"):
            np.save(folder / file, array)
        else:
            assert cv2.imwrite(str(folder / file), array)
    return {file[:-4]: (folder / file, array) for file, array in arrays.items()}


NAMED: Final[Mapping[str, Write]] = {
    "two pictures": mixed(picture("left"), picture("right", **SMALL)),
    "16 bits and numbers": mixed(picture("scan", **DEEP), numbers=("facts",)),
    "channels beside a picture": mixed(
        picture("bands", color="CHANNELS", mean=(90.0,) * 5, std=(1.1,) * 5),
        picture("right", **SMALL),
    ),
    "channels": mixed(picture("bands", color="CHANNELS", mean=(90.0,) * 5, std=(1.1,) * 5)),
}


def test_the_program_reads_every_kind_of_input(tmp_path: Path) -> None:
    """Files by the names of inputs: two pictures, 16 bits, further channels, numbers."""
    given = _write_inputs(tmp_path)
    for name, write in NAMED.items():
        generate(write(tmp_path / name / "bundle.cv"), "java", tmp_path / name)
    compiled = run_jobs([["compile", tmp_path / name] for name in NAMED], tmp_path / "runner")
    assert compiled == ["ok"] * len(NAMED)
    for name in NAMED:
        model = keras2cv.load(tmp_path / name / "bundle.cv")
        inputs = {tensor.name: given[tensor.name] for tensor in model.manifest.inputs}
        files = [f"{key}={path}" for key, (path, _) in inputs.items()]
        if len(inputs) == 1:
            files = [str(path) for path, _ in inputs.values()]
        drawn = tmp_path / name / "drawn.png"
        arguments = (tmp_path / name / "bundle.cv", *files, "--json", "--save", drawn)
        found = run_main(tmp_path / name / "classes", PACKAGE, *arguments)
        assert (found.stderr, found.returncode) == ("", 0), name
        expected = model.predict({key: value for key, (_, value) in inputs.items()}).to_dict()
        assert_same({key: json.loads(found.stdout)[key] for key in expected}, expected, 1e-5)
        assert drawn.exists()


def test_the_program_cuts_clips(tmp_path: Path) -> None:
    """From images that follow each other, and from a video; a short one is refused by numbers."""
    bundles = SPECIAL_BUNDLES["clips of"]
    names = ("a clip", "a clip and numbers")
    for name in names:
        generate(bundles[name](tmp_path / name / "bundle.cv"), "java", tmp_path / name)
    compiled = run_jobs([["compile", tmp_path / name] for name in names], tmp_path / "runner")
    assert compiled == ["ok", "ok"]
    folder = tmp_path / "a clip"
    frames = [draw_image(24, 18, seed=number) for number in range(5)]
    files = [tmp_path / f"{number}.png" for number in range(5)]
    for file, frame in zip(files, frames, strict=True):
        assert cv2.imwrite(str(file), frame)
    run = partial(run_main, folder / "classes", PACKAGE, folder / "bundle.cv")
    found = run(*files, "--json")
    assert (found.stderr, found.returncode) == ("", 0)
    model = keras2cv.load(folder / "bundle.cv")
    for line, first in zip(found.stdout.splitlines(), (0, 2), strict=True):  # hop 2
        expected = model.predict({"clip": frames[first : first + 3]}).to_dict()
        answer = json.loads(line)
        assert_same({key: answer[key] for key in expected}, expected, 1e-5)
        assert answer["file"] == f"{files[0]}..{first + 2}.png"
    write_clip(tmp_path / "clip.avi", 6)
    found = run(tmp_path / "clip.avi")
    assert (found.stderr, found.returncode) == ("", 0)
    assert [line.split(": ")[0] for line in found.stdout.splitlines()] == [
        f"{tmp_path}/clip.avi:000000-000002", f"{tmp_path}/clip.avi:000002-000004"
    ]  # fmt: skip
    write_clip(tmp_path / "short.avi", 2)
    for sources, words in (
        ([tmp_path / "short.avi"], "A clip covers 3 frames, and there are only 2"),
        (files[:2], "A clip covers 3 frames, and there are only 2"),
        ([tmp_path / "no.avi"], "no.avi neither as an image nor as a video"),
    ):
        found = run(*sources)
        assert (found.returncode, found.stdout) == (1, "")
        assert words in found.stderr
    np.save(tmp_path / "facts.npy", np.zeros((1, 3), np.float32))
    both = tmp_path / "a clip and numbers"
    given = (f"clip={tmp_path / 'clip.avi'}", f"facts={tmp_path / 'facts.npy'}")
    found = run_main(both / "classes", PACKAGE, both / "bundle.cv", *given, "--json")
    assert (found.stderr, found.returncode) == ("", 0)
    given = (f"clip={tmp_path / 'short.avi'}", given[1])
    found = run_main(both / "classes", PACKAGE, both / "bundle.cv", *given)
    assert "A clip covers 3 frames, and there are only 2" in found.stderr


def test_a_pixel_and_strips_are_answered_or_refused(program: Path, tmp_path: Path) -> None:
    """As the runtime answers 1x1, 1x20000 and 20000x1; to pad these takes gigabytes."""
    strips = {"pixel": (1, 1, 3), "tall": (20_000, 1, 3), "wide": (1, 20_000, 3)}
    for name, shape in strips.items():
        pixels = np.random.default_rng(7).integers(0, 256, shape).astype(np.uint8)
        assert cv2.imwrite(str(tmp_path / f"{name}.png"), pixels)
    tries = [
        (classifier(resize=rule, pad=None if rule == "stretch" else 7)(tmp_path / rule), name)
        for rule in ("stretch", "letterbox", "pad")
        for name in (strips if rule != "pad" else ("tall", "wide"))
    ]
    replies = run_jobs(
        [
            ["predict", program, PACKAGE, bundle.folder, tmp_path / "out",
             f"image={tmp_path / name}.png"]
            for bundle, name in tries
        ],
        tmp_path / "runner",
    )  # fmt: skip
    for (bundle, name), reply in zip(tries, replies, strict=True):
        model, image = keras2cv.load(bundle.folder), cv2.imread(str(tmp_path / f"{name}.png"))
        if bundle.folder.name != "pad":
            result: Any = model.predict(image)
            answer = json.loads(reply)
            assert_same({key: answer[key] for key in result.to_dict()}, result.to_dict(), 1e-5)
            continue
        with pytest.raises(UsageError) as refused:
            model.predict(image)
        assert reply == f"{PACKAGE}.BundleException: {refused.value}"


def _say_more(manifest: Path, path: tuple[str, ...]) -> None:
    value = json.loads(manifest.read_text("utf-8"))
    record = value
    for key in path[:-1]:
        record = record[key]
    record[path[-1]] = [{"output": "x"}]
    manifest.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")


def test_the_program_prints_and_draws(program: Path, tmp_path: Path) -> None:
    """A line, JSON, a picture; a wrong word or file ends in a sentence and a code."""
    bundle = program / "bundle.cv"
    photo, drawn = write_images(tmp_path)[0], tmp_path / "drawn.png"
    classes = program / "classes"
    found = run_main(classes, PACKAGE, bundle, photo, "--top", "2", "--save", drawn)
    assert (found.stderr, found.returncode) == ("", 0)
    assert found.stdout.startswith(f"{photo}: ")
    assert found.stdout.count(" 0.") == 2
    assert cv2.imread(str(drawn)) is not None
    found = run_main(classes, PACKAGE, bundle, photo, "--json")
    assert json.loads(found.stdout)["file"] == str(photo)
    found = run_main(classes, PACKAGE, bundle, photo, "--tops", "2")
    assert found.returncode == 2
    assert found.stderr.startswith("error: There is no option --tops.\nusage: Main BUNDLE ")
    for path, words in bad_images(tmp_path).items():
        found = run_main(classes, PACKAGE, bundle, path)
        assert (found.returncode, found.stdout) == (1, "")
        assert words in found.stderr
        assert found.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cat.cv", "cat"),
        ("My Model-2.cv", "my_model_2"),
        ("3d.cv", "model_3d"),
        ("class.cv", "class_model"),
        ("猫.cv", "u732b"),
        ("a*/b", "a_b"),
    ],
)
def test_a_package_is_named_after_its_bundle(name: str, expected: str) -> None:
    """Whatever the folder is called, Java takes the name."""
    assert identifier(name, RESERVED) == expected


def test_two_modules_live_in_one_program(tmp_path: Path) -> None:
    """Each bundle has a package of its own."""
    for name in ("one", "two"):
        generate(classifier()(tmp_path / f"{name}.cv"), "java", tmp_path / name)
        shutil.copytree(tmp_path / name / "src", tmp_path / "app" / "src", dirs_exist_ok=True)
    photo = write_images(tmp_path)[0]
    jobs: list[list[object]] = [["compile", tmp_path / "app"]]
    for name in ("one", "two"):
        bundle = tmp_path / f"{name}.cv"
        out = tmp_path / "out"
        jobs.append(
            ["predict", tmp_path / "app", f"keras2cv.{name}", bundle, out, f"image={photo}"]
        )
    compiled, *answers = run_jobs(jobs, tmp_path / "runner")
    assert compiled == "ok"
    assert answers[0] == answers[1]
