"""Answer many requests, each of which may end the child: one loss costs one answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras2cv.errors import Keras2cvError, MissingDependency
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


class LastingChild:
    """A child that answers requests until it is closed; a new one goes on after one that is lost.

    A context that ends it.
    """

    def __init__(self, entry: Entry, limits: Limits, folder: Path | None = None) -> None:
        """Keep the arguments; the first request starts the child.

        Args:
            entry: The function that answers one request.
            limits: The time of each request, and the memory of a child.
            folder: Its working folder; None: this process' own.
        """
        self._entry, self._limits, self._folder = entry, limits, folder
        self._child: Conversation | None = None
        self._answered = 0

    def __enter__(self) -> LastingChild:
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, whatever it is doing."""
        self.close()

    def close(self) -> None:
        """End the child; a later request starts another."""
        if self._child is not None:
            self._child.end()
        self._child = None

    def answer(self, requests: Iterable[Mapping[str, Any]]) -> Iterator[ChildAnswer]:
        """Yield an answer per request, in order.

        Raises:
            ChildNotStarted: The system does not start a child.
            MissingDependency: A child ends before its entry is imported.
            Keras2cvError: The function raised it.
        """
        for number, request in enumerate(requests):
            answer = None
            while answer is None:
                answer = self._answer(number, request)
            yield answer

    def _answer(self, number: int, request: Mapping[str, Any]) -> ChildAnswer | None:
        """Return an answer; None: the child had ended after its last one."""
        if self._child is None:
            self._child = Conversation(self._entry, self._limits, self._folder)
            self._answered = 0
        try:
            reply = self._child.ask(request)
        except Keras2cvError as error:
            self.close()
            if not isinstance(error, ChildLost):
                raise
            return self._after(error, number)
        self._answered += 1
        return ChildAnswer(number, reply)

    def _after(self, lost: ChildLost, number: int) -> ChildAnswer | None:
        """Return the answer to a request whose child was lost, if it had begun with it."""
        if not lost.was_ready:
            raise MissingDependency(
                f"A child process ends before its first job: {lost.last_words}. "
                f"Import {self._entry.function} with {self._entry.python} to see why."
            ) from lost
        if lost.reports.get("begun") != self._answered:
            return None
        return ChildAnswer(number, {}, f"{lost.how}; its last words: {lost.last_words}")


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
    with LastingChild(entry, limits, folder) as child:
        yield from child.answer(requests)
