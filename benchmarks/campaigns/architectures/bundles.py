"""Self-tests of bundles of all tasks on emulated machines.

The bundles are those of `campaigns.faults`: small models, trained on drawn scenes. They are made
once in the folder for results.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from campaigns.architectures.limits import LIMITS
from campaigns.atlas.columns import Column
from keras2cv.isolation import Entry, answer_each
from keras2cv_export.matrix.environment import runtime_copy

_CHILD: Final = Path(__file__).resolve().with_name("selftest_child.py")

Outcomes = Mapping[str, str]  # bundle -> why it does not pass, or ""


def run_selftests(
    columns: Sequence[Column], work: Path, names: Sequence[str] = ()
) -> dict[str, Outcomes]:
    """Return column -> the outcome of each bundle's self-test there.

    Args:
        columns: The machines and engines.
        work: The folder for bundles and results.
        names: Of the bundles; all of them if empty.
    """
    bundles = export_bundles(work / "bundles", names)
    found = {}
    with tempfile.TemporaryDirectory(dir=work) as folder, runtime_copy(Path(folder)) as environment:
        for column in columns:
            kept = work / column.where.python.parent.name / f"selftests {column.engine}.json"
            if not kept.exists():
                outcomes = _selftests(bundles, column, environment)
                kept.parent.mkdir(exist_ok=True)
                kept.write_text(json.dumps(outcomes), encoding="utf-8")
            found[column.name] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def export_bundles(folder: Path, names: Sequence[str] = ()) -> dict[str, Path]:
    """Return the bundles in a folder by their subject's name; those missing are made."""
    from campaigns.faults.scenes import write_pictures
    from campaigns.faults.subjects import SUBJECTS  # TensorFlow
    from keras2cv_export import export

    write_pictures(folder / "scenes", lines=False)
    bundles = {name: folder / f"{name}.cv" for name in names or SUBJECTS}
    for name, path in bundles.items():
        if not path.exists():
            # Noise shows a detector with suppression inside no box, and an export is inconclusive.
            samples = folder / "scenes" if name == "suppressed" else None
            export(SUBJECTS[name].model(), path, samples=samples, **SUBJECTS[name].settings)
    return bundles


def is_refused(reason: str) -> bool:
    """Return whether a bundle says itself that this OpenCV is too old for it."""
    return " needs OpenCV " in reason and " or newer, and this is " in reason


def failures(found: Mapping[str, Outcomes]) -> list[str]:
    """Return a line for each self-test that does not pass."""
    return [
        f"{bundle} on {column}: {reason}"
        for column, outcomes in found.items()
        for bundle, reason in outcomes.items()
        if reason and not is_refused(reason)
    ]


def _selftests(
    bundles: Mapping[str, Path], column: Column, environment: Mapping[str, str]
) -> dict[str, str]:
    entry = Entry(f"{_CHILD}:answer", (), column.where.python, environment)
    jobs = [{"path": str(path), "engine": column.engine} for path in bundles.values()]
    answers = answer_each(entry, jobs, LIMITS, folder=None)
    return {
        name: answer.problem or str(answer.reply["reason"])
        for name, answer in zip(bundles, answers, strict=True)
    }
