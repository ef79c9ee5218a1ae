"""Templates: escaping, missing values, and the one look of every page."""

from __future__ import annotations

import json
import re

import jinja2
import pytest

from keras2cv_export.pages.bars import Bar, bars
from keras2cv_export.pages.palette import PALETTE
from keras2cv_export.pages.templating import render

PACKAGE = "keras2cv_export.pages"


def base(record: object = None) -> str:
    """Return a page without anything on it."""
    return render(PACKAGE, "base.html.jinja", record=record)


def test_the_record_cannot_end_its_element() -> None:
    """And is the same record."""
    text = base({"name": "</script><b>", "values": [1.5]})
    assert text.count("</script>") == 1
    inside = text.partition('type="application/json">')[2].partition("</script>")[0]
    assert json.loads(inside) == {"name": "</script><b>", "values": [1.5]}


def test_a_record_with_nan_is_refused() -> None:
    """JSON has no number for it."""
    with pytest.raises(ValueError, match="JSON"):
        base({"value": float("nan")})


def test_what_nobody_gave_is_an_error() -> None:
    """Never an empty place on a page."""
    with pytest.raises(jinja2.UndefinedError, match="drawing"):
        render(PACKAGE, "standalone.svg.jinja")


def test_every_colour_has_a_light_and_a_dark_one() -> None:
    """For screens of both kinds; and there is a look on paper and on narrow screens."""
    text = base()
    for name, (light, dark) in PALETTE.items():
        assert re.findall(f"--{name}: (#[0-9a-f]+);", text) == [light, dark]
    assert len({light for light, _ in PALETTE.values()}) == len(PALETTE)
    assert "@media print" in text
    assert "@media (max-width: 600px)" in text


def test_a_chart_can_be_a_file_of_its_own() -> None:
    """With its colours, and with a label that is escaped."""
    drawing = bars([Bar("a <b>", "ours", "1 ms", (1.0,))], 'Times "of" <a>')
    text = render(PACKAGE, "standalone.svg.jinja", drawing=drawing)
    assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert text.endswith("</svg>\n")
    assert "<b>" not in text
    assert 'aria-label="Times &#34;of&#34; &lt;a&gt;"' in text
    assert "--main:" in text


def test_markdown_is_not_escaped() -> None:
    """It is text."""
    source = (
        '{% import "parts.md.jinja" as parts %}{{ parts.table(["a", "b"], [["<x>", "1"]], 1) }}'
    )
    loader = jinja2.PackageLoader(PACKAGE)
    text = jinja2.Environment(loader=loader, trim_blocks=True).from_string(source).render()  # noqa: S701
    assert text == "| a | b |\n|---|--:|\n| <x> | 1 |\n"
