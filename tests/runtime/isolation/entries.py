"""The entries of these tests' children; run as a file, with the standard library alone."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

Request = dict[str, Any]
Report = Callable[..., None]


def echo(request: Request, report: Report) -> Request:
    """Return the request."""
    report(stage="echoing")
    return request


def crash(_: Request, report: Report) -> Request:
    """End this process by SIGSEGV."""
    report(stage="crashing")
    ctypes.string_at(0)
    return {}


def misbehave(request: Request, report: Report) -> Request:
    """End, hang or write as the request asks."""
    report(stage="running", sample=3)
    print("\x1b[31mlast words", file=sys.stderr, flush=True)
    if "exit" in request:
        sys.exit(request["exit"])
    if "signal" in request:
        os.kill(os.getpid(), request["signal"])
    if "raise" in request:
        raise KeyError(request["raise"])
    if "sleep" in request:
        time.sleep(request["sleep"])
    if "allocate" in request:
        return {"bytes": len(bytearray(request["allocate"]))}
    return {}


def huge(request: Request, _: Report) -> Request:
    """Return a text of so many characters, and the length of the request's own."""
    return {"text": "ä" * request["count"], "given": len(request.get("text", ""))}


def noise(request: Request, _: Report) -> Request:
    """Print all that could be mistaken for a reply, in every way that there is."""
    print('{"reply": {"from": "print"}}', flush=True)
    os.write(1, b'{"reply": {"from": "os"}}\n\xff\xfe{\n')
    os.write(2, b"x" * 300_000 + b"\n")
    subprocess.run([sys.executable, "-c", "print('{}')"], check=True)
    return request


def remember(request: Request, _: Report) -> Iterator[Request]:
    """Answer each request with all that came before."""
    seen: list[Any] = []
    while True:
        seen.append(request["say"])
        request = yield {"seen": list(seen)}


def modules(request: Request, _: Report) -> Request:
    """Return the files that some modules are imported from, and the import path."""
    for name in request["names"]:
        __import__(name)
    files = {name: getattr(sys.modules[name], "__file__", None) for name in request["names"]}
    return {"files": files, "path": sys.path}


def with_grandchild(request: Request, _: Report) -> Request:
    """Start a process, write both numbers to a file, and sleep."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with open(request["file"], "w", encoding="utf-8") as file:  # noqa: PTH123 - no pathlib needed
        file.write(f"{os.getpid()} {child.pid}\n")
    time.sleep(600)
    return {}


def hold_interpreter(request: Request, _: Report) -> Request:
    """Write this process' number to a file, and hang in C with Python's lock held."""
    with open(request["file"], "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(f"{os.getpid()}\n")
    ctypes.PyDLL(None).sleep(600)
    return {}


def refuse(_: Request, report: Report) -> Request:
    """Raise one of the package's own errors."""
    from keras2cv.errors import BundleError

    class SpecialError(BundleError):
        """A kind that only the child knows."""

    report(stage="refusing")
    raise SpecialError("The bundle is not whole. Ä")


def crash_at_exit(_: Request, __: Report) -> Request:
    """Reply, and crash when Python ends."""
    import atexit

    atexit.register(lambda: os.kill(os.getpid(), signal.SIGABRT))
    return {}


def limits(_: Request, __: Report) -> Request:
    """Return the kernel's limits of this process."""
    import resource

    return {
        "data": resource.getrlimit(resource.RLIMIT_DATA)[0],
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "leader": os.getpgid(0) == os.getpid(),
    }


def job(request: Request, _: Report) -> Request:
    """Do a job that may be the end of this process, at once or when it is done."""
    if request["do"] == "crash":
        print("last words", file=sys.stderr, flush=True)
        ctypes.string_at(0)
    if request["do"] == "hang":
        time.sleep(90)
    if request["do"] == "grow":
        return {"held": len(b"x" * 2**29)}
    if request["do"] == "refuse":
        from keras2cv.errors import Keras2cvError

        raise Keras2cvError("There is no such song.")
    if request["do"] == "leave":
        threading.Timer(0.3, lambda: os._exit(3)).start()
    return {"did": request["do"], "pid": os.getpid()}
