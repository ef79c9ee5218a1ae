"""The graph of modules that import each other: arrows, circles, floors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath

from .imports import Import, package_imports

Graph = Mapping[str, frozenset[str]]  # node -> nodes it imports


def module_graph(package: str, folder: Path) -> Graph:
    """Return which module of the package imports which, lazy imports included."""
    arrows: dict[str, set[str]] = {module: set() for module in module_names(package, folder)}
    for found, imported in inner_imports(package, folder):
        arrows[module_name(package, found.file)].add(imported)
    return {module: frozenset(imported) for module, imported in arrows.items()}


def inner_imports(package: str, folder: Path) -> Iterator[tuple[Import, str]]:
    """Yield each import of one module of the package by another, with the module it reaches."""
    modules = module_names(package, folder)
    for found in package_imports(package, folder):
        # `from a.b import c` reaches the module a.b.c if there is one, else a.b
        imported = found.module if found.module in modules else found.module.rpartition(".")[0]
        if imported in modules and imported != module_name(package, found.file):
            yield found, imported


def module_names(package: str, folder: Path) -> frozenset[str]:
    """Return the dotted names of all modules of the package."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    return frozenset(module_name(package, file) for file in files)


def module_name(package: str, file: str) -> str:
    """Return the dotted name of a file: `a/__init__.py` is `package.a`."""
    parts = [package, *PurePosixPath(file).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """Return the first folder below the package; a module at the top is its own room."""
    return ".".join(module.split(".")[1:2]) or "__init__"


def room_graph(modules: Graph) -> Graph:
    """Return which room imports which."""
    arrows: dict[str, set[str]] = {room_of(module): set() for module in modules}
    for importer, imported in modules.items():
        arrows[room_of(importer)] |= {room_of(one) for one in imported}
    return {room: frozenset(imported - {room}) for room, imported in arrows.items()}


def count_arrows(graph: Graph) -> int:
    """Return how many ordered pairs import one another."""
    return sum(len(imported) for imported in graph.values())


def reachable(graph: Graph, start: str) -> frozenset[str]:
    """Return every node that `start` imports, directly or through others."""
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(graph[node])
    return frozenset(seen)


def circles(graph: Graph) -> list[list[str]]:
    """Return the groups of nodes that import each other, largest first."""
    below = {node: reachable(graph, node) for node in graph}
    groups = {
        tuple(sorted(other for other in seen if node in below[other]))
        for node, seen in below.items()
        if node in seen
    }
    return sorted((list(group) for group in groups), key=lambda group: (-len(group), group))


def floors(graph: Graph) -> int:
    """Return how many nodes the longest chain of imports has; a circle counts as one node."""
    return max(_heights(_without_circles(graph)).values(), default=0)


def _without_circles(graph: Graph) -> Graph:
    leader = {node: group[0] for group in circles(graph) for node in group}
    joined: dict[str, set[str]] = {}
    for node, imported in graph.items():
        name = leader.get(node, node)
        joined.setdefault(name, set()).update(leader.get(one, one) for one in imported)
    return {name: frozenset(imported - {name}) for name, imported in joined.items()}


def _heights(graph: Graph) -> dict[str, int]:
    heights: dict[str, int] = {}
    for node in TopologicalSorter(graph).static_order():
        heights[node] = 1 + max((heights[one] for one in graph[node]), default=0)
    return heights
