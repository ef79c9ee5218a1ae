"""Graphs of a few nodes for the passes, written as text, and their numbers in OpenCV.

model = graph(
    "(float[1,3,7,9] x) => (float[1,5,7,9] y) { c = Conv (x, w)  y = Mul (c, s) }",
    w=random(5, 3, 1, 1), s=random(5, 1, 1),
)
rewritten = apply(fold_scale_into_conv, model)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import NDArray
from onnx import helper, numpy_helper, shape_inference

from keras2cv.net.engines import ENGINES
from keras2cv.net.net import Net
from keras2cv_export.graph.edit import Pass
from support.tiny_bundle import ANY_ENGINE

Array = NDArray[Any]

OPSET = 13


def random(*shape: int) -> Array:
    """Return float32 numbers of size 0.4 to 1.6, of both signs, other ones for other shapes."""
    rng = np.random.default_rng((29, *shape))
    return np.asarray(rng.uniform(0.4, 1.6, shape) * rng.choice([-1, 1], shape), np.float32)


def integers(*values: int) -> Array:
    """Return int64 numbers, ONNX's type of shapes, axes and pads."""
    return np.array(values, np.int64)


def graph(text: str, **constants: Array) -> ir.Model:
    """Return the opset-13 model of `text`, in ONNX's own syntax, with its initializers.

    Every value gets its inferred shape; the model is checked.
    """
    return graph_at(OPSET, text, **constants)


def graph_at(opset: int, text: str, **constants: Array) -> ir.Model:
    """Return the same of another opset."""
    parsed = onnx.parser.parse_graph(f"small {text}")
    parsed.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    for number, node in enumerate(parsed.node):
        node.name = f"layer_{number}/{node.op_type}"
    proto = helper.make_model(parsed, opset_imports=[helper.make_opsetid("", opset)])
    proto.ir_version = 8
    onnx.checker.check_model(proto, full_check=True)
    return ir.from_proto(shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True))


@dataclass(frozen=True)
class Rewritten:
    """The result of a pass on a graph.

    Attributes:
        before, after: The whole graph.
        fired: The count that the pass returned.
        again: The same, when it runs a second time.
    """

    before: onnx.ModelProto
    after: onnx.ModelProto
    fired: int
    again: int

    @property
    def ops(self) -> Counter[str]:
        """How many nodes of each type are left."""
        return Counter(node.op_type for node in self.after.graph.node)

    def assert_interface_kept(self) -> None:
        """Inputs and outputs have the names, shapes and types that they had."""
        for side in ("input", "output"):
            assert _values(self.after, side) == _values(self.before, side)

    def assert_same_numbers(self, limit: float = 2e-6) -> None:
        """OpenCV computes the same before and after, on each of its engines.

        `limit` is of max|before|; 0 for passes that move numbers and compute none.
        """
        for engine in ENGINES:
            self._assert_numbers(opencv(self.before, engine), engine, limit)

    def assert_numbers(self, expected: Mapping[str, Array], limit: float = 2e-6) -> None:
        """OpenCV computes `expected` after, where it cannot run the graph before."""
        for engine in ENGINES:
            self._assert_numbers(expected, engine, limit)

    def _assert_numbers(self, expected: Mapping[str, Array], engine: str, limit: float) -> None:
        after = opencv(self.after, engine)
        assert after.keys() == expected.keys()
        for name, wanted in expected.items():
            largest = float(np.abs(wanted).max())
            assert largest > 0.1
            assert wanted.size == 1 or np.ptp(wanted) > 0.1 * largest
            assert np.abs(after[name] - wanted).max() <= limit * largest, (engine, name)

    def assert_untouched(self) -> None:
        """Nothing fired, and the graph is the same to the byte."""
        assert self.fired == 0
        assert self.after.SerializeToString() == self.before.SerializeToString()


def apply(rewrite: Pass, model: ir.Model) -> Rewritten:
    """Run a pass twice; the model must be valid after each run."""
    before = _checked(model)
    fired = rewrite(model)
    after = _checked(model)
    again = rewrite(model)
    if again == 0:
        assert _checked(model).SerializeToString() == after.SerializeToString()
    return Rewritten(before, after, fired, again)


def _checked(model: ir.Model) -> onnx.ModelProto:
    proto = ir.to_proto(model)
    onnx.checker.check_model(spelled_out(proto), full_check=True)
    return proto


# Op -> inputs that were attributes before an opset; old OpenCVs read them as such.
_WERE_ATTRIBUTES = {"Clip": (11, ("min", "max")), "ReduceSum": (13, ("axes",))}


def spelled_out(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model as its opset has it, where spellings are older that OpenCV reads, too.

    A single pass may leave those; the file that is written declares an opset that has them.
    """
    whole = onnx.ModelProto.FromString(model.SerializeToString())
    opset = next(entry.version for entry in whole.opset_import if entry.domain == "")
    for node in whole.graph.node:
        since, names = _WERE_ATTRIBUTES.get(node.op_type, (0, ()))
        names = names if opset >= since else ()
        old = {a.name: a for a in node.attribute if a.name in names}
        for name in names if old else ():
            if name not in old:
                node.input.append("")
                continue
            value = np.array(helper.get_attribute_value(old[name]))
            dtype = np.int64 if value.dtype.kind == "i" else np.float32
            whole.graph.initializer.append(
                numpy_helper.from_array(value.astype(dtype), f"{node.output[0]}/{name}")
            )
            node.input.append(f"{node.output[0]}/{name}")
            node.attribute.remove(old[name])
    return whole


def opencv(
    model: onnx.ModelProto,
    engine: str,
    seed: int = 0,
    *,
    given: Mapping[str, Array] | None = None,
) -> dict[str, Array]:
    """Return the outputs of OpenCV's `engine` for random inputs, or for those given, by name."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        path.write_bytes(model.SerializeToString())
        net = Net(path, as_manifest(model), engine=engine)
    return net.forward(dict(given) if given else inputs_for(model, seed))


def inputs_for(model: onnx.ModelProto, seed: int = 0) -> dict[str, Array]:
    """Draw float32 inputs, other ones for every name and `seed`."""
    return {
        value.name: np.random.default_rng((seed, k)).uniform(-1.5, 1.5, _shape(value)).astype("f4")
        for k, value in enumerate(model.graph.input)
    }


def as_manifest(model: onnx.ModelProto, format_: str = "onnx") -> Any:
    """Return the part of a manifest that Net reads: it undoes cv2's changes of names and ranks."""
    tensors = {
        side: [
            SimpleNamespace(net_name=v.name, net_shape=tuple(_shape(v)))
            for v in getattr(model.graph, side)
        ]
        for side in ("input", "output")
    }
    return SimpleNamespace(
        inputs=tensors["input"],
        outputs=tensors["output"],
        net_outputs=tensors["output"],
        model=SimpleNamespace(format=format_),
        engine=ANY_ENGINE,
    )


def _values(model: onnx.ModelProto, side: str) -> list[tuple[str, list[int], int]]:
    values = getattr(model.graph, side)
    return [(v.name, list(_shape(v)), v.type.tensor_type.elem_type) for v in values]


def _shape(value: onnx.ValueInfoProto) -> Sequence[int]:
    return [d.dim_value for d in value.type.tensor_type.shape.dim]
