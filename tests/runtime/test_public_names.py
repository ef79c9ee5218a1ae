"""`import keras2cv`: its names, its cost, and its error without cv2."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import keras2cv
from keras2cv import errors

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "runtime"


def run_python(code: str) -> str:
    """Return the output of `code` in a fresh Python that sees the runtime only."""
    program = f"import sys; sys.path.insert(0, {str(RUNTIME)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_public_name_is_there() -> None:
    """`__all__` holds exactly the contract's names, sorted, and each can be had."""
    assert keras2cv.__all__ == sorted(keras2cv.__all__)
    assert all(getattr(keras2cv, name) is not None for name in keras2cv.__all__)
    tree = {name for name, value in vars(errors).items() if isinstance(value, type)}
    public = {name for name in tree if issubclass(getattr(errors, name), (Warning, Exception))}
    assert public <= set(keras2cv.__all__)
    assert set(keras2cv.__all__) - public == {
        "Answer", "BinaryResult", "Classification", "Detections", "Embedding", "Evaluation",
        "ImageResult", "Keypoints", "Manifest", "Predictor", "RawOutputs", "Regression", "Result",
        "Segmentation", "SelfTestReport", "TextResult", "__version__", "evaluate", "load",
        "run_selftest", "stream",
    }  # fmt: skip


def test_dir_lists_every_public_name_before_it_is_used() -> None:
    """So the Tab key completes `keras2cv.lo`."""
    assert set(keras2cv.__all__) <= set(
        run_python("import keras2cv\nprint(*dir(keras2cv))").split()
    )


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Lazy loading does not change the error for a typo."""
    with pytest.raises(AttributeError, match="module 'keras2cv' has no attribute 'lod'"):
        keras2cv.lod  # noqa: B018


def test_the_version_is_the_projects() -> None:
    """The constant beside the code is the version in pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{keras2cv.__version__}"\n' in text


def test_importing_loads_nothing_heavy() -> None:
    """`import keras2cv` alone loads neither cv2 nor numpy."""
    loaded = run_python("import keras2cv\nprint(sorted(sys.modules))")
    assert "'keras2cv'" in loaded
    assert "'cv2'" not in loaded
    assert "'numpy'" not in loaded


def test_loading_and_predicting_needs_cv2_and_numpy_alone(cat_cv: Path) -> None:
    """After a prediction there is no module of TensorFlow, ONNX or the exporter in memory."""
    code = (
        "import json\nbefore = set(sys.modules)\nimport keras2cv, numpy as np\n"
        f"model = keras2cv.load({str(cat_cv)!r})\n"
        "model.predict(np.zeros((40, 30, 3), np.uint8)).draw(np.zeros((40, 30, 3), np.uint8))\n"
        "tops = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(json.dumps(sorted(tops - set(sys.stdlib_module_names))))"
    )
    assert {name for name in json.loads(run_python(code)) if not name.startswith("_")} == {
        "cv2", "keras2cv", "numpy",
    }  # fmt: skip


def test_a_missing_cv2_is_one_sentence(tmp_path: Path) -> None:
    """If cv2 cannot be imported, the error of the first use explains how to install it."""
    (tmp_path / "cv2.py").write_text("raise ModuleNotFoundError(name='cv2')", encoding="utf-8")
    code = (
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "import keras2cv\n"
        "try:\n    keras2cv.load\n"
        "except keras2cv.MissingDependency as error:\n    print(error)"
    )
    output = run_python(code)
    assert "OpenCV" in output
    assert "pip" in output


def test_a_predictor_prints_nothing_to_stdout(cat_cv: Path) -> None:
    """A library does not print."""
    code = (
        "import keras2cv, numpy as np\n"
        f"keras2cv.load({str(cat_cv)!r}).predict(np.zeros((40, 30, 3), np.uint8))"
    )
    assert run_python(code) == ""
