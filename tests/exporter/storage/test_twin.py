"""A file with smaller weights, and a graph of the same numbers in float32."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv.bundle.manifest import OutputTensor, Task
from keras2cv.schema.vocabulary import Storage
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv_export.graph.edit import constant
from keras2cv_export.passes import COMPRESS
from keras2cv_export.passes.fixpoint import rewrite
from keras2cv_export.storage.cost import cost_note
from keras2cv_export.storage.twin import make_twin
from support.pass_checks import named_apart, onnx_numbers
from support.small_graphs import Array, graph, random
from support.tiny_bundle import Classifier


def net() -> ir.Model:
    """Return a convolution and a product, whose kernels are large enough to be stored smaller."""
    return graph(
        "(float[1,8,6,7] x) => (float[1,20,1,1] y)"
        " { c = Conv (x, w)  p = GlobalAveragePool (c)  y = Conv (p, v) }",
        w=random(64, 8, 3, 3), v=random(20, 64, 1, 1),
    )  # fmt: skip


def stored(storage: Storage) -> ir.Model:
    """Return the same with smaller weights."""
    model = net()
    assert rewrite(model, COMPRESS[storage]).total() == 2
    return model


STORAGES: tuple[Storage, ...] = ("int8", "fp16")


@pytest.mark.parametrize("storage", STORAGES)
def test_a_twin_computes_what_the_file_does(storage: Storage) -> None:
    """In float32, whatever the storage lost."""
    file = stored(storage)
    twin = make_twin(file, net(), storage)
    assert twin is not None
    assert twin.misfits == ()
    assert not {"Cast", "DequantizeLinear"} & {node.op_type for node in twin.decoded.graph}
    theirs, ours, plain = (
        onnx_numbers(named_apart(ir.to_proto(one)))["y"] for one in (file, twin.decoded, twin.graph)
    )
    assert np.abs(ours - theirs).max() < 1e-6 * np.abs(theirs).max()
    assert np.abs(ours - plain).max() > 1e-5 * np.abs(theirs).max()


def edited(storage: Storage, name: str, index: int, add: float) -> ir.Model:
    """Return a file with one number of an initializer moved."""
    model = stored(storage)
    value = next(v for k, v in model.graph.initializers.items() if k.endswith(name))
    array = np.array(constant(value))
    flat = array.reshape(-1)
    flat[index] += array.dtype.type(-add if flat[index] > 0 else add)
    value.const_value = ir.tensor(array, name=value.name)
    return model


# Found by chance, and always the same.
_DRAWN = np.random.default_rng(11)
EDITS = [(int(k), int(_DRAWN.choice([1, 3, 9, 40]))) for k in _DRAWN.integers(1280, size=30)]


@pytest.mark.parametrize(("index", "add"), EDITS)
def test_each_byte_that_was_moved_is_a_misfit(index: int, add: int) -> None:
    """Were it by one step."""
    twin = make_twin(edited("int8", "v/int8", index, add), net(), "int8")
    assert twin is not None
    (said,) = twin.misfits
    assert "v are not the model's weights, rounded" in said


@pytest.mark.parametrize(
    ("storage", "name", "add"),
    [("int8", "w/scale", 0.001), ("int8", "v/scale", 0.002), ("fp16", "w/float16", 0.002)],
)
def test_so_is_a_scale_and_a_half(storage: Storage, name: str, add: float) -> None:
    """By a part of itself."""
    twin = make_twin(edited(storage, name, 3, add), net(), storage)
    assert twin is not None
    assert len(twin.misfits) == 1


def test_another_graph_has_no_twin() -> None:
    """Its kernels have other shapes."""
    other = graph(
        "(float[1,8,6,7] x) => (float[1,65,4,5] y) { y = Conv (x, w) }", w=random(65, 8, 3, 3)
    )
    assert make_twin(stored("int8"), other, "int8") is None


def answers(*rows: tuple[float, ...]) -> list[dict[str, Array]]:
    """Return outputs of one sample a row."""
    return [{"scores": np.array([row], np.float32)} for row in rows]


def test_the_cost_names_the_class_that_moves_most() -> None:
    """And how many decisions change."""
    from keras2cv_export.parity.parity import compare

    expected = answers((1.0, 0.0, 9.0), (0.0, 2.0, 8.0), (5.0, 4.0, 0.0), (2.0, 1.0, 4.0))
    found = answers((1.0, 0.0, 9.0), (0.0, 2.0, 8.0), (5.0, 5.2, 0.0), (2.0, 1.0, 4.0))
    report = compare(expected, found, "int8-weights", scores={"scores": "logits"})
    said = cost_note(Classifier().manifest(), report, expected, found)
    assert "class 1 moves most, by 30.0% of its spread" in said
    assert "its largest class changes for 1 of 4" in said
    assert "over 4 samples: the largest error is 1.3e-01" in said


def boxes_of(*scores: float, moved: float = 0.0) -> list[dict[str, Array]]:
    """Return one sample with a box per score, of class 0 of 2, apart from each other."""
    left = np.arange(len(scores), dtype=np.float32) * 3 + moved
    boxes = np.stack([left, left * 0, left + 2, left * 0 + 2], 1)
    table = np.array([[score, 0.0] for score in scores], np.float32)
    return [{"boxes": boxes[None], "table": table[None]}]


def test_the_cost_counts_the_boxes_that_are_others() -> None:
    """Those that fall below the threshold, those that rise above it, and how far the rest move."""
    from keras2cv_export.parity.parity import compare

    tensors = [
        OutputTensor(name, name, shape, shape, "same", "float32", batched=True)
        for name, shape in (("boxes", (1, 4, 4)), ("table", (1, 4, 2)))
    ]
    record = DetectRecord("xyxy", "pixels", "none", 0.5, boxes="boxes", scores="table")
    manifest = Classifier().manifest()
    manifest = manifest.replace(
        outputs=tuple(tensors), task=Task("detect", record=record), evidence=None,
        status="unverified",
    )  # fmt: skip
    expected, found = boxes_of(0.9, 0.8, 0.6, 0.1), boxes_of(0.9, 0.8, 0.4, 0.7, moved=0.03)
    said = cost_note(manifest, compare(expected, found, "int8-weights"), expected, found)
    assert "of 3 boxes 1 are missing, and 1 are new; the others overlap TensorFlow's by " in said
    assert "by 97.0% and more" in said
