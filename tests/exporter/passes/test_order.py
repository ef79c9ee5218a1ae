"""The order of passes: the relations of the rows hold, and a broken one is noticed."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir
import pytest

from keras2cv_export.passes import STAGES, Rewrite
from keras2cv_export.passes.fixpoint import rewrite
from keras2cv_export.passes.order import check_order
from keras2cv_export.passes.registry import RegistryError, anywhere
from support.pass_checks import Make
from support.small_graphs import graph, integers, random

Stages = Sequence[Sequence[Rewrite]]

# (stage, earlier, later) of every relation within a stage
RELATIONS = [
    (number, *pair)
    for number, rows in enumerate(STAGES)
    for row in rows
    for pair in (
        *((other, row.name) for other in row.after),
        *((row.name, other) for other in row.before),
    )
    if {pair[0], pair[1]} <= {one.name for one in rows}
]


def swapped(stages: Stages, number: int, earlier: str, later: str) -> list[list[Rewrite]]:
    """Return the stages with one row right behind another that has to come after it."""
    changed = [list(rows) for rows in stages]
    rows = changed[number]
    row = rows.pop([one.name for one in rows].index(earlier))
    rows.insert([one.name for one in rows].index(later) + 1, row)
    return changed


def idle(name: str) -> Rewrite:
    """Return a row of a pass that does nothing."""

    def one(_: ir.Model) -> int:
        return 0

    one.__name__ = name
    return Rewrite(one, fits=anywhere)


def test_there_are_relations_in_three_stages() -> None:
    """The order of the others follows from earlier stages."""
    assert len(RELATIONS) > 40
    assert {number for number, *_ in RELATIONS} == {0, 1, 2, 4}


@pytest.mark.parametrize(("stage", "earlier", "later"), RELATIONS)
def test_a_row_out_of_order_is_refused(stage: int, earlier: str, later: str) -> None:
    """With both names and the reason."""
    with pytest.raises(RegistryError, match="has to come before"):
        check_order(swapped(STAGES, stage, earlier, later))


def test_a_stage_out_of_order_is_refused() -> None:
    """A relation may be about a pass of another stage."""
    with pytest.raises(RegistryError, match="fold_scale_into_conv has to come before share_res"):
        check_order([STAGES[1], STAGES[0], *STAGES[2:]])


def test_an_unknown_name_is_refused() -> None:
    """A pass that was renamed leaves no relation behind."""
    row = Rewrite(idle("a").run, fits=anywhere, after={"gone": "it was there"})
    with pytest.raises(RegistryError, match="gone, which is in no stage"):
        check_order([[row]])


def test_a_contradiction_is_refused() -> None:
    """No order can please both."""
    first = Rewrite(idle("a").run, fits=anywhere, after={"b": "of one thing"})
    second = Rewrite(idle("b").run, fits=anywhere, after={"a": "of another"})
    for rows in ([first, second], [second, first]):
        with pytest.raises(RegistryError):
            check_order([rows])


def test_a_pass_of_two_stages_is_held_to_its_order_in_each() -> None:
    """Constants are folded before patterns are looked for, and again behind what makes some."""
    twice, last = idle("twice"), Rewrite(idle("c").run, fits=anywhere, before={"twice": "so"})
    check_order([[twice], [last, twice]])
    with pytest.raises(RegistryError):
        check_order([[twice], [twice, last]])


# Graphs that come out otherwise if a relation is broken, (graph, stage, earlier, later).
BROKEN: dict[str, tuple[Make, tuple[int, str, str]]] = {
    "a scale that both could take goes back": (
        lambda: graph(
            "(float[1,3,5,7] x) => (float[1,2,5,7] y) "
            "{ a = Conv (x, w)  b = Mul (a, s)  y = Conv (b, v) }",
            w=random(4, 3, 1, 1),
            s=random(4, 1, 1),
            v=random(2, 4, 1, 1),
        ),
        (0, "fold_scale_into_conv", "fold_scale_into_next_conv"),
    ),
    "a product that was parted needs no copies": (
        lambda: graph(
            "(float[2,3,4,5] x) => (float[2,3,4,7] y) { y = MatMul (x, k) }",
            k=random(3, 5, 7),
        ),
        (2, "align_matmul", "match_matmul_batches"),
    ),
    "one block of axes is reduced at a time": (
        lambda: graph(
            "(float[2,3,4,5] x) => (float[2,1,1,5] y) { y = ReduceMean <axes=[1,2]> (x) }"
        ),
        (2, "reduce_one_block", "reduce_to_pool"),
    ),
    "what expands operands is copied by enlargement": (
        lambda: graph(
            "(float[2,3,1,5] x, float[2,1,4,5] z) => (float[2,3,4,5] y) { y = Add (x, z) }"
        ),
        (2, "spell_broadcasts", "copies_to_resize"),
    ),
    "sums have their axes as an attribute once they are in one block": (
        lambda: graph(
            "(float[2,3,4,5] x) => (float[2,1,1,1] y) { y = ReduceSum (x, a) }",
            a=integers(1, 2, 3),
        ),
        (2, "reduce_one_block", "halve_product"),
    ),
}


@pytest.mark.parametrize(("make", "relation"), BROKEN.values(), ids=BROKEN)
def test_a_broken_relation_changes_the_file(make: Make, relation: tuple[int, str, str]) -> None:
    """Rounds go on until nothing changes, and still it matters who comes first."""
    assert written(make(), STAGES) != written(make(), swapped(STAGES, *relation))


def written(model: ir.Model, stages: Stages) -> bytes:
    """Return the result of the stages for any OpenCV."""
    rewrite(model, [[row.run for row in rows if not row.is_optional] for rows in stages])
    return bytes(ir.to_proto(model).SerializeToString(deterministic=True))
