"""No class name twice in a package: one name for one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("package", ["runtime/keras2cv", "exporter/keras2cv_export"])
def test_no_two_classes_of_a_package_share_a_name(package: str) -> None:
    """Classes of a module's own, with a leading underscore, may."""
    found = defaultdict(list)
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(path.relative_to(ROOT).as_posix())
    assert found
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}
