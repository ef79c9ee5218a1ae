"""Taking turns: the order of the sides, and the conclusions from their times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from keras2cv.tuning.interleave import (
    Comparison,
    compare_apart,
    compare_blocks,
    order,
    take_blocks,
)

Blocks = list[list[float]]


def blocks(pace: Sequence[float], noise: float = 0.0, seed: int = 0) -> Blocks:
    """Return a block of five runs for each round's pace."""
    rng = np.random.default_rng(seed)
    return [list(p * np.exp(noise * rng.normal(size=5))) for p in pace]


def test_rounds_run_forwards_and_backwards_in_turn() -> None:
    """A B B A for two sides, and the same for three."""
    assert [order("AB", number) for number in range(2)] == [("A", "B"), ("B", "A")]
    log: list[str] = []

    def side(name: str) -> list[float]:
        log.append(name)
        return [1.0, 2.0]

    reported: list[tuple[int, int]] = []
    sides = {name: (lambda name=name: side(name)) for name in "ABC"}  # type: ignore[misc]
    found = take_blocks(sides, 4, lambda done, total: reported.append((done, total)))
    assert "".join(log) == "ABCCBAABCCBA"
    assert found == dict.fromkeys("ABC", ((1.0, 2.0),) * 4)
    assert reported == [(done, 12) for done in range(1, 13)]


def test_a_machine_that_slows_down_slows_both_and_the_ratio_stays() -> None:
    """Each round is compared with itself."""
    pace = np.array([1.0, 1.1, 5.0, 5.2, 1.0, 9.0, 1.0, 1.3])
    found = compare_blocks(blocks(0.5 * pace), blocks(pace))
    assert (found.ratio, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))
    assert found.word == "faster"


@pytest.mark.parametrize(
    ("pace", "noise", "word"),
    [
        (0.5, 0.02, "faster"),
        (2.0, 0.02, "slower"),
        (1.0, 0.02, "no difference"),
        (1.0, 1.2, "too noisy"),
        (0.1, 0.5, "faster"),  # a wide interval on one side is enough
    ],
)
def test_a_ratio_is_called_by_where_its_interval_lies(pace: float, noise: float, word: str) -> None:
    """One that holds 1 is a finding if it is narrow, and none if it is wide."""
    ours, theirs = blocks([pace] * 12, noise, seed=1), blocks([1.0] * 12, noise, seed=2)
    assert compare_blocks(ours, theirs).word == word


def test_an_interval_holds_its_ratio_and_repeats_itself() -> None:
    """The same numbers give the same interval, and noisier ones a wider one."""
    widths = []
    for noise in (0.02, 0.4):
        ours, theirs = blocks([1.0] * 12, noise, 3), blocks([1.0] * 12, noise, 4)
        found = compare_blocks(ours, theirs)
        assert found.low <= found.ratio <= found.high
        assert compare_blocks(ours, theirs) == found
        widths.append(found.high - found.low)
    assert widths[1] > 5 * widths[0]


def test_sides_of_two_days_need_not_have_as_many_rounds() -> None:
    """They are compared by their medians, each with its own scatter."""
    found = compare_apart(blocks([2.2] * 8, 0.03, 5), blocks([2.0] * 12, 0.03, 6))
    assert found.low < 1.1 < found.high
    assert found.ratio == pytest.approx(1.1, rel=0.05)


def test_rounds_that_are_not_the_same_are_not_compared() -> None:
    """A side that lost a block is not matched with another round's."""
    with pytest.raises(ValueError, match="zip"):
        compare_blocks(blocks([1.0] * 3), blocks([1.0] * 4))


@pytest.mark.parametrize(("most", "answer"), [(2.0, True), (1.2, True), (1.05, None), (0.5, False)])
def test_a_limit_is_kept_broken_or_too_close_to_say(most: float, answer: bool | None) -> None:
    """By the interval, not by the median alone."""
    assert Comparison(1.1, 1.0, 1.2).within(most) is answer


@pytest.mark.parametrize("numbers", [(0.0, 0.0, 1.0), (1.0, 1.1, 1.2), (1.0, 0.9, float("inf"))])
def test_what_is_no_ratio_is_refused(numbers: tuple[float, float, float]) -> None:
    """Zero, an interval beside its ratio, and infinity."""
    with pytest.raises(ValueError, match="is not a ratio"):
        Comparison(*numbers)


def test_equal_times_have_no_interval_to_speak_of() -> None:
    """All rounds alike: the ratio, exactly."""
    found = compare_blocks([[0.1] * 3] * 7, [[0.3] * 3] * 7)
    assert found.low == found.ratio == found.high
    assert str(found) == "0.33 (0.33 to 0.33)"
