"""Measure one package: its layout, its lengths, its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .graph import Graph, circles, count_arrows, floors, module_graph, room_graph
from .lines import Lines, Source, read_source
from .words import Words, count_words

PACKAGES = {
    "keras2cv": "runtime/keras2cv",
    "keras2cv_export": "exporter/keras2cv_export",
    "keras2cv_bench": "benchmarks/keras2cv_bench",
    "campaigns": "benchmarks/campaigns",
}
# Templates and pages written by hand; generated HTML is not counted.
TEXT_SUFFIXES = {".md", ".in", ".hpp", ".cpp", ".c", ".txt", ".jinja", ".js", ".java"}


@dataclass(frozen=True)
class Layout:
    """How modules and rooms (the first folders) of a package import each other."""

    arrows: int
    floors: int
    circles: list[list[str]]

    @classmethod
    def of(cls, graph: Graph) -> Layout:
        """Measure one graph."""
        return cls(count_arrows(graph), floors(graph), circles(graph))


@dataclass(frozen=True)
class Spread:
    """Lengths in lines: the median, the 90th and 99th percentile, the maximum."""

    count: int
    median: int
    p90: int
    p99: int
    longest: int

    @classmethod
    def of(cls, lengths: Iterable[int]) -> Spread:
        """Measure the lengths; all is zero where there are none."""
        ordered = sorted(lengths)
        if not ordered:
            return cls(0, 0, 0, 0, 0)
        median, p90, p99 = (ordered[len(ordered) * share // 100] for share in (50, 90, 99))
        return cls(len(ordered), median, p90, p99, ordered[-1])


@dataclass(frozen=True)
class Part:
    """The Python files of one part of the checkout."""

    lines: Lines
    text_lines: int  # of templates and pages
    files: Spread
    functions: Spread
    docstring_words: Words
    comment_words: Words


@dataclass(frozen=True)
class Package:
    """One package: its parts, and how they hang together."""

    folders: dict[str, int]  # folder -> modules in it
    modules: Layout
    rooms: Layout


@dataclass(frozen=True)
class House:
    """All measurements of a checkout."""

    packages: dict[str, Package]
    parts: dict[str, Part]


def measure_house(root: Path) -> House:
    """Measure the checkout at `root`.

    Raises:
        FileNotFoundError: If it holds none of the packages.
    """
    there = {name: root / path for name, path in PACKAGES.items() if (root / path).is_dir()}
    if not there:
        raise FileNotFoundError(f"{root} is no checkout: it holds none of {sorted(PACKAGES)}.")
    parts = {**there, "tests": root / "tests", "docs": root / "docs"}
    return House(
        packages={name: measure_package(name, folder) for name, folder in there.items()},
        parts={name: measure_part([folder]) for name, folder in parts.items()}
        | {"all packages": measure_part(list(there.values()))},
    )


def measure_package(name: str, folder: Path) -> Package:
    """Measure how one package is laid out."""
    graph = module_graph(name, folder)
    folders = Counter(
        path.parent.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.py"))
    )
    return Package(dict(folders), Layout.of(graph), Layout.of(room_graph(graph)))


def measure_part(folders: Sequence[Path]) -> Part:
    """Measure the files below some folders, as one."""
    sources = [read_source(path) for folder in folders for path in sorted(folder.rglob("*.py"))]
    return Part(
        lines=sum((source.lines for source in sources), Lines()),
        text_lines=sum(_text_lines(folder) for folder in folders),
        files=Spread.of(source.lines.total for source in sources),
        functions=Spread.of(length for source in sources for length in source.function_lengths),
        docstring_words=_words(sources, "docstrings"),
        comment_words=_words(sources, "comments"),
    )


def _text_lines(folder: Path) -> int:
    texts = [path for path in folder.rglob("*") if path.suffix in TEXT_SUFFIXES]
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in texts)


def _words(sources: Sequence[Source], kind: str) -> Words:
    return count_words(text for source in sources for text in getattr(source, kind))
