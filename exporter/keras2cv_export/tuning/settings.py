"""The settings to try, and the search among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from keras2cv.bundle.manifest import Trial
from keras2cv.errors import NetError
from keras2cv.tuning.interleave import Comparison
from keras2cv.tuning.search import MIN_GAIN, chosen

Compare = Callable[[Trial], tuple[float, Comparison]]
"""Times a setting in turns with the default: its median in milliseconds, and both compared."""
Step = Callable[[str], None]


def vary(
    trials: Sequence[Trial],
    default: frozenset[str],
    every: frozenset[str],
    attempt: Callable[[Trial], Trial],
) -> list[Trial]:
    """Vary the optional rewrites of a net that was timed with `default` of them; return the trials.

    First the other whole set (all of them, or none) on the best setting of each engine, then single
    switches on the winner, each of which stays where it is surely worth it.

    Args:
        trials: Of the default file; all others are compared with the first.
        default: Names of its optional rewrites.
        every: Names of those that change this net.
        attempt: Makes the file with a trial's rewrites, judges it, times it.
    """
    other = every if not default else frozenset[str]()
    if other == default:
        return []
    found = [attempt(_with(setting, other)) for setting in _best_of_each_engine(trials)]
    best = [*trials, *found][chosen([*trials, *found])]
    for name in sorted(every):
        tried = attempt(_with(best, frozenset(best.rewrites or ()) ^ {name}))
        if tried.rewrites not in [t.rewrites for t in found if t.engine == tried.engine]:
            found.append(tried)
        if _is_surely_faster(tried, best):
            best = tried
    return found


def _best_of_each_engine(trials: Sequence[Trial]) -> list[Trial]:
    """Return each engine's first trial, or the one that is surely faster, engine by engine."""
    best: dict[str, Trial] = {}
    for trial in trials:
        if trial.ratio is not None and (
            trial.engine not in best or _is_surely_faster(trial, best[trial.engine])
        ):
            best[trial.engine] = trial
    return list(best.values())


def _with(setting: Trial, rewrites: frozenset[str]) -> Trial:
    plain = Trial(setting.engine, setting.threads, setting.fusion, setting.winograd)
    return replace(plain, rewrites=tuple(sorted(rewrites)))


def _is_surely_faster(one: Trial, other: Trial) -> bool:
    """Compare two trials by their ratios to the default; `one`'s whole interval must be better."""
    if one.ratio is None or one.high is None or other.ratio is None:
        return False
    return one.ratio <= MIN_GAIN * other.ratio and one.high < other.ratio


def try_all(
    settings: Sequence[Trial],
    wrong: Callable[[Trial], str | None],
    compare: Compare,
    progress: Step,
) -> list[Trial]:
    """Judge each setting, and time those that are right; all are compared with the first.

    Args:
        settings: The settings, the default first.
        wrong: Explains why a setting's predictions are wrong; None if they are right.
        compare: Times a setting in turns with the default.
        progress: Called with a few words before each step.

    Raises:
        NetError: The default cannot be timed.
    """
    found = []
    for number, setting in enumerate(settings, start=1):
        progress(f"timing setting {number} of {len(settings)}: {setting}")
        problem = wrong(setting) if number > 1 else None  # the first has just been verified
        if problem is not None:
            found.append(replace(setting, refused=problem))
            continue
        try:
            median_ms, ratio = compare(setting)
        except NetError as error:
            if number == 1:
                raise
            found.append(replace(setting, refused=str(error)[:1000]))
            continue
        found.append(replace(setting, median_ms=median_ms, ratio=ratio.ratio, high=ratio.high))
    return found
