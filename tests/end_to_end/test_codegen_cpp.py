"""The C++ program of every task kind: built once without a warning, then run on many bundles.

`support/cmake.py` says with which OpenCV.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.bundle.writing import write_bundle
from keras2cv.codegen import generate
from keras2cv.codegen.cpp.source_files import library_traits
from keras2cv.errors import UsageError
from keras2cv_export import export
from support.clips import read_clip, write_clip
from support.cmake import STRICT, build, precompile, require_opencv
from support.golden import CASES, NEEDS, assert_answers, cases_for, write_cases
from support.pixel_bundles import CATS_AND_DOGS, INPUT_BUNDLES, PIXEL_BUNDLES, write_samples
from support.program_bundles import (
    BUNDLES,
    FILTERS,
    RULES,
    SPOILT,
    all_values,
    assert_predicts,
    assert_same_lines,
    bad_images,
    classifier,
    expected_samples,
    filtered,
    write_images,
)
from support.stroke_font import text_size
from support.tiny_bundle import Classifier

Program = Callable[[Bundle], Path]
# A golden case for each part of a library that the bundles below do not have; the others are slow.
SAMPLE = (
    "head: YOLOv5, crop",
    "head: YOLOv8",
    "head: prior boxes by their centres",
    "head: CenterNet, letterbox",
    "masks and keypoints of boxes",
    "a mask per box and class, letterbox",
    "rotated boxes in a table, masks of prototypes",
    "two pictures and numbers",
    "16 bits, letterbox",
    "five channels",
    "a picture, two clips and numbers",
)


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Return a function that builds the program of a bundle's kind, or finds an earlier build."""
    require_opencv(tmp_path_factory.mktemp("find"))
    headers = precompile(tmp_path_factory.mktemp("headers"))
    built: dict[tuple[str, frozenset[str]], Path] = {}

    def built_program(bundle: Bundle) -> Path:
        task = bundle.manifest.task.kind
        program = task, library_traits(bundle.manifest)
        if program not in built:
            built[program] = build_program(bundle, tmp_path_factory.mktemp(task), headers)
        return built[program]

    return built_program


def build_program(bundle: Bundle, folder: Path, headers: str) -> Path:
    """Generate, configure and compile, warnings being errors; return the program.

    Args:
        bundle: The program is for it.
        folder: Where to build it.
        headers: The flag that brings OpenCV's, compiled already.
    """
    generate(bundle, "cpp", folder)
    build(folder, f"-DCMAKE_CXX_FLAGS={STRICT}", headers)
    return folder / "build" / "predict"


def run_program(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    return subprocess.run(
        [str(program), *arguments], check=False, capture_output=True, encoding="utf-8", timeout=60
    )


@pytest.mark.parametrize("name", BUNDLES)
def test_the_program_predicts_what_keras2cv_does(
    name: str, program: Program, tmp_path: Path
) -> None:
    """Every value of every image is the Predictor's to 1e-5, on whatever OpenCV either has."""
    bundle = BUNDLES[name](tmp_path / "it's.cv")
    # Not the largest: OpenCVs with IPP (pip's) and without resize it, in float32, 2e-5 apart.
    images = write_images(tmp_path)[:5]
    options = [*map(str, images), *all_values(bundle)]
    found = run_program(program(bundle), str(bundle.folder), *options)
    assert (found.stderr, found.returncode) == ("", 0)
    assert_predicts(found.stdout, bundle, images, tolerance=1e-5)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in SAMPLE else pytest.mark.slow) for n in CASES]
)
def test_the_program_gives_the_golden_answers(name: str, program: Program, tmp_path: Path) -> None:
    """To every sample of every case that C++ does, and draws the last one."""
    golden = write_cases(tmp_path / "golden", [name])
    pictures = json.loads(golden.read_text("utf-8"))["pictures"]
    for case in cases_for(golden, "cpp"):
        bundle = read_bundle(golden.parent / case["bundle"])
        executable, drawn = program(bundle), tmp_path / "drawn.png"
        answers = []
        for sample in case["samples"]:
            words = list(golden_words(golden.parent, pictures, sample["inputs"]))
            is_one = len(words) == len(sample["inputs"])  # and no frame of a clip is a source
            save = ["--save", str(drawn)] if "drawn" in sample and is_one else []
            found = run_program(executable, str(bundle.folder), *words, *all_values(bundle), *save)
            assert (found.stderr, found.returncode) == ("", 0)
            answers.append(json.loads(found.stdout))
        assert_answers(answers, case)
        if name in NEEDS and drawn.exists():
            expected = cv2.imread(str(golden.parent / case["samples"][-1]["drawn"]))
            picture = cv2.imread(str(drawn))
            assert picture.shape == expected.shape
            differs = (np.abs(picture.astype(int) - expected) > 2).any(axis=2)
            assert differs.mean() <= 0.01 * len(answers[-1].get("detections", [])) + 0.1  # letters


def golden_words(
    root: Path, pictures: Mapping[str, Any], inputs: Mapping[str, Any]
) -> Iterator[str]:
    """Yield the arguments that name the files of a golden sample.

    Args:
        root: The folder of the golden cases.
        pictures: Of `cases.json`.
        inputs: Of the sample.
    """
    for name, value in inputs.items():
        if "clip" in value:
            frames = [root / pictures[frame]["file"] for frame in value["clip"]]
            yield from map(str, frames) if len(inputs) == 1 else [f"{name}={_pattern_of(frames)}"]
            continue
        file = value["array"] if "array" in value else pictures[value["picture"]]["file"]
        alone = len(inputs) == 1 and "picture" in value
        yield f"{root / file}" if alone else f"{name}={root / file}"


def _pattern_of(frames: Sequence[Path]) -> Path:
    """Return the pattern that names copies of some pictures, one after the other."""
    folder = frames[0].with_suffix(".frames")
    folder.mkdir(exist_ok=True)
    for number, frame in enumerate(frames):
        shutil.copy(frame, folder / f"{number:03d}{frame.suffix}")
    return folder / f"%03d{frames[0].suffix}"


@pytest.mark.parametrize("interpolation", FILTERS)
def test_the_program_filters_as_keras2cv_does(
    interpolation: str, program: Program, tmp_path: Path
) -> None:
    """Every pixel by Pillow's and TensorFlow's filters, by two rules each, up and down, to 1e-5."""
    images = write_images(tmp_path)
    for rule in list(RULES)[FILTERS.index(interpolation) % 2 :: 2]:  # by turns
        bundle = filtered(interpolation, rule)(tmp_path / f"{rule}.cv")
        found = run_program(program(bundle), str(bundle.folder), *map(str, images), "--json")
        assert (found.stderr, found.returncode) == ("", 0)
        assert_predicts(found.stdout, bundle, images, tolerance=1e-5)


def test_the_program_reports_a_missing_filter(program: Program, tmp_path: Path) -> None:
    """One with TensorFlow's filters, and a bundle that needs one of Pillow's: exit code 1."""
    executable = program(filtered("tf-area")(tmp_path / "a.cv"))
    bundle, image = filtered("pil-box")(tmp_path / "b.cv"), str(write_images(tmp_path)[0])
    found = run_program(executable, str(bundle.folder), image)
    assert (found.stdout, found.returncode) == ("", 1)
    assert found.stderr.startswith("error: This program has no interpolation pil-box. ")


@pytest.mark.frozen
def test_the_program_runs_a_frozen_graph(program: Program, tmp_path: Path) -> None:
    """A bundle with model.pb as its net needs no special treatment."""
    keras.utils.set_random_seed(5)
    image = keras.Input((18, 26, 3))
    h = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu6")(image)
    h = keras.layers.BatchNormalization(beta_initializer="random_normal")(h)
    h = keras.layers.DepthwiseConv2D(3, padding="same", bias_initializer="random_normal")(h)
    maps = keras.layers.Conv2D(4, 1, name="maps", bias_initializer="random_normal")(h)
    means = keras.layers.Dense(5, name="means")(keras.layers.GlobalAveragePooling2D()(h))
    model = keras.Model(image, [maps, means])
    export(model, tmp_path / "net.cv", format="frozen", preprocess="tf", task="raw")
    bundle = read_bundle(tmp_path / "net.cv")
    assert bundle.manifest.model.file == "model.pb"
    images = write_images(tmp_path)[:5]
    found = run_program(program(bundle), str(bundle.folder), *map(str, images), "--json")
    assert (found.stderr, found.returncode) == ("", 0)
    assert_predicts(found.stdout, bundle, images, tolerance=1e-5)


@pytest.mark.parametrize("name", INPUT_BUNDLES)
def test_the_program_takes_a_file_for_each_input(
    name: str, program: Program, tmp_path: Path
) -> None:
    """Images and arrays by NAME=FILE give the same answers as in keras2cv."""
    bundle = INPUT_BUNDLES[name](tmp_path / "price.cv")
    words = write_samples(tmp_path, bundle)
    found = run_program(program(bundle), str(bundle.folder), *words, "--json")
    assert (found.stderr, found.returncode) == ("", 0)
    assert_same_lines(found.stdout, expected_samples(bundle, words), 1e-5)


@pytest.mark.parametrize("name", INPUT_BUNDLES)
def test_the_program_names_the_fault_of_an_input(
    name: str, program: Program, tmp_path: Path
) -> None:
    """A missing input, file, shape or type is one sentence on stderr and exit code 1."""
    bundle = INPUT_BUNDLES[name](tmp_path / "price.cv")
    words, last = write_samples(tmp_path, bundle, 1), tmp_path / "last.npy"
    name_of_last = bundle.manifest.inputs[-1].name
    others, shape = words[:-1], bundle.manifest.inputs[-1].keras_shape
    np.save(tmp_path / "wrong.npy", np.zeros((1, 77), np.float32))
    np.save(tmp_path / "words.npy", np.full(shape, "x"))
    np.save(last, np.zeros(shape, np.float32))
    (tmp_path / "cut.npy").write_bytes(last.read_bytes()[:-3])
    (tmp_path / "empty.npy").write_bytes(b"")
    problems = {
        "wrong.npy": "takes one sample of shape",
        "words.npy": "Convert them to float32",
        "cut.npy": "is cut off",
        "empty.npy": "is no .npy file",
        "missing.npy": "cannot be opened",
    }
    for file, words_of_it in problems.items():
        spoilt = f"{name_of_last}={tmp_path / file}"
        found = run_program(program(bundle), str(bundle.folder), *others, spoilt)
        assert (found.stdout, found.returncode, len(found.stderr.splitlines())) == ("", 1, 1)
        assert words_of_it in found.stderr
    for wrong in ([*words, "nope=x.npy"], ["nothing"], [f"=x{last}"]):
        found = run_program(program(bundle), str(bundle.folder), *wrong)
        assert (found.stdout, found.returncode, len(found.stderr.splitlines())) == ("", 1, 1)


def test_the_program_writes_the_mask(program: Program, tmp_path: Path) -> None:
    """A gray picture with the class of each pixel, 255 where a crop hides it."""
    for name in ("mask of probabilities, crop", "binary mask", "coarse mask, letterbox"):
        bundle = BUNDLES[name](tmp_path / f"{name}.cv")
        path, to = write_images(tmp_path)[5], tmp_path / "m.png"
        found = run_program(program(bundle), str(bundle.folder), str(path), "--mask", str(to))
        assert (found.stderr, found.returncode) == ("", 0)
        result = keras2cv.load(bundle.folder).predict(cv2.imread(str(path)))
        assert isinstance(result, keras2cv.Segmentation)
        expected = np.where(result.label_map < 0, 255, result.label_map)
        assert (cv2.imread(str(to), cv2.IMREAD_UNCHANGED) == expected).mean() >= 0.9999


@pytest.mark.parametrize("name", [k for k in PIXEL_BUNDLES if k != "every step of a tail"])
def test_the_program_draws_what_keras2cv_does(
    name: str, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture equals the result's, except for letters, which OpenCVs draw differently."""
    monkeypatch.setattr("keras2cv.pixels.drawing.text.has_truetype", lambda: False)
    if not cv2.__version__.startswith("4."):  # the distribution's is
        monkeypatch.setattr(cv2, "getTextSize", text_size)
    bundle = PIXEL_BUNDLES[name](tmp_path / "b.cv")
    path, drawn = write_images(tmp_path)[5], tmp_path / "drawn.png"
    found = run_program(program(bundle), str(bundle.folder), str(path), "--save", str(drawn))
    assert (found.stderr, found.returncode) == ("", 0)
    result: Any = keras2cv.load(bundle.folder).predict(cv2.imread(str(path)))
    expected, picture = result.draw(cv2.imread(str(path))), cv2.imread(str(drawn))
    assert picture.shape == expected.shape
    differs = (np.abs(picture.astype(int) - expected) > 2).any(axis=2)
    # 10.2 % at most: the letters of thirty boxes, none hidden, which OpenCV 4.6 and 5.0 write
    # differently.
    is_plain = bundle.manifest.task.kind == "image"
    assert differs.mean() <= (0 if is_plain else 0.12)


def test_the_program_reads_and_writes_videos(program: Program, tmp_path: Path) -> None:
    """A line per frame with the answer for that frame alone, and a film of as many frames."""
    bundle = BUNDLES["a score per class, suppressed"](tmp_path / "b.cv")
    write_clip(tmp_path / "clip.avi", 5)
    clip, drawn = str(tmp_path / "clip.avi"), tmp_path / "drawn.avi"
    found = run_program(program(bundle), str(bundle.folder), clip, "--json", "--save", str(drawn))
    assert (found.stderr, found.returncode) == ("", 0)
    frames = read_clip(clip)
    results: list[Any] = keras2cv.load(bundle.folder).predict(frames)
    expected = [
        {"source": f"{clip}:{number:06d}", **result.to_dict()}
        for number, result in enumerate(results)
    ]
    assert_same_lines(found.stdout, expected, 1e-5)
    assert len(read_clip(drawn)) == len(frames) == 5


def test_the_program_names_the_fault_of_a_video(program: Program, tmp_path: Path) -> None:
    """A broken video, a missing camera and a password: one sentence, exit 1."""
    bundle = classifier()(tmp_path / "cat.cv")
    (tmp_path / "clip.mp4").write_bytes(b"not a video")
    for source in (str(tmp_path / "clip.mp4"), "77", "nope://me:secret@nowhere/clip.mp4"):
        found = run_program(program(bundle), str(bundle.folder), source)
        errors = [line for line in found.stderr.splitlines() if line.startswith("error: ")]
        assert (found.returncode, len(errors)) == (1, 1)
        assert "as a video" in errors[0]
        assert "secret" not in errors[0]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_the_program_reports_a_missing_display(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--show` and no display: one sentence and exit code 1, where Qt would abort."""
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    bundle, image = classifier()(tmp_path / "cat.cv"), str(write_images(tmp_path)[0])
    found = run_program(program(bundle), str(bundle.folder), image, "--show")
    assert (found.stdout, found.returncode) == ("", 1)
    assert found.stderr.startswith("error: ")
    assert found.stderr.endswith(". Use --save.\n")  # no display, or an OpenCV without windows
    assert len(found.stderr.splitlines()) == 1


def test_the_program_reports_a_missing_device(program: Program, tmp_path: Path) -> None:
    """CUDA in a build without it, and a device that does not exist: one sentence, exit code 1."""
    bundle, image = classifier()(tmp_path / "cat.cv"), str(write_images(tmp_path)[0])
    for device, words in {"cuda": "Device cuda is not there", "tpu": "no device tpu"}.items():
        found = run_program(program(bundle), str(bundle.folder), image, "--device", device)
        assert (found.stdout, found.returncode, len(found.stderr.splitlines())) == ("", 1, 1)
        assert words in found.stderr


def test_the_program_runs_a_new_export(program: Program, tmp_path: Path) -> None:
    """The same program runs another bundle in the old one's place, read at run time."""
    images = write_images(tmp_path)
    outputs = []
    for name in ("stretch", "letterbox"):
        bundle = BUNDLES[name](tmp_path / "cat.cv")
        outputs.append(run_program(program(bundle), str(bundle.folder), *map(str, images)).stdout)
    assert len(outputs[0].splitlines()) == len(outputs[1].splitlines()) == len(images)
    assert outputs[0] != outputs[1]


@pytest.mark.parametrize("how", SPOILT)
def test_the_program_names_the_fault_of_a_bundle(
    how: str, program: Program, tmp_path: Path
) -> None:
    """A spoilt bundle is one sentence on stderr and exit code 1."""
    bundle = classifier()(tmp_path / "cat.cv")
    executable = program(bundle)
    image = write_images(tmp_path)[0]
    spoil, words = SPOILT[how]
    spoil(bundle.folder)
    found = run_program(executable, str(bundle.folder), str(image))
    assert (found.stdout, found.returncode) == ("", 1)
    assert words in found.stderr
    assert found.stderr.startswith("error: ")
    assert len(found.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("bundle_name", "path", "words"),
    [
        ("stretch", ("preprocessing", "depth"), "preprocessing.depth is unknown to this program"),
        ("stretch", ("more_pictures",), "The bundle has more_pictures"),
        ("stretch", ("front",), "The bundle has front, which this program does not know"),
        ("suppressed", ("task", "detect", "masks"), "task.detect.masks is unknown to this program"),
    ],
    ids=["depth", "pictures", "text", "masks"],
)
def test_a_bundle_that_says_more_than_the_program_reads(
    bundle_name: str, path: tuple[str, ...], words: str, program: Program, tmp_path: Path
) -> None:
    """A later bundle in the old one's place is refused in a sentence, and not misread."""
    write = BUNDLES["stretch"] if bundle_name == "stretch" else CATS_AND_DOGS
    bundle = write(tmp_path / "b.cv")
    executable, image = program(bundle), str(write_images(tmp_path)[0])
    manifest = bundle.folder / "manifest.json"
    value = json.loads(manifest.read_text("utf-8"))
    record = value
    for key in path[:-1]:
        record = record[key]
    record[path[-1]] = [{"output": "x"}]
    manifest.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")
    found = run_program(executable, str(bundle.folder), image)
    assert (found.stdout, found.returncode, len(found.stderr.splitlines())) == ("", 1, 1)
    assert words in found.stderr


def test_the_program_names_the_fault_of_an_image(program: Program, tmp_path: Path) -> None:
    """A missing, empty or undecodable image is one sentence and exit code 1."""
    bundle = classifier()(tmp_path / "cat.cv")
    for path, words in bad_images(tmp_path).items():
        found = run_program(program(bundle), str(bundle.folder), path)
        assert (found.stdout, found.returncode, len(found.stderr.splitlines())) == ("", 1, 1)
        assert words in found.stderr


def test_a_pixel_and_strips_are_answered_or_refused(program: Program, tmp_path: Path) -> None:
    """As the runtime answers 1x1, 1x20000 and 20000x1; to pad these takes gigabytes."""
    strips = {"pixel": (1, 1, 3), "tall": (20_000, 1, 3), "wide": (1, 20_000, 3)}
    for name, shape in strips.items():
        pixels = np.random.default_rng(7).integers(0, 256, shape).astype(np.uint8)
        assert cv2.imwrite(str(tmp_path / f"{name}.png"), pixels)
    for rule in ("stretch", "letterbox"):
        bundle = classifier(resize=rule, pad=7 if rule == "letterbox" else None)(tmp_path / rule)
        images = [tmp_path / f"{name}.png" for name in strips]
        found = run_program(program(bundle), str(bundle.folder), *map(str, images), "--json")
        assert (found.stderr, found.returncode) == ("", 0)
        assert_predicts(found.stdout, bundle, images, tolerance=1e-5)
    bundle = classifier(resize="pad", pad=7)(tmp_path / "pad")
    for name in ("tall", "wide"):
        found = run_program(program(bundle), str(bundle.folder), str(tmp_path / f"{name}.png"))
        assert (found.stdout, found.returncode) == ("", 1)
        with pytest.raises(UsageError) as refused:
            keras2cv.load(bundle.folder).predict(cv2.imread(str(tmp_path / f"{name}.png")))
        assert found.stderr == f"error: {refused.value}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["--top", "0"], ["--top"], ["--save", "x.png"], ["--nope"]]
)
def test_wrong_arguments_are_a_usage_error(
    arguments: list[str], program: Program, tmp_path: Path
) -> None:
    """A missing or wrong image, class, number or option, or two pictures: exit code 2."""
    bundle = classifier()(tmp_path / "cat.cv")
    images = ["a.png", "b.png"] if arguments else []
    found = run_program(program(bundle), str(bundle.folder), *images, *arguments)
    assert (found.stdout, found.returncode) == ("", 2)
    assert found.stderr.splitlines()[1].startswith("usage: predict BUNDLE SOURCE... [--top K]")


def test_the_program_prints_and_draws(program: Program, tmp_path: Path) -> None:
    """A line has the K best classes; the picture is keras2cv's, in this OpenCV's font."""
    bundle = classifier(task={"labels": ("cat", "dog", "eel", "fox", "gnu")})(tmp_path / "cat.cv")
    path, drawn = write_images(tmp_path)[2], tmp_path / "drawn.png"  # 13x11: enlarged
    options = ("--top", "2", "--save", str(drawn))
    found = run_program(program(bundle), str(bundle.folder), str(path), *options)
    result = keras2cv.load(bundle.folder).predict(cv2.imread(str(path)))
    assert isinstance(result, keras2cv.Classification)
    best = ", ".join(f"{label} {score:.4f}" for label, _, score in result.top(2))
    assert found.stdout == f"{path}: {best}\n"
    picture, expected = cv2.imread(str(drawn)), result.draw(cv2.imread(str(path)))
    assert picture.shape == expected.shape
    np.testing.assert_array_equal(picture[80:], expected[80:])  # below the box
    assert 0.5 < (picture[:50, :60] == 32).mean() < 0.95  # its background, and its text


def test_long_and_foreign_labels_are_drawn(program: Program, tmp_path: Path) -> None:
    """Labels wider than the picture are cut at its edge, and cv2 is asked for ASCII alone."""
    labels = ("cat", "dog", "naïve", "猫" * 50, "w" * 300)
    bundle = classifier(task={"labels": labels})(tmp_path / "cat.cv")
    path, drawn = write_images(tmp_path)[1], tmp_path / "drawn.png"
    found = run_program(program(bundle), str(bundle.folder), str(path), "--save", str(drawn))
    assert (found.stderr, found.returncode) == ("", 0)
    picture = cv2.imread(str(drawn))
    assert picture.shape == (6 * 90, 6 * 30, 3)
    assert (picture[0] == 32).all()  # the box is as wide as the picture


def test_a_picture_that_cannot_be_written_is_an_error(program: Program, tmp_path: Path) -> None:
    """An ending that no encoder has, or a folder that is not there: one sentence, exit code 1."""
    bundle = classifier()(tmp_path / "cat.cv")
    image = write_images(tmp_path)[0]
    for target in (tmp_path / "drawn.xyz", tmp_path / "nowhere" / "drawn.png"):
        found = run_program(program(bundle), str(bundle.folder), str(image), "--save", str(target))
        assert (found.returncode, len(found.stderr.splitlines())) == (1, 1)
        assert f"{target} cannot be written" in found.stderr


def test_the_program_warns_of_an_unverified_bundle(program: Program, tmp_path: Path) -> None:
    """It runs, and warns on stderr that the bundle is unverified."""
    tiny = Classifier()
    manifest = tiny.manifest().replace(status="unverified", evidence=None)
    bundle = write_bundle(tmp_path / "cat.cv", manifest, {"model.onnx": tiny.onnx()})
    found = run_program(program(bundle), str(bundle.folder), str(write_images(tmp_path)[0]))
    assert found.returncode == 0
    assert found.stderr.startswith("warning: the bundle is unverified")
