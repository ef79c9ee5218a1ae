"""The child processes of a sweep. Each answers many jobs, because starting one takes seconds."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from keras2cv.isolation import ChildAnswer, Entry, LastingChild, Limits

_MOST_JOBS: Final = 600  # of one process, whose memory may grow with each


class Children:
    """Processes by name, which last until they are closed, crash or have done many jobs."""

    def __init__(self, folder: Path) -> None:
        """Let them work in a folder."""
        self._folder = folder
        self._known: dict[Hashable, LastingChild] = {}
        self._done: dict[Hashable, int] = {}

    def answers(
        self, name: Hashable, entry: Entry, jobs: Sequence[Mapping[str, Any]], limits: Limits
    ) -> list[ChildAnswer]:
        """Return an answer per job, in order; several threads may ask children of several names.

        Args:
            name: The child's; the first call decides its entry and limits.
            entry: The function that answers a job.
            jobs: JSON maps.
            limits: The time of each job, and the memory of a child.
        """
        if self._done.get(name, 0) >= _MOST_JOBS:
            self._known.pop(name).close()
        if name not in self._known:
            self._known[name] = LastingChild(entry, limits, self._folder)
            self._done[name] = 0
        self._done[name] += len(jobs)
        return list(self._known[name].answer(jobs))

    def close(self) -> None:
        """End all of them; a later job starts another."""
        for child in self._known.values():
            child.close()
        self._known.clear()
        self._done.clear()
