"""Print, write, show and save the answers of `run`.

A sink takes one answer, and returns False to end the run.
"""

from __future__ import annotations

import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from keras2cv.cli.comparison import DistanceToFirst
from keras2cv.cli.line_file import LineFile
from keras2cv.cli.output import STDOUT
from keras2cv.cli.pictures import Pictures, Window
from keras2cv.cli.progress import Bar
from keras2cv.cli.styles import columns_of, print_line
from keras2cv.cli.table import lines
from keras2cv.cli.video_file import VideoFile
from keras2cv.net.device import DeviceChoice
from keras2cv.pixels.drawing.count_lines import draw_count_lines
from keras2cv.schema.result_json import to_json
from keras2cv.streams.answers import Answer
from keras2cv.streams.frames import Source
from keras2cv.streams.pipeline import Pipeline
from keras2cv.streams.sources import VIDEO_SUFFIXES
from keras2cv.streams.threads import ready_ahead
from keras2cv.tasks.result import Result

Sink: TypeAlias = Callable[[Answer], bool]
Saver: TypeAlias = Pictures | VideoFile

MAX_NAME_COLUMN = 60
MAX_WRITERS = 4  # threads that encode pictures


def open_sinks(
    args: Namespace,
    sources: Sequence[Source],
    stack: contextlib.ExitStack,
    device: DeviceChoice,
    earlier: LineFile | None,
) -> Iterator[Sink]:
    """Yield the sinks that the arguments of `run` ask for.

    Args:
        args: The command line of `run`.
        sources: The sources of the run.
        stack: It closes the sinks in the end.
        device: Unless the CPU was asked for, JSON names the device asked for and the one that runs.
        earlier: The open JSON lines of an earlier run, to go on with.

    Raises:
        UsageError: a file that cannot be written.
        MissingDependency: a window that cannot be opened.
    """
    streams = any(source.is_stream for source in sources)
    has_table = _has_table(args, streams)
    if has_table:
        yield _table(sources, args.top or 1)
    if args.json:
        fields = {"asked": device.asked, "runs": device.runs}
        extra = {} if device.asked == "cpu" else {"device": fields}
        yield _json(_line_writer(args, stack, earlier), args.top, extra)
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
) -> Saver | None:
    """Return the writer of the drawn pictures, or None if --save is not given.

    Args:
        args: The command line of `run`.
        sources: The sources of the run.
        known: Names of sources with a result from an earlier run: their pictures are kept.
        stack: It finishes the file in the end.

    Raises:
        UsageError: a place that cannot be written, or that does not fit the sources.
    """
    if args.save is None:
        return None
    if args.save.suffix.lower() not in VIDEO_SUFFIXES or args.save.is_dir():
        pictures = Pictures(args.save, sources)
        pictures.keep(source.name for source in sources if source.name in known)
        return pictures
    return stack.enter_context(VideoFile(args.save, sources, args.every))


def finished(
    args: Namespace,
    sources: Sequence[Source],
    answers: Iterator[Answer],
    line: Pipeline,
    saver: Saver | None,
) -> Iterator[Answer]:
    """Yield the answers, drawn and saved if asked for.

    Args:
        args: The command line of `run`.
        sources: The sources of the run.
        answers: The answers to them.
        line: The threads that draw and write.
        saver: The writer of pictures, from `open_saver`.
    """
    ahead = ready_ahead(sources)
    if isinstance(saver, Pictures):
        return line.ahead(_with_pictures(answers, line, saver), ahead)
    if args.save or args.show:
        answers = line.ahead(map(_drawn, answers), ahead)
    if saver is not None:
        answers = line.ahead(_with_video(answers, saver), ahead)
    return answers


def _drawn(answer: Answer) -> Answer:
    """Return the answer with its result drawn on its frame, which is overwritten."""
    if answer.result is None or answer.frame is None:
        return answer
    height = answer.frame.image_bgr.shape[0]
    picture = answer.result.draw(answer.frame.image_bgr, in_place=True)
    if answer.counts:
        lines = [count.line for count in answer.counts]
        texts = [f"in {count.into}, out {count.out}" for count in answer.counts]
        draw_count_lines(picture, lines, texts, picture.shape[0] / height)
    return replace(answer, picture=picture)


def _with_pictures(
    answers: Iterable[Answer], line: Pipeline, pictures: Pictures
) -> Iterator[Answer]:
    """Yield the answers, drawn and written by several threads: encoding a PNG takes long."""

    def written(placed: tuple[Answer, Path | None]) -> Answer:
        answer, path = _drawn(placed[0]), placed[1]
        if path is not None and answer.picture is not None:
            pictures.write(path, answer.picture)
        return answer

    placed = ((answer, _place(answer, pictures)) for answer in answers)
    return line.mapped(written, placed, min(MAX_WRITERS, os.cpu_count() or 1))


def _place(answer: Answer, pictures: Pictures) -> Path | None:
    """Return the path of the answer's picture, if it has one; call it in the answers' order."""
    has_picture = answer.result is not None and answer.frame is not None
    return pictures.place(answer.name) if has_picture else None


def _with_video(answers: Iterable[Answer], video: VideoFile) -> Iterator[Answer]:
    for answer in answers:
        if answer.frame is not None and answer.picture is not None:
            video.write(answer.frame, answer.picture)
        yield answer


def _has_table(args: Namespace, streams: bool) -> bool:
    """Whether results are printed: not beside JSON, and no line per frame on a terminal in vain."""
    if args.json == STDOUT:
        return False
    elsewhere = args.save or args.show or args.json
    return not (streams and elsewhere and sys.stdout.isatty())


def _table(sources: Sequence[Source], top: int) -> Sink:
    widest = max(len(source.name) + _number_width(source) for source in sources)
    columns = columns_of(sys.stdout)
    width = min(MAX_NAME_COLUMN if columns is None else columns // 2, widest)
    comparison = DistanceToFirst()

    def take(answer: Answer) -> bool:
        if answer.result is not None:
            found = comparison.of(answer)
            distance = "" if found is None else f"  {found[1]:.4f} from {found[0]}"
            *first, last = lines(answer.name, answer.result, top, width, columns)
            for pieces in (*first, (*last, distance)):
                print_line(*pieces)
        return True

    return take


def _number_width(source: Source) -> int:
    """Return how long the number of a frame or sample is, or the end of a clip's name."""
    if source.kind == "frames":
        return 2 + 2 * max(len(file.path.name) for file in source.files)
    if source.kind == "image":
        return 0
    is_of_clips = source.rules is not None and source.rules.clip is not None
    return len(":000012-000019") if is_of_clips else len(":000012")


def _line_writer(
    args: Namespace, stack: contextlib.ExitStack, earlier: LineFile | None
) -> Callable[[str], None]:
    if args.json == STDOUT:
        return print
    return (earlier or stack.enter_context(LineFile(Path(args.json), append=False))).write


def _json(write: Callable[[str], None], top: int | None, more: Mapping[str, Any]) -> Sink:
    comparison = DistanceToFirst()

    def take(answer: Answer) -> bool:
        distance: dict[str, Any] = (
            {"error": answer.problem} if answer.result is None else _record(answer.result, top)
        )
        if answer.doubt:
            distance["doubt"] = answer.doubt
        if (found := comparison.of(answer)) is not None:
            distance["cosine_distance"] = {"to": found[0], "value": found[1]}
        write(to_json({"source": answer.name, **_place_in(answer), **distance, **more}))
        return True

    return take


def _place_in(answer: Answer) -> dict[str, Any]:
    """Return the place of a frame in its video, and the counts of lines up to it."""
    if answer.frame_number is None:
        return {}
    counts = {"counts": [count.to_dict() for count in answer.counts]} if answer.counts else {}
    return {
        "stream": answer.source,
        "frame": answer.frame_number,
        "time_s": answer.time_s,
        **_end_of_clip(answer),
        **counts,
    }


def _end_of_clip(answer: Answer) -> dict[str, Any]:
    if answer.last_frame_number is None:
        return {}
    return {"last_frame": answer.last_frame_number, "last_time_s": answer.last_time_s}


def _record(result: Result, top: int | None) -> dict[str, Any]:
    record = result.to_dict()
    ranked = getattr(result, "top", None)  # a result that ranks classes
    if top is not None and ranked is not None:
        record["top"] = [scored._asdict() for scored in ranked(top)]
    return record


def _show(window: Window, *, wait: bool) -> Sink:
    def take(answer: Answer) -> bool:
        return answer.picture is None or window.show(answer.picture, wait=wait)

    return take
