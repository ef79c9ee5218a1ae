"""`codegen`: the files it writes, its errors, and that the Python program works by itself."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.manifest import InputTensor, OutputTensor
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.bundle.writing import write_bundle
from keras2cv.cli import main
from keras2cv.cli.codegen import LANGUAGE_NAMES
from keras2cv.codegen import LANGUAGES, generate
from keras2cv.codegen.cpp import reserved_words as cpp_words
from keras2cv.codegen.identifier import identifier
from keras2cv.codegen.java import reserved_words as java_words
from keras2cv.codegen.python.source_files import PACKAGE
from keras2cv.errors import InputError, UsageError
from keras2cv.pixels.resize import resize
from keras2cv.schema.vocabulary import INTERPOLATIONS, TASK_NAMES
from keras2cv.streams.frames import BrokenSource
from keras2cv.streams.sources import find_sources, read_sources
from support import hostile_nets
from support.clips import read_clip, write_clip
from support.pixel_bundles import INPUT_BUNDLES, PIXEL_BUNDLES, write_samples
from support.program_bundles import (
    BUNDLES,
    CV2_ALONE,
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
from support.tiny_bundle import Classifier, manifest_of

ROOT = Path(__file__).parents[3]
CPP_FILES = {
    "CMakeLists.txt",
    "README.md",
    "cmake/keras2cv_cat-config.cmake",
    "include/keras2cv/cat.hpp",
    "src/cat.cpp",
    "example/predict.cpp",
}
FILES = {
    "cpp": CPP_FILES,
    "java": {"pom.xml", "src/main/java/keras2cv/cat/Predictor.java"},
    "js": {"README.md", "index.html", "predictor.js", "predictor.d.ts", "answer.js", "worker.js"},
    "python": {"predict.py", f"{PACKAGE}/predictor.py"},
}
DRAWN = [name for name in PIXEL_BUNDLES if name != "every step of a tail"]


def bundle_of(kind: str, folder: Path) -> Bundle:
    """Write a bundle whose task is `kind`."""
    names = {
        "classify": "stretch",
        "detect": "suppressed in a tail",
        "segment": "mask of logits",
        "keypoints": "heatmaps",
    }
    return {**BUNDLES, **INPUT_BUNDLES}[names.get(kind, kind)](folder)


def write_program(bundle: Bundle, folder: Path) -> Path:
    """Write a Python program, and return its predict.py."""
    return generate(bundle, "python", folder)[0]


@pytest.fixture
def import_beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Return a function that lets this process import the `cvbundle` beside a program."""

    def forget() -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]

    def prefer(program: Path) -> None:
        forget()
        monkeypatch.syspath_prepend(program.parent)

    yield prefer
    forget()


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where mypy keeps what it knows of NumPy and cv2, which takes seconds to read."""
    return tmp_path_factory.mktemp("types")


def refusal_of(bundle: Path, image: Any) -> str:
    """Return the sentence of keras2cv on a bundle that cannot be loaded, or takes no image."""
    with pytest.raises(UsageError) as refused:
        keras2cv.load(bundle).prepare([image])
    return str(refused.value)


def reason_of(source: str) -> str:
    """Return the sentence of keras2cv on a source that it cannot read."""
    try:
        items = list(read_sources(find_sources([source])))
    except InputError as error:
        return str(error)
    (broken,) = items
    assert isinstance(broken, BrokenSource)
    return broken.reason


def run_program(
    program: Path, *arguments: str, python: Path | str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run predict.py in a fresh Python that has no keras2cv."""
    trap = program.parent / "trap"
    trap.mkdir(exist_ok=True)
    (trap / "keras2cv.py").write_text("raise ImportError('a program must not need it')\n", "utf-8")
    return subprocess.run(
        [str(python), "-W", "error", str(program), *arguments],
        check=False,
        env={**os.environ, "PYTHONPATH": str(trap), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


@pytest.mark.parametrize("name", [*BUNDLES, "cubic"])
def test_the_python_program_predicts_what_keras2cv_does(name: str, tmp_path: Path) -> None:
    """Every result of every image is the Predictor's to 1e-6, without keras2cv."""
    write = BUNDLES.get(name, classifier(interpolation="cubic"))
    bundle = write(tmp_path / "it's.cv")
    images = write_images(tmp_path)
    program = write_program(bundle, tmp_path / "program")
    found = run_program(program, str(bundle.folder), *map(str, images), *all_values(bundle))
    assert (found.stderr, found.returncode) == ("", 0)
    assert_predicts(found.stdout, bundle, images, tolerance=1e-6)


@pytest.mark.parametrize("name", INPUT_BUNDLES)
def test_the_python_program_takes_a_file_for_each_input(name: str, tmp_path: Path) -> None:
    """Images and arrays by NAME=FILE give the same results as `keras2cv run`."""
    bundle = INPUT_BUNDLES[name](tmp_path / "price.cv")
    words = write_samples(tmp_path, bundle)
    program = write_program(bundle, tmp_path / "program")
    found = run_program(program, str(bundle.folder), *words, "--json")
    assert (found.stderr, found.returncode) == ("", 0)
    assert_same_lines(found.stdout, expected_samples(bundle, words), 1e-6)


@pytest.mark.parametrize("name", DRAWN)
def test_the_python_program_draws_what_keras2cv_does(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    import_beside: Callable[[Path], None],
) -> None:
    """The picture of a small and of a large image is the result's, pixel for pixel."""
    bundle = PIXEL_BUNDLES[name](tmp_path / "b.cv")
    program = write_program(bundle, tmp_path / "program")
    import_beside(program)
    model = keras2cv.load(bundle.folder)
    images, drawn = write_images(tmp_path), tmp_path / "drawn.png"
    for path in (images[2], images[5]):
        words = [str(program), str(bundle.folder), str(path), "--save", str(drawn)]
        monkeypatch.setattr(sys, "argv", words)
        assert runpy.run_path(str(program), run_name="program")["main"]() == 0
        image = cv2.imread(str(path))
        result: Any = model.predict(image)
        np.testing.assert_array_equal(cv2.imread(str(drawn)), result.draw(image))


@pytest.mark.parametrize("how", SPOILT)
def test_the_python_program_names_the_fault_of_a_bundle(how: str, tmp_path: Path) -> None:
    """A spoilt bundle is keras2cv's own sentence on stderr and exit code 1.

    The program has two sentences of its own: on another task, and on a filter that it lacks.
    """
    bundle = classifier()(tmp_path / "cat.cv")
    image = write_images(tmp_path)[0]
    program = write_program(bundle, tmp_path / "program")
    spoil, words = SPOILT[how]
    spoil(bundle.folder)
    found = run_program(program, str(bundle.folder), str(image))
    if how == "Pillow's":
        words = "This program has no cvbundle.pixels.resize.pillow"
    elif how != "another kind":
        words = refusal_of(bundle.folder, cv2.imread(str(image)))
    assert (found.stdout, found.returncode) == ("", 1)
    assert found.stderr.startswith(f"error: {words}")
    assert len(found.stderr.splitlines()) == 1


def test_the_python_program_names_the_fault_of_an_image(tmp_path: Path) -> None:
    """A missing, empty or undecodable image is one sentence and exit code 1."""
    bundle = classifier()(tmp_path / "cat.cv")
    program = write_program(bundle, tmp_path / "program")
    for path in bad_images(tmp_path):
        found = run_program(program, str(bundle.folder), path)
        assert (found.stdout, found.returncode) == ("", 1)
        assert found.stderr == f"error: {reason_of(path)}\n"


def test_the_python_program_prints_and_draws(tmp_path: Path) -> None:
    """A line has the K best classes; the picture is the image, enlarged, with a box on it."""
    bundle = classifier()(tmp_path / "cat.cv")
    path = write_images(tmp_path)[2]  # 13x11
    program = write_program(bundle, tmp_path / "program")
    drawn = tmp_path / "drawn.png"
    options = ("--top", "2", "--save", str(drawn))
    found = run_program(program, str(bundle.folder), str(path), *options)
    model = keras2cv.load(bundle.folder)
    result: Any = model.predict(cv2.imread(str(path)))
    best = ", ".join(f"{label} {score:.4f}" for label, _, score in result.top(2))
    assert found.stdout == f"{path}: {best}\n"
    np.testing.assert_array_equal(cv2.imread(str(drawn)), result.draw(cv2.imread(str(path))))


def test_the_python_program_draws_on_no_array(tmp_path: Path) -> None:
    """It predicts a .npy as the Predictor does, and says that there is nothing to draw on."""
    bundle = classifier()(tmp_path / "cat.cv")
    path, shape = tmp_path / "x.npy", bundle.manifest.inputs[0].keras_shape
    np.save(path, np.zeros(shape, np.float32))
    program = write_program(bundle, tmp_path / "program")
    found = run_program(program, str(bundle.folder), str(path), "--json")
    model = keras2cv.load(bundle.folder)
    result: Any = model.results_of(model.infer(np.load(path)))[0]
    record = {**result.to_dict(), "top": [scored._asdict() for scored in result.top(3)]}
    assert_same_lines(found.stdout, [{"source": str(path), **record}], 1e-6)
    drawn = run_program(program, str(bundle.folder), str(path), "--save", str(tmp_path / "d.png"))
    assert (drawn.returncode, drawn.stderr) == (
        1,
        f"error: {path} is no image to draw on. Leave --save and --show out.\n",
    )


def test_the_python_program_warns_of_an_unverified_bundle(tmp_path: Path) -> None:
    """It runs, with a warning on stderr that nobody compared it."""
    tiny = Classifier()
    manifest = tiny.manifest().replace(status="unverified", evidence=None)
    bundle = write_bundle(tmp_path / "cat.cv", manifest, {"model.onnx": tiny.onnx()})
    program = write_program(bundle, tmp_path / "program")
    found = run_program(program, str(bundle.folder), str(write_images(tmp_path)[0]))
    assert found.returncode == 0
    assert found.stderr.startswith(f"warning: {bundle.folder} is unverified: nobody compared it")


@pytest.mark.parametrize("arguments", [[], ["--top", "0"], ["--save", "x.png"], ["--nope"]])
def test_wrong_arguments_are_a_usage_error(arguments: list[str], tmp_path: Path) -> None:
    """No image, no class, two images for one picture, no such option: exit code 2."""
    bundle = classifier()(tmp_path / "cat.cv")
    program = write_program(bundle, tmp_path / "program")
    images = write_images(tmp_path)[:2] if arguments else []
    found = run_program(program, str(bundle.folder), *map(str, images), *arguments)
    assert found.returncode == 2
    assert "usage: " in found.stderr


def longest_line(files: Sequence[Path]) -> int:
    """Return how many characters a line of the program has at most, our own modules aside."""
    written = [path for path in files if PACKAGE not in path.parts]
    return max(len(line) for path in written for line in path.read_text("utf-8").splitlines())


@pytest.mark.parametrize("kind", TASK_NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_is_written_for_itself(language: str, kind: str, tmp_path: Path) -> None:
    """No mark of the templates is left, and the lines of one kind are in no other program."""
    files = generate(bundle_of(kind, tmp_path / "cat.cv"), language, tmp_path / "program")
    whole = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert not re.search(r"@(only|begin|end|[a-z]+@)", whole)
    assert f'"{kind}"' in whole
    assert ("--top" in whole) == (kind == "classify" and language != "js")
    names = {path.relative_to(tmp_path / "program").as_posix() for path in files}
    assert names >= FILES[language]
    rooms = {Path(name).parent.name for name in names if "/tasks/" in name} - {"tasks"}
    assert rooms == ({kind} if language == "python" else set())
    assert longest_line(files) <= 110


@pytest.mark.parametrize(
    "kind", [*TASK_NAMES, *INPUT_BUNDLES, "Pillow's lanczos", "TensorFlow's bicubic"]
)
def test_the_python_program_is_as_clean_as_our_own(kind: str, tmp_path: Path, types: Path) -> None:
    """It imports cv2, NumPy, itself and the standard library, and the linters are content."""
    files = generate(bundle_of(kind, tmp_path / "cat.cv"), "python", tmp_path / "program")
    trees = [ast.parse(path.read_text("utf-8"), feature_version=(3, 10)) for path in files]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    plain = [node.names for node in nodes if isinstance(node, ast.Import)]
    tops = {alias.name.split(".")[0] for names in plain for alias in names}
    tops |= {str(n.module).split(".")[0] for n in nodes if isinstance(n, ast.ImportFrom)}
    assert tops - set(sys.stdlib_module_names) == {"cv2", "numpy", PACKAGE}
    config = f"--config={ROOT / 'pyproject.toml'}"
    ours = f"--config=lint.isort.known-first-party=['{PACKAGE}']"
    for command in (
        ["ruff", "check", "--no-cache", config, ours],
        ["ruff", "format", "--check", "--no-cache", config],
        ["mypy", "--strict", "--python-version=3.10", f"--cache-dir={types}"],
    ):
        found = subprocess.run(
            [sys.executable, "-m", *command, "."],
            cwd=tmp_path / "program",
            check=False,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("name", ["stretch", "every step of a tail", "Pillow's lanczos", "arrays"])
def test_the_python_program_holds_the_runtimes_own_modules(name: str, tmp_path: Path) -> None:
    """Each is the runtime's but for the package's name; what is left out can be imported too."""
    bundle = {**BUNDLES, **INPUT_BUNDLES}[name](tmp_path / "b.cv")
    program, entry, *copies = generate(bundle, "python", tmp_path / "program")
    runtime = Path(keras2cv.__file__).parent
    left_out = []
    for copy in copies:
        text = copy.read_text("utf-8")
        if text.startswith("# Of keras2cv "):
            original = (runtime / copy.relative_to(entry.parent)).read_text("utf-8")
            text = text.partition("\n")[2]
            assert re.sub(rf"{PACKAGE}(?=[.])", "keras2cv", text) == original
        else:
            assert "Left out of this program" in text
            left_out.append(copy.relative_to(entry.parent).as_posix())
    has_tail = bundle.manifest.tail is not None
    assert ("numpy_tail/finish.py" in left_out) != has_tail
    modules = [path.relative_to(program.parent).with_suffix("").as_posix() for path in copies]
    dotted = [path.replace("/", ".").removesuffix(".__init__") for path in modules]
    (program.parent / "all.py").write_text("\n".join(f"import {name}" for name in dotted), "utf-8")
    found = run_program(program.parent / "all.py")
    assert (found.stderr, found.returncode) == ("", 0)


def test_the_python_program_tries_an_unknown_net_elsewhere_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In processes of its own part of the runtime; a crash of theirs is a sentence."""
    data = hostile_nets.one(
        "Einsum", {"w": np.eye(8, dtype=np.float32)}, (1, 8), equation="ij,jk->ik"
    )
    manifest = manifest_of(
        data,
        inputs=(InputTensor("x", "x", (1, 8), (1, 8), "same", "float32"),),
        outputs=(OutputTensor("y", "y", (1, 8), (1, 8), "same", "float32", True),),
    ).replace(status="unverified", evidence=None)
    bundle = write_bundle(tmp_path / "x.cv", manifest, {"model.onnx": data})
    program = write_program(bundle, tmp_path / "program")
    np.save(tmp_path / "x.npy", np.arange(8, dtype=np.float32)[None])
    arguments = (str(bundle.folder), str(tmp_path / "x.npy"), "--json")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = run_program(program, *arguments)
    assert (json.loads(found.stdout)["outputs"]["y"], found.returncode) == ([*range(8)], 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    hook = "import os\nif 'MALLOC_PERTURB_' in os.environ: os.abort()\n"
    (program.parent / "trap" / "sitecustomize.py").write_text(hook, "utf-8")
    found = run_program(program, *arguments)
    assert "on a trial of model.onnx, which has " in found.stderr
    assert (found.stdout, found.returncode) == ("", 1)


def test_the_readme_leads_from_the_program_to_the_bundle(tmp_path: Path) -> None:
    """Its command works in the program's folder, with spaces in the bundle's name too."""
    bundle = classifier()(tmp_path / "my cat.cv")
    generate(bundle, "cpp", tmp_path / "deep" / "program")
    readme = (tmp_path / "deep" / "program" / "README.md").read_text(encoding="utf-8")
    assert "\nbuild/predict '../../my cat.cv' photo.jpg --save drawn.png\n" in readme


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_the_python_program_resizes_as_keras2cv_does(
    interpolation: str, tmp_path: Path, import_beside: Callable[[Path], None]
) -> None:
    """Parts of color and gray images, up and down: the same pixels."""
    bundle = classifier(interpolation=interpolation)(tmp_path / "cat.cv")
    import_beside(write_program(bundle, tmp_path / "program"))
    resize_part = importlib.import_module(f"{PACKAGE}.pixels.resize").resize
    rng = np.random.default_rng(3)
    for number in range(20):
        width, height, *size_wh = rng.integers(1, 120, 4).tolist()
        image = rng.integers(0, 256, (height, width, 3)[: 2 + number % 2], np.uint8)
        (x0, x1), (y0, y1) = (sorted(rng.integers(0, side, 2)) for side in (width, height))
        whole = number % 3 == 0
        box = (0, 0, width, height) if whole else (x0, y0, x1 + 1, y1 + 1)
        found = resize_part(image, tuple(size_wh), interpolation, box_xyxy=box)
        expected = resize(image, (size_wh[0], size_wh[1]), interpolation, box_xyxy=box)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_a_filter_is_in_the_programs_that_need_it(
    interpolation: str, language: str, tmp_path: Path
) -> None:
    """Pillow's filters are where images are resized by one of them, and so are TensorFlow's."""
    bundle = classifier(interpolation=interpolation)(tmp_path / "cat.cv")
    files = generate(bundle, language, tmp_path / "program")
    texts = {path.stem: path.read_text(encoding="utf-8") for path in files}
    whole = "\n".join(texts.values())
    if language == "java":  # whose own class computes the others
        own = (*CV2_ALONE, "tf-bilinear", "tf-nearest", "pil-nearest", "linear", "cubic", "area")
        assert ("Resampling" in texts) == (interpolation not in own)
        assert ('"hamming"' in whole) == (interpolation not in own and "pil" in interpolation)
        assert ('"gaussian"' in whole) == (interpolation not in own and "tf-" in interpolation)
    elif language != "python":
        is_filter = interpolation not in CV2_ALONE
        assert ("resample" in whole) == is_filter
        assert ("hamming" in whole) == (is_filter and interpolation.startswith("pil"))
        assert ("gaussian" in whole) == (is_filter and interpolation.startswith("tf"))
    else:  # a library's module holds its filters, and the modes that pick pixels
        library = interpolation.partition("-")[0]
        assert ("HAMMING" in texts["pillow"]) == library.startswith("pil")
        assert ("GAUSSIAN" in texts["tf_image"]) == (library == "tf")
        assert ("kernels" in texts) == (library in ("pil", "pil13", "tf"))
    assert not re.search(r"@(only|begin|end|[a-z]+@)", whole)
    assert longest_line(files) <= 110


@pytest.mark.parametrize("rule", RULES)
def test_the_python_program_filters_by_every_rule(rule: str, tmp_path: Path) -> None:
    """Stretched, with bars or cropped: by Pillow's filters and TensorFlow's to 1e-6."""
    images = write_images(tmp_path)
    for interpolation in ("pil13-lanczos", "tf-lanczos3-antialias"):
        bundle = filtered(interpolation, rule)(tmp_path / f"{interpolation}.cv")
        program = write_program(bundle, tmp_path / interpolation)
        found = run_program(program, str(bundle.folder), *map(str, images), "--json")
        assert (found.stderr, found.returncode) == ("", 0)
        assert_predicts(found.stdout, bundle, images, tolerance=1e-6)


def test_the_python_program_reports_a_missing_filter(tmp_path: Path) -> None:
    """One with TensorFlow's filters, and a bundle that needs one of Pillow's: exit code 1."""
    program = write_program(filtered("tf-area")(tmp_path / "a.cv"), tmp_path / "program")
    bundle, image = filtered("pil-box")(tmp_path / "b.cv"), str(write_images(tmp_path)[0])
    found = run_program(program, str(bundle.folder), image)
    assert (found.stdout, found.returncode) == ("", 1)
    sentence = "error: This program has no cvbundle.pixels.resize.pillow, which the bundle needs. "
    assert found.stderr.startswith(f"{sentence}Generate one ")
    assert len(found.stderr.splitlines()) == 1


def test_a_language_that_is_not_there_is_a_usage_error(cat_cv: Path, tmp_path: Path) -> None:
    """The message lists those that are."""
    with pytest.raises(UsageError, match="cpp, java, js, python"):
        generate(read_bundle(cat_cv), "cobol", tmp_path / "program")
    assert sorted(LANGUAGES) == list(LANGUAGE_NAMES)


def test_nothing_of_the_users_is_overwritten(cat_cv: Path, tmp_path: Path) -> None:
    """A file that was edited stops it before anything is written; one that was not does not."""
    bundle, folder = read_bundle(cat_cv), tmp_path / "program"
    generate(bundle, "cpp", folder)
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    generate(bundle, "cpp", folder)
    (folder / "CMakeLists.txt").unlink()
    with (folder / "src" / "cat.cpp").open("a", encoding="utf-8") as file:
        file.write("// edited\n")
    with pytest.raises(UsageError, match=r"cat\.cpp exists"):
        generate(bundle, "cpp", folder)
    assert not (folder / "CMakeLists.txt").exists()


def test_the_verb_lists_what_it_wrote(
    cat_cv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`codegen` prints the files and the next step, and returns 0."""
    folder = tmp_path / "program"
    assert main(["codegen", str(cat_cv), "--lang", "python", "-o", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[:2] == [str(folder / "predict.py"), str(folder / PACKAGE)]
    assert "predict.py --help" in shown


def test_a_folder_that_cannot_be_made_is_a_usage_error(
    cat_cv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file where the folder should be: exit code 2, and the path in the message."""
    taken = tmp_path / "taken"
    taken.write_text("a file", encoding="utf-8")
    assert main(["codegen", str(cat_cv), "--lang", "cpp", "-o", str(taken)]) == 2
    assert "taken" in capsys.readouterr().err


WHEELS = ("4.6.0.66", "4.14.0.94", "5.0.0.93")


@pytest.mark.slow
@pytest.mark.parametrize("wheel", WHEELS)
def test_the_python_program_is_right_on_other_opencvs(wheel: str, tmp_path: Path) -> None:
    """Every bundle gives the Predictor's values to 1e-5 where only that OpenCV is installed."""
    from keras2cv_export.matrix.environment import Environments

    python = Environments().prepare(wheel).python
    images = write_images(tmp_path)
    for number, (name, write) in enumerate({**BUNDLES, **INPUT_BUNDLES}.items()):
        bundle = write(tmp_path / f"{number}.cv")
        program = write_program(bundle, tmp_path / f"program{number}")
        words = write_samples(tmp_path, bundle) if name in INPUT_BUNDLES else list(map(str, images))
        options = all_values(bundle)
        found = run_program(program, str(bundle.folder), *words, *options, python=python)
        assert (found.stderr, found.returncode) == ("", 0), name
        if name in INPUT_BUNDLES:
            assert_same_lines(found.stdout, expected_samples(bundle, words), 1e-5)
        else:
            assert_predicts(found.stdout, bundle, images, tolerance=1e-5)


def test_the_python_program_writes_the_mask(tmp_path: Path) -> None:
    """A gray picture with the class of each pixel, 255 where a crop hides it."""
    bundle = BUNDLES["mask of probabilities, crop"](tmp_path / "b.cv")
    path = write_images(tmp_path)[0]
    program = write_program(bundle, tmp_path / "program")
    found = run_program(program, str(bundle.folder), str(path), "--mask", str(tmp_path / "m.png"))
    assert (found.stderr, found.returncode) == ("", 0)
    result: Any = keras2cv.load(bundle.folder).predict(cv2.imread(str(path)))
    mask = cv2.imread(str(tmp_path / "m.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(mask, np.where(result.label_map < 0, 255, result.label_map))


def test_the_python_program_reads_and_writes_videos(tmp_path: Path) -> None:
    """It prints a line per frame, as for the frame alone, and writes a video of as many frames."""
    bundle = BUNDLES["a score per class, suppressed"](tmp_path / "b.cv")
    write_clip(tmp_path / "clip.avi", 5)
    program = write_program(bundle, tmp_path / "program")
    clip, drawn = str(tmp_path / "clip.avi"), tmp_path / "drawn.avi"
    found = run_program(program, str(bundle.folder), clip, "--json", "--save", str(drawn))
    assert (found.stderr, found.returncode) == ("", 0)
    frames = read_clip(Path(clip))
    model = keras2cv.load(bundle.folder)
    results: list[Any] = model.predict(frames)
    expected = [
        {"source": f"{clip}:{number:06d}", **result.to_dict()}
        for number, result in enumerate(results)
    ]
    assert_same_lines(found.stdout, expected, 1e-6)
    assert len(read_clip(drawn)) == len(frames) == 5


def test_the_python_program_names_the_fault_of_a_video(tmp_path: Path) -> None:
    """A broken video, a missing camera and a password: one sentence, exit 1."""
    bundle = classifier()(tmp_path / "cat.cv")
    (tmp_path / "clip.mp4").write_bytes(b"not a video")
    program = write_program(bundle, tmp_path / "program")
    for source in (str(tmp_path / "clip.mp4"), "77", "nope://me:secret@nowhere/clip.mp4"):
        found = run_program(program, str(bundle.folder), source)
        errors = [line for line in found.stderr.splitlines() if line.startswith("error: ")]
        assert (found.returncode, len(errors)) == (1, 1)
        assert errors[0] == f"error: {reason_of(source)}"
        assert "secret" not in errors[0]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_the_python_program_reports_a_missing_display(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--show` and no display: one sentence and exit code 1, where Qt would abort."""
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    bundle, image = classifier()(tmp_path / "cat.cv"), str(write_images(tmp_path)[0])
    program = write_program(bundle, tmp_path / "program")
    found = run_program(program, str(bundle.folder), image, "--show")
    assert (found.stdout, found.returncode) == ("", 1)
    assert found.stderr == "error: There is no display for --show. Use --save.\n"


def test_the_python_program_reports_a_missing_device(tmp_path: Path) -> None:
    """CUDA in a wheel without it: one sentence, exit code 1."""
    bundle = classifier()(tmp_path / "cat.cv")
    program = write_program(bundle, tmp_path / "program")
    image = str(write_images(tmp_path)[0])
    found = run_program(program, str(bundle.folder), image, "--device", "cuda")
    assert (found.stdout, found.returncode) == ("", 1)
    assert found.stderr.startswith("error: Device cuda is not there")


def test_another_score_is_taken(tmp_path: Path) -> None:
    """With `--score` a program keeps the same boxes as the Predictor."""
    bundle = BUNDLES["objectness beside it"](tmp_path / "b.cv")
    program = write_program(bundle, tmp_path / "program")
    path = write_images(tmp_path)[0]
    found = run_program(program, str(bundle.folder), str(path), "--json", "--score", "0.7")
    result: Any = keras2cv.load(bundle.folder, score=0.7).predict(cv2.imread(str(path)))
    assert 0 < len(result) < len(json.loads(found.stdout)["detections"]) + 1
    assert_same_lines(found.stdout, [{"source": str(path), **result.to_dict()}], 1e-6)


def test_a_score_for_several_classes_is_refused(tmp_path: Path) -> None:
    """A mask of many classes has no threshold: one sentence, exit code 1."""
    bundle = BUNDLES["mask of logits"](tmp_path / "b.cv")
    program = write_program(bundle, tmp_path / "program")
    image = str(write_images(tmp_path)[0])
    found = run_program(program, str(bundle.folder), image, "--score", "0.7")
    assert (found.stdout, found.returncode) == ("", 1)
    assert found.stderr.startswith("error: A score is for binary masks, ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_cannot_get_into_a_program(language: str, tmp_path: Path) -> None:
    """Labels, names and folders full of quotes, marks and code leave the program as it was."""
    odd = '"""; import os; os.abort() #@begin ${x} */ \\ `id` @kind@ //@only raw é猫'
    plain = generate(classifier()(tmp_path / "cat.cv"), language, tmp_path / "plain")
    labels = (odd, "'", "é" * 2047, "x" * 4095, "\\")
    bundle = classifier(task={"labels": labels})(tmp_path / odd.replace("/", "|"))
    files = generate(bundle, language, tmp_path / "odd")
    for one, other in zip(plain, files, strict=True):
        if language == "cpp":  # which calls a namespace and files after the bundle
            called = identifier(odd, cpp_words.RESERVED)
            name = other.name.replace(called, "cat")
            text = other.read_text("utf-8").replace(called, "cat")
            text = text.replace(called.upper(), "CAT")
        elif language == "java":  # a package
            name = other.name
            text = other.read_text("utf-8").replace(identifier(odd, java_words.RESERVED), "cat")
        else:
            name, text = other.name, other.read_text("utf-8")
        assert one.name == name
        if one.name != "README.md":  # the only one that names the bundle
            assert one.read_text("utf-8") == text
    if language == "python":
        image = write_images(tmp_path)[0]
        found = run_program(files[0], str(bundle.folder), str(image), *all_values(bundle))
        assert_predicts(found.stdout, bundle, [image], tolerance=1e-6)
