"""One thing wrong with a right bundle, and how it is put in.

A fault of the manifest is written as `path: value`, where `path` leads to a key of manifest.json
and `value` may be a function of the old one. `None` removes the key. Numbers in a path are places
in a list. Faults of preprocessing are `consistent`: the golden picture is made again, as an export
with the wrong words would make it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import numpy_helper

Array = np.ndarray[Any, Any]
Vectors = dict[str, Array]


@dataclass(frozen=True)
class Fault:
    """One thing wrong.

    Attributes:
        subject: The subject whose bundle it is put into.
        group: "postprocessing", "preprocessing", "names", "net", "storage" or "proof".
        what: The fault in words.
        manifest: Path -> value.
        graph: Changes the ONNX graph.
        file: The file of that graph.
        vectors: Changes the golden vectors.
        consistent: Whether the golden picture is made again.
        edit: Changes the manifest as a whole.
    """

    subject: str
    group: str
    what: str
    manifest: Mapping[str, Any] = field(default_factory=dict)
    graph: Callable[[Any], None] | None = None
    vectors: Callable[[Vectors], None] | None = None
    consistent: bool = False
    file: str = "model.onnx"
    edit: Callable[[dict[str, Any]], None] | None = None

    @property
    def name(self) -> str:
        """Its name in the table."""
        return f"{self.subject}: {self.what}"


def change_weight(
    graph: Any, change: Callable[[Array], Array], *, index: int = 0, rank: int = 2
) -> None:
    """Change the `index`-th initializer of at least that rank."""
    found = [t for t in graph.initializer if len(t.dims) >= rank]
    old = numpy_helper.to_array(found[index])
    found[index].CopyFrom(
        numpy_helper.from_array(np.ascontiguousarray(change(old.copy())).astype(old.dtype),
                                found[index].name)
    )  # fmt: skip
