"""Self-tests of bundles of all tasks on emulated machines.

The bundles are those of `campaigns.faults`: small models, trained on drawn scenes. They are made
once in the folder for results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from campaigns.architectures.limits import LIMITS
from campaigns.atlas.columns import Column
from keras2cv.isolation import Entry, answer_each

_CHILD: Final = Path(__file__).resolve().with_name("selftest_child.py")


@dataclass(frozen=True)
class SelfTest:
    """How a bundle did on a machine; `reason` is "" where it passed."""

    bundle: str
    column: str
    verdict: str
    reason: str


def export_bundles(folder: Path) -> dict[str, Path]:
    """Return the bundles in a folder by their subject's name; those missing are made."""
    from campaigns.faults.subjects import SUBJECTS  # TensorFlow
    from keras2cv_export import export

    bundles = {name: folder / f"{name}.cv" for name in SUBJECTS}
    for name, path in bundles.items():
        if not path.exists():
            export(SUBJECTS[name].model(), path, **SUBJECTS[name].settings)
    return bundles


def run_selftests(
    bundles: Mapping[str, Path], column: Column, environment: Mapping[str, str], work: Path
) -> Iterator[SelfTest]:
    """Yield a self-test of each bundle, in one process of that machine where none crashes.

    Args:
        bundles: By name.
        column: The machine, and the engine to load them with.
        environment: The variables with which its Python imports keras2cv.
        work: Where its processes run.
    """
    entry = Entry(f"{_CHILD}:answer", (), column.where.python, environment)
    jobs = [{"path": str(path), "engine": column.engine} for path in bundles.values()]
    answers = answer_each(entry, jobs, LIMITS, folder=work)
    for name, answer in zip(bundles, answers, strict=True):
        if answer.problem is not None:
            yield SelfTest(name, column.name, "crash", answer.problem)
        else:
            yield SelfTest(name, column.name, answer.reply["verdict"], answer.reply["reason"])
