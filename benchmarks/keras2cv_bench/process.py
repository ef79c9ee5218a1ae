"""The measuring side of a subject's process: it sends commands and receives answers.

A process that crashes, hangs or gives up becomes a `Lost` subject with a reason; the others go on.
"""

from __future__ import annotations

import os
from typing import Any, Final, Protocol

from keras2cv.errors import Keras2cvError
from keras2cv.isolation import ChildLost, Conversation, Entry, Limits

from .pipeline import Job

PACKAGES: Final = ("keras2cv", "keras2cv_export", "keras2cv_bench")
_PATIENCE_S: Final = 600.0  # for any one command: VGG16 on a busy machine takes its time


class Lost(Exception):  # noqa: N818 - named after the process's state
    """The process has ended, or is of no more use; the message is the reason."""


class Process(Protocol):
    """The interface of a process that is measured."""

    pid: int

    def started(self) -> float:
        """Wait until it is ready; return the milliseconds that its imports took."""

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send a command, and return its answer; raise Lost if there is none."""

    def close(self) -> dict[str, Any]:
        """Return the process' last answer."""


class Child:
    """A process that runs one job; a context that leaves nothing behind."""

    def __init__(self, job: Job, patience_s: float = _PATIENCE_S) -> None:
        """Start the process; it imports its framework while others do the same."""
        entry = Entry("keras2cv_bench.child:answer", PACKAGES, variables=environment_of(job))
        self._doing = "starting"
        self._child = Conversation(entry, Limits(patience_s))
        self._child.send(job.to_dict())
        self.pid = self._child.pid

    def __enter__(self) -> Child:
        """Use the process."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, even in the middle of a command."""
        self._child.end()

    def started(self) -> float:
        """Wait until it is ready; return the milliseconds that its imports took."""
        return float(self._answer()["import_ms"])

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send a command, and return its answer."""
        self._doing = do.replace("_", " ")
        self._child.send({"do": do, **arguments})
        return self._answer()

    def close(self) -> dict[str, Any]:
        """Return the process' last answer: the most memory that it ever held."""
        return self.ask("peak")

    def _answer(self) -> dict[str, Any]:
        try:
            found = self._child.reply()
        except ChildLost as lost:
            words = f"{lost.how} while {self._doing}; its last words: {lost.last_words}"
            raise Lost(words) from lost
        except Keras2cvError as error:
            raise Lost(str(error)) from error
        if "error" in found:
            raise Lost(str(found["error"]))
        return found


def environment_of(job: Job) -> dict[str, str]:
    """Return the environment that a job's process starts with, before it imports anything."""
    return {**os.environ, **dict(job.variables)}
