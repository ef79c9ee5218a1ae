"""Many requests that may each end the child: the loss of one is one answer."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keras2cv.errors import Keras2cvError, MissingDependency
from keras2cv.isolation import ChildAnswer, Entry, LastingChild, Limits, answer_each

ENTRIES = Path(__file__).with_name("entries.py")


def ask(*doings: str, function: str = "job", **limits: Any) -> Iterator[ChildAnswer]:
    """Yield the answers to jobs."""
    bounds = Limits(**{"seconds": 60.0, **limits})
    requests = [{"do": doing} for doing in doings]
    yield from answer_each(Entry(f"{ENTRIES}:{function}"), requests, bounds)


def test_a_crash_costs_one_job() -> None:
    """Its answer has the end of the child, and its last output; another child goes on."""
    answers = list(ask("sing", "read", "crash", "dance"))
    assert [answer.number for answer in answers] == [0, 1, 2, 3]
    assert [answer.reply.get("did") for answer in answers] == ["sing", "read", None, "dance"]
    problem = str(answers[2].problem)
    assert problem.startswith("crashed (SIGSEGV)" if os.name == "posix" else "crashed (access")
    assert problem.endswith("; its last words: last words")
    children = [answer.reply.get("pid") for answer in answers]
    assert children[0] == children[1] != children[3]


def test_a_child_that_ends_between_two_jobs_costs_none() -> None:
    """The second job is given to another child, which has not failed at it."""
    answers = []
    for answer in ask("leave", "rest"):
        answers.append(answer)
        time.sleep(1)
    assert [(a.reply["did"], a.problem) for a in answers] == [("leave", None), ("rest", None)]
    assert answers[0].reply["pid"] != answers[1].reply["pid"]


def test_a_hang_ends_at_the_time_limit() -> None:
    """The time is a job's own, not that of all of them."""
    answers = list(ask("hang", "sing", seconds=2.0))
    assert str(answers[0].problem).startswith("was not done after 2 s")
    assert answers[1].problem is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits memory")
def test_what_takes_too_much_memory_is_stopped() -> None:
    """Before the machine is down."""
    answers = list(ask("grow", "sing", memory_bytes=3 * 2**27))
    assert str(answers[0].problem).startswith("asked for more than the 0.4 GiB of memory")
    assert answers[1].problem is None


def test_a_child_that_never_begins_is_an_error() -> None:
    """It would be started for ever."""
    with pytest.raises(MissingDependency, match=r"ends before its first job: AttributeError"):
        list(ask("sing", "dance", function="nothing"))


def test_no_jobs_need_no_child() -> None:
    """Nothing is started."""
    assert list(ask(function="nothing")) == []


def test_a_lasting_child_answers_several_parts() -> None:
    """One process does all of them, until one is lost or it is closed."""
    with LastingChild(Entry(f"{ENTRIES}:job"), Limits(60.0)) as child:

        def ask(*doings: str) -> list[ChildAnswer]:
            return list(child.answer([{"do": doing} for doing in doings]))

        (first,) = ask("sing")
        second, crash, fourth = ask("read", "crash", "dance")
        (fifth,) = ask("rest")
        child.close()
        (sixth,) = ask("rest")
    assert first.reply["pid"] == second.reply["pid"] != fourth.reply["pid"]
    assert (crash.number, crash.problem is None) == (1, False)
    assert fourth.reply["pid"] == fifth.reply["pid"] != sixth.reply["pid"]


def test_a_lasting_child_goes_on_after_an_error_of_its_function() -> None:
    """The error is the caller's; the next request is not answered by a child that has ended."""
    with LastingChild(Entry(f"{ENTRIES}:job"), Limits(60.0)) as child:
        assert len(list(child.answer([{"do": "sing"}]))) == 1
        with pytest.raises(Keras2cvError, match="no such song"):
            list(child.answer([{"do": "refuse"}]))
        (answer,) = child.answer([{"do": "sing"}])
    assert answer.problem is None
