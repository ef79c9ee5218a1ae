"""Give outputs of four axes channels last, as the tasks that read pictures take them."""

from __future__ import annotations

from typing import Final

import onnx_ir as ir

from keras2cv_export.graph.edit import shape_of

_LAST: Final = (0, 2, 3, 1)


def give_channels_last(model: ir.Model) -> None:
    """Append a Transpose to each such output; the layout of the net cancels it."""
    for k, value in enumerate(list(model.graph.outputs)):
        shape = shape_of(value)
        if shape is None or len(shape) != 4:
            continue
        node = ir.node("Transpose", [value], {"perm": _LAST}, name=f"{value.name}/Transpose")
        output = node.outputs[0]
        output.type, output.shape = value.type, ir.Shape([shape[axis] for axis in _LAST])
        output.name = f"{value.name}/channels_last"
        model.graph.append(node)
        model.graph.outputs[k] = output
