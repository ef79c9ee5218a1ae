"""The model of an evaluation, opened in a child process that cannot write files.

The child opens it, and answers batch after batch. Inputs and outputs go as arrays in files of a
temporary folder, the only place where it can write.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import Keras2cvError, Keras2cvWarning, ModelError
from keras2cv.isolation import ChildLost, Conversation, Entry, Limits
from keras2cv_export.confined_child import (
    Failure,
    cannot_be_opened,
    error_of,
    failure_of,
    knows_any,
    meet,
    read_values,
    search_path,
    write_values,
)
from keras2cv_export.model.load import import_modules
from keras2cv_export.model.untrusted.confined import confine_child
from keras2cv_export.verifying.question import Outputs, as_promised

from .model_answers import ModelAnswers, open_model

_ENTRY: Final = Entry(f"{__name__}:answer", ("keras2cv", "keras2cv_export"))
_SECONDS: Final = 1e7  # the caller can interrupt it
_MEMORY: Final = 2**50  # the command line has no limit either


@contextmanager
def model_in_child(
    path: str | os.PathLike[str], manifest: Manifest, imports: Sequence[str]
) -> Iterator[ModelAnswers | None]:
    """Give a model that answers in a child; None: this program alone knows its classes.

    Args:
        path: Of the model.
        manifest: The bundle's.
        imports: Modules with the model's own classes.

    Raises:
        ModelError: The model cannot be loaded.
        UsageError: It is another model than the bundle's.
    """
    limits = Limits(_SECONDS, memory_bytes=_MEMORY)
    with (
        tempfile.TemporaryDirectory(prefix="keras2cv-") as folder,
        Conversation(_ENTRY, limits, listen=_warn) as child,
    ):
        asked = _Asked(child, Path(folder), manifest, path)
        given = {"path": Path(path), "manifest": manifest.to_json(), "imports": tuple(imports)}
        found = asked.ask(given, sys_path=search_path(), folder=folder)
        if not isinstance(found, Failure):
            yield ModelAnswers(asked.answer, found)
        elif knows_any(found.unknown):
            yield None
        else:
            raise error_of(found)


class _Asked:
    """The parent's side of the child."""

    def __init__(
        self, child: Conversation, folder: Path, manifest: Manifest, path: str | os.PathLike[str]
    ) -> None:
        self._child, self._folder, self._manifest, self._path = child, folder, manifest, path

    def ask(self, given: Any, **request: Any) -> Any:
        """Return what the child writes for what it is given."""
        write_values(self._folder, "given", given)
        try:
            self._child.ask(request)
        except ChildLost as lost:
            raise ModelError(cannot_be_opened(self._path, lost)) from lost
        return read_values(self._folder, "found")

    def answer(self, inputs: Sequence[Any]) -> Outputs:
        """Return the outputs for a batch of inputs."""
        found = self.ask(tuple(inputs))
        if isinstance(found, Failure):
            raise error_of(found)
        return as_promised(found, self._manifest)


def _warn(message: Mapping[str, Any]) -> None:
    if "warning" in message:
        warnings.warn(str(message["warning"]), Keras2cvWarning, stacklevel=2)


def answer(request: Mapping[str, Any], report: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """In the child: open the model, then answer a batch of inputs for each further request."""
    meet(request["sys_path"], report)
    folder = Path(request["folder"])
    model: ModelAnswers | None = None

    def reply(given: Any) -> Any:
        nonlocal model
        if model is not None:
            return model.answer(given)
        import_modules(given["imports"])
        confine_child(folder, network=bool(given["imports"]))
        manifest = Manifest.from_json(given["manifest"])
        model = open_model(given["path"], manifest, imports=given["imports"])
        return model.libraries

    while True:
        try:
            found = reply(read_values(folder, "given"))
        except Keras2cvError as error:
            found = failure_of(error)
        write_values(folder, "found", found)
        yield {}
