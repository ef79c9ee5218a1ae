"""The import statements of a package, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """One imported name, in a file of the package, at module level or inside a function."""

    package: str
    file: str  # within the package, with slashes
    line: int
    module: str  # absolute, with the imported name: `from a.b import c` gives a.b.c
    lazy: bool

    @property
    def top(self) -> str:
        """The first part of the module's name."""
        return self.module.split(".")[0]

    def __str__(self) -> str:
        """Return the file, the line and the imported module."""
        return f"{self.package}/{self.file}:{self.line} imports {self.module}"


def imports_of(source: str, package: str, file: str) -> Iterator[Import]:
    """Yield every import of `source`, without those under `if TYPE_CHECKING`: they never run."""
    yield from _visit(ast.parse(source), package, file, lazy=False)


def package_imports(package: str, folder: Path) -> list[Import]:
    """Return every import of the package in that folder."""
    return [
        found
        for path in sorted(folder.rglob("*.py"))
        for found in imports_of(
            path.read_text(encoding="utf-8"), package, path.relative_to(folder).as_posix()
        )
    ]


def _visit(node: ast.AST, package: str, file: str, *, lazy: bool) -> Iterator[Import]:
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        for statement in node.orelse:
            yield from _visit(statement, package, file, lazy=lazy)
        return
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(package, file, node.lineno, alias.name, lazy)
    if isinstance(node, ast.ImportFrom):
        source = _absolute(node, package, file)
        for alias in node.names:
            yield Import(package, file, node.lineno, f"{source}.{alias.name}", lazy)
    inner = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):  # an expression holds no import
            yield from _visit(child, package, file, lazy=inner)


def _absolute(node: ast.ImportFrom, package: str, file: str) -> str:
    """Return the module that `from ..a import b` names, dots resolved."""
    if node.level == 0:
        return str(node.module)
    inside = [package, *Path(file).parts][: -node.level]
    return ".".join([*inside, *([node.module] if node.module else [])])
