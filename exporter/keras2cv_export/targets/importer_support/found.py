"""One node that some OpenCV cannot run, and the error that lists all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keras2cv.errors import UnsupportedError
from keras2cv_export.targets.importers import IMPORTERS


@dataclass(frozen=True)
class Unsupported:
    """One node that cannot run.

    Attributes:
        op: Its type; TensorFlow's where the conversion did not know it.
        layer: The Keras layer, as the scope that TensorFlow recorded.
        why: Its form, as a clause.
        hint: Advice for the user.
        importers: Which of OpenCV's importers cannot run it.
    """

    op: str
    layer: str
    why: str
    hint: str
    importers: tuple[str, ...] = IMPORTERS

    def __str__(self) -> str:
        """Show as one line of a list."""
        return f"{self.op} in {self.layer}: {self.why}. {self.hint}"


class UnsupportedOpsError(UnsupportedError):
    """OpenCV cannot run some ops of a graph.

    Attributes:
        found: All of them, in graph order.
        where: The OpenCV that cannot.
    """

    def __init__(self, found: Sequence[Unsupported], where: str = "OpenCV") -> None:
        """List them, a line each, as ops that `where` cannot run."""
        self.found, self.where = tuple(found), where
        lines = "\n".join(f"  - {item}" for item in found)
        count = f"{len(found)} op{'s' if len(found) > 1 else ''}"
        self._head = f"{where} cannot run {count} of this model:"
        super().__init__(f"{self._head}\n{lines}")

    @property
    def lines(self) -> tuple[str, ...]:
        """The first line, and one for each."""
        return (self._head, *(f"  - {item}" for item in self.found))


def layer_of(node_name: str) -> str:
    """Return the Keras scope of a node: `model/block/layer/op` without its op."""
    scope = node_name.rpartition("/")[0]
    return scope or node_name or "an unnamed layer"
