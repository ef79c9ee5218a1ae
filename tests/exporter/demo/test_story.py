"""The whole demo: its files, its output, and that the printed commands work."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest
from rich.console import Console

import keras2cv
from keras2cv.errors import UsageError
from keras2cv.isolation import confinement
from keras2cv_export.demo import DemoReport, run_demo, story
from keras2cv_export.demo.closing import with_keras2cv, with_opencv_alone

pytest.importorskip("keras")


@dataclass(frozen=True)
class FinishedDemo:
    """A demo that ran, and its output."""

    report: DemoReport
    folder: Path
    text: str

    def section(self, title: str) -> list[str]:
        """Return the lines below a title."""
        lines = self.text.splitlines()
        below = lines[lines.index(title) + 1 :]
        return [line[2:] for line in below[: [*below, ""].index("")]]


def _keep_rights(*_: object, **__: object) -> bool:
    """Fail where `keras2cv demo` would lose its right to write the next bundle."""
    raise AssertionError("the demo gave its rights away")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> FinishedDemo:
    """A demo that trains on very little, and so learns nothing; the rest is as always."""
    page = io.StringIO()
    folder = tmp_path_factory.mktemp("with a space") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        for name, count in (("_TRAINING", 64), ("_VALIDATION", 30), ("_PHOTOS", 7)):
            patch.setattr(story, name, count)
        patch.setattr(confinement, "can_confine", lambda: True)  # as in a process of the command
        patch.setattr(confinement, "confine", _keep_rights)
        report = run_demo(folder, epochs=1, console=Console(file=page))
    return FinishedDemo(report, folder, page.getvalue())


def test_all_but_the_accuracy_is_as_it_should_be(short: FinishedDemo) -> None:
    """Parity, self-tests and agreement do not depend on training."""
    (problem,) = short.report.problems
    assert "named right" in problem
    assert short.report.exit_code == 1
    assert short.report.same_answers == {"shapes.cv": 30, "shapes-h5.cv": 30}
    assert set(short.report.parity.values()) == {"pass"}
    assert set(short.report.selftests.values()) == {"pass"}
    assert "Not everything is as it should be" in short.text


def test_every_file_lies_where_the_demo_prints(short: FinishedDemo) -> None:
    """Every name in the list of contents is there, and nothing else is."""
    lines = short.section(f"In {short.folder}")
    named = {name for line in lines for name in line[:25].replace(",", " ").split()}
    assert named == {path.name for path in short.folder.iterdir()}


def test_the_record_is_finished(short: FinishedDemo) -> None:
    """demo.json holds the figures of the report."""
    fields = json.loads((short.folder / "demo.json").read_text(encoding="utf-8"))
    assert fields["photos"] == 7
    assert fields["passed"] is False
    assert "finished" not in fields


def test_the_photos_are_images_of_both_kinds_and_the_sheet_shows_them(short: FinishedDemo) -> None:
    """PNG and JPEG take different decoders."""
    photos = sorted((short.folder / "photos").iterdir())
    assert {path.suffix for path in photos} == {".png", ".jpg"}
    assert photos[0].name == "01-circle.png"
    for path in (*photos, short.folder / "contact-sheet.png"):
        assert min(cv2.imread(str(path)).shape[:2]) >= 160


def test_both_bundles_are_verified_and_know_their_labels(short: FinishedDemo) -> None:
    """They are bundles of `keras2cv export`."""
    for name in ("shapes.cv", "shapes-h5.cv"):
        manifest = keras2cv.load(short.folder / name).manifest
        assert manifest.status == "verified"
        assert manifest.task.kind == "classify"
        assert manifest.task.labels is not None
        assert "heart" in manifest.task.labels


def test_a_demo_can_be_run_over_an_earlier_one_but_over_nothing_else(tmp_path: Path) -> None:
    """The folder is checked before anything is drawn."""
    (tmp_path / "holiday.jpg").write_bytes(b"...")
    page = io.StringIO()
    with pytest.raises(UsageError, match="holds no earlier demo"):
        run_demo(tmp_path, console=Console(file=page))
    assert page.getvalue() == ""


def printed(lines: Iterable[str]) -> tuple[str, float]:
    """Run code that prints a label and a score."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec("\n".join(lines), {})  # noqa: S102 - the code that people are to type
    label, score = out.getvalue().split()
    return label, float(score)


def test_the_code_that_it_shows_runs_and_both_ways_agree(short: FinishedDemo) -> None:
    """With keras2cv and with OpenCV alone, the label and the score are the same."""
    bundle, photo = short.folder / "shapes.cv", short.folder / "photos" / "02-cross.jpg"
    label, score = printed(with_keras2cv(bundle, photo))
    label_alone, score_alone = printed(with_opencv_alone(keras2cv.load(bundle), bundle, photo))
    assert label == label_alone
    assert score == pytest.approx(score_alone, rel=1e-5)


@pytest.mark.slow
def test_the_real_demo_passes_and_prints_the_next_commands(tmp_path: Path) -> None:
    """It learns 97 % and more, and ends with commands and code."""
    page = io.StringIO()
    folder = tmp_path / "demo"
    finished = FinishedDemo(run_demo(folder, console=Console(file=page)), folder, page.getvalue())
    assert finished.report.problems == []
    assert finished.report.accuracy_opencv >= 0.97
    assert all(line.startswith("keras2cv ") for line in finished.section("What to type next"))
    assert printed(finished.section("In Python, without TensorFlow"))[0] == "circle"
    assert printed(finished.section("In Python, with OpenCV alone"))[0] == "circle"
