"""Give each Concat its own copies of the constants that it joins.

    Concat(k, x, k), Concat(k, y)  ->  Concat(k, x, k'), Concat(k'', y)

The classic engine of 5.0 and every OpenCV before make a layer of such a constant under the
constant's name, and refuse a second one. Exact.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import nodes, own_constants


def own_concat_constants(model: ir.Model) -> int:
    """Copy in place; return how many copies were made."""
    return sum(own_constants(model, node) for node in nodes(model, "Concat"))
