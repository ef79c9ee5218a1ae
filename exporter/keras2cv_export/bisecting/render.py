"""A bisection for people, in the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from .report import FAULTS, Bisection, Divergence, Rerun, spoken


def render(found: Bisection, console: Console) -> None:
    """Print the layer, whose fault it is, the settings that matter, and the repro's folder."""
    wrong = found.first is not None or found.fails
    style = "bold red" if wrong else "bold green"
    console.print(Text(summary(found), style=style), soft_wrap=True)
    for line in (*found.notes, *_lines(found)):
        console.print(Text(f"  {line}"), soft_wrap=True)


def summary(found: Bisection) -> str:
    """Sum up the outcome in one line."""
    part = found.part
    read = f"{len(found.layers)} {part}s read on the {found.engine} engine, sample {found.sample}"
    first = found.first
    if first is None:
        worst = max(found.layers, key=lambda e: e.error, default=None)
        most = f", at most {worst.error:.1e} off ({spoken(worst.key)})" if worst else ""
        if found.fails:
            return f"bisect: the outputs are wrong, and no {part} alone shows it: {read}{most}"
        return f"bisect: nothing diverges: {read}{most}"
    if first.gradual:
        return (
            f"bisect: no {part} is beyond {found.limit:g}; the error grows most in {_named(first)}"
        )
    return f"bisect: the first {part} that diverges is {_named(first)}"


def _named(first: Divergence) -> str:
    if first.found.kind == "output":
        return spoken(first.found.key)
    return f"{spoken(first.found.key)} ({first.found.kind})"


def _lines(found: Bisection) -> Iterator[str]:
    first = found.first
    if first is None:
        if found.unread:
            yield f"not to be read, as they are fused into others: {_keys(found.unread)}"
        return
    yield _how_wrong(found, first)
    if first.suspects:
        yield f"or {_keys(first.suspects)}, fused into it and not to be read"
    yield f"right before it: {_keys(first.good) or 'the inputs of the model'}"
    yield f"between those, OpenCV computes: {_list(first.ops)}"
    if first.unfused:
        yield "right as soon as OpenCV is asked for the values in between: fusing breaks it"
    if found.others:
        yield f"wrong by themselves too: {_keys(found.others)}"
    yield f"fault: {found.fault}: {FAULTS[found.fault]} ({found.reason})"
    yield from (_rerun(r, found.reruns[0]) for r in found.reruns[1:])
    if found.repro is not None:
        yield _repro(found)


def _how_wrong(found: Bisection, first: Divergence) -> str:
    if not math.isfinite(first.found.error):
        return f"it {first.hint or 'cannot be compared'}"
    where, hint = (f"{comma}{text}" if text else "" for comma, text in _details(first))
    return f"it is {first.found.error:.1e} off, where {found.limit:g} is allowed{where}{hint}"


def _details(first: Divergence) -> tuple[tuple[str, str], tuple[str, str]]:
    return (", ", first.where), ("; it ", first.hint)


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


def _keys(keys: Iterable[str]) -> str:
    return _list(map(spoken, keys))


def _list(words: Iterable[str], most: int = 6) -> str:
    words = tuple(words)
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
