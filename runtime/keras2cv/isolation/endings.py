"""Describe how a process ended."""

from __future__ import annotations

import re
import signal
from typing import Final

_MOST_CHARACTERS: Final = 200
_OUT_OF_MEMORY: Final = re.compile(
    r"Insufficient memory|Failed to allocate|bad_alloc|MemoryError|[Cc]annot allocate memory|"
    r"Unable to allocate|can't start new thread|failed to map segment|"
    r"Memory allocation still failed"
)
# Windows' exit codes of crashed processes.
_NT_STATUS: Final = {
    0xC0000005: "access violation",
    0xC00000FD: "stack overflow",
    0xC0000374: "heap corruption",
    0xC0000409: "abort",
}


def ending(code: int) -> str:
    """Describe the end of a process with exit code `code`: "SIGSEGV", "exit code 1"."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"{name}, perhaps out of memory" if name == "SIGKILL" else name
    return _NT_STATUS.get(code, f"exit code {code}")


def speaks_of_memory(text: str) -> bool:
    """Whether an error's text or a log reports a lack of memory."""
    return bool(_OUT_OF_MEMORY.search(text))


def last_line(log: str) -> str:
    """Return the last line of a log that is not blank, without control characters."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    text = lines[-1] if lines else "nothing on stderr"
    return "".join(c if c.isprintable() else " " for c in text)[:_MOST_CHARACTERS]
