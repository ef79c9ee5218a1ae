"""Where the answers of `run` go. A sink takes one answer, and returns False to end the run."""

from __future__ import annotations

import contextlib
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TextIO, TypeAlias

from keras2cv.cli.comparison import Comparison
from keras2cv.cli.output import STDOUT, open_text, to_json
from keras2cv.cli.pictures import Pictures, Window
from keras2cv.cli.progress import Bar
from keras2cv.cli.table import lines
from keras2cv.frames import Source
from keras2cv.pipeline import Pipeline
from keras2cv.results import Classification, Result
from keras2cv.sources import VIDEO_SUFFIXES
from keras2cv.stream import READY_AHEAD, Answer

Sink: TypeAlias = Callable[[Answer], bool]

MAX_NAME_COLUMN = 60


def open_sinks(
    args: Namespace, sources: Sequence[Source], stack: contextlib.ExitStack
) -> Iterator[Sink]:
    """Yield what the arguments of `run` ask for; `stack` closes it again.

    Raises:
        UsageError: a file that cannot be written.
        MissingDependency: a window that cannot be opened.
    """
    streams = any(source.is_stream for source in sources)
    has_table = _has_table(args, streams)
    if has_table:
        yield _table(sources, args.top or 1)
    if args.json:
        yield _json(stack.enter_context(open_text(args.json, append=args.resume)), args.top)
    if args.show:
        window = Window()
        stack.callback(window.close)
        yield _show(window, wait=not streams)
    results_shown = has_table or args.json == STDOUT
    bar = Bar(None if streams else len(sources), args.every, results_shown=results_shown)
    stack.callback(bar.close)
    yield bar.advance


def open_saver(
    args: Namespace,
    sources: Sequence[Source],
    known: frozenset[str],
    stack: contextlib.ExitStack,
) -> Sink | None:
    """Return what writes the drawn pictures, if they are asked for; `stack` finishes them.

    Pictures of what is `known` from an earlier run are not overwritten.

    Raises:
        UsageError: a place that cannot be written, or that does not fit the sources.
    """
    if args.save is None:
        return None
    if args.save.suffix.lower() not in VIDEO_SUFFIXES or args.save.is_dir():
        pictures = Pictures(args.save, sources)
        pictures.keep(source.name for source in sources if source.name in known)
        return _save(pictures)
    from keras2cv.cli.video_file import VideoFile

    return _append(stack.enter_context(VideoFile(args.save, sources, args.every)))


def drawn(answers: Iterable[Answer]) -> Iterator[Answer]:
    """Yield the answers, each result drawn on its frame."""
    for answer in answers:
        if answer.result is None or answer.frame is None:
            yield answer
        else:
            yield replace(answer, picture=answer.result.draw(answer.frame.image_bgr))


def passed(answers: Iterable[Answer], sink: Sink) -> Iterator[Answer]:
    """Yield the answers that `sink` has taken."""
    for answer in answers:
        sink(answer)
        yield answer


def finished(
    args: Namespace, answers: Iterator[Answer], line: Pipeline, saver: Sink | None
) -> Iterator[Answer]:
    """Yield the answers, drawn and saved if asked for, each in a thread of its own."""
    if args.save or args.show:
        answers = line.ahead(drawn(answers), READY_AHEAD)
    if saver is not None:
        answers = line.ahead(passed(answers, saver), READY_AHEAD)
    return answers


def _has_table(args: Namespace, streams: bool) -> bool:
    """Whether results are printed: not beside JSON, and no line per frame on a terminal in vain."""
    if args.json == STDOUT:
        return False
    elsewhere = args.save or args.show or args.json
    return not (streams and elsewhere and sys.stdout.isatty())


def _table(sources: Sequence[Source], top: int) -> Sink:
    widest = max(len(source.name) + 7 * (source.kind != "image") for source in sources)  # :000012
    width = min(MAX_NAME_COLUMN, widest)
    comparison = Comparison()

    def take(answer: Answer) -> bool:
        if answer.result is not None:
            found = comparison.of(answer)
            distance = "" if found is None else f"  {found[1]:.4f} from {found[0]}"
            print(lines(answer.name, answer.result, top, width) + distance)
        return True

    return take


def _json(file: TextIO, top: int | None) -> Sink:
    comparison = Comparison()

    def take(answer: Answer) -> bool:
        said: dict[str, Any] = (
            {"error": answer.problem} if answer.result is None else _record(answer.result, top)
        )
        if (found := comparison.of(answer)) is not None:
            said["cosine_distance"] = {"to": found[0], "value": found[1]}
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
        if answer.picture is not None:
            pictures.write(answer.name, answer.picture)
        return True

    return take


def _append(video: Any) -> Sink:
    def take(answer: Answer) -> bool:
        if answer.picture is not None:
            video.write(answer.frame, answer.picture)
        return True

    return take


def _show(window: Window, *, wait: bool) -> Sink:
    def take(answer: Answer) -> bool:
        return answer.picture is None or window.show(answer.picture, wait=wait)

    return take
