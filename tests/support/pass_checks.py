"""Check at once all that a pass must keep: count, graph, numbers and interface.

    assert_rewritten(by=clip_to_attributes, model=clip(), ops={"Clip": 1})
    assert_left_alone(by=clip_to_attributes, model=computed_bounds())

The expected numbers are onnxruntime's for the original graph. It runs the rewritten graph, too, and
so does each engine of the installed OpenCV, in a process that may crash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime

from keras2cv.net.engines import ENGINES
from keras2cv_export.graph.edit import Pass
from support.opencv_process import in_process
from support.small_graphs import Array, Rewritten, apply, graph, inputs_for, spelled_out

Make = Callable[[], ir.Model]

# Of max|reference|: sums are taken in another order.
LIMIT = 3e-6


def made(text: str, **constants: Array) -> Make:
    """Return a maker of a small graph, for tables of them."""
    return lambda: graph(text, **constants)


def assert_rewritten(
    by: Pass,
    model: ir.Model,
    *,
    ops: Mapping[str, int] | None = None,
    gone: Iterable[str] = (),
    fired: int = 1,
    again: int = 0,
    limit: float = LIMIT,
    engines: Iterable[str] = ENGINES,
) -> Rewritten:
    """Check one rewrite, and return it.

    Args:
        by: The pass.
        model: The graph before.
        ops: How many nodes of each type are left; None where those follow from the shapes.
        gone: Types of which none is left.
        fired: The count that the pass returns.
        again: The same of a second run: 0, unless a rewrite takes two steps.
        limit: The allowed difference of numbers, of max|reference|.
        engines: The engines of OpenCV that run the rewritten graph.
    """
    found = apply(by, model)
    assert (found.fired, found.again) == (fired, again), (found.fired, found.again)
    assert by(model) == 0  # the graph has been through it twice
    assert ops is None or found.ops == dict(ops), dict(found.ops)
    assert not found.ops.keys() & set(gone), dict(found.ops)
    found.assert_interface_kept()
    expected = onnx_numbers(named_apart(found.before))
    after = named_apart(found.after)
    assert_close(onnx_numbers(after), expected, limit, "onnxruntime")
    for engine in engines:
        assert_close(in_process(after, engine), expected, limit, engine)
    return found


def named_apart(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with a name of its own for each node, as the last passes see to."""
    numbered = onnx.ModelProto.FromString(model.SerializeToString())
    for number, node in enumerate(numbered.graph.node):
        node.name = f"{number}/{node.op_type}"
    return numbered


def assert_left_alone(by: Pass, model: ir.Model) -> None:
    """Check that a graph is not touched."""
    apply(by, model).assert_untouched()


def onnx_numbers(model: onnx.ModelProto) -> dict[str, Array]:
    """Return onnxruntime's unoptimised outputs, from the same inputs as OpenCV gets."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    content = spelled_out(model).SerializeToString()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs_for(model)), strict=True))


def assert_close(
    found: Mapping[str, Array], expected: Mapping[str, Array], limit: float, who: str
) -> None:
    """Check every output; its numbers must be large enough to show an error.

    Args:
        found: Name -> output.
        expected: The same by the reference.
        limit: The allowed difference, of max|expected|.
        who: Computed `found`, for messages.
    """
    assert found.keys() == expected.keys()
    for name, wanted in expected.items():
        largest = float(np.abs(wanted).max())
        assert largest > 0.1, name
        assert found[name].shape == wanted.shape, (who, name)
        error = float(np.abs(found[name] - wanted).max())
        assert error <= limit * largest, (who, name, error / largest)
