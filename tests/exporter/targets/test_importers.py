"""The importer of each OpenCV, and the first version that runs a form."""

from __future__ import annotations

import pytest

from keras2cv_export.targets import importers
from keras2cv_export.targets.importers import IMPORTERS, importer_of, since, version_of


@pytest.mark.parametrize(
    ("opencv", "importer"),
    [
        ("4.6", "4.6"),
        ("4.7.0", "4.6"),
        ("4.8.1.78", "4.8"),
        ("4.9", "4.8"),
        ("4.11", "4.10"),
        ("4.13", "4.12"),
        ("4.20", "4.14"),
        ("4.5.5", "4.6"),
    ],
)
def test_a_version_counts_as_the_older_of_its_neighbours(opencv: str, importer: str) -> None:
    """A fault mended between two measured versions may still be in a version in between."""
    assert importer_of(opencv) == importer


@pytest.mark.parametrize("opencv", ["5.0", "5.0.0-pre", "5.1"])
@pytest.mark.parametrize("engine", ["new", "classic"])
def test_an_opencv_with_two_engines_has_two_importers(opencv: str, engine: str) -> None:
    """A version to come counts as the newest that is known."""
    assert importer_of(opencv, engine) == f"5.0 {engine}"


def test_a_version_to_come_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """With it in the list, its engines are found, and those of the one before stay."""
    newer = (*IMPORTERS, "5.2 classic", "5.2 new")
    monkeypatch.setattr(importers, "IMPORTERS", newer)
    assert importer_of("5.2", "new") == "5.2 new"
    assert importer_of("5.3") == "5.2 classic"
    assert importer_of("5.1", "new") == "5.0 new"
    assert importer_of("4.14", "new") == "4.14"


def test_importers_are_in_order() -> None:
    """Oldest first, as readers of the list assume."""
    assert sorted(IMPORTERS, key=version_of) == list(IMPORTERS)


@pytest.mark.parametrize(
    ("refusing", "version"),
    [
        ((), "4.6"),
        (("4.6",), "4.8"),
        (("4.8",), "4.10"),  # 4.6 runs it, but not every newer one
        (("4.6", "4.12"), "4.14"),
        (IMPORTERS[:5], "5.0"),
        (IMPORTERS[:6], "5.0"),
        (("5.0 classic",), "4.6"),
        (IMPORTERS, None),
        (("5.0 classic", "5.0 new"), None),
    ],
)
def test_since_when_something_is_run(refusing: tuple[str, ...], version: str | None) -> None:
    """From then on in every version; one engine of 5.0 is enough."""
    assert since(refusing) == version
