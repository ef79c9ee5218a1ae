"""Numbers moved to known places: the same numbers, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras2cv.errors import UnsupportedError
from support.traced_ops import flat, integers, random

MOVES: dict[str, tuple[str, Callable[[Any], Any], tuple[int, ...]]] = {
    "reverse one": ("ReverseV2", lambda x: tf.reverse(x, [1]), (2, 5, 3)),
    "reverse two": ("ReverseV2", lambda x: tf.reverse(x, [0, -1]), (2, 5, 3)),
    "reverse equal lengths": (
        "ReverseSequence", lambda x: tf.reverse_sequence(x, [4, 4], 1), (2, 5, 3)),
    "reverse own lengths": (
        "ReverseSequence", lambda x: tf.reverse_sequence(x, [2, 5, 0], 2, 1), (2, 3, 5)),
    "mirror": ("MirrorPad", lambda x: tf.pad(x, [[1, 0], [2, 3]], "REFLECT"), (3, 5)),
    "mirror with the border": (
        "MirrorPad", lambda x: tf.pad(x, [[0, 3], [2, 1]], "SYMMETRIC"), (3, 5)),
    "roll": ("Roll", lambda x: tf.roll(x, [2, -1], [0, 2]), (5, 3, 4)),
    "roll beyond": ("Roll", lambda x: tf.roll(x, 12, 0), (5, 3)),
    "upper triangle": ("MatrixBandPart", lambda x: tf.linalg.band_part(x, 0, -1), (2, 4, 6)),
    "band": ("MatrixBandPart", lambda x: tf.linalg.band_part(x, 1, 2), (2, 6, 4)),
    "diagonal part": ("MatrixDiagPartV3", tf.linalg.diag_part, (2, 4, 6)),
    "upper diagonal part": (
        "MatrixDiagPartV3", lambda x: tf.linalg.diag_part(x, k=2), (2, 4, 6)),
    "lower diagonal part": (
        "MatrixDiagPartV3", lambda x: tf.linalg.diag_part(x, k=-1), (2, 4, 6)),
    "diagonal": ("MatrixDiagV3", tf.linalg.diag, (2, 5)),
    "upper diagonal": (
        "MatrixDiagV3", lambda x: tf.linalg.diag(x, k=2, padding_value=9.5), (2, 3)),
    "diagonal of a wide matrix": (
        "MatrixDiagV3", lambda x: tf.linalg.diag(x, num_rows=3, num_cols=5), (2, 3)),
    "first row": ("StridedSlice", lambda x: x[0], (3, 5)),
    "backwards": ("StridedSlice", lambda x: x[:, ::-1], (3, 5)),
    "backwards by two from the middle": ("StridedSlice", lambda x: x[:, 3::-2], (3, 6)),
    "new axes and dots": ("StridedSlice", lambda x: x[tf.newaxis, ..., -1, tf.newaxis], (3, 4, 5)),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
def test_a_move(name: str) -> None:
    """The numbers arrive where TensorFlow puts them."""
    op, function, shape = MOVES[name]
    traced = flat(function, random(*shape))
    traced.assert_same(limit=0)
    if op != "StridedSlice":
        assert op not in traced.ops


@pytest.mark.parametrize(
    "name", [name for name, move in MOVES.items() if move[0] == "StridedSlice"]
)
def test_slices_are_plain(name: str) -> None:
    """The remaining StridedSlice drops, adds and reverses no axis."""
    _, function, shape = MOVES[name]
    for node in flat(function, random(*shape)).graph.graph_def.node:
        if node.op == "StridedSlice":
            assert not node.attr["shrink_axis_mask"].i
            assert not node.attr["new_axis_mask"].i


def test_a_diagonal_is_replaced() -> None:
    """Values go onto one diagonal; the rest of the matrix stays."""
    traced = flat(lambda x, v: tf.linalg.set_diag(x, v, k=1), random(2, 4, 6), random(2, 4, seed=1))
    traced.assert_same(limit=0)
    assert "MatrixSetDiagV3" not in traced.ops


@pytest.mark.parametrize("start", [(0, 2, 1), (1, 0, 0), (1, 3, 9)])
def test_a_block_is_updated(start: tuple[int, ...]) -> None:
    """A block that would stick out is moved inward; all other numbers stay."""
    traced = flat(
        lambda x, block: keras.ops.slice_update(x, start, block),
        random(2, 5, 7),
        random(1, 2, 3, seed=1),
    )
    traced.assert_same(limit=0)
    assert not any(op.startswith("Xla") for op in traced.ops)


PLACES = np.array([[4], [0], [4], [2], [4]])


def test_scatter_sums_what_meets() -> None:
    """A place that is named three times gets the sum of three updates, others none."""
    traced = flat(lambda u: tf.scatter_nd(PLACES, u, [6, 3]), random(5, 3))
    traced.assert_same()
    assert "ScatterNd" not in traced.ops


def test_scatter_of_single_numbers() -> None:
    """Places may be given for every dimension."""
    places = np.array([[[0, 1], [2, 3]], [[0, 1], [1, 0]]])
    traced = flat(lambda u: tf.scatter_nd(places, u, [3, 4]), random(2, 2))
    traced.assert_same()


def test_scatter_onto_a_tensor() -> None:
    """Updates are added to the tensor's numbers."""
    traced = flat(
        lambda x, u: tf.tensor_scatter_nd_add(x, PLACES, u), random(6, 3), random(5, 3, seed=1)
    )
    traced.assert_same()
    assert "TensorScatterAdd" not in traced.ops


def test_the_last_update_wins() -> None:
    """An update replaces the tensor's numbers; a later one replaces an earlier one."""
    traced = flat(
        lambda x, u: tf.tensor_scatter_nd_update(x, PLACES, u), random(6, 3), random(5, 3, seed=1)
    )
    traced.assert_same(limit=0)
    assert "TensorScatterUpdate" not in traced.ops


@pytest.mark.parametrize("many", [True, False])
def test_segments(many: bool) -> None:
    """Rows of one segment are summed; a segment without rows is zero."""
    ids = [0, 2, 0, 3, 2, 2] if many else [0, 0, 1, 3, 3, 3]
    function: Callable[[Any], Any] = (
        (lambda x: tf.math.unsorted_segment_sum(x, ids, 5))
        if many
        else (lambda x: tf.math.segment_sum(x, ids))
    )
    traced = flat(function, random(6, 4))
    traced.assert_same()
    assert not {"UnsortedSegmentSum", "SegmentSum"} & set(traced.ops)


@pytest.mark.parametrize("sizes", [[1, 0, 6], [0, 7], [2, -1, 5], [3, 4, -1]])
def test_parts_of_nothing_vanish(sizes: list[int]) -> None:
    """A transformer without register tokens splits them off, and joins them again."""

    def parted(x: Any) -> Any:
        parts = tf.split(x, sizes, 1)
        return tf.concat([part * float(k + 1) for k, part in enumerate(parts)][::-1], 1)

    traced = flat(parted, random(2, 7, 3))
    traced.assert_same(limit=0)
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(traced.graph.graph_def, name="")
    joined = [op for op in graph.get_operations() if op.type in ("SplitV", "ConcatV2")]
    assert all(t.shape.num_elements() for op in joined for t in [*op.inputs, *op.outputs])


def test_gathering_from_known_places() -> None:
    """Places in two dimensions become places in one."""
    places = np.array([[[0, 1], [2, 3]], [[1, 1], [2, 0]]])
    traced = flat(lambda x: tf.gather_nd(x, places), random(3, 4, 5))
    traced.assert_same(limit=0)
    assert "GatherNd" not in traced.ops


@pytest.mark.parametrize(
    ("shape", "places", "axis", "batch_dims"),
    [
        ((2, 3, 4), (5,), None, -1),
        ((2, 3, 4), (2, 5), -1, -1),
        ((2, 3, 4), (2, 5), -2, 1),
        ((2, 3, 4), (2, 3, 5), -1, -1),
    ],
)
def test_batch_axes_may_count_from_the_end(
    shape: tuple[int, ...], places: tuple[int, ...], axis: int | None, batch_dims: int
) -> None:
    """The number of the indices' axes is added, as TensorFlow does."""
    at = integers(3, *places)
    traced = flat(
        lambda x, i: tf.gather(x, i, axis=axis, batch_dims=batch_dims), random(*shape), at
    )
    traced.assert_same(limit=0)
    (gather,) = [node for node in traced.graph.graph_def.node if node.op == "GatherV2"]
    assert gather.attr["batch_dims"].i >= 0


def test_gathering_from_computed_places_stays() -> None:
    """Places that depend on the input are left to GatherNd."""
    ops = flat(tf.gather_nd, random(3, 4), integers(3, 5, 2)).ops
    assert ops["GatherNd"] == 1


def test_a_computed_shift_is_refused() -> None:
    """A shift that depends on the input cannot be wired."""
    with pytest.raises(UnsupportedError, match="its shift depends on the input"):
        flat(lambda x, by: tf.roll(x, by[0], 0), random(5, 3), integers(4, 1))
