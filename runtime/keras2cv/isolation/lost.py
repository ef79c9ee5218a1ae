"""The errors of a child process that does not start, or is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras2cv.errors import Keras2cvError, MissingDependency
from keras2cv.isolation.endings import ending, last_line
from keras2cv.isolation.limits import gib


class ChildNotStarted(MissingDependency):
    """The system does not start the process."""


class ChildLost(Keras2cvError):  # noqa: N818 - the child is lost, the parent has no error
    """A child that gave no reply.

    Attributes:
        how: Its end, as the rest of a sentence: "crashed (SIGSEGV)".
        reports: Everything that it reported, such as its stage; of each key, the last value.
        log: The end of its output.
    """

    def __init__(self, how: str, reports: Mapping[str, Any], log: str) -> None:
        super().__init__(f"The process {how}{_while(reports)}; its last words: {last_line(log)}.")
        self.how, self.reports, self.log = how, dict(reports), log

    @property
    def stage(self) -> str:
        """The last stage that it reported."""
        return str(self.reports.get("stage", "starting"))

    @property
    def was_ready(self) -> bool:
        """Whether it had imported its entry."""
        return bool(self.reports.get("ready"))

    @property
    def last_words(self) -> str:
        """The last line that it printed."""
        return last_line(self.log)


class ChildTimeout(ChildLost):
    """A child that was killed, because its time was over."""

    def __init__(self, seconds: float, reports: Mapping[str, Any], log: str) -> None:
        super().__init__(f"was not done after {seconds:g} s", reports, log)
        self.seconds = seconds


class ChildOutOfMemory(ChildLost):
    """A child that failed, and reported a lack of memory while it did."""

    def __init__(self, limit_bytes: int | None, reports: Mapping[str, Any], log: str) -> None:
        most = f"the {gib(limit_bytes)} of memory" if limit_bytes else "the memory"
        super().__init__(f"asked for more than {most} that it may have here", reports, log)
        self.limit_bytes = limit_bytes


class ChildCrash(ChildLost):
    """A child that a signal ended, or that ended without a reply."""

    def __init__(self, code: int, reports: Mapping[str, Any], log: str) -> None:
        super().__init__(f"crashed ({ending(code)})", reports, log)
        self.code = code


def _while(reports: Mapping[str, Any]) -> str:
    return f" while {reports.get('stage', 'starting')}"
