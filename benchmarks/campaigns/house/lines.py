"""The lines of a Python file, by kind; the lengths of files and functions; their prose."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Lines:
    """How many lines are code, docstring, comment and blank."""

    code: int = 0
    docstring: int = 0
    comment: int = 0
    blank: int = 0

    def __add__(self, other: Lines) -> Lines:
        """Add up kind by kind."""
        return Lines(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def total(self) -> int:
        """All lines."""
        return self.code + self.docstring + self.comment + self.blank


@dataclass(frozen=True)
class Source:
    """The lines, functions and prose of one Python file."""

    lines: Lines
    function_lengths: tuple[int, ...]  # in lines, from `def` to the end, docstring included
    docstrings: tuple[str, ...]
    comments: tuple[str, ...]


def read_source(path: Path) -> Source:
    """Read one Python file."""
    text = path.read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(text)))
    docstrings = list(_docstrings(nodes))
    inside = {line for node in docstrings for line in range(node.lineno, _end(node) + 1)}
    return Source(
        lines=_count_lines(text.splitlines(), inside),
        function_lengths=tuple(
            _end(node) - node.lineno + 1
            for node in nodes
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ),
        docstrings=tuple(str(node.value) for node in docstrings),
        comments=tuple(_comments(text)),
    )


def _docstrings(nodes: list[ast.AST]) -> Iterator[ast.Constant]:
    for node in nodes:
        if isinstance(node, Documented) and node.body:
            first = node.body[0]
            value = first.value if isinstance(first, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value


def _comments(text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string.lstrip("# ")


def _end(node: ast.expr | ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _count_lines(lines: list[str], docstring_lines: set[int]) -> Lines:
    docstring = comment = blank = 0
    for number, line in enumerate(lines, 1):
        if number in docstring_lines:
            docstring += 1
        elif not line.strip():
            blank += 1
        elif line.lstrip().startswith("#"):
            comment += 1
    return Lines(len(lines) - docstring - comment - blank, docstring, comment, blank)
