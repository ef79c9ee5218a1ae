"""Run Python functions in child processes that may crash, hang or take all memory.

A fresh graph can crash OpenCV, and a fresh model a framework. Both run in a child process, and the
loss of that child becomes one sentence in the parent.

**Four ways to use it**, all on `Entry`, which names a function, and `Limits`:

    run_once(entry, request, limits)        one request, one reply
    Conversation(entry, limits)             many requests to one child, which keeps its state
    answer_each(entry, requests, limits)    a reply or a problem per request, over several children
    LastingChild(entry, limits)             the same for requests that come in several parts

**The entry** is a function `answer(request, report) -> reply` of a module or of a file. Requests
and replies are JSON maps; arrays travel in .npz files whose paths are in the request. The entry
calls `report(stage=...)` as it goes on, and the error of a child that is lost holds the last
report. A generator function keeps its state between requests: it yields a reply and is sent the
next request.

**The protocol** is one JSON map per line. The parent writes to the child's stdin:

    {"paths": [...], "memory_bytes": ..., "main_thread": ...}     the settings, once
    {...}                                                         a request, any number of times

and the child answers on its stdout:

    {"protocol": 1}                           its bootstrap runs; lines before this one are noise
    {"ready": true}                           the entry is imported
    {"begun": 0}                              it has request 0
    {"stage": "running", ...}                 progress
    {"reply": {...}}                          for each request
    {"error": "NetError", "message": ...}     one of `keras2cv.errors`, raised again in the parent

The child moves both pipes to descriptors of its own. Its later output, like all of its
stderr, goes to a log, of which the parent keeps the end.

**Every child.** It is started by the absolute path of `bootstrap.py`, which imports the
standard library alone: any Python from 3.8 can run it, and no module from the current folder is
imported. It is the leader of its own process group, which is killed as a whole. It dies with its
parent: by Linux's PR_SET_PDEATHSIG, and everywhere by the end of its stdin. The kernel limits the
memory that it writes to (Linux); an inherited lower limit stays.

**Errors.** `ChildNotStarted` is for a process that the system does not start. `ChildTimeout`,
`ChildOutOfMemory` and `ChildCrash` are kinds of `ChildLost`.
"""

from keras2cv.isolation.conversation import Conversation, run_once
from keras2cv.isolation.endings import ending, speaks_of_memory
from keras2cv.isolation.jobs import ChildAnswer, LastingChild, answer_each
from keras2cv.isolation.launching import Entry, in_child
from keras2cv.isolation.limits import Limits, gib, spare_memory
from keras2cv.isolation.lost import (
    ChildCrash,
    ChildLost,
    ChildNotStarted,
    ChildOutOfMemory,
    ChildTimeout,
)

__all__ = [
    "ChildAnswer",
    "ChildCrash",
    "ChildLost",
    "ChildNotStarted",
    "ChildOutOfMemory",
    "ChildTimeout",
    "Conversation",
    "Entry",
    "LastingChild",
    "Limits",
    "answer_each",
    "ending",
    "gib",
    "in_child",
    "run_once",
    "spare_memory",
    "speaks_of_memory",
]
