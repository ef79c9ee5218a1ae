"""Finding the k largest by counting the numbers before each."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.reductions.topk_to_ranks import topk_to_ranks
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers


def largest(shape: str, to: str, k: int, how: str = "", before: str = "Sin") -> Make:
    """Return a maker of the k largest values v and their places p."""
    return made(
        f"(float[{shape}] x) => (float[{to}] v, float[{to}] p) "
        f"{{ a = {before} (x)  v, i = TopK {how} (a, k)  p = Cast <to=1> (i) }}",
        k=integers(k),
    )


FORMS: dict[str, Make] = {
    "of rows": largest("3,7", "3,4", 4),
    "all of them": largest("3,7", "3,7", 7),
    "smallest": largest("3,7", "3,2", 2, "<largest=0>"),
    "of channels": largest("2,6,3,4", "2,3,3,4", 3, "<axis=1>"),
    "from the back": largest("2,5,4", "2,2,4", 2, "<axis=-2>"),
    "with ties": largest("3,9", "3,6", 6, before="Round"),
    "smallest with ties": largest("3,9", "3,6", 6, "<largest=0>", "Round"),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_ranks_find_the_largest(make: Make) -> None:
    """Equal numbers come in the order of their places."""
    assert_rewritten(by=topk_to_ranks, model=make(), gone=["TopK"], limit=1e-6)


def test_what_nothing_reads_is_not_computed() -> None:
    """Values alone, or places alone."""
    make = made("(float[3,7] x) => (float[3,4] v) { v, i = TopK (x, k) }", k=integers(4))
    found = assert_rewritten(by=topk_to_ranks, model=make(), gone=["TopK"])
    assert found.ops["MatMul"] == 1


LEFT = {
    "a long row": made("(float[2,2000] x) => (float[2,3] v) { v, i = TopK (x, k) }", k=integers(3)),
    "what may be infinite": largest("3,7", "3,4", 4, before="Log"),
    "a computed number": made(
        "(float[3,7] x, float[1] n) => (float[3,K] v) { k = Cast <to=7> (n)  v, i = TopK (x, k) }"
    ),
    "whole numbers": made(
        "(float[3,7] x) => (float[3,2] v) "
        "{ a = Cast <to=7> (x)  b, i = TopK (a, k)  v = Cast <to=1> (b) }",
        k=integers(2),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_searches_stay(make: Make) -> None:
    """Comparing each with each must pay, and mean something."""
    assert_left_alone(by=topk_to_ranks, model=make())


def test_the_places_of_ties_differ() -> None:
    """A row of one number gives 0, 1, 2, .."""
    make = made(
        "(float[2,4] x) => (float[2,3] v, float[2,3] p) "
        "{ a = Mul (x, z)  c = Add (a, o)  v, i = TopK (c, k)  p = Cast <to=1> (i) }",
        z=np.zeros((), np.float32),
        o=np.ones((), np.float32),
        k=integers(3),
    )
    assert_rewritten(by=topk_to_ranks, model=make(), gone=["TopK"], limit=0)
