"""Names that OpenCV's TensorFlow importer reads whole."""

from __future__ import annotations

import re
from collections.abc import Container

import onnx_ir as ir

# The importer splits names at ':' and '^'; TensorFlow allows no other letters than these.
_UNFIT = re.compile(r"[^A-Za-z0-9_./\-]")


def fitted(name: str, taken: Container[str]) -> str:
    """Replace letters with a special meaning in a name, and make it differ from all taken ones."""
    wish = _UNFIT.sub("_", name) or "value"
    found, k = wish, 1
    while found in taken:
        k += 1
        found = f"{wish}_{k}"
    return found


def fit_names(model: ir.Model) -> dict[str, str]:
    """Rename the graph's inputs and outputs where necessary; return old name -> new name."""
    values = [*model.graph.inputs, *model.graph.outputs]
    names: dict[str, str] = {}
    for value in values:
        names[str(value.name)] = fitted(str(value.name), set(names.values()))
    for value in values:
        value.name = names[str(value.name)]
    return names
