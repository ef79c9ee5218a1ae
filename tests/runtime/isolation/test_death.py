"""No child outlives its parent, or its time limit, in any state."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keras2cv.isolation import ChildTimeout, Entry, Limits, run_once
from support.processes import all_gone, is_running, numbers

ENTRIES = Path(__file__).with_name("entries.py")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are looked up by signal 0")

# A shell's background job ignores SIGINT, and so do the programs that it starts.
PARENT = """
import signal, sys, threading
from keras2cv.isolation import Entry, Limits, run_once
signal.signal(signal.SIGINT, signal.default_int_handler)
def run():
    run_once(Entry(sys.argv[1]), {"file": sys.argv[2]}, Limits(600))
if sys.argv[3] == "thread":
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
else:
    run()
"""


@pytest.mark.parametrize("starter", ["main", "thread"])
@pytest.mark.parametrize("name_of_end", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_a_child_dies_with_the_parent(tmp_path: Path, name_of_end: str, starter: str) -> None:
    """The group of processes goes, by the end of the child's stdin."""
    end = signal.Signals[name_of_end]
    file = tmp_path / "pids"
    name = f"{ENTRIES}:with_grandchild"
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, name, str(file), starter], stderr=subprocess.DEVNULL
    ) as parent:
        pids = numbers(file)
        assert all(map(is_running, pids))
        parent.send_signal(end)
        if end == signal.SIGINT and starter == "thread":
            parent.kill()  # Python waits for its threads
    try:
        assert all_gone(pids[:1])
        # Linux may end the child of the main thread before the processes that the child started.
        assert starter == "main" or all_gone(pids)
    finally:
        for pid in filter(is_running, pids):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG")
def test_a_child_that_holds_the_interpreter_dies_with_the_parent(tmp_path: Path) -> None:
    """No thread of it can run; the kernel does it."""
    file = tmp_path / "pids"
    name = f"{ENTRIES}:hold_interpreter"
    with subprocess.Popen([sys.executable, "-c", PARENT, name, str(file), "main"]) as parent:
        pids = numbers(file)
        parent.kill()
    assert all_gone(pids)


def test_a_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    """Processes that the child started end with it."""
    file = tmp_path / "pids"
    with pytest.raises(ChildTimeout):
        run_once(Entry(f"{ENTRIES}:with_grandchild"), {"file": str(file)}, Limits(5))
    assert all_gone(numbers(file))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ulimit -d, -v")
@pytest.mark.parametrize("option", ["-d", "-v"])
@pytest.mark.parametrize("megabytes", [4000, 300, 60])
def test_an_inherited_limit_is_no_traceback(option: str, megabytes: int) -> None:
    """It stays; where it is too low for the work, the error is a sentence."""
    code = f"""
from keras2cv.errors import Keras2cvError
from keras2cv.isolation import Entry, Limits, run_once
try:
    print(run_once(Entry({f"{ENTRIES}:misbehave"!r}), {{"allocate": 2**29}}, Limits(60)))
except Keras2cvError as error:
    print(error)
"""
    shell = f'ulimit {option} {megabytes * 1024}; exec "$0" -c "$1"'
    done = subprocess.run(
        ["/bin/sh", "-c", shell, sys.executable, code], capture_output=True, text=True, check=False
    )
    if megabytes == 4000:
        assert done.stdout == "{'bytes': 536870912}\n"
    elif megabytes == 300:
        assert "asked for more than the 0.3 GiB of memory that it may have here" in done.stdout
    else:
        assert "Traceback" not in done.stdout
