"""docs/writing_passes.md shows the code as it is."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "writing_passes.md"
BLOCK = re.compile(
    r"From \[`[^`]+`\]\((?P<file>[^)]+)\):\n\n```python\n(?P<code>.*?)```", re.DOTALL
)
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = [(m["file"], m["code"]) for m in BLOCK.finditer(TEXT)]


def test_every_block_of_code_names_its_file() -> None:
    """None is made up."""
    assert len(BLOCKS) == TEXT.count("```python")
    assert len(BLOCKS) > 5


@pytest.mark.parametrize(("file", "code"), BLOCKS, ids=[code.strip()[:30] for _, code in BLOCKS])
def test_a_block_is_in_its_file(file: str, code: str) -> None:
    """To the letter, if further to the right."""
    text = (PAGE.parent / file).read_text(encoding="utf-8")
    assert any(indent(code.rstrip(), " " * depth) in text for depth in (0, 4))


def test_links_lead_somewhere() -> None:
    """Files and folders of the checkout."""
    links = [link for link in re.findall(r"\]\(([^)#]+)", TEXT) if "://" not in link]
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
