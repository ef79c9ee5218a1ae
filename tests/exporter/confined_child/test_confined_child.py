"""From Python, too, a model at a path is opened in a process that cannot write files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras2cv.errors import Keras2cvError, ModelError, ParityError, UnsupportedError
from keras2cv.isolation import confinement
from keras2cv_export import check, export
from keras2cv_export.confined_child import asking
from keras2cv_export.confined_child.choosing import HERE, needs_child
from keras2cv_export.confined_child.failure import Failure, error_of
from keras2cv_export.confined_child.meeting import search_path
from keras2cv_export.targets.importer_support import Unsupported, UnsupportedOpsError
from support.writing_resource import WritingResource

landlock = pytest.mark.skipif(confinement.version() == 0, reason="this kernel has no Landlock")


@pytest.fixture(autouse=True)
def _in_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HERE)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return a function that writes a module of the user's, and returns its name."""

    def write(text: str) -> str:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "own_code.py").write_text(text, encoding="utf-8")
        return "own_code"

    return write


def _saved(folder: Path, layer: keras.layers.Layer | None = None) -> Path:
    keras.utils.set_random_seed(3)
    layers = [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), layer, keras.layers.Flatten()]
    layers += [keras.layers.Dense(3, activation="softmax")]
    path = folder / "cat.keras"
    keras.Sequential([one for one in layers if one is not None]).save(path)
    return path


@landlock
def test_a_child_exports_and_checks(tmp_path: Path) -> None:
    """With the steps and the report of an export in this process; nothing else is left."""
    path, steps = _saved(tmp_path), list[str]()
    report = export(path, tmp_path / "cat.cv", preprocess="0-1", progress=steps.append)
    assert report.parity is not None
    assert (report.parity.verdict, report.bundle) == ("pass", tmp_path / "cat.cv")
    assert steps[:2] == ["loading the model", "converting"]
    found = check(tmp_path / "cat.cv", path)
    assert found.verdict == "pass"
    assert found.to_dict()["bundle"]
    assert found.question.samples[0][0].dtype == np.float32
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cat.cv", "cat.keras"]


_DESCRIBED = """
import sys
from keras2cv_export import DetectOptions, SegmentOptions, check, export
outputs = {"boxes": "boxes", "scores": "scores", "box_format": "xyxy", "box_units": "normalised"}
options = {"detect": DetectOptions(**outputs)} if sys.argv[1] == "detect" else {
    "segment": SegmentOptions()}
print(export("it.keras", "it.cv", preprocess="none", **options).manifest.task.kind)
print(check("it.cv", "it.keras", speed=False).manifest.task.kind)
"""


@landlock
@pytest.mark.parametrize("task", ["detect", "segment"])
def test_a_task_is_described(task: str, tmp_path: Path) -> None:
    """In a program that has imported nothing else, as users' have: records are found both ways."""
    picture = keras.Input((8, 8, 3))
    numbers = keras.layers.Dense(30)(keras.layers.Flatten()(picture))
    outputs = {
        "boxes": keras.layers.Reshape((5, 4), name="boxes")(numbers[:, :20]),
        "scores": keras.layers.Reshape((5, 2), name="scores")(numbers[:, 20:]),
    }
    mask = keras.layers.Conv2D(3, 1, activation="softmax")(picture)
    keras.Model(picture, outputs if task == "detect" else mask).save(tmp_path / "it.keras")
    done = subprocess.run(
        [sys.executable, "-c", _DESCRIBED, task],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=240,
    )
    assert done.stdout.split() == [task, task], done.stderr[-2000:]


@landlock
def test_what_the_checks_miss_writes_nothing(tmp_path: Path, module: Callable[[str], str]) -> None:
    """TensorFlow runs an initialization that writes a file: the kernel refuses it."""
    proof = tmp_path / "it_ran.txt"
    model = tf.Module()
    model.resource = WritingResource(proof)
    assert model.resource.resource_handle is not None
    spec = tf.TensorSpec((1, 3), tf.float32, name="x")
    model.run = tf.function(lambda x: {"y": x * 2.0}, input_signature=[spec])
    tf.saved_model.save(model, str(tmp_path / "cat"), signatures=model.run)
    proof.unlink(missing_ok=True)
    blind = module(
        "from keras2cv_export.model.load import from_saved_model\n"
        "from_saved_model.graph_dangers = lambda graphs: []\n"
    )
    with pytest.raises(ModelError, match="TensorFlow cannot load this SavedModel"):
        export(tmp_path / "cat", tmp_path / "cat.cv", preprocess="none", imports=[blind])
    assert not proof.exists()
    assert not (tmp_path / "cat.cv").exists()


@landlock
def test_a_child_that_crashes_is_one_sentence(tmp_path: Path, module: Callable[[str], str]) -> None:
    """The program goes on, and nothing is left beside the bundle's place."""
    name = module("import os\nos.abort()\n")
    (tmp_path / "out").mkdir()
    with pytest.raises(ModelError, match="the process for it") as caught:
        export(_saved(tmp_path), tmp_path / "out" / "cat.cv", preprocess="0-1", imports=[name])
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


@landlock
def test_classes_that_the_program_registered_are_known(tmp_path: Path) -> None:
    """No child has them: the program's own model is opened by the program itself."""

    @keras.saving.register_keras_serializable("confined_child")
    class Twice(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: object) -> object:
            return x * 2  # type: ignore[operator]

    report = export(_saved(tmp_path, Twice()), tmp_path / "cat.cv", preprocess="0-1")
    assert report.parity is not None
    assert report.parity.verdict == "pass"


@landlock
@pytest.mark.parametrize(
    ("name", "unsafe", "expected"),
    [
        ("cat.keras", False, True),
        ("cat.h5", False, True),
        ("saved", False, True),
        ("cat.keras", True, False),
        ("cat.onnx", False, False),
        ("cat.npz", False, False),
    ],
)
def test_paths_need_a_child(tmp_path: Path, name: str, unsafe: bool, expected: bool) -> None:
    """But for what has children of its own, and what the user trusts."""
    path = tmp_path / name
    path.mkdir() if name == "saved" else path.write_bytes(b"\x08\x08\x12\x00")
    assert needs_child(path, unsafe=unsafe) is expected
    assert needs_child(str(path), unsafe=unsafe) is expected


def test_live_models_and_a_wish_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A live model is the program's own; a debugger follows no child."""
    assert not needs_child(keras.Sequential(), unsafe=False)
    monkeypatch.setenv(HERE, "1")
    assert not needs_child("cat.keras", unsafe=False)


def test_a_function_among_the_options_stays_here(tmp_path: Path) -> None:
    """No child gets it; the whole work is done by the caller."""
    options = asking.CheckOptions(
        tmp_path, tmp_path / "cat.keras", reference_answers={"a.png": print}
    )
    here = asking.check_in_child(options, lambda _: "here")  # type: ignore[arg-type, return-value]
    assert here == "here"


def test_errors_keep_their_kind() -> None:
    """With what their own class holds."""
    assert type(error_of(Failure("ParityError", "x"))) is ParityError
    assert type(error_of(Failure("Keras2cvWarning", "x"))) is ModelError
    assert type(error_of(Failure("Any", "x"))) is ModelError
    op = Unsupported("Foo", "a/b", "why", "what", ("5.0",))
    error = error_of(Failure("UnsupportedError", "x", ops=(op,), where="OpenCV 5.0"))
    assert isinstance(error, UnsupportedOpsError)
    assert isinstance(error, UnsupportedError)
    assert error.lines[0].startswith("OpenCV 5.0 cannot run 1 op")
    assert isinstance(error, Keras2cvError)


def test_a_console_finds_modules_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python has "" for it; the child is told its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["", str(tmp_path / "own")])
    assert search_path() == [str(tmp_path), str(tmp_path / "own")]
