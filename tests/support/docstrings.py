"""Which public functions lack a section of their docstring."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

MOST_UNEXPLAINED = 3  # parameters
Function = ast.FunctionDef


def gaps_below(folder: Path) -> list[str]:
    """Return "file:line name lacks Args" for every gap in the modules below a folder."""
    return [
        f"{path.relative_to(folder).as_posix()}:{line} {gap}"
        for path in sorted(folder.rglob("*.py"))
        for line, gap in gaps_in(path.read_text(encoding="utf-8"))
    ]


def gaps_in(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the gap of each public function without a section that it needs."""
    for function in _public_functions(ast.parse(source).body):
        text = ast.get_docstring(function) or ""
        if len(_parameters(function)) > MOST_UNEXPLAINED and "Args:" not in text:
            yield function.lineno, f"{function.name} lacks Args"
        if _raises(function) and "Raises:" not in text:
            yield function.lineno, f"{function.name} lacks Raises"


def _public_functions(body: list[ast.stmt]) -> Iterator[Function]:
    for node in body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            if isinstance(node, Function):
                yield node
            else:
                yield from _public_functions(node.body)


def _parameters(function: Function) -> list[str]:
    """Return the parameters that a caller chooses; `_` marks one that an interface prescribes."""
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls") and not name.startswith("_")]


def _raises(function: Function) -> bool:
    """Whether the function itself raises a new error, inner functions and assertions aside."""
    rest: list[ast.AST] = [*function.body]
    while rest:
        node = rest.pop()
        if isinstance(node, ast.Raise) and node.exc and not _is_assertion(node.exc):
            return True
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            rest.extend(ast.iter_child_nodes(node))
    return False


def _is_assertion(error: ast.expr) -> bool:
    return ast.unparse(error).startswith("AssertionError")
