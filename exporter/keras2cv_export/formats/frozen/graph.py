"""The graph that is being written: names of values, constants, and moves that all ops share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, shape_of

from .names import fitted
from .node import Array, Attribute, FrozenNode, Unwritable

# A layer that returns its input. The importer removes TensorFlow's Identity, and its name.
SAME = "Silence"


class Graph:
    """Nodes in the order of execution, and the names there of the ONNX graph's values.

    Attributes:
        nodes: The nodes written so far.
    """

    def __init__(self, model: ir.Model) -> None:
        """Give the graph's inputs and outputs the names that they have in the manifest."""
        self.nodes: list[FrozenNode] = []
        self._taken: set[str] = set()
        self._names: dict[ir.Value, str] = {}
        self._asides: dict[str, ir.Value] = {}
        for value in (*model.graph.inputs, *model.graph.outputs):
            self._taken.add(str(value.name))
            if value.is_graph_output() and value.uses():
                self._asides[str(value.name)] = value
            else:
                self._names[value] = str(value.name)

    def name_of(self, value: ir.Value) -> str:
        """Return a value's name, in letters that OpenCV and TensorFlow can read."""
        if value not in self._names:
            self._names[value] = self._free(str(value.name))
        return self._names[value]

    def alias(self, output: ir.Value, source: str) -> None:
        """Let a value be another node's result, without a node of its own if possible."""
        if output.is_graph_output() and output not in self._asides.values():
            self.emit(SAME, (source,), output)
        else:
            self._names[output] = source

    def finish(self) -> None:
        """Add a node for each output that other nodes read as well.

        The new engine of 5.0 always returns the values that nothing reads, and no others.
        """
        for name, value in self._asides.items():
            self.nodes.append(FrozenNode(name, SAME, (self.name_of(value),)))

    def read(self, value: ir.Value | None) -> str:
        """Return the name of a computed value, to read it.

        Raises:
            Unwritable: It is a constant, which the importer takes from few ops only.
        """
        if value is None or constant(value) is not None:
            raise Unwritable("it computes something of constants alone")
        return self.name_of(value)

    def emit(
        self,
        op: str,
        inputs: Sequence[str],
        output: ir.Value,
        role: str = "",
        /,
        **attributes: Attribute,
    ) -> str:
        """Add the node that makes `output`, or with a role one on the way to it; return its name.

        Args:
            op: TensorFlow's op, or the type of a layer of OpenCV's.
            inputs: Names of the nodes that it reads.
            output: The ONNX value that it makes, or leads to.
            role: The node's role on the way; empty for the node that makes `output`.
            attributes: The node's attributes.
        """
        name = self._free(f"{self.name_of(output)}/{role}") if role else self.name_of(output)
        self.nodes.append(FrozenNode(name, op, tuple(inputs), attributes))
        return name

    def const(self, array: Array, output: ir.Value, role: str) -> str:
        """Add a constant of float32 or int32 that an op of `output` reads; return its name."""
        plain = np.ascontiguousarray(array, np.float32 if array.dtype.kind == "f" else np.int32)
        return self.emit(
            "Const", (), output, role, dtype=plain.dtype, value=plain.reshape(array.shape)
        )

    def ints(self, numbers: Sequence[int], output: ir.Value, role: str) -> str:
        """Add a constant list of whole numbers."""
        return self.const(np.array(numbers, np.int32), output, role)

    def reshape(self, source: str, shape: Sequence[int], output: ir.Value, role: str = "") -> str:
        """Give a tensor another shape; return its node's name.

        The importer takes a Reshape to four axes for one of channels last, and adds a Permute
        behind it. It does not for five axes, and a Squeeze of the fifth is taken literally.

        Args:
            source: Name of the tensor's node.
            shape: The new shape.
            output: The ONNX value that is made, or led to.
            role: The node's role on the way; empty for the last one.
        """
        prefix = f"{role}/" if role else ""
        if len(shape) != 4:
            target = self.ints(shape, output, f"{prefix}shape")
            return self.emit("Reshape", (source, target), output, role, **_FLOAT)
        target = self.ints([*shape, 1], output, f"{prefix}shape")
        five = self.emit("Reshape", (source, target), output, f"{prefix}five", **_FLOAT)
        return self.squeeze(five, output, role)

    def squeeze(self, source: str, output: ir.Value, role: str = "") -> str:
        """Remove the last of five axes, which is 1."""
        return self.emit("Squeeze", (source,), output, role, squeeze_dims=[4], **_FLOAT)

    def _free(self, wish: str) -> str:
        name = fitted(wish, self._taken)
        self._taken.add(name)
        return name


_FLOAT: dict[str, Attribute] = {"T": np.dtype(np.float32)}


def sizes(value: ir.Value | None) -> tuple[int, ...]:
    """Return the shape of a value.

    Raises:
        Unwritable: The shape is not known.
    """
    shape = shape_of(value)
    if shape is None:
        raise Unwritable("its shape is not known")
    return shape


def weights(value: ir.Value | None, label: str) -> Array:
    """Return the numbers of a constant; `label` names it in the error message.

    Raises:
        Unwritable: It is computed.
    """
    array = constant(value)
    if array is None:
        raise Unwritable(f"{label} is computed, and the importer wants a constant")
    return array
