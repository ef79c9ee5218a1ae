"""The parent's side: it sends the options, and reads the report."""

from __future__ import annotations

import dataclasses
import importlib
import os
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from keras2cv.bundle.writing import staged_bundle
from keras2cv.errors import Keras2cvWarning, ModelError
from keras2cv.isolation import ChildLost, Conversation, Entry, Limits
from keras2cv_export.options import CheckOptions, ExportOptions

from .choosing import knows_any
from .failure import Failure, error_of
from .meeting import cannot_be_opened, search_path
from .plain_values import NotPlainError, read_values, write_values
from .records import task_records

if TYPE_CHECKING:
    from keras2cv_export.checks.check_report import CheckReport
    from keras2cv_export.export_report import ExportReport

_ENTRY: Final = Entry(
    "keras2cv_export.confined_child.answering:answer", ("keras2cv", "keras2cv_export")
)
# The modules whose records a report is made of; imported while the child works.
_REPORTS: Final = {
    "export": "keras2cv_export.export_report",
    "check": "keras2cv_export.checks.check_report",
}
_SECONDS: Final = 1e7  # an export takes as long as it takes; the caller can interrupt it
_MEMORY: Final = 2**50  # the command line has no limit either


def export_in_child(
    options: ExportOptions, here: Callable[[ExportOptions], ExportReport]
) -> ExportReport:
    """Export as `options` say: a child fills the bundle, and this process gives it its name.

    Args:
        options: Of a model at a path.
        here: Exports in this process, where the model is made of the program's own classes, or an
            option is a function.

    Raises:
        Keras2cvError: What the export raises.
    """
    with staged_bundle(options.bundle) as stage:
        report: Any = _ask("export", options, options.model, stage.folder)
        if report is not None:
            stage.commit()
    return report if report is not None else here(options)


def check_in_child(
    options: CheckOptions, here: Callable[[CheckOptions], CheckReport]
) -> CheckReport:
    """Check as `options` say, in a child; see `export_in_child`.

    Args:
        options: Against a model at a path.
        here: Checks in this process.

    Raises:
        Keras2cvError: What the check raises.
    """
    report: Any = _ask("check", options, options.against, None)
    return report if report is not None else here(options)


def _ask(verb: str, options: Any, model: str | os.PathLike[str], stage: Path | None) -> Any:
    """Return a child's report; None: this process has to do it itself."""
    with tempfile.TemporaryDirectory(prefix="keras2cv-") as name:
        folder = Path(name)
        given = {
            field.name: getattr(options, field.name)
            for field in dataclasses.fields(options)
            if field.name != "progress"
        }
        try:
            write_values(folder, "options", given)
        except NotPlainError:
            return None
        request = {
            "verb": verb,
            "folder": name,
            "stage": None if stage is None else str(stage),
            "sys_path": search_path(),
        }
        try:
            with Conversation(
                _ENTRY, Limits(_SECONDS, memory_bytes=_MEMORY), listen=_listener(options.progress)
            ) as child:
                child.send(request)
                importlib.import_module(_REPORTS[verb])
                task_records()
                child.reply()
        except ChildLost as lost:
            raise ModelError(f"{cannot_be_opened(model, lost)} Nothing was written.") from lost
        found = read_values(folder, "report")
    if not isinstance(found, Failure):
        return found
    if knows_any(found.unknown):
        return None
    raise error_of(found)


def _listener(progress: Callable[[str], None]) -> Callable[[Mapping[str, Any]], None]:
    """Return what passes a child's steps and warnings on to the caller."""

    def listen(message: Mapping[str, Any]) -> None:
        if "step" in message:
            progress(str(message["step"]))
        if "warning" in message:
            warnings.warn(str(message["warning"]), Keras2cvWarning, stacklevel=2)

    return listen
