"""An error on its way from the child to its parent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras2cv.errors
from keras2cv.errors import Keras2cvError, ModelError
from keras2cv_export.targets.importer_support import Unsupported, UnsupportedOpsError

if TYPE_CHECKING:
    from keras2cv_export.parity.report import ParityReport


@dataclass(frozen=True)
class Failure:
    """What a child could not do.

    Attributes:
        error: The name of a class in `keras2cv.errors`.
        message: The error's.
        unknown: The classes and functions that Keras does not know there.
        ops: The ops that OpenCV cannot run.
        where: The OpenCV that cannot.
        parity: The comparison that failed.
    """

    error: str
    message: str
    unknown: tuple[str, ...] = ()
    ops: tuple[Unsupported, ...] = ()
    where: str = ""
    parity: ParityReport | None = None


def failure_of(error: Keras2cvError) -> Failure:
    """Return what the child writes of an error that it met."""
    ours = (k.__name__ for k in type(error).__mro__ if k.__module__ == keras2cv.errors.__name__)
    found = Failure(next(ours), str(error), unknown=tuple(getattr(error, "unknown", ())))
    if isinstance(error, UnsupportedOpsError):
        return replace(found, ops=error.found, where=error.where)
    return replace(found, parity=getattr(error, "report", None))


def error_of(failure: Failure) -> Keras2cvError:
    """Return the error that the parent raises."""
    if failure.ops:
        return UnsupportedOpsError(failure.ops, failure.where)
    kind: Any = getattr(keras2cv.errors, failure.error, None)
    known = isinstance(kind, type) and issubclass(kind, Keras2cvError)
    error: Keras2cvError = (kind if known else ModelError)(failure.message)
    if failure.parity is not None:
        error.report = failure.parity  # type: ignore[attr-defined]
    return error
