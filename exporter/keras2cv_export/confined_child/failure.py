"""An error on its way from the child to its parent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras2cv_export.targets.importer_support import Unsupported

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
