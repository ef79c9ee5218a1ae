"""A child's replies, and the errors for a child that gives none."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from keras2cv.errors import BundleError
from keras2cv.isolation import (
    ChildCrash,
    ChildLost,
    ChildNotStarted,
    ChildOutOfMemory,
    ChildTimeout,
    Conversation,
    Entry,
    Limits,
    run_once,
)

ENTRIES = Path(__file__).with_name("entries.py")
ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux' own limits")
ON_POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")


def entry(name: str, **more: Any) -> Entry:
    """Return one of the functions of `entries.py`."""
    return Entry(f"{ENTRIES}:{name}", **more)


def ask(name: str, request: dict[str, Any] | None = None, **limits: Any) -> dict[str, Any]:
    """Run it once, for a minute at most."""
    return run_once(entry(name), request or {}, Limits(**{"seconds": 60, **limits}))


def test_a_reply_is_what_the_function_returns() -> None:
    """Text of any kind and numbers travel unharmed."""
    request = {"text": "Ä 猫 \u2028 \ud800 \n", "number": 0.1, "list": [1, None, {"a": True}]}
    assert ask("echo", request) == request


@pytest.mark.parametrize("count", [10, 100_000, 5_000_000])
def test_the_size_of_a_reply_does_not_matter(count: int) -> None:
    """Far more than a pipe holds, in both directions."""
    reply = ask("huge", {"count": count, "text": "x" * count})
    assert (len(reply["text"]), reply["given"]) == (count, count)


@ON_POSIX
def test_noise_is_not_taken_for_a_reply(tmp_path: Path) -> None:
    """Output before the bootstrap runs, and output after it, goes to the log."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nos.write(1, b'{\"reply\": 1}\\nnoise')\nprint('{\"ready\": 1}')\n",
        encoding="utf-8",
    )
    noisy = entry("noise", variables={**os.environ, "PYTHONPATH": str(tmp_path)})
    with Conversation(noisy, Limits(60)) as child:
        assert child.ask({"a": 1}) == {"a": 1}
        assert child.ask({"a": 2}) == {"a": 2}
        child.close()
        assert '{"reply": {"from": "print"}}' in child.log


def test_a_generator_keeps_its_state() -> None:
    """One child answers all requests of a conversation."""
    with Conversation(entry("remember"), Limits(60)) as child:
        assert child.ask({"say": "a"}) == {"seen": ["a"]}
        assert child.ask({"say": 2}) == {"seen": ["a", 2]}
        child.close()


@ON_POSIX
def test_a_crash_is_one_sentence_with_signal_and_stage() -> None:
    """The error has everything known of the child."""
    with pytest.raises(ChildCrash) as caught:
        ask("misbehave", {"signal": signal.SIGFPE})
    assert str(caught.value) == (
        "The process crashed (SIGFPE) while running; its last words:  [31mlast words."
    )
    assert (caught.value.code, caught.value.how) == (-8, "crashed (SIGFPE)")
    assert caught.value.reports["sample"] == 3
    assert caught.value.was_ready
    with pytest.raises(ChildCrash, match=r"SIGSEGV|access violation"):
        ask("crash")


@pytest.mark.parametrize("request_", [{"exit": 3}, {"exit": 0}, {"raise": "surprise"}])
def test_an_end_without_a_reply_is_a_crash(request_: dict[str, Any]) -> None:
    """The error shows the log, if the child wrote one."""
    with pytest.raises(ChildCrash) as caught:
        ask("misbehave", request_)
    assert caught.value.code == request_.get("exit", 1)
    if "raise" in request_:
        assert caught.value.last_words == "KeyError: 'surprise'"


@ON_POSIX
def test_a_crash_after_the_reply_counts() -> None:
    """A child that answers once must end in order, too."""
    with pytest.raises(ChildCrash, match=r"SIGABRT\) while ending"):
        ask("crash_at_exit")


def test_a_hang_ends_at_the_time_limit(tmp_path: Path) -> None:
    """Also one that does not read its request, which is larger than a pipe."""
    started = time.monotonic()
    with pytest.raises(ChildTimeout, match=r"was not done after 2 s while running"):
        ask("misbehave", {"sleep": 600}, seconds=2)
    (tmp_path / "sitecustomize.py").write_text("import time\ntime.sleep(600)", encoding="utf-8")
    deaf = entry("echo", variables={**os.environ, "PYTHONPATH": str(tmp_path)})
    with pytest.raises(ChildTimeout, match=r"was not done after 3 s while starting"):
        run_once(deaf, {"text": "x" * 1_000_000}, Limits(1, start_seconds=2))
    assert time.monotonic() - started < 30


@ON_LINUX
def test_memory_is_limited_by_the_kernel() -> None:
    """An allocation fails long before the machine has none left."""
    assert ask("misbehave", {"allocate": 2**28}, memory_bytes=2**29) == {"bytes": 2**28}
    with pytest.raises(ChildOutOfMemory, match=r"asked for more than the 0.5 GiB of memory") as e:
        ask("misbehave", {"allocate": 2**30}, memory_bytes=2**29)
    assert e.value.limit_bytes == 2**29
    found = ask("limits", memory_bytes=2**30)
    assert found == {"data": 2**30, "core": 0, "leader": True}


def test_our_own_errors_keep_their_kind() -> None:
    """A subclass that only the child knows arrives as the kind that the package documents."""
    with pytest.raises(BundleError, match=r"^The bundle is not whole\. Ä$") as caught:
        ask("refuse")
    assert type(caught.value) is BundleError


@pytest.mark.skipif(os.name != "posix", reason="a mode says what may run")
def test_a_missing_interpreter_is_a_sentence(tmp_path: Path) -> None:
    """Also a missing folder, a program that may not run, and a file that is no program."""
    limits, text = Limits(60), tmp_path / "text"
    text.write_text("no program", encoding="utf-8")
    for python, words in ((tmp_path / "none", "there is no such program"), (text, "may not be")):
        with pytest.raises(ChildNotStarted, match=rf"does not start: .*{words}"):
            run_once(entry("echo", python=python), {}, limits)
    text.chmod(0o700)
    with pytest.raises(ChildNotStarted, match=r"no program for this machine"):
        run_once(entry("echo", python=text), {}, limits)
    with pytest.raises(ChildNotStarted, match="there is no such folder"):
        run_once(entry("echo"), {}, limits, tmp_path / "none")
    with pytest.raises(ChildNotStarted, match="run it as `python`"):
        run_once(entry("echo", python=""), {}, limits)


@ON_LINUX
def test_too_large_an_environment_is_a_sentence() -> None:
    """E2BIG."""
    with pytest.raises(ChildNotStarted, match="environment variables are too large"):
        run_once(entry("echo", variables={"X": "x" * 2**23}), {}, Limits(60))


@pytest.mark.parametrize(
    "error", [BlockingIOError(11, "again"), OSError(12, "memory"), MemoryError()]
)
def test_a_system_without_room_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """The errors for EAGAIN and ENOMEM name a cure."""

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("subprocess.Popen", refuse)
    with pytest.raises(ChildNotStarted, match=r"free some|ulimit -u"):
        ask("echo")


def test_an_entry_that_is_not_there_is_a_crash() -> None:
    """The log ends with Python's own words."""
    with pytest.raises(ChildCrash, match=r"AttributeError.*nothing") as caught:
        ask("nothing")
    assert not caught.value.was_ready


@pytest.mark.parametrize("seconds", [0, -1])
def test_limits_must_be_positive(seconds: float) -> None:
    """A mistake of the caller's."""
    with pytest.raises(ValueError, match="must be positive"):
        Limits(seconds)


def test_asking_a_child_that_has_ended_is_an_error() -> None:
    """It does not hang."""
    with Conversation(entry("misbehave"), Limits(60)) as child:
        for _ in range(2):
            with pytest.raises(ChildLost):
                child.ask({"exit": 4})
