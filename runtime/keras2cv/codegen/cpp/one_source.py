"""One source file from parts: their includes once, and their bodies in one namespace."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_INCLUDE: Final = re.compile(r"^#include <(?P<name>.+)>$")
_LEFT_OUT: Final = re.compile(r'^(#include ".*"|#pragma once|(?:}  // )?namespace .*)$')
_OPENCV: Final = "opencv2/"


def one_source(header: str, parts: Iterable[str], namespace: str) -> str:
    """Return the source that goes with a header.

    Args:
        header: How the source includes it.
        parts: Each begins with a comment that says what it is.
        namespace: Of all parts.
    """
    includes: set[str] = set()
    bodies = []
    for part in parts:
        lines = part.splitlines()
        found = [_INCLUDE.match(line) for line in lines]
        includes |= {match["name"] for match in found if match}
        kept = [
            line
            for line, match in zip(lines, found, strict=True)
            if not match and not _LEFT_OUT.match(line)
        ]
        start = next(i for i, line in enumerate(kept) if not line.startswith("//"))
        title, body = "\n".join(kept[:start]), "\n".join(kept[start:]).strip("\n")
        bodies.append(f"{title}\n\n{body}")
    own = [f"#include <{name}>" for name in sorted(includes) if not name.startswith(_OPENCV)]
    opencv = [f"#include <{name}>" for name in sorted(includes) if name.startswith(_OPENCV)]
    blocks = [f'#include "{header}"', "\n".join(own), "\n".join(opencv)]
    blocks += [f"namespace {namespace} {{", *bodies, f"}}  // namespace {namespace}"]
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(blocks)) + "\n"
