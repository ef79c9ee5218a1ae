"""How many samples are drawn, and whose samples are taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keras2cv.errors import UsageError
from keras2cv_export.options import CheckOptions, ExportOptions
from keras2cv_export.options.drawn_samples import drawn_count, own_samples, path_or_count


def test_a_number_is_how_many_unless_a_file_has_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder called 40 stays a folder."""
    monkeypatch.chdir(tmp_path)
    assert path_or_count("40") == 40
    assert path_or_count("photos") == Path("photos")
    Path("40").mkdir()
    assert path_or_count("40") == Path("40")


def test_the_number_the_power_or_the_usual_one() -> None:
    """The power never takes fewer than usual; own samples are not counted."""
    assert (own_samples(40), own_samples("photos")) == (None, "photos")
    assert drawn_count(40, None, 4) == 40
    assert drawn_count(None, "0.99:0.01", 4) == 459
    assert drawn_count(None, "0.5:0.5", 4) == 4
    assert drawn_count(None, None, 16) == 16


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"samples": 2}, "from 3 to"),
        ({"power": "high"}, "0.99:0.01"),
        ({"power": "0.9:0.1", "samples": "photos"}, "Drop --samples or --power"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_both_verbs(
    settings: dict[str, Any], words: str
) -> None:
    """Before anything is read."""
    with pytest.raises(UsageError, match=words):
        ExportOptions("model.keras", "model.cv", **settings)
    with pytest.raises(UsageError, match=words):
        CheckOptions("model.cv", "model.keras", **settings)
