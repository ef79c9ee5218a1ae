"""Answer many requests, each of which may end the child: one loss costs one answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras2cv.errors import MissingDependency
from keras2cv.isolation.conversation import Conversation
from keras2cv.isolation.launching import Entry
from keras2cv.isolation.limits import Limits
from keras2cv.isolation.lost import ChildLost


@dataclass(frozen=True)
class ChildAnswer:
    """A reply, or the reason why there is none.

    Attributes:
        number: The number of the request, from 0.
        reply: The child's; empty where there is a problem.
        problem: How the child was lost, as the end of a sentence; None: it was not lost.
    """

    number: int
    reply: Mapping[str, Any]
    problem: str | None = None


def answer_each(
    entry: Entry,
    requests: Sequence[Mapping[str, Any]],
    limits: Limits,
    folder: Path | None = None,
) -> Iterator[ChildAnswer]:
    """Yield an answer per request, in order; a new child goes on after one that is lost.

    Args:
        entry: The function that answers one request.
        requests: JSON maps.
        limits: The time of each request, and the memory of a child.
        folder: Its working folder; None: this process' own.

    Raises:
        ChildNotStarted: The system does not start a child.
        MissingDependency: A child ends before its entry is imported.
        Keras2cvError: The function raised it.
    """
    number = 0
    while number < len(requests):
        with Conversation(entry, limits, folder) as child:
            for answer in _until_lost(child, requests, number):
                number = answer.number + 1
                yield answer


def _until_lost(
    child: Conversation, requests: Sequence[Mapping[str, Any]], first: int
) -> Iterator[ChildAnswer]:
    for number in range(first, len(requests)):
        try:
            yield ChildAnswer(number, child.ask(requests[number]))
        except ChildLost as lost:
            if not lost.was_ready:
                raise MissingDependency(
                    f"A child process ends before its first job: {lost.last_words}. "
                    f"Import {child.entry.function} with {child.entry.python} to see why."
                ) from lost
            # Otherwise the child ended between two requests.
            if lost.reports.get("begun") == number - first:
                yield ChildAnswer(number, {}, f"{lost.how}; its last words: {lost.last_words}")
            return
