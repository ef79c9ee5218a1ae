"""How settings for a net are tried, judged, timed and chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from keras2cv.bundle.manifest import Trial
from keras2cv.errors import NetError
from keras2cv.net.machine import processor
from keras2cv.tuning.interleave import Comparison
from keras2cv.tuning.search import candidates, chosen
from keras2cv_export.tuning.settings import try_all, vary

Timer = Callable[[Trial], tuple[float, Comparison]]

DEFAULT = Trial("new", 4, True, True)
CLASSIC = Trial("classic", 4, True, True)
PLAIN = Trial("classic", 4, True, False)


def timer(**ratios: tuple[float, float]) -> Timer:
    """Return a stand-in that takes 10 ms by default: engine -> (ratio, its interval's upper end).

    A setting without Winograd is called "plain".
    """

    def time(setting: Trial) -> tuple[float, Comparison]:
        ratio, high = ratios["plain" if not setting.winograd else setting.engine]
        return 10 * ratio, Comparison(ratio, ratio, high)

    return time


def right(_: Trial) -> None:
    """Every setting predicts the same."""


def silent(_: str) -> None:
    """Ignore progress."""


def test_the_own_way_of_opencv_comes_first() -> None:
    """Then fewer threads, by halves; the classic engine can do without its options, too."""
    settings = candidates(["new", "classic"], 4)
    assert settings[0] == DEFAULT
    assert [setting.threads for setting in settings if setting.engine == "new"] == [4, 1, 2]
    assert all(
        setting.fusion and setting.winograd for setting in settings if setting.engine == "new"
    )
    assert [str(setting) for setting in settings if not (setting.fusion and setting.winograd)] == [
        "classic engine, 4 threads, without winograd",
        "classic engine, 4 threads, without fusion",
    ]
    assert len(set(settings)) == len(settings)
    assert candidates(["classic"], 1)[0] == Trial("classic", 1, True, True)


def test_the_surely_fastest_is_chosen() -> None:
    """Of those whose whole interval is below the default's time."""
    time = timer(new=(1.0, 1.02), classic=(0.8, 0.9), plain=(0.7, 1.1))
    trials = try_all([DEFAULT, CLASSIC, PLAIN], right, time, silent)
    assert [trial.ratio for trial in trials] == [1.0, 0.8, 0.7]
    assert [trial.median_ms for trial in trials] == [10.0, 8.0, 7.0]
    assert chosen(trials) == 1


def test_little_is_not_enough() -> None:
    """Two per cent do not make up for leaving OpenCV's own choice."""
    time = timer(new=(1.0, 1.01), classic=(0.98, 0.99))
    assert chosen(try_all([DEFAULT, CLASSIC], right, time, silent)) == 0


def test_a_way_that_predicts_something_else_is_never_chosen() -> None:
    """It is not even timed, and the reason is kept."""
    asked: list[Trial] = []

    def time(setting: Trial) -> tuple[float, Comparison]:
        asked.append(setting)
        return timer(new=(1.0, 1.0), classic=(0.5, 0.5), plain=(0.1, 0.1))(setting)

    wrong = lambda setting: None if setting.winograd else "parity: fail (y: off)"  # noqa: E731
    trials = try_all([DEFAULT, CLASSIC, PLAIN], wrong, time, silent)
    assert asked == [DEFAULT, CLASSIC]
    assert trials[2].refused == "parity: fail (y: off)"
    assert trials[2].ratio is None
    assert chosen(trials) == 1


def test_a_way_that_ends_in_a_crash_is_refused_with_the_reason() -> None:
    """The others are timed all the same; without the default there is nothing to compare with."""

    def time(setting: Trial) -> tuple[float, Comparison]:
        if setting.engine == "classic":
            raise NetError("it ended")
        return 1.0, Comparison(1.0, 1.0, 1.0)

    assert [t.refused for t in try_all([DEFAULT, CLASSIC], right, time, silent)] == [
        None,
        "it ended",
    ]
    with pytest.raises(NetError, match="it ended"):
        try_all([CLASSIC, DEFAULT], right, time, silent)


def test_each_way_is_announced() -> None:
    """With its number, of how many."""
    steps: list[str] = []
    try_all([DEFAULT, CLASSIC], right, timer(new=(1.0, 1.0), classic=(1.0, 1.0)), steps.append)
    assert steps == [
        "timing setting 1 of 2: new engine, 4 threads",
        "timing setting 2 of 2: classic engine, 4 threads",
    ]


def test_the_machine_has_a_name() -> None:
    """The system's name for it."""
    assert processor().strip()


A, B, C = "bound", "gate", "pool"
DEFAULTS = [
    replace(DEFAULT, median_ms=10.0, ratio=1.0, high=1.01, rewrites=(A, B, C)),
    replace(CLASSIC, median_ms=11.0, ratio=1.1, high=1.2, rewrites=(A, B, C)),
    replace(PLAIN, median_ms=10.5, ratio=1.05, high=1.3, rewrites=(A, B, C)),
]


def attempts(asked: list[Trial], **ratios: float) -> Callable[[Trial], Trial]:
    """Return a stand-in that knows the ratio of some engine-and-rewrites; of the others, 2."""

    def attempt(setting: Trial) -> Trial:
        asked.append(setting)
        ratio = ratios.get(f"{setting.engine}_{'_'.join(setting.rewrites or ())}", 2.0)
        return replace(setting, median_ms=10 * ratio, ratio=ratio, high=1.01 * ratio)

    return attempt


def test_rewrites_are_varied_as_a_whole_first() -> None:
    """On each engine, with OpenCV's own setting where no other is surely faster; then singly."""
    asked: list[Trial] = []
    every = frozenset((A, B, C))
    vary(DEFAULTS, every, every, attempts(asked))
    assert [(setting.engine, setting.winograd, setting.rewrites) for setting in asked] == [
        ("new", True, ()),
        ("classic", True, ()),
        ("new", True, (B, C)),
        ("new", True, (A, C)),
        ("new", True, (A, B)),
    ]


def test_switches_that_are_worth_it_stay() -> None:
    """Each is tried on the best file so far, which may be another engine's."""
    asked: list[Trial] = []
    every = frozenset((A, B, C))
    attempt = attempts(asked, classic_=0.8, classic_bound=0.79, classic_gate=0.7)
    found = [*DEFAULTS, *vary(DEFAULTS, every, every, attempt)]
    assert [setting.rewrites for setting in asked[2:]] == [(A,), (B,), (B, C)]
    assert {setting.engine for setting in asked[2:]} == {"classic"}
    best = found[chosen(found)]
    assert (best.engine, best.rewrites) == ("classic", (B,))


def test_a_net_that_no_rewrite_changes_is_not_varied() -> None:
    """Nothing is made, nothing is timed."""
    asked: list[Trial] = []
    assert vary(DEFAULTS, frozenset(), frozenset(), attempts(asked)) == []
    assert asked == []


def test_a_default_without_rewrites_is_held_against_all() -> None:
    """As for `--engine classic`, whose files have none of them by themselves."""
    asked: list[Trial] = []
    plain = [replace(setting, rewrites=()) for setting in DEFAULTS]
    vary(plain, frozenset(), frozenset((A, B)), attempts(asked))
    assert [setting.rewrites for setting in asked] == [(A, B), (A, B), (A,), (B,)]
