"""The text of every program that the golden cases need, as its reader sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from keras2cv.bundle.reading import Bundle
from keras2cv.codegen import program_files
from keras2cv.codegen.generate import lacking
from keras2cv.codegen.languages import LANGUAGES
from support.golden import CASES

# What a template leaves behind where a block is left out.
LEFTOVERS: Mapping[str, re.Pattern[str]] = {
    "two empty lines": re.compile(r"\n\n\n"),
    "an empty line before a closing brace": re.compile(r"\n\n *\}[;),]*\n"),
    "spaces at the end of a line": re.compile(r"[ \t]+\n"),
    "a line of more than 110 characters": re.compile(r"\n.{111,}"),
    "a mark": re.compile(r"@(only|begin|end|[a-z]+@)"),
}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Bundle]:
    """Return the bundle of every golden case, each in a folder of the same name."""
    folder = tmp_path_factory.mktemp("bundles")
    writers = enumerate(CASES.items())
    return {name: write(folder / str(number) / "b.cv") for number, (name, write) in writers}


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "python"])
def test_no_template_shows_through(language: str, bundles: Mapping[str, Bundle]) -> None:
    """Neither gaps nor long lines, in whatever program a bundle needs; Python's has a formatter."""
    for case, bundle in bundles.items():
        if lacking(bundle.manifest, LANGUAGES[language]):
            continue
        for file, text in program_files(bundle, language, bundle.folder).items():
            found = [what for what, pattern in LEFTOVERS.items() if pattern.search(text)]
            assert not found, (case, file, found)
