"""The runtime's own modules that a generated program needs, found by their imports.

Starting from a few modules, every import of `keras2cv` is followed, also those inside functions. A
module is copied as it is, but for the name of the package in it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from functools import cache
from importlib.resources import files

_OURS = "keras2cv"


def modules_of(roots: Collection[str], left_out: Collection[str]) -> list[str]:
    """Return `roots`, all that they import, and the packages around them, in alphabetical order.

    Args:
        roots: Modules, without "keras2cv." before them.
        left_out: Modules that are not followed, though a function imports them.
    """
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        module = waiting.pop()
        if module in found or module in left_out:
            continue
        found.add(module)
        waiting += _imports_of(module)
        package = module.rpartition(".")[0]
        waiting += [package] if package else []
    return sorted(found)


def path_of(module: str) -> str:
    """Return the file of a module, as a path in the folder of the runtime."""
    path = module.replace(".", "/")
    is_package = files(_OURS).joinpath(path).is_dir()
    return f"{path}/__init__.py" if is_package else f"{path}.py"


def copy_of(module: str, package: str, header: str) -> str:
    """Return the text of a module for a runtime that is called `package`, under a `header`."""
    return f"{header}\n{re.sub(rf'{_OURS}(?=[.][a-z])', package, _source_of(module))}"


@cache
def _source_of(module: str) -> str:
    return files(_OURS).joinpath(path_of(module)).read_text(encoding="utf-8")


def _imports_of(module: str) -> Iterator[str]:
    """Yield the modules that `from keras2cv.x import y` names: `x`, or `x.y` where y is one too."""
    for node in ast.walk(ast.parse(_source_of(module))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{_OURS}."):
            source = str(node.module).removeprefix(f"{_OURS}.")
            names = [f"{source}.{alias.name}" for alias in node.names]
            submodules = [name for name in names if files(_OURS).joinpath(path_of(name)).is_file()]
            yield from submodules or [source]
