"""A bundle is replaced as on Windows: one folder cannot take another's place, open files stay."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from keras2cv.bundle import atomic_swap as swap
from keras2cv.bundle import leftovers, writing
from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import UsageError
from support.tiny_bundle import Classifier

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the real one needs no play")


class Windows:
    """The module `os` under Windows' name; pathlib keeps the real one, and works."""

    name = "nt"

    def __getattr__(self, attribute: str) -> Any:
        return getattr(os, attribute)


@pytest.fixture(autouse=True)
def locks(monkeypatch: pytest.MonkeyPatch) -> dict[Path, int]:
    """Play Windows; return folder -> how many renames of it fail before one succeeds."""
    held: dict[Path, int] = {}
    rename = Path.rename

    def locked(self: Path, target: Any) -> Path:
        if held.get(self, 0) > 0:
            held[self] -= 1
            raise PermissionError(13, "The process cannot access the file", str(self))
        return rename(self, target)

    for module in (swap, writing):
        monkeypatch.setattr(module, "os", Windows())
    monkeypatch.setattr(swap, "_exchange", lambda *_: False)
    monkeypatch.setattr(swap, "_PAUSES_S", (0, 0, 0))
    monkeypatch.setattr(Path, "rename", locked)
    return held


def batch_of(folder: Path) -> int:
    """Return the batch of a bundle, which must be whole and alone."""
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    return read_bundle(folder).manifest.model.batch


def test_a_bundle_that_nobody_reads_is_replaced(cat_cv: Path) -> None:
    """In two steps, without a lock on the folder."""
    Classifier(3).write(cat_cv)
    assert batch_of(cat_cv) == 3


def test_a_lock_that_ends_is_waited_for(cat_cv: Path, locks: dict[Path, int]) -> None:
    """As a virus scanner's does."""
    locks[cat_cv] = 2
    Classifier(3).write(cat_cv)
    assert batch_of(cat_cv) == 3


def test_a_bundle_in_use_stays_with_a_sentence(cat_cv: Path, locks: dict[Path, int]) -> None:
    """The old one is whole, and nothing lies beside it."""
    locks[cat_cv] = 1000
    with pytest.raises(UsageError, match=r"cannot access the file\. End the programs that have it"):
        Classifier(3).write(cat_cv)
    assert batch_of(cat_cv) == 1


def test_a_lock_on_the_new_one_brings_the_old_one_back(
    cat_cv: Path, locks: dict[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two renames, too; a short lock on the old one is waited for."""
    monkeypatch.setattr(leftovers, "stage_name", lambda _: "cat.cv.tmp-stage")
    locks[cat_cv.with_name("cat.cv.tmp-stage")] = 1000
    locks[swap._aside(cat_cv)] = 2
    with pytest.raises(UsageError, match="End the programs"):
        Classifier(3).write(cat_cv)
    assert batch_of(cat_cv) == 1
