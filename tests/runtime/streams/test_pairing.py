"""NAME=FILE and NAME=FOLDER: samples of several inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from keras2cv.errors import InputError
from keras2cv.streams.sources import find_sources


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work where there are folders of files."""
    monkeypatch.chdir(tmp_path)
    names = ("l/10.png", "l/9.jpg", "r/9.png", "r/10.npy", "r/notes.txt", "one/9.png", "two/a.png")
    for name in (*names, "two/a.jpg", "none/x.txt"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(b"")
    return tmp_path


def test_folders_pair_by_the_files_names(folder: Path) -> None:
    """Whatever their suffixes, in the order of their numbers; other files do not count."""
    found = find_sources(["left=l/", "right=r"])
    assert [s.name for s in found] == ["left=l/9.jpg right=r/9.png", "left=l/10.png right=r/10.npy"]
    assert [s.parts["right"].kind for s in found] == ["image", "arrays"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["left=l", "right=one"], "l holds 2 and one holds 1 files, and 1 of them have no partner"),
        (["left=l", "right=l/9.jpg"], "left=l is a folder, and right=l/9.jpg a file"),
        (["left=l", "right=two"], "two holds a.jpg and a.png, which would be the same sample"),
        (["left=l", "right=none"], "none holds no image and no array"),
    ],
)
def test_what_does_not_pair_is_refused(folder: Path, words: list[str], sentence: str) -> None:
    """In one sentence, before anything is read."""
    with pytest.raises(InputError, match=sentence):
        find_sources(words)
