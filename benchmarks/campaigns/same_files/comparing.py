"""Compare the files of two folders: identical, identical but for names, or different."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import onnx

from .renaming import renamed_by_order

Verdict = Literal["identical", "names differ", "different", "missing"]


@dataclass(frozen=True)
class Comparison:
    """How one file of the first folder compares with the same file of the second."""

    file: str  # within the folder, with slashes
    verdict: Verdict
    detail: str = ""


def compare_folders(before: Path, after: Path) -> list[Comparison]:
    """Compare every file that either folder holds.

    Raises:
        FileNotFoundError: If neither folder holds a file.
    """
    files = sorted({*_files(before), *_files(after)})
    if not files:
        raise FileNotFoundError(f"Nothing to compare: {before} and {after} hold no file.")
    return [_compare(name, before / name, after / name) for name in files]


def _files(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _compare(name: str, before: Path, after: Path) -> Comparison:
    for path in (before, after):
        if not path.exists():
            return Comparison(name, "missing", f"no {path}")
    if before.read_bytes() == after.read_bytes():
        return Comparison(name, "identical")
    if before.suffix == ".onnx":
        return _compare_onnx(name, before, after)
    if before.suffix == ".json":
        changed = changed_keys(
            json.loads(before.read_text(encoding="utf-8")),
            json.loads(after.read_text(encoding="utf-8")),
        )
        return Comparison(name, "different", ", ".join(changed))
    return Comparison(name, "different", f"{before.stat().st_size} and {after.stat().st_size} B")


def _compare_onnx(name: str, before: Path, after: Path) -> Comparison:
    old, old_names = renamed_by_order(onnx.load(before))
    new, new_names = renamed_by_order(onnx.load(after))
    if old.SerializeToString(deterministic=True) != new.SerializeToString(deterministic=True):
        operators = [len(model.graph.node) for model in (old, new)]
        return Comparison(name, "different", f"{operators[0]} and {operators[1]} nodes")
    changed = [
        f"{old_names[key]} -> {new_names[key]}"
        for key in old_names
        if old_names[key] != new_names[key]
    ]
    return Comparison(name, "names differ", ", ".join(changed))


def changed_keys(before: Any, after: Any, path: str = "") -> list[str]:
    """Name every value that differs between two JSON documents, as `model.sha256`."""
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = [(str(key), before.get(key), after.get(key)) for key in {**before, **after}]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = [(str(i), *both) for i, both in enumerate(zip(before, after, strict=True))]
    else:
        return [] if before == after else [path]
    return [
        name
        for key, old, new in pairs
        for name in changed_keys(old, new, f"{path}.{key}" if path else key)
    ]
