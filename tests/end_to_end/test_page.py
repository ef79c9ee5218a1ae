"""The page of a check is complete, and shows the content of the JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Any

import keras
import numpy as np
import pytest

from keras2cv.cli import main
from keras2cv.errors import UsageError
from keras2cv_export import check
from keras2cv_export.checks.page import page, write_page
from keras2cv_export.checks.page.pictures import heat, rows
from keras2cv_export.parity.exactness import Distances
from support.browser import LOOKS, WIDTHS, problems_of
from support.engines import ONE_ENGINE

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Collects a page's text and elements, and checks that every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.cells: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Open an element."""
        self.sources += [value for key, value in attrs if key in ("src", "href", "xlink:href")]
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        """Close the one that was opened last."""
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Read text."""
        if "script" not in self.open and "style" not in self.open:
            self.words += data
            if self.open and ("td" in self.open):
                self.cells[-1] += data


@pytest.fixture(scope="module")
def checked(shapes: Any) -> Any:
    """Return a check that fails in its resize and passes elsewhere."""
    return check(shapes.folder, shapes.model, reference_resize="pil-nearest", engine=ONE_ENGINE)


def test_the_page_is_whole_and_shows_the_record(checked: Any, tmp_path: Path) -> None:
    """Every verdict, number and sentence; nothing is fetched, nothing runs."""
    write_page(checked, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    shown = Page(text)
    assert shown.open == ["html"] or not shown.open
    assert all(source.startswith(("data:image/", "#")) for source in shown.sources)
    assert re.findall(r"<script(?! id=\"record\" type=\"application/json\")", text) == []
    assert "@import" not in text
    assert "url(" not in text
    record = checked.to_dict()
    inside = re.search(r'<script id="record"[^>]*>(.*)</script>', text, re.DOTALL)
    assert inside is not None
    assert json.loads(inside[1]) == json.loads(json.dumps(record))
    assert record["verdict"] == "fail"
    for sentence in (*record["reasons"], *record["end_to_end"]["advice"]):
        assert sentence in shown.words
    for stage in record["end_to_end"]["stages"]:
        row = shown.cells.index(stage["name"])
        largest, _, _, share, unit = shown.cells[row + 2 : row + 7]
        assert float(largest) == pytest.approx(stage["largest"], rel=1e-2)
        assert float(share.removesuffix(" %")) == pytest.approx(100 * stage["share"], abs=0.06)
        assert unit == stage["unit"]
    for check_ in record["engines"][ONE_ENGINE]["outputs"][0]["checks"]:
        row = shown.cells.index(check_["metric"])
        assert float(shown.cells[row + 1]) == pytest.approx(check_["measured"], rel=1e-2)
        assert float(shown.cells[row + 2]) == pytest.approx(check_["limit"], rel=1e-2)
    for name, version in record["versions"].items():
        assert f"{name} {version}" in shown.words


def test_pictures_are_shown_from_both_sides(checked: Any) -> None:
    """With where their inputs differ."""
    drawn = rows(checked.journey, "TensorFlow")
    assert [row.name for row in drawn] == ["drawn 1.png", "drawn 2.png"]
    captions = [caption for caption, _ in drawn[0].views]
    assert captions[:2] == ["Keras and TensorFlow", "OpenCV"]
    assert captions[2].startswith("inputs differ by up to")
    assert drawn[0].largest in captions[2]  # what the heat map's brightest colour stands for


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS)
def test_a_check_s_page_reads_in_a_browser(checked: Any, look: Any, tmp_path: Path) -> None:
    """On a phone, a tablet and a desk: axe-core finds nothing, and nothing is cut off."""
    assert problems_of(page(checked), look, tmp_path) == {width: [] for width in WIDTHS}


def test_a_net_that_answers_nan_has_a_page(shapes: Any, tmp_path: Path) -> None:
    """Without predictions to draw; the record stays JSON."""
    broken = keras.models.clone_model(shapes.model)
    broken.set_weights([w * np.float32("nan") for w in shapes.model.get_weights()])
    report = check(shapes.folder, broken, engine=ONE_ENGINE)
    assert report.verdict == "fail"
    write_page(report, tmp_path / "page.html")
    assert "NaN or infinity" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_names_cannot_break_out_of_the_page(checked: Any) -> None:
    """A folder may be called anything, even the end of a script."""
    text = page(replace(checked, bundle=PurePosixPath("a/</script><b>.cv"), notes=("<blink>",)))
    assert "<b>.cv" not in text
    assert "<blink>" not in text
    assert text.count("</script>") == 1


def test_small_differences_are_dark_on_a_heat_map() -> None:
    """Black is none, and none at all is all black."""
    values = np.array([[0.0, 0.5], [1.0, 0.0]])
    colours = heat(values, 1.0)
    assert colours[0, 0].sum() < colours[0, 1].sum() < colours[1, 0].sum()
    assert heat(np.zeros((2, 3)), 0.0).max() < 10


def test_a_place_that_cannot_be_written_is_an_error(checked: Any, tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(UsageError, match=r"cannot be written: .* Choose a place"):
        write_page(checked, tmp_path / "none" / "page.html")


def test_the_command_line_writes_page_and_record(
    shapes: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And prints the stages, and no speed where that is left out."""
    model = tmp_path / "shapes.keras"
    shapes.model.save(model)
    page_file, record_file = tmp_path / "page.html", tmp_path / "record.json"
    words = ["check", str(shapes.folder), "--against", str(model), "--engine", ONE_ENGINE]
    options = ["--no-speed", "--html", str(page_file), "--json", str(record_file)]
    assert main([*words, *options, "--reference-resize", "keras"]) == 1
    printed = capsys.readouterr().out
    assert "end to end: fail (2 drawn pictures; reference: Pillow's decoder" in printed
    assert "of the difference arises in resize" in printed
    assert "speed:" not in printed
    assert json.loads(record_file.read_text(encoding="utf-8"))["verdict"] == "fail"
    assert page_file.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main([*words, "--no-speed", "--max-ratio", "2"]) == 2


def test_the_page_gives_both_distances_to_the_exact_answer(checked: Any) -> None:
    """An output beyond float32's limit is shown with OpenCV's distance and TensorFlow's."""
    distances = Distances(4.3e-4, 4.0e-4, 3.2e-3, (1,), ())
    outputs = tuple(replace(one, exact=distances) for one in checked.parity.outputs)
    parity = replace(checked.parity, outputs=outputs)
    engines = tuple((engine, parity) for engine, _ in checked.by_engine)
    words = Page(page(replace(checked, parity=parity, by_engine=engines))).words
    assert "OpenCV is 0.00043 from the exact answer (float64), TensorFlow 0.0004." in words
