"""What a language lacks is said in words, before anything is written."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from keras2cv.codegen import LANGUAGES
from keras2cv.codegen.generate import lacking
from support.golden import CASES, NEEDS


@pytest.mark.parametrize("words", sorted(set(NEEDS.values())))
def test_what_a_language_lacks_is_named(words: str, tmp_path: Path) -> None:
    """Heads, what belongs to boxes, other columns and special pictures."""
    nothing = frozenset[str]()
    bare = dataclasses.replace(
        LANGUAGES["python"],
        decodes_heads=False, reads_belongings=False, prepares_all=False, prepares=nothing,
    )  # fmt: skip
    names = [name for name, needed in NEEDS.items() if needed == words]
    for number, name in enumerate(names):
        manifest = CASES[name](tmp_path / f"{number}.cv").manifest
        assert any(words in one for one in lacking(manifest, bare)), name
        assert lacking(manifest, LANGUAGES["python"]) == []
