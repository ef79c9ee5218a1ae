"""The page about KerasHub: its content, and the error without KerasHub."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import pytest

pytest.importorskip("jinja2")

from campaigns import hub
from campaigns.atlas.cells import Atlas, Cell, Family, Heading, Row

HEADINGS = (
    Heading("5.0 new", "bundle", "5.0.0", "2.4.6", "3.11.7"),
    Heading("4.6", "bundle", "4.6.0", "1.26.4", "3.11.7"),
)
ROWS = (
    Row("resnet", (Cell("pass", 3e-7, "", ""), Cell("pass", 4e-7, "", "")), ()),
    Row("clip", (Cell("pass", 2e-6, "", ""), Cell("refused", None, "It gathers.", "")), ()),
)


def atlas(*, mixed: bool = False) -> Atlas:
    """Return two models on two OpenCVs, one cell refused."""
    family = Family("towers", "Towers: pictures and words", ROWS)
    return Atlas(HEADINGS, (family,), "2026-11-22", "", {"keras": "3.15.1"}, 7, mixed)


def test_the_page_has_counts_cells_and_reasons() -> None:
    """The page has its counts, versions, each OpenCV's totals, and each cell's reason."""
    text = hub.page(atlas(), "0.32.0")
    assert text.startswith("# KerasHub\n")
    assert "2 of 7 vision models of KerasHub 0.32.0" in text
    assert "| 4.6 | 4.6.0 | 1.26.4 | 2 | **1** (50.0 %) | 1 | 0 | 0 | 0 |" in text
    assert "| `clip` | 2e-06 | **refused** [1] |" in text
    assert "1. It gathers." in text


@pytest.mark.parametrize("mixed", [True, False])
def test_kept_results_are_admitted(mixed: bool) -> None:
    """Results of other sources are marked as such."""
    assert ("earlier sources" in hub.page(atlas(mixed=mixed), "0.32.0")) is mixed


def test_without_kerashub_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, and the exit code of a missing package, before anything is measured."""

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(hub, "version", missing)
    assert hub.main([]) == 3
    assert "pip install keras-hub" in capsys.readouterr().err
