"""The speed line: turns taken fairly, within a budget, and a ratio that knows its interval."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from keras2cv.tuning.interleave import interval
from keras2cv_export.speed.speed import KERAS, OURS, THEIRS, SpeedReport, time_rounds


class Clock:
    """A clock that only moves when somebody works."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.log: list[tuple[str, int]] = []

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now_s

    def side(self, name: str, cost_s: float) -> object:
        """Return a side whose every run takes so long."""

        def run(sample: int) -> float:
            self.log.append((name, sample))
            self.now_s += cost_s
            return cost_s * 1e9

        return run


def report(
    ours: Sequence[float], theirs: Sequence[float], max_ratio: float | None = None
) -> SpeedReport:
    """Return a report of these nanoseconds."""
    times = {OURS: tuple(ours), THEIRS: tuple(theirs)}
    return SpeedReport(times, "new", (2, 4), 1, max_ratio)


@pytest.mark.parametrize(("cost_s", "rounds"), [(1e-4, 60), (0.1, 15), (5.0, 7)])
def test_rounds_end_with_the_budget_and_never_before_seven(cost_s: float, rounds: int) -> None:
    """A fast net gets sixty, a slow one as few as an interval needs."""
    clock = Clock()
    sides = {OURS: clock.side(OURS, cost_s), THEIRS: clock.side(THEIRS, cost_s)}
    times = time_rounds(sides, 3, budget_s=3.0, clock=clock)  # type: ignore[arg-type]
    assert {len(found) for found in times.values()} == {rounds}
    assert times[OURS][0] == cost_s * 1e9


def test_every_round_is_one_sample_on_all_sides_in_an_order_by_lot() -> None:
    """After a warm-up that is not counted."""
    clock = Clock()
    sides = {name: clock.side(name, 0.2) for name in (OURS, THEIRS, KERAS)}
    times = time_rounds(sides, 4, budget_s=6.0, clock=clock)  # type: ignore[arg-type]
    rounds = [clock.log[i : i + 3] for i in range(0, len(clock.log), 3)]
    assert len(rounds) == 2 + len(times[OURS])
    assert all(len({sample for _, sample in one}) == 1 for one in rounds)
    assert all({name for name, _ in one} == set(sides) for one in rounds)
    assert [one[0][1] for one in rounds[2:6]] == [0, 1, 2, 3]
    assert len({one[0][0] for one in rounds[2:]}) > 1


def test_the_ratio_is_that_of_each_round() -> None:
    """A machine that slows down for some rounds slows both, and the ratio stays."""
    pace = np.array([1.0, 1, 5, 5, 1, 9, 1]) * 1e6
    found = report(pace * 0.5, pace)
    assert (found.ratio, found.ratio_interval) == (0.5, (0.5, 0.5))
    assert found.median_ms(THEIRS) == 1.0


def test_an_interval_widens_with_noise_and_holds_the_median() -> None:
    """Efron's percentile bootstrap, the same for the same numbers."""
    rng = np.random.default_rng(0)
    quiet, loud = 1 + 0.01 * rng.normal(size=30), 1 + 0.3 * rng.normal(size=30)
    widths = []
    for ratios in (quiet, loud):
        low, high = interval(ratios)
        assert low <= np.median(ratios) <= high
        assert interval(ratios) == (low, high)
        widths.append(high - low)
    assert widths[1] > 10 * widths[0]


@pytest.mark.parametrize(
    ("max_ratio", "verdict"), [(None, "pass"), (2.0, "pass"), (1.05, "inconclusive"), (0.5, "fail")]
)
def test_a_limit_is_kept_broken_or_too_close_to_say(max_ratio: float | None, verdict: str) -> None:
    """By the interval, not by the median alone."""
    rng = np.random.default_rng(3)
    ours = 1e6 * (1.05 + 0.2 * rng.normal(size=20))
    found = report(ours, np.full(20, 1e6), max_ratio)
    assert found.verdict == verdict
    assert bool(found.reasons) == (verdict != "pass")
    assert (f"--max-ratio is {max_ratio}" in " ".join(found.reasons)) == (verdict != "pass")


def test_the_line_and_the_record_hold_the_numbers() -> None:
    """The raw times included."""
    found = report([2e6] * 7, [4e6] * 7)
    for part in ("predict 2 ms", "tf.function 4 ms", "0.50 times", "2 threads", "of 7 interleaved"):
        assert part in str(found)
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert record["nanoseconds"][OURS] == [2e6] * 7
    assert record["ratio_interval_95"] == [0.5, 0.5]


def test_a_wide_interval_is_called_noisy() -> None:
    """And a narrow one is not."""
    assert "busy" not in str(report([2e6] * 7, [4e6] * 7))
    assert "noisy, the machine is busy" in str(report([1e6, 9e6, 2e6, 8e6, 1e6], [4e6] * 5))


def test_an_opencv_without_a_core_of_its_own_is_reported() -> None:
    """Its times are the machine's then, however steady they are."""
    times = {OURS: (2e6,) * 7, THEIRS: (4e6,) * 7}
    starved = SpeedReport(times, "new", (2, 2), 1, cores=0.27)
    assert "OpenCV had 0.3 of a core, the machine is busy" in str(starved)
    assert "busy" not in str(SpeedReport(times, "new", (2, 2), 1, cores=1.9))


def test_sides_without_rounds_are_no_report() -> None:
    """An empty report is refused."""
    with pytest.raises(ValueError, match="as many rounds"):
        report([], [])
    with pytest.raises(ValueError, match="as many rounds"):
        report([1.0], [1.0, 2.0])
