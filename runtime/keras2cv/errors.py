"""Every error a user can meet, and the exit code of each.

    Keras2cvError
    |-- UsageError          2   an argument, or a combination of arguments, that means nothing
    |   |-- InputError      2   an image, samples or labels file: missing, unreadable, wrong shape
    |   |-- ModelError      2   a model file that cannot be loaded, or not safely
    |   `-- BundleError     2   a bundle that is incomplete, altered, or newer than this version
    |-- VerdictError        1   the answer is no
    |   |-- ParityError     1   OpenCV's predictions are not TensorFlow's
    |   |-- UnsupportedError 1  the OpenCV aimed at cannot run the graph
    |   `-- NetError        1   OpenCV refused the graph, crashed on it, or ran out of time
    |-- MissingDependency   3   TensorFlow, OpenCV, an engine or a device is not there
    `-- InconclusiveError   4   the outputs carry too little information to judge

A message is one sentence of what, where and got, and one of what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class Keras2cvError(Exception):
    """Base of all errors raised on purpose; `keras2cv.cli.main` catches this one only."""

    exit_code: ClassVar[int] = 1

    @property
    def lines(self) -> tuple[str, ...]:
        """The message as lines for a terminal: one, in which newlines of a stranger are escaped."""
        return (str(self),)

    def __reduce__(self) -> tuple[Any, ...]:
        """Let an error leave a worker process, as pickle, whatever its constructor takes."""
        return _restored, (type(self), self.args, self.__dict__)


class UsageError(Keras2cvError):
    """An argument, or a combination of arguments, that means nothing."""

    exit_code = 2


class InputError(UsageError):
    """An image, samples or labels file that is missing, unreadable or of the wrong shape."""


class ModelError(UsageError):
    """A model file that cannot be loaded, or not without running code from it."""


class BundleError(UsageError):
    """A bundle that is incomplete, altered, or written by a newer version."""


class VerdictError(Keras2cvError):
    """The question was understood, and the answer is no."""


class ParityError(VerdictError):
    """OpenCV's predictions are not TensorFlow's."""


class UnsupportedError(VerdictError):
    """The OpenCV that was aimed at cannot run the graph."""


class NetError(VerdictError):
    """OpenCV refused the graph, crashed on it, or ran out of time."""


class MissingDependency(Keras2cvError):  # noqa: N818 - the name describes the error
    """TensorFlow, OpenCV, an engine or a device is not there."""

    exit_code = 3


class InconclusiveError(Keras2cvError):
    """The outputs carry too little information to judge."""

    exit_code = 4


class Keras2cvWarning(UserWarning):
    """Something that works, and that you should know before you rely on it."""


def _restored(
    kind: type[Keras2cvError], args: tuple[object, ...], attributes: Mapping[str, object]
) -> Keras2cvError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error
