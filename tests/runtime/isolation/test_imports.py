"""A child imports installed packages, and nothing from its working folder."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

import pytest

import keras2cv
from keras2cv.isolation import Entry, Limits, run_once

ENTRIES = Path(__file__).with_name("entries.py")
FOLDER = Path(keras2cv.__file__).parent / "isolation"
TRAPS = ("json", "platform", "numpy", "cv2", "keras2cv", "queue", "conversation", "site")


@pytest.fixture
def trapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, in which every import would end the child."""
    for name in TRAPS:
        (tmp_path / f"{name}.py").write_text("raise SystemExit(77)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", [None, "", f"{os.pathsep}/nowhere{os.pathsep}"])
@pytest.mark.parametrize("safe", ["1", ""])
def test_nothing_of_the_current_folder_is_imported(
    trapped: Path, path: str | None, safe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with an empty entry in PYTHONPATH, which Python takes for the current folder."""
    if path is not None:
        monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("PYTHONSAFEPATH", safe)
    names = [name for name in TRAPS if name != "conversation"]
    found = run_once(Entry(f"{ENTRIES}:modules"), {"names": names}, Limits(60))
    files = [file for file in found["files"].values() if file]
    assert not [file for file in files if Path(file).is_relative_to(trapped)]
    assert found["files"]["keras2cv"] == keras2cv.__file__
    assert not {"", str(trapped), str(FOLDER)} & set(found["path"])


def test_a_relative_folder_of_the_users_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PYTHONPATH=lib means the parent's lib, in any folder of the child."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "special.py").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "lib")
    found = run_once(Entry(f"{ENTRIES}:modules"), {"names": ["special"]}, Limits(60), Path("/"))
    assert found["files"]["special"] == str(tmp_path / "lib" / "special.py")


def test_no_file_is_named_as_a_module_of_the_standard_library() -> None:
    """Python looks into the bootstrap's folder first, until the bootstrap removes it."""
    assert not {path.stem for path in FOLDER.glob("*.py")} & set(sys.stdlib_module_names)


def test_the_bootstrap_needs_the_standard_library_alone() -> None:
    """Any Python runs it: an environment of another OpenCV, a system's own."""
    text = (FOLDER / "bootstrap.py").read_text(encoding="utf-8")
    lines = [
        line.split() for line in text.splitlines() if line.lstrip().startswith(("import ", "from "))
    ]
    tops = {line[1].split(".")[0] for line in lines}
    assert tops <= set(sys.stdlib_module_names)
    ast.parse(text, feature_version=(3, 8))
