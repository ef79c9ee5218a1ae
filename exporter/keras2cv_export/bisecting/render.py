"""A bisection for people, in the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from .report import FAULTS, Bisection, Divergence, Rerun


def render(found: Bisection, console: Console) -> None:
    """Print which layer it is, whose fault, what it depends on, and where the repro lies."""
    console.print(Text(summary(found), style="bold red" if found.first else "bold green"))
    for line in _lines(found):
        console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))


def summary(found: Bisection) -> str:
    """Say the outcome in one line."""
    read = f"{len(found.layers)} layers read on the {found.engine} engine, sample {found.sample}"
    first = found.first
    if first is None:
        worst = max(found.layers, key=lambda e: e.error, default=None)
        most = f", at most {worst.error:.1e} off ({worst.key})" if worst else ""
        return f"bisect: nothing diverges: {read}{most}"
    if first.gradual:
        return (
            f"bisect: no layer is beyond {found.limit:g}; the error grows most in {_named(first)}"
        )
    return f"bisect: the first layer that diverges is {_named(first)}"


def _named(first: Divergence) -> str:
    return f"{first.found.key} ({first.found.kind})"


def _lines(found: Bisection) -> Iterator[str]:
    first = found.first
    if first is None:
        if found.unread:
            yield f"not to be read, as they are fused into others: {_list(found.unread)}"
        return
    yield _how_wrong(found, first)
    if first.suspects:
        yield f"or {_list(first.suspects)}, fused into it and not to be read"
    yield f"right before it: {_list(first.good) if first.good else 'the inputs of the model'}"
    yield f"between those, OpenCV computes: {_list(first.ops)}"
    if first.unfused:
        yield "right as soon as OpenCV is asked for the values in between: fusing is what breaks it"
    if found.others:
        yield f"wrong by themselves too: {_list(found.others)}"
    yield f"fault: {found.fault}: {FAULTS[found.fault]} ({found.reason})"
    yield from (_rerun(r, found.reruns[0]) for r in found.reruns[1:])
    if found.repro is not None:
        yield _repro(found)


def _how_wrong(found: Bisection, first: Divergence) -> str:
    if not math.isfinite(first.found.error):
        return f"it {first.hint or 'cannot be compared'}"
    hint = f"; it {first.hint}" if first.hint else ""
    return f"it is {first.found.error:.1e} off, where {found.limit:g} is allowed{hint}"


def _rerun(rerun: Rerun, plain: Rerun) -> str:
    if rerun.error is None:
        return f"{rerun.setting}: {rerun.problem}"
    if rerun.diverges == plain.diverges:
        return f"{rerun.setting}: makes no difference{_off(rerun.error)}"
    return f"{rerun.setting}: {'wrong' if rerun.diverges else 'right'}{_off(rerun.error)}"


def _off(error: float) -> str:
    return f" ({error:.1e} off)" if math.isfinite(error) else ""


def _repro(found: Bisection) -> str:
    assert found.repro is not None  # noqa: S101 - the caller looked
    script = found.repro.folder / "repro.py"
    if found.repro.reproduces:
        return f"reproduction: python {script} ({_list(found.repro.ops)})"
    return f"reproduction: {script}; on its own it comes out right, only the whole net is wrong"


def _list(words: tuple[str, ...], most: int = 6) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
