"""The demo's folder: allowed and refused ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keras2cv.errors import UsageError
from keras2cv_export.demo.places import PHOTOS, RECORD, prepare, write_record


def test_a_new_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    """`-o a/b/c` needs no mkdir."""
    prepare(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b" / PHOTOS).is_dir()


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    """Nothing can be lost there."""
    prepare(tmp_path)
    assert (tmp_path / PHOTOS).is_dir()


def test_an_earlier_demo_is_taken_over_finished_or_not(tmp_path: Path) -> None:
    """The demo can be run again, also after Ctrl+C."""
    prepare(tmp_path)
    write_record(tmp_path, {"passed": True})
    (tmp_path / "shapes.keras").write_bytes(b"old")
    prepare(tmp_path)
    assert json.loads((tmp_path / RECORD).read_text(encoding="utf-8"))["finished"] is False
    prepare(tmp_path)


@pytest.mark.parametrize("content", ["{}", "[]", "not JSON", '{"name": "another demo"}'])
def test_a_folder_of_someone_else_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    """A demo.json alone does not make it ours."""
    (tmp_path / "demo.json").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"is not empty, and holds no earlier demo.*-o"):
        prepare(tmp_path)
    assert (tmp_path / "demo.json").read_text(encoding="utf-8") == content
    assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]


def test_files_of_someone_else_are_refused(tmp_path: Path) -> None:
    """A folder with anything in it is not written into."""
    (tmp_path / "thesis.tex").write_text("...", encoding="utf-8")
    with pytest.raises(UsageError, match="holds no earlier demo"):
        prepare(tmp_path)


def test_a_file_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    """The error calls it unwritable, and names the option to choose another folder."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UsageError, match=r"cannot be written: .*-o\."):
            prepare(folder)
