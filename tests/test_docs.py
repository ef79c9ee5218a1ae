"""Every link, anchor, command and path that the documentation names exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("runtime", "exporter", "benchmarks", "tests", "examples")
PACKAGES = (
    ROOT / "runtime" / "keras2cv",
    ROOT / "exporter" / "keras2cv_export",
    ROOT / "benchmarks" / "keras2cv_bench",
)
# Where a module or a path of the docs may begin: the checkout, a source root, or a package.
BASES = (ROOT, *(ROOT / name for name in SOURCES), *PACKAGES)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# The changelog names what is gone.
TODAY = [page for page in PAGES if page.name != "CHANGELOG.md"]

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
MODULE = re.compile(r"python -m ((?:campaigns|keras2cv\w*)(?:\.\w+)*)")
PYTHON_FILE = re.compile(r"[\w./*-]+\.py\b")
FOLDER = re.compile(r"[\w./*-]+/")
# Files that a command of the docs writes, and files of the reader or of another project.
NOT_OURS = {"repro.py", "predict.py"}


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _slug(heading: str) -> str:
    """GitHub's anchor of a heading: lower case, punctuation dropped, spaces to hyphens."""
    words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def _anchors(page: Path) -> set[str]:
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {_slug(heading) for heading in HEADING.findall(prose)}


def _is_broken(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in _anchors(target)


def broken_links(page: Path) -> list[str]:
    """Return the relative links of a page whose file or anchor does not exist."""
    prose = INLINE_CODE.sub("", FENCE.sub("", page.read_text(encoding="utf-8")))
    links = [link for link in LINK.findall(prose) if not re.match(r"[a-z]+:", link)]
    return [link for link in links if _is_broken(page, link)]


def missing_modules(text: str) -> list[str]:
    """Return the modules of `python -m` that no source root has."""
    return [module for module in MODULE.findall(text) if not _is_module(module)]


def _is_module(name: str) -> bool:
    stem = name.replace(".", "/")
    return any(
        (base / f"{stem}.py").is_file() or (base / stem).is_dir() for base in BASES if base != ROOT
    )


def missing_paths(text: str) -> list[str]:
    """Return the paths of source files and of the project's folders that do not exist."""
    return [path for path in _paths_named(text) if not _exists(path)]


def _paths_named(text: str) -> Iterator[str]:
    for path in PYTHON_FILE.findall(re.sub(r"https?://\S+|/\w+/site-packages\S*", "", text)):
        if Path(path).name not in NOT_OURS:
            yield path
    for code in INLINE_CODE.findall(FENCE.sub("", text)):
        if FOLDER.fullmatch(code) and _begins_in_the_checkout(code):
            yield code


def _begins_in_the_checkout(path: str) -> bool:
    first = path.split("/", maxsplit=1)[0]
    return first in SOURCES or any((base / first).is_dir() for base in BASES)


def _exists(path: str) -> bool:
    if path.startswith("../"):  # the target of a link, which has a test of its own
        return True
    if "/" not in path:  # a bare name: some source file is called that
        return any(next((ROOT / top).rglob(path), None) for top in SOURCES)
    return any(next(base.glob(path.rstrip("/")), None) for base in BASES)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """A relative link names a file of the checkout, and an anchor a heading of that file."""
    assert broken_links(page) == []


@pytest.mark.parametrize("page", TODAY, ids=_name)
def test_every_module_that_is_run_exists(page: Path) -> None:
    """`python -m campaigns.atlas` and the like can be typed."""
    assert missing_modules(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", TODAY, ids=_name)
def test_every_path_exists(page: Path) -> None:
    """Source files, tests and folders are where a page says."""
    assert missing_paths(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_room_is_on_the_map(package: Path) -> None:
    """docs/architecture.md has a row for each folder and module directly below a package."""
    rooms = [path for path in package.iterdir() if not path.name.startswith("__")]
    names = {f"{path.name}/" for path in rooms if any(path.glob("*.py"))}
    names |= {path.name for path in rooms if path.suffix == ".py"}
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert sorted(name for name in names if f"`{name}`" not in text) == []


def test_each_check_finds_its_fault(tmp_path: Path) -> None:
    """Wrong links, anchors, modules and paths are reported; those in code blocks are code."""
    page = tmp_path / "page.md"
    page.write_text(
        "# A `Name`, twice\n[a](#a-name-twice) [b](#no) [c](no.md) [d](https://x.y)\n"
        "```\n[e](also-no.md)\n# no-heading\n```\n[f](#no-heading)\n",
        encoding="utf-8",
    )
    assert broken_links(page) == ["#no", "no.md", "#no-heading"]
    commands = "python -m campaigns.atlas, python -m campaigns.gone, python -m json.tool"
    assert missing_modules(commands) == ["campaigns.gone"]
    named = "`tests/test_docs.py` `tests/gone.py` `gone.py` `passes/` `passes/gone/` `photos/`"
    assert missing_paths(named) == ["tests/gone.py", "gone.py", "passes/gone/"]
