"""The child's side: it gives its rights away, opens the model, and writes its report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from keras2cv.errors import Keras2cvError
from keras2cv_export.model.untrusted.confined import confine_child
from keras2cv_export.options import CheckOptions, ExportOptions
from keras2cv_export.quiet.garbage import uncollected

from .failure import failure_of
from .meeting import meet
from .plain_values import read_values, write_values
from .records import task_records


def answer(request: Mapping[str, Any], report: Callable[..., None]) -> dict[str, Any]:
    """Export or check as the options in the folder say; the report is written beside them."""
    meet(request["sys_path"], report)
    folder = Path(request["folder"])
    work = _export if request["verb"] == "export" else _check
    try:
        found: Any = work(folder, request["stage"], lambda step: report(step=step, stage=step))
    except Keras2cvError as error:
        found = failure_of(error)
    write_values(folder, "report", found)
    return {}


def _export(folder: Path, stage: str | None, progress: Callable[[str], None]) -> Any:
    with uncollected():
        from keras2cv_export.exporting import fill_bundle
        from keras2cv_export.model.load import import_modules
    assert stage is not None  # noqa: S101 - an export has one
    options = ExportOptions(**_options(folder), progress=progress)
    import_modules(options.imports)
    confine_child(folder, Path(stage), network=bool(options.imports))
    return fill_bundle(options, Path(stage))


def _check(folder: Path, _: str | None, progress: Callable[[str], None]) -> Any:
    with uncollected():
        from keras2cv_export.checks.checking import check_bundle
        from keras2cv_export.model.load import import_modules
    options = CheckOptions(**_options(folder), progress=progress)
    import_modules(options.imports)
    confine_child(folder, network=bool(options.imports))
    found = check_bundle(options)
    return replace(found, question=replace(found.question, exact=None, near=None))


def _options(folder: Path) -> Any:
    """Return the parent's options by their names."""
    task_records()
    return read_values(folder, "options")
