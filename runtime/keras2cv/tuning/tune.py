"""`keras2cv tune`: find the fastest way to run a bundle on this machine, judged by its self-test.

Each setting runs in a process of its own, which has to give the self-test's answers before it is
timed. Then it takes turns with the first one that passed, block by block, and only a setting that
is surely faster takes its place: first each file of the net on each engine, with each number of
threads; then several samples in a run, and several nets at a time, with the best of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2

from keras2cv.bundle.local_tuning import LocalTuning
from keras2cv.bundle.manifest import Manifest, Rate, Trial, Tuned
from keras2cv.bundle.reading import read_bundle, read_manifest
from keras2cv.bundle.standing import unproven
from keras2cv.errors import InconclusiveError, Keras2cvError, UsageError, VerdictError
from keras2cv.net import machine
from keras2cv.net.local_choice import net_key, runs_here
from keras2cv.net.opencv import require_at_least
from keras2cv.schema.fields import encode
from keras2cv.tuning.interleave import NOISY
from keras2cv.tuning.noting import alone, note
from keras2cv.tuning.search import candidates, chosen, try_throughputs
from keras2cv.tuning.trying import Running, Setting, running, time_alone, time_in_turns

Progress = Callable[[str, int, int], None]

BUDGET_S: Final = 3.0
_MAX_TEXT: Final = 1000


@dataclass(frozen=True, slots=True)
class DeviceTuning:
    """What was measured on this machine, and where the choice is noted.

    `no_batches` is why no run takes several samples; "" where other batches were timed.
    """

    folder: Path
    place: Path
    record: LocalTuning
    no_batches: str = ""

    @property
    def noisy(self) -> int:
        """How many settings could not be told from the first, since the machine was busy."""
        timed: list[Trial | Rate] = [*self.record.tuned.trials, *(self.record.tuned.rates or ())]
        return sum(
            one.ratio is not None and one.high is not None and one.high > NOISY * one.ratio
            for one in timed
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        record, tuned = self.record, self.record.tuned
        return {
            "bundle": str(self.folder),
            "noted_in": str(self.place),
            "choice": {**encode(record.choice), "file": record.file},
            "many_samples": None if record.rate is None else encode(record.rate),
            "no_batches": self.no_batches or None,
            "noisy": self.noisy,
            "machine": {
                "opencv": tuned.opencv,
                "processor": tuned.machine,
                "cores": tuned.cores,
                "system": record.system,
                "features": record.features,
            },
            "trials": [
                {**encode(trial), "file": file}
                for trial, file in zip(tuned.trials, record.files, strict=True)
            ],
            "rates": [encode(rate) for rate in tuned.rates or ()],
        }


def tune(
    bundle: str | os.PathLike[str],
    *,
    budget_s: float = BUDGET_S,
    progress: Progress = lambda _what, _done, _total: None,
) -> DeviceTuning:
    """Measure a bundle on this machine, and note the fastest settings, which `load` follows here.

    They are noted in the bundle's folder, or where that cannot be written, in the user's cache.

    Args:
        bundle: The bundle's folder.
        budget_s: About how many seconds each setting is timed.
        progress: Called with a few words, how many settings are done, and how many there are.

    Raises:
        BundleError: No bundle, or one that is incomplete, altered or too new.
        InconclusiveError: It was never proven, so that nothing can judge a setting.
        MissingDependency: OpenCV is too old for it, or lacks the engine that it was verified on.
        UsageError: Another process tunes it, it is replaced meanwhile, or nothing can be written.
        VerdictError: No setting passes the self-test here.
    """
    folder = Path(bundle)
    manifest = read_bundle(folder).manifest
    if problem := unproven(folder, manifest):
        raise InconclusiveError(f"{problem} Nothing can judge a setting by its self-test.")
    require_at_least(manifest.model.opencv, cv2.__version__, str(folder))
    with alone(folder):
        record = _measured(folder, manifest, budget_s, progress)
        if net_key(read_manifest(folder)) != record.net:
            raise UsageError(f"{folder} was replaced while it was tuned. Tune it again.")
        why = why_no_batches(manifest, record.tuned.rates)
        return DeviceTuning(folder, note(folder, manifest, record), record, why)


def settings_of(manifest: Manifest, cores: int) -> list[Setting]:
    """Return the settings to try: the one that `load` takes by itself first.

    What was verified with fusion or Winograd switched off keeps them off.
    """
    allowed = manifest.engine
    found = [
        Setting(
            file,
            replace(
                trial,
                fusion=trial.fusion and allowed.fusion,
                winograd=trial.winograd and allowed.winograd,
            ),
            manifest.model.batch,
        )
        for file, engines in runs_here(manifest).items()
        for trial in candidates(engines, cores)
    ]
    return list(dict.fromkeys(found))


def why_no_batches(manifest: Manifest, rates: Sequence[Rate] | None) -> str:
    """Return why no run takes another number of samples; "" where one does."""
    own = manifest.model.batch
    if manifest.states:
        return "the net keeps states from one run to the next"
    if whole := [output.name for output in manifest.outputs if not output.batched]:
        return f"an output ({', '.join(whole)}) is one for a whole run, not one for each sample"
    if rates is None:
        return "the fastest setting did not run again"
    others = [rate for rate in rates if rate.nets == 1 and rate.batch != own]
    if not others or any(rate.refused is None for rate in others):
        return ""
    return f"the net takes {own} in a run and no other number. For more, export it with --batch N"


class _Search:
    """The measurements on one bundle."""

    def __init__(
        self, folder: Path, manifest: Manifest, budget_s: float, progress: Progress
    ) -> None:
        self._folder, self._manifest = folder, manifest
        self._budget_s, self._progress = budget_s, progress
        self._sizes = {
            manifest.model.file: int(manifest.model.size_bytes),
            **{form.file: int(form.size_bytes) for form in manifest.forms or ()},
        }

    def trials(self, settings: Sequence[Setting]) -> list[Setting]:
        """Judge and time the settings; those before the first that passes come last.

        Raises:
            VerdictError: None passes.
        """
        refused: list[Setting] = []
        for number, setting in enumerate(settings):
            self._progress(_words(setting), number, len(settings))
            with ExitStack() as stack:
                try:
                    base = stack.enter_context(self._running(setting))
                    took_ns = time_alone(base, self._budget_s)
                except Keras2cvError as error:
                    refused.append(_refused(setting, error))
                    continue
                trial = replace(setting.trial, median_ms=took_ns / 1e6, ratio=1.0, high=1.0)
                others = enumerate(settings[number + 1 :], number + 1)
                timed = [self._timed(other, base, at, len(settings)) for at, other in others]
                return [replace(setting, trial=trial), *timed, *refused]
        raise _nothing_passes(self._folder, refused)

    def rates(self, best: Setting, cores: int) -> tuple[Rate, ...] | None:
        """Time many samples with the best setting; None for a net that takes one run at a time."""
        if why_no_batches(self._manifest, ()):
            return None
        own = Rate(1, best.trial.threads, best.batch)
        with ExitStack() as stack:
            try:
                base = stack.enter_context(self._running(best))
                took_ns = time_alone(base, self._budget_s)
            except Keras2cvError:  # it ran before; then one sample at a time it is
                return None

            def attempt(rate: Rate) -> Rate:
                if rate == own:
                    return replace(rate, sample_ms=took_ns / 1e6, ratio=1.0, high=1.0)
                self._progress(f"many samples: {rate}", 0, 0)
                return self._rate(best, rate, base)

            return tuple(try_throughputs(own, cores, self._sizes[best.file], attempt))

    def _timed(self, setting: Setting, base: Running, number: int, total: int) -> Setting:
        self._progress(_words(setting), number, total)
        try:
            with self._running(setting) as one:
                took_ns, ratio = time_in_turns(one, base, self._budget_s)
        except Keras2cvError as error:
            return _refused(setting, error)
        trial = replace(setting.trial, median_ms=took_ns / 1e6, ratio=ratio.ratio, high=ratio.high)
        return replace(setting, trial=trial)

    def _rate(self, best: Setting, rate: Rate, base: Running) -> Rate:
        trial = replace(_untimed(best.trial), threads=rate.threads)
        setting = Setting(best.file, trial, rate.batch, rate.nets)
        try:
            with self._running(setting) as one:
                took_ns, ratio = time_in_turns(one, base, self._budget_s)
        except Keras2cvError as error:
            return replace(rate, refused=_text(error))
        return replace(rate, sample_ms=took_ns / 1e6, ratio=ratio.ratio, high=ratio.high)

    def _running(self, setting: Setting) -> Any:
        return running(self._folder, setting, self._sizes[setting.file])


def _measured(folder: Path, manifest: Manifest, budget_s: float, progress: Progress) -> LocalTuning:
    cores = machine.cores()
    search = _Search(folder, manifest, budget_s, progress)
    found = search.trials(settings_of(manifest, cores))
    trials = [setting.trial for setting in found]
    number = chosen(trials)
    best = replace(found[number], trial=_untimed(trials[number]))
    rates = search.rates(best, cores)
    tuned = Tuned(
        cv2.__version__,
        machine.processor(),
        cores,
        number,
        tuple(trials),
        rates,
        None if rates is None else chosen(rates),
    )
    return LocalTuning(
        net_key(manifest),
        machine.build(),
        machine.system(),
        machine.features(),
        tuple(setting.file for setting in found),
        tuned,
    )


def _untimed(trial: Trial) -> Trial:
    return Trial(trial.engine, trial.threads, trial.fusion, trial.winograd)


def _words(setting: Setting) -> str:
    return f"{setting.trial}, {setting.file}"


def _refused(setting: Setting, error: Keras2cvError) -> Setting:
    return replace(setting, trial=replace(setting.trial, refused=_text(error)))


def _text(error: Keras2cvError) -> str:
    return machine.plain(str(error))[:_MAX_TEXT]


def _nothing_passes(folder: Path, refused: Sequence[Setting]) -> VerdictError:
    why = refused[0].trial.refused if refused else "this OpenCV has none of its engines"
    return VerdictError(
        f"No setting passes the self-test of {folder} on OpenCV {cv2.__version__} here, the first "
        f"since: {why} Export it for this OpenCV, with --opencv."
    )
