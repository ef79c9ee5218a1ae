"""One source file from parts: their includes once, and their bodies in one namespace."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

_INCLUDE: Final = re.compile(r"^#include <(?P<name>.+)>$")
_OWN: Final = re.compile(r'^#include "(?P<name>.+)"$')
_LEFT_OUT: Final = re.compile(r'^(#include ".*"|#pragma once|(?:}  // )?namespace .*)$')
_OPENCV: Final = "opencv2/"


def one_source(header: str, parts: Iterable[str], namespace: str, beside: Collection[str]) -> str:
    """Return the source that goes with a header.

    Args:
        header: How the source includes it.
        parts: Each begins with a comment that says what it is.
        namespace: Of all parts.
        beside: Headers in the source's own folder; a part that includes another is put before.
    """
    includes: set[str] = set()
    wanted: set[str] = set()
    bodies = []
    for part in parts:
        lines = part.splitlines()
        found = [_INCLUDE.match(line) for line in lines]
        includes |= {match["name"] for match in found if match}
        own = (_OWN.match(line) for line in lines)
        wanted |= {match["name"] for match in own if match and match["name"] in beside}
        kept = [
            line
            for line, match in zip(lines, found, strict=True)
            if not match and not _LEFT_OUT.match(line)
        ]
        start = next(i for i, line in enumerate(kept) if not line.startswith("//"))
        title, body = "\n".join(kept[:start]), "\n".join(kept[start:]).strip("\n")
        bodies.append(f"{title}\n\n{body}")
    standard = [f"#include <{name}>" for name in sorted(includes) if not name.startswith(_OPENCV)]
    opencv = [f"#include <{name}>" for name in sorted(includes) if name.startswith(_OPENCV)]
    private = [f'#include "{name}"' for name in sorted(wanted)]
    blocks = [f'#include "{header}"', *map("\n".join, (standard, opencv, private))]
    blocks += [f"namespace {namespace} {{", *bodies, f"}}  // namespace {namespace}"]
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(blocks)) + "\n"
