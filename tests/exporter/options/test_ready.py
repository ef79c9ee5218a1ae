"""Errors of an export before TensorFlow is imported, which a child process cannot do here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers

import keras2cv
from support.tiny_bundle import Classifier

RUNTIME = Path(str(keras2cv.__file__)).parents[1]
PATH = [str(RUNTIME), str(RUNTIME.parent / "exporter")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models, and with files that are no such thing."""
    path = tmp_path_factory.mktemp("ready")
    model = keras.Sequential(
        [
            keras.Input((24, 32, 3), name="photo"),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(5, activation="softmax"),
        ],
        name="cat",
    )
    model.save(path / "cat.keras")
    model.save(path / "cat.h5")
    Classifier().write(path / "cat.cv")
    (path / "file").write_text("not a bundle")
    (path / "other").mkdir()
    (path / "other/notes.txt").write_text("not a bundle")
    (path / "gap.txt").write_text("a\n\nb\n")
    (path / "broken.json").write_text("{")
    return path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `keras2cv` where importing TensorFlow, Keras or onnx is an error of another kind."""
    program = f"""
import sys
sys.path[:0] = {PATH!r}
from importlib.util import spec_from_loader
class Refuse:
    def find_spec(self, name, path=None, target=None):
        heavy = name in ("tensorflow", "keras", "onnx", "onnx_ir", "onnxscript", "tf2onnx")
        return spec_from_loader(name, self) if heavy else None
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        raise SystemExit(99)
sys.meta_path.insert(0, Refuse())
from keras2cv.cli import main
sys.exit(main())
"""
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("none.keras -o new.cv", "There is no model at none.keras. Check the path."),
        ("cat.keras -o file", "file is a file, not a bundle. Choose another name"),
        ("cat.keras -o file/new.cv", "new.cv cannot be written: Not a directory. Choose a folder"),
        ("cat.keras -o other", "other is a folder, not a bundle. Choose another name"),
        ("cat.keras -o new.cv --samples none", "There are no samples at none. Check the path."),
        ("cat.keras -o new.cv --labels none.txt", "The labels file none.txt cannot be read"),
        ("cat.keras -o new.cv --labels gap.txt", "The labels have an empty line"),
        ("cat.keras -o new.cv --preprocess none.json", "The preprocessing file none.json cannot "),
        ("cat.keras -o new.cv --preprocess broken.json", "The preprocessing file broken.json can"),
        ("cat.keras -o new.cv --preprocess imagenet", "There is no preprocessing 'imagenet'."),
        ("cat.keras -o new.cv --interpolation soft", "There is no interpolation 'soft'. Choose"),
        ("cat.keras -o new.cv --tolerance fp32 --tolerance fp16", "Two tolerance presets are giv"),
        ("cat.keras -o new.cv --opencv 4.5", "OpenCV 4.5 is older than what graphs are made for"),
        ("cat.keras -o new.cv --opencv newest", "'newest' is no OpenCV version. Write it as"),
        ("cat.keras -o new.cv --opencv 4.6 --engine new", "OpenCV 4.6 has no new engine"),
        ("cat.keras -o new.cv --opencv 4.6 --weights fp16", "OpenCV 4.6 cannot decode weights"),
        ("cat.keras -o new.cv --format frozen --weights int8", "A frozen file stores its weights"),
        ("cat.keras -o new.cv --tune --no-check", "Tuning keeps to settings that predict the same"),
        ("cat.keras -o new.cv --task classify --boxes b", "--boxes is for --task detect"),
        ("cat.keras -o new.cv", "How do pixels become the input photo (1, 24, 32, 3) float32?"),
        ("cat.h5 -o new.cv", "How do pixels become the input photo (1, 24, 32, 3) float32?"),
        ("cat.keras -o new.cv --task segment", "How do pixels become the input photo (1, 24, 3"),
    ],
)
def test_errors_come_before_tensorflow_is_imported(folder: Path, line: str, sentence: str) -> None:
    """One sentence, exit code 2, and nothing is there that was not before."""
    before = sorted(folder.rglob("*"))
    done = run(folder, "export", *line.split())
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert sentence in done.stderr
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("none.cv --against cat.keras", "none.cv does not exist. Check the path of the bundle."),
        ("other --against cat.keras", "other is not a bundle: it has no manifest.json."),
        ("cat.cv --against none.keras", "There is no model at none.keras. Check the path."),
        ("cat.cv --against cat.h5 --samples none", "There are no samples at none. Check the path."),
        ("cat.cv --against cat.h5 --labels none.txt", "The labels file none.txt cannot be read"),
        ("cat.cv --against cat.h5 --reference-resize soft", "There is no reference resize 'soft'"),
        ("cat.cv --against cat.h5 --reference-preprocess z", "There is no preprocessing 'z'."),
        ("cat.cv --against cat.h5 --no-speed --max-ratio 2", "--max-ratio needs the timing"),
        ("cat.cv --against cat.h5 --repro new", "--repro writes what --bisect finds"),
        ("cat.cv --against cat.h5 --tolerance fp32 --tolerance fp16", "Two tolerance presets are"),
    ],
)
def test_a_check_fails_as_early(folder: Path, line: str, sentence: str) -> None:
    """One sentence, and exit code 2."""
    done = run(folder, "check", *line.split())
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_test_would_see_tensorflow(folder: Path) -> None:
    """Guard: an export that nothing is wrong with does import it."""
    done = run(folder, "export", "cat.keras", "-o", "new.cv", "--preprocess", "0-1")
    assert done.returncode == 99
    assert run(folder, "check", "cat.cv", "--against", "cat.keras").returncode == 99


def test_modules_of_the_users_own_are_imported_before_pixels_are_asked_for(folder: Path) -> None:
    """They may put layers of their own in the place of Keras'."""
    done = run(folder, "export", "cat.keras", "-o", "new.cv", "--import", "my.layers")
    assert done.returncode == 99


@pytest.mark.parametrize("damage", ["no zip", "no architecture"])
def test_a_file_that_is_no_model_is_refused_at_once(tmp_path: Path, damage: str) -> None:
    """Its first bytes, or its missing architecture, show it before TensorFlow starts."""
    if damage == "no zip":
        (tmp_path / "m.keras").write_text("nothing")
    else:
        with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
            archive.writestr("config.json", json.dumps([]))
    done = run(tmp_path, "export", "m.keras", "-o", "m.cv")
    assert done.returncode == 2
    assert done.stderr.startswith("error: m.keras ")
    assert len(done.stderr.splitlines()) == 1


def test_the_python_function_fails_as_early(folder: Path) -> None:
    """`export(...)` looks before it imports, too."""
    program = (
        f"import sys; sys.path[:0] = {PATH!r}\n"
        "from keras2cv_export import export\n"
        "try:\n    export('none.keras', 'new.cv')\n"
        "except Exception as error:\n    print(error)\n"
        "print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    done: Any = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, check=True, capture_output=True, text=True
    )
    assert done.stdout == "There is no model at none.keras. Check the path.\nFalse False\n"
