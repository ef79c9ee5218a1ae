"""The demo prints a line per step on the console, and progress on a terminal alone."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from keras2cv_export.demo.narrate import Narrator


@pytest.fixture
def page() -> io.StringIO:
    """Everything that was printed."""
    return io.StringIO()


@pytest.fixture
def story(page: io.StringIO) -> Narrator:
    """A narrator that prints on `page`, narrower than its lines."""
    return Narrator(Console(file=page, width=30))


def test_a_step_is_printed_when_it_is_done(story: Narrator, page: io.StringIO) -> None:
    """Title, first line and duration share a row; further lines are aligned below."""
    with story.step("train"):
        story.doing("something")
        story.add("72,118 weights in a line that is wider than the page")
        story.add("98 % right [not markup]")
        assert page.getvalue() == ""
    lines = page.getvalue().splitlines()
    assert re.fullmatch(r"train     72,118 weights .* the page  \d+\.\d s", lines[0])
    assert lines[1:] == ["          98 % right [not markup]"]
    assert list(story.seconds) == ["train"]
    assert story.seconds["train"] > 0


def test_a_step_that_fails_is_not_printed(story: Narrator, page: io.StringIO) -> None:
    """An error speaks for itself."""

    def fail() -> None:
        with story.step("train"):
            story.add("well done")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fail()
    assert page.getvalue() == ""
    assert story.seconds == {}


def test_no_progress_without_a_terminal(
    story: Narrator, capfd: pytest.CaptureFixture[str], page: io.StringIO
) -> None:
    """Logs get no control characters."""
    with story.step("train"):
        story.doing("something")
        story.add("done")
    out, err = capfd.readouterr()
    assert out + err == ""
    assert "\x1b" not in page.getvalue()


def test_a_section_can_be_copied_from(story: Narrator, page: io.StringIO) -> None:
    """Long commands are not broken, and brackets are not markup."""
    command = "keras2cv run somewhere/shapes.cv somewhere/photos --top 3 [bold]"
    story.section("Next", [command, "second"])
    assert page.getvalue().splitlines() == ["", "Next", f"  {command}", "  second"]
