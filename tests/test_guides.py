"""The pages for users: their Python runs, every verb has its page, their schema is the code's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from campaigns.manifest_schema import schema
from keras2cv.bundle.manifest import Manifest
from keras2cv.cli.verbs import OWN, SHIPPED
from keras2cv.sample import BUNDLE
from support.program_bundles import BUNDLES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
GUIDES = sorted([*(DOCS / "guides").glob("*.md"), *(DOCS / f"{n}.md" for n in ("install", "faq"))])
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_its_python_runs(page: Path, tmp_path: Path) -> None:
    """Each block runs as typed, in an empty folder; blocks that need a reader's files are text."""
    for code in PYTHON.findall(page.read_text(encoding="utf-8")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr


def test_the_page_of_commands_has_every_verb() -> None:
    """docs/reference/command_line.md asks docs/site/parsers.py for each of them."""
    page = (DOCS / "reference" / "command_line.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r":func: (\w+)", page)) == sorted([*OWN, *SHIPPED])


def test_the_schema_is_that_of_the_records() -> None:
    """`python -m campaigns.manifest_schema > docs/manifest.schema.json` updates it."""
    written = json.loads((DOCS / "manifest.schema.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(schema()))


@pytest.mark.parametrize("name", ["sample", *BUNDLES])
def test_the_schema_passes_what_the_records_read(name: str, tmp_path: Path) -> None:
    """The manifests of bundles of every kind."""
    folder = BUNDLE if name == "sample" else _written(name, tmp_path)
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    assert Manifest.from_json(text)
    assert problems(json.loads(text)) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.pop("task"),
        lambda m: m.update(extra=1),
        lambda m: m.update(schema=2),
        lambda m: m["task"].update(kind="dance"),
        lambda m: m["inputs"][0].update(keras_shape=["1"]),
        lambda m: m["engine"].update(fusion=True),
    ],
)
def test_the_schema_refuses_what_they_refuse(change: Callable[[dict[str, Any]], object]) -> None:
    """A missing, unknown, newer or wrong value."""
    manifest = json.loads((BUNDLE / "manifest.json").read_text(encoding="utf-8"))
    change(manifest)
    assert problems(manifest)


def problems(manifest: Any) -> list[str]:
    """Return what a validator says against a manifest."""
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(schema())
    return [error.message for error in validator.iter_errors(manifest)]


def _written(name: str, folder: Path) -> Path:
    return Path(BUNDLES[name](folder / "it.cv").folder)
