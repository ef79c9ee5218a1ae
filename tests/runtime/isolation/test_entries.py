"""Every entry that a package names is there: an entry is a string, which no import checks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROOTS = (ROOT / "runtime", ROOT / "exporter", ROOT / "benchmarks")
ENTRY = re.compile(r"(?:keras2cv\w*|campaigns)(?:\.\w+)+:\w+")


def named_entries() -> Iterator[str]:
    """Yield every string in the sources that is an entry."""
    for path in sorted(file for root in ROOTS for file in root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and ENTRY.fullmatch(text):
                yield text


ENTRIES = sorted(set(named_entries()))


def test_entries_are_found() -> None:
    """Guard: the sources are where the test looks for them."""
    assert "keras2cv.trial.worker:answer" in ENTRIES
    assert len(ENTRIES) > 5


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_is_a_function_of_a_request_and_of_a_report(entry: str) -> None:
    """Its module has it at the top level, with two parameters."""
    module, _, name = entry.partition(":")
    files = [root / f"{module.replace('.', '/')}.py" for root in ROOTS]
    (file,) = (file for file in files if file.exists())
    (function,) = (
        node
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    )
    assert len(function.args.args) == 2
