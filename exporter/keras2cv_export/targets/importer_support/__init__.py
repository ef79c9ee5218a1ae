"""Which ops of a graph OpenCV cannot run, each with the Keras layer that it came from.

The table in `measured.py` is written by running small graphs on every version (`python -m
campaigns.importers`). A rule recognises a form of a node; its row in that table lists the importers
that refuse it, or compute it wrongly.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.targets.importers import IMPORTERS, importer_of
from keras2cv_export.targets.target import Target

from .examine import NEVER, RULES, examine
from .found import Unsupported, UnsupportedOpsError, layer_of
from .large_integers import refuse_large_integers
from .oldest import Oldest, oldest

__all__ = [
    "IMPORTERS",
    "NEVER",
    "RULES",
    "Oldest",
    "Unsupported",
    "UnsupportedOpsError",
    "examine",
    "importer_of",
    "layer_of",
    "oldest",
    "refuse_large_integers",
    "require_supported",
    "unsupported",
]


def unsupported(model: ir.Model, target: Target) -> list[Unsupported]:
    """List every node that stands in the way of a target, in graph order.

    A requested version must run the graph, and so must every newer one. Without a request, one
    engine of the newest OpenCV is enough.
    """
    found = examine(model)
    if target.asked:
        return [one for one in found if set(one.importers) & set(target.importers)]
    return min(([one for one in found if last in one.importers] for last in target.last), key=len)


def require_supported(model: ir.Model, target: Target) -> None:
    """Raise with the whole list if anything in the graph stands in the way.

    Raises:
        UnsupportedOpsError: Something does.
    """
    found = unsupported(model, target)
    if found:
        raise UnsupportedOpsError(found, target.runner)
