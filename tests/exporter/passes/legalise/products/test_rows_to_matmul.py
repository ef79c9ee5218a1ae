"""Looking up rows of a table of each sample by a product."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

from keras2cv_export.passes.legalise.products.rows_to_matmul import rows_to_matmul
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made

INDEX = "a = Abs (k)  f = Floor (a)  i = Cast <to=7> (f)"  # 0, 1 or 2
INDICES = {"Abs": 1, "Floor": 1, "Cast": 1}
HOT = {"Sub": 2, "Abs": 2, "Sign": 1, "Cast": 2, "MatMul": 1, "Floor": 1}


def apart(table: str, points: str, target: str) -> Make:
    """Return a maker of a GatherND whose samples have indices of their own."""
    text = f"{{ {INDEX}  y = GatherND <batch_dims=1> (x, i) }}"
    return made(f"(float[{table}] x, float[{points}] k) => (float[{target}] y) {text}")


def shared(heads: int, channels: int, rows: int, count: int, *, tile: bool) -> Make:
    """Return a maker of one whose indices are the same for all channels, as Keras writes it."""
    flat = heads * channels
    spread = f"t = {'Tile' if tile else 'Expand'} (i, r)"
    text = f"""(float[{flat},{rows}] x, float[{heads},{count},1] k) => (float[{flat},{count}] y) {{
        {INDEX}  {spread}  n = Less (t, zero)  m = Cast <to=7> (n)  u = Add (t, m)
        v = Transpose <perm=[0,2,1]> (u)  w = Reshape (v, s)  p = Unsqueeze (w, last)
        y = GatherND <batch_dims=1> (x, p)
    }}"""
    repeats = [1, 1, channels] if tile else [heads, count, channels]
    return made(
        text,
        r=np.array(repeats, np.int64),
        s=np.array([flat, count], np.int64),
        zero=np.zeros((), np.int64),
        last=np.array([-1], np.int64),
    )


FORMS: dict[str, Make] = {
    "numbers": apart("4,5", "4,3,1", "4,3"),
    "rows": apart("4,5,6", "4,3,1", "4,3,6"),
    "one for each sample": apart("4,5,6", "4,1", "4,6"),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_each_sample_has_a_product(make: Make) -> None:
    """The sums are rows of the table, to the bit."""
    trial = make()
    assert rows_to_matmul(trial) == 1
    found = [node.op_type for node in trial.graph if node.op_type != "Reshape"]
    assert {op: found.count(op) for op in found} == HOT
    shapes = len([node for node in trial.graph if node.op_type == "Reshape"])
    assert_rewritten(by=rows_to_matmul, model=make(), ops={**HOT, "Reshape": shapes}, limit=1e-6)


@pytest.mark.parametrize("tile", [False, True])
@pytest.mark.parametrize("sizes", [(1, 8, 9, 5), (4, 6, 7, 3)])
def test_channels_that_share_their_indices_share_a_lookup(
    sizes: tuple[int, int, int, int], tile: bool
) -> None:
    """The indices are compared with the rows once for each head, not for each channel."""
    heads, _, rows, count = sizes
    make = shared(*sizes, tile=tile)
    trial = make()
    assert rows_to_matmul(trial) == 1
    (product,) = [node for node in trial.graph if node.op_type == "MatMul"]
    shape = product.inputs[0].shape if product.inputs[0] is not None else None
    assert shape is not None
    assert prod(int(d) for d in shape) == heads * count * rows
    ops: dict[str, int] = {}
    for node in trial.graph:
        ops[node.op_type] = ops.get(node.op_type, 0) + 1
    assert_rewritten(by=rows_to_matmul, model=make(), ops=ops, limit=1e-6)


LEFT = {
    "no batch": made(
        f"(float[4,5] x, float[3,1] k) => (float[3,5] y) {{ {INDEX}  y = GatherND (x, i) }}"
    ),
    "the table may hold infinity": made(
        "(float[4,5] x, float[4,3,1] k) => (float[4,3] y) "
        f"{{ {INDEX}  l = Log (x)  y = GatherND <batch_dims=1> (l, i) }}"
    ),
    "a large table": apart("4,900", "4,300,1", "4,300"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_lookups_stay(make: Make) -> None:
    """A million comparisons are the most that is worth it."""
    assert_left_alone(by=rows_to_matmul, model=make())
