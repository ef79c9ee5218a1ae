"""Where the answers of `run` go. A sink takes one answer, and returns False to end the run."""

from __future__ import annotations

import contextlib
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO, TypeAlias

from keras2cv.cli.output import STDOUT, Bar, open_text, to_json
from keras2cv.cli.pictures import Pictures, Window
from keras2cv.cli.table import lines
from keras2cv.results import Classification, Result
from keras2cv.sources import Source
from keras2cv.stream import Answer

Sink: TypeAlias = Callable[[Answer], bool]

MAX_NAME_COLUMN = 60


def open_sinks(
    args: Namespace, sources: Sequence[Source], stack: contextlib.ExitStack
) -> Iterator[Sink]:
    """Yield what the arguments of `run` ask for; `stack` closes it again.

    Raises:
        UsageError: a file or folder that cannot be written.
        MissingDependency: a window that cannot be opened.
    """
    streams = any(source.is_stream for source in sources)
    if args.save:
        yield _save(Pictures(args.save, sources))
    if args.json != STDOUT:
        yield _table(sources, args.top or 1)
    if args.json:
        yield _json(stack.enter_context(open_text(args.json)), args.top)
    if args.show:
        window = Window()
        stack.callback(window.close)
        yield _show(window, wait=not streams)
    bar = Bar(None if streams else len(sources))
    stack.callback(bar.close)
    yield bar.advance


def _table(sources: Sequence[Source], top: int) -> Sink:
    widest = max(len(source.name) + 7 * (source.kind != "image") for source in sources)  # :000012
    width = min(MAX_NAME_COLUMN, widest)

    def take(answer: Answer) -> bool:
        if answer.result is not None:
            print(lines(answer.name, answer.result, top, width))
        return True

    return take


def _json(file: TextIO, top: int | None) -> Sink:
    def take(answer: Answer) -> bool:
        said = {"error": answer.problem} if answer.result is None else _record(answer.result, top)
        print(to_json({"source": answer.name, **said}), file=file)
        return True

    return take


def _record(result: Result, top: int | None) -> dict[str, Any]:
    record = result.to_dict()
    if top is not None and isinstance(result, Classification):
        record["top"] = [scored._asdict() for scored in result.top(top)]
    return record


def _save(pictures: Pictures) -> Sink:
    def take(answer: Answer) -> bool:
        if answer.result is not None and answer.image_bgr is not None:
            pictures.write(answer.name, answer.result.draw(answer.image_bgr))
        return True

    return take


def _show(window: Window, *, wait: bool) -> Sink:
    def take(answer: Answer) -> bool:
        if answer.result is None or answer.image_bgr is None:
            return True
        return window.show(answer.result.draw(answer.image_bgr), wait=wait)

    return take
