"""The rules of the house, over the imports and strings of any package."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from campaigns.house.graph import inner_imports, module_name, module_names, room_of
from campaigns.house.imports import Import, package_imports

TESTS_PATH = re.compile(r"(^|[/.])tests([/.]|$)")


def upward_imports(package: str, folder: Path, floors: Sequence[str]) -> list[str]:
    """Return the imports that go from a room to one above it; `floors` begins at the bottom."""
    return [
        str(found)
        for found, imported in inner_imports(package, folder)
        if _floor(room_of(imported), floors)
        > _floor(room_of(module_name(package, found.file)), floors)
    ]


def _floor(room: str, floors: Sequence[str]) -> int:
    """Return the floor of a room; `rooms_without_a_floor` reports one that has none."""
    return floors.index(room) if room in floors else -1


def rooms_without_a_floor(package: str, folder: Path, floors: Sequence[str]) -> set[str]:
    """Return the rooms that `floors` does not name, and those it names that do not exist."""
    return {room_of(module) for module in module_names(package, folder)} ^ set(floors)


def uses_of_tests(package: str, folder: Path, test_modules: Collection[str]) -> list[str]:
    """Return each import of a module of the checkout's tests, and each path into that folder."""
    imports = [
        str(found)
        for found in package_imports(package, folder)
        if found.top in test_modules or found.top == "tests"
    ]
    return imports + [
        f"{package}/{path.relative_to(folder).as_posix()}:{line} names {text!r}"
        for path in sorted(folder.rglob("*.py"))
        for line, text in paths_into_tests(path.read_text(encoding="utf-8"))
    ]


def paths_into_tests(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each string that names the folder tests, prose aside."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            is_prose = " " in node.value
            if TESTS_PATH.search(node.value) and not is_prose:
                yield node.lineno, node.value


def imports_of_packages(packages: dict[str, Path]) -> list[Import]:
    """Return every import of several packages."""
    return [
        found for package, folder in packages.items() for found in package_imports(package, folder)
    ]
