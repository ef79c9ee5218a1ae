"""Where pip is configured to find packages, in the terms of uv, which reads none of pip's files."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# pip's setting -> uv's environment variable, and the separator of several values in it. Variables,
# since an address may hold a password, and everyone on a machine sees its command lines.
_VARIABLES: Final = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "constraint": ("UV_CONSTRAINT", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "proxy": ("ALL_PROXY", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
}
# Where one of these is set, uv has sources of its own.
_OWN_SOURCES: Final = (
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"),
    *("UV_FIND_LINKS", "UV_CONFIG_FILE"),
)
_TRUE: Final = ("1", "true", "yes", "on")


@dataclass(frozen=True, slots=True)
class Sources:
    """Environment variables and command-line options for uv."""

    variables: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


def find_sources() -> Sources:
    """Return pip's sources; none if uv has its own."""
    if any(name in os.environ for name in _OWN_SOURCES):
        return Sources()
    settings = parse_settings(_list_configuration())
    # pip takes the best version in all indices, uv by default the best in the first that has any.
    variables = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for name, (variable, separator) in _VARIABLES.items():
        if values := settings.get(name, "").split():
            variables[variable] = separator.join(values)
    alone = settings.get("no-index", "").lower() in _TRUE
    return Sources(variables, ("--no-index",) if alone else ())


def parse_settings(listed: str) -> dict[str, str]:
    """Return name -> value of the settings of `pip install` in the output of `pip config list`."""
    found: dict[str, str] = {}
    for section in ("global", "install", ":env:"):  # the later ones win
        for name, value in re.findall(rf"^{section}\.([\w-]+)=(.*)$", listed, re.MULTILINE):
            found[name] = str(ast.literal_eval(value))
    return found


def _list_configuration() -> str:
    """Return pip's settings from its files and from PIP_* variables; "" without a pip."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    return subprocess.run(
        command,
        cwd=sys.prefix,  # `-m` imports from the current folder
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    ).stdout
