"""Every code block of the documentation is tested, or says by its kind why it is not."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keras2cv.cli.parser import make_parser

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^(?:\$ )?(?:\S*/)?keras2cv (?!-)(\w+)( .*)?$", re.MULTILINE)
# Run as they stand by the tests named, or, "": what a command prints, and commands.
TESTED = {
    "python": "test_guides, test_readme, test_writing_passes",
    "sh": "the commands of keras2cv, here",
    "": "the commands of keras2cv, here",
    "text": "Python that needs a reader's files: its syntax, here",
    "json": "here",
    "yaml": "here",
    "cpp": "end_to_end/test_codegen_cpp: their names, here",
    "java": "end_to_end/test_codegen_java: their names, here",
    "js": "end_to_end/test_codegen_js: their names, here",
}
# A name in a block of these languages -> what its sources in the code generator must have.
NAMES = {
    "cpp": re.compile(r"\b(?:model|result|found)\.(\w+)"),
    "java": re.compile(r"\b(?:model|result)\.(\w+)\("),
    "js": re.compile(r"import \{ ([\w, ]+) \}"),
}
TEMPLATES = ROOT / "runtime" / "keras2cv" / "codegen"


def _blocks(*languages: str) -> Iterator[tuple[str, str, str]]:
    for page in PAGES:
        for language, block in BLOCK.findall(page.read_text(encoding="utf-8")):
            if language in languages:
                yield f"{page.relative_to(ROOT)}: {block[:60]}", language, block


def test_every_kind_of_block_is_known() -> None:
    """Directives of Sphinx, as {toctree}, are run by the site's own build."""
    found = {
        language
        for page in PAGES
        for language, _ in BLOCK.findall(page.read_text(encoding="utf-8"))
        if not language.startswith("{")
    }
    assert found <= set(TESTED)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_its_commands_parse(page: Path) -> None:
    """Each `keras2cv VERB ...` line of each page is one that the parser takes."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for language, block in BLOCK.findall(text):
        for verb, rest in COMMAND.findall(block if language in {"", "sh", "yaml"} else ""):
            words = [verb, *shlex.split(rest, comments=True)]
            assert make_parser(words).parse_args(words).execute


def test_python_and_data_are_well_formed() -> None:
    """Blocks of Python that other tests do not run have its syntax; JSON and YAML have theirs."""
    yaml = pytest.importorskip("yaml")
    readers: dict[str, Callable[[str], object]] = {
        "text": ast.parse,
        "json": json.loads,
        "yaml": yaml.safe_load,
    }
    for place, language, block in _blocks(*readers):
        try:
            readers[language](block)
        except (SyntaxError, ValueError, yaml.YAMLError) as error:
            pytest.fail(f"{place}: {error}")


@pytest.mark.parametrize("language", sorted(NAMES))
def test_names_of_other_languages_are_written_by_the_generator(language: str) -> None:
    """Members and functions that a page calls stand in the templates."""
    sources = [path for path in (TEMPLATES / language).rglob("*") if path.is_file()]
    written = "\n".join(path.read_text(encoding="utf-8", errors="ignore") for path in sources)
    for place, _, block in _blocks(language):
        for names in NAMES[language].findall(block):
            for name in names.split(", "):
                assert re.search(rf"\b{name}\b", written), f"{place}: {name}"
