"""Reducing one run of neighbouring axes at a time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from keras2cv_export.passes.legalise.reductions.reduce_one_block import reduce_one_block
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers

SHAPE = (2, 3, 4, 5, 6)


def reduced(op: str, rank: int, axes: Sequence[int], *, keep: int = 1) -> Make:
    """Return a maker of a reduction of a tensor with the first sizes of SHAPE."""
    shape, some = SHAPE[:rank], {axis % rank for axis in axes} or set(range(rank))
    after = [1 if k in some else n for k, n in enumerate(shape) if keep or k not in some]
    source, target = (",".join(map(str, sizes)) for sizes in (shape, after))
    listed = f", axes={list(axes)}" if axes and op != "ReduceSum" else ""
    operands = "x, a" if axes and op == "ReduceSum" else "x"
    node = f"y = {op} <keepdims={keep}{listed}> ({operands})"
    result = f"float[{target}] y" if target else "float y"
    return made(f"(float[{source}] x) => ({result}) {{ {node} }}", a=integers(*axes))


FORMS: dict[str, tuple[Make, int]] = {
    # how, blocks of neighbouring axes
    "three axes": (reduced("ReduceMean", 4, (1, 2, 3)), 1),
    "two blocks": (reduced("ReduceMean", 4, (1, 3)), 2),
    "two blocks, from the back": (reduced("ReduceSum", 4, (-1, -3), keep=0), 2),
    "the first axis": (reduced("ReduceMax", 4, (0,)), 1),
    "the first two of three": (reduced("ReduceMin", 3, (0, 1), keep=0), 1),
    "the last of three": (reduced("ReduceMean", 3, (-1,)), 1),
    "three of five": (reduced("ReduceSum", 5, (1, 2, 3), keep=0), 1),
    "first and last of five": (reduced("ReduceMean", 5, (0, 4)), 2),
    "squares in two blocks": (reduced("ReduceSumSquare", 4, (0, 2)), 2),
    "a length in two blocks": (reduced("ReduceL2", 4, (1, 3)), 2),
    "sizes": (reduced("ReduceL1", 3, (1,), keep=0), 1),
    "the logarithm of a sum": (reduced("ReduceLogSumExp", 4, (1, 3)), 2),
    "all axes": (reduced("ReduceMean", 4, ()), 1),
    "a matrix's axis removed": (reduced("ReduceMax", 2, (1,), keep=0), 1),
}


@pytest.mark.parametrize(("make", "blocks"), FORMS.values(), ids=FORMS)
def test_each_block_is_reduced_by_itself(make: Make, blocks: int) -> None:
    """In one shape for all ranks, from the last block to the first."""
    found = assert_rewritten(by=reduce_one_block, model=make(), limit=1e-5)
    assert sum(n for op, n in found.ops.items() if op.startswith("Reduce")) == blocks


POOLS = {
    "a mean over a volume": ("GlobalAveragePool", "ReduceMean"),
    "a maximum over a volume": ("GlobalMaxPool", "ReduceMax"),
}


@pytest.mark.parametrize(("pool", "op"), POOLS.values(), ids=POOLS)
def test_a_pool_over_volumes_is_a_reduction(pool: str, op: str) -> None:
    """No OpenCV pools whole volumes."""
    make = made(f"(float[2,3,4,5,6] x) => (float[2,3,1,1,1] y) {{ y = {pool} (x) }}")
    found = assert_rewritten(by=reduce_one_block, model=make(), gone=[pool])
    assert found.ops[op] == 1


LEFT = {
    "rows and columns": reduced("ReduceMean", 4, (2, 3)),
    "one axis of four": reduced("ReduceMax", 4, (1,)),
    "a matrix's rows": reduced("ReduceSum", 2, (1,)),
    "a pool over a picture": made(
        "(float[2,3,4,5] x) => (float[2,3,1,1] y) { y = GlobalAveragePool (x) }"
    ),
    "axes that are computed": made(
        "(float[2,3] x, float[1] k) => (float[M,N] y) { a = Cast <to=7> (k)  y = ReduceSum (x, a) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_right_reductions_stay(make: Make) -> None:
    """Those are the forms that the others are brought to."""
    assert_left_alone(by=reduce_one_block, model=make())
