"""Measure ways from file to answer: start-ups, answers, pictures one by one, many at once."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

from keras2cv._version import VERSION
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.errors import Keras2cvError, UsageError, VerdictError
from keras2cv.isolation import ChildLost, Conversation, Entry, Limits
from keras2cv.streams.sources import find_sources
from keras2cv.tuning.interleave import take_blocks
from keras2cv_bench.answers import judge, read_answers
from keras2cv_bench.benching import Wishes, jobs_for
from keras2cv_bench.environment import Watch, host
from keras2cv_bench.measure import Progress
from keras2cv_bench.pipeline import takes_pictures
from keras2cv_bench.process import PACKAGES, Lost
from keras2cv_bench.records import Answers, Missing
from keras2cv_export.model.place import require_model
from keras2cv_export.model.untrusted.confined import confined

from .installed import installed_mb
from .record import Many, WayRecord, WholeRecord
from .subjects import BUNDLE, TUTORIAL, WaySubject, wanted
from .task import STAGES, Task

ROUNDS: Final = 8  # of pictures one by one; even, so that no way is first more often than last
MANY_ROUNDS: Final = 4
STARTS: Final = 3
_MOST_FILES: Final = 256
_JUDGED: Final = 16
_PATIENCE_S: Final = 900.0
_LEAST_BLOCK, _MOST_BLOCK = 3, 50  # pictures


class Walker:
    """A way's process, from outside."""

    def __init__(self, task: Task) -> None:
        """Start it, and wait for its first answer.

        Raises:
            Lost: There is none.
        """
        entry = Entry("keras2cv_bench.whole.child:answer", PACKAGES, variables=dict(os.environ))
        started = time.perf_counter()
        self._child = Conversation(entry, Limits(_PATIENCE_S))
        self.pid = self._child.pid
        try:
            self.about = str(self._asked(task.to_dict())["about"])
        except BaseException:
            self.end()
            raise
        self.start_s = time.perf_counter() - started

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send a command, and return its answer; raise Lost if there is none."""
        return self._asked({"do": do, **arguments})

    def end(self) -> None:
        """End it."""
        self._child.end()

    def _asked(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self._child.send(request)
            found = self._child.reply()
        except ChildLost as lost:
            raise Lost(f"{lost.how}; its last words: {lost.last_words}") from lost
        except Keras2cvError as error:
            raise Lost(str(error)) from error
        if "error" in found:
            raise Lost(str(found["error"]))
        return found


def bench_whole(
    bundle: str | os.PathLike[str],
    against: Path,
    source: str,
    *,
    peers: Sequence[str] = ("tf", "ort"),
    wishes: Wishes | None = None,
    work: Path | None = None,
    progress: Progress = lambda _step, _done, _total: None,
) -> WholeRecord:
    """Measure a bundle from file to answer, beside the tutorials' loop and other ways.

    Args:
        bundle: The folder.
        against: The Keras model's file.
        source: A folder of images, an image, or a video.
        peers: "tf" for tf.data, "ort" for onnxruntime; the others have no ways.
        wishes: The first batch size is that of many files; threads, seconds, how it is opened.
        work: Where the peers' files are made and kept; None takes a temporary folder.
        progress: Called before each step.

    Raises:
        InputError: There are no images, and no video.
        UsageError: The bundle takes no pictures, or an argument is not valid.
        VerdictError: The bundle or TensorFlow does not run.
    """
    wishes = wishes or Wishes()
    found = read_bundle(bundle)
    if not takes_pictures(found.manifest):
        raise UsageError(
            f"{bundle} does not say how a picture becomes its only input, so there is no way from "
            "a file. Export it with --preprocess, or leave --pipeline out."
        )
    require_model(against)
    files, is_video, words = _files(source)
    with ExitStack() as stack:
        stack.enter_context(confined(unsafe=wishes.unsafe or bool(wishes.imports)))
        # Below the folder of the work: children that open models may write nowhere else.
        room = tempfile.TemporaryDirectory(prefix="keras2cv-pipeline-", dir=work)
        place = Path(stack.enter_context(room))
        run = _Run(found, against.absolute(), work or place, wishes, progress)
        tasks = run.tasks(wanted(peers), files, is_video)
        walkers = run.start(tasks, stack)
        watch = Watch(walker.pid for walker in walkers.values())
        ways = run.measured(walkers, tasks, place)
        others = watch.others()
    return WholeRecord(
        tool=f"keras2cv bench --pipeline {VERSION}",
        when=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        argv=tuple(sys.argv[1:]),
        bundle=found.folder.resolve().name,
        sha256=found.manifest.model.sha256,
        model=against.name,
        source=words,
        threads=next(iter(tasks.values())).job.threads,
        host=host(others),
        ways=ways,
        missing=tuple(run.missing),
    )


class _Run:
    """One benchmark's steps."""

    def __init__(
        self, bundle: Bundle, model: Path, folder: Path, wishes: Wishes, progress: Progress
    ) -> None:
        self._manifest: Manifest = bundle.manifest
        self._wishes, self._progress = wishes, progress
        self._job = jobs_for(bundle, model, folder, wishes)
        self._subjects: dict[str, WaySubject] = {}
        self._starts: dict[str, list[float]] = {}
        self.missing: list[Missing] = []

    def tasks(
        self, subjects: Sequence[WaySubject], files: Sequence[str], is_video: bool
    ) -> dict[str, Task]:
        """Return the task of each way that can run here."""
        found = {}
        for subject in subjects:
            self._subjects[subject.name] = subject
            if why := _why_not(subject, is_video):
                self.missing.append(Missing(subject.name, why))
                continue
            self._progress(f"making the file for {subject.title}", 0, 0)
            try:
                job = self._job(subject.net, 1)
            except Lost as problem:
                self.missing.append(Missing(subject.name, str(problem)))
                continue
            batch = self._wishes.batches[0]
            found[subject.name] = Task(job, subject.name, tuple(files), is_video, batch)
        return found

    def start(self, tasks: dict[str, Task], stack: ExitStack) -> dict[str, Walker]:
        """Start each way several times, in turns; return the last processes."""
        walkers: dict[str, Walker] = {}
        for number in range(STARTS):
            for name, task in tasks.items():
                if name in {one.subject for one in self.missing}:
                    continue
                self._progress(f"starting {self._subjects[name].title}", number, STARTS)
                try:
                    walker = Walker(task)
                except Lost as problem:
                    self.missing.append(Missing(name, str(problem)))
                    continue
                self._starts.setdefault(name, []).append(walker.start_s)
                if number < STARTS - 1:
                    walker.end()
                else:
                    stack.callback(walker.end)
                    walkers[name] = walker
        return walkers

    def measured(
        self, walkers: dict[str, Walker], tasks: dict[str, Task], place: Path
    ) -> tuple[WayRecord, ...]:
        """Compare the answers, time pictures in turns, and then all files in turns."""
        for name in (BUNDLE, TUTORIAL):
            if name not in walkers:
                why = next((m.reason for m in self.missing if m.subject == name), "it is missing")
                raise VerdictError(f"{self._subjects[name].title} does not run: {why}.")
        answers = self._answers(walkers, tasks, place)
        singles = {name: walker for name, walker in walkers.items() if name != "tf_data"}
        blocks = self._one_by_one(singles)
        many = self._many(walkers)
        return tuple(
            WayRecord(
                name=name,
                title=self._subjects[name].title,
                about=walker.about,
                answers=answers[name],
                starts_s=tuple(round(s, 4) for s in self._starts[name]),
                blocks=blocks.get(name, ()),
                many=many[name],
                peak_mb=walker.ask("peak")["peak_mb"],
                installed_mb=round(installed_mb(self._subjects[name].installs), 1),
                file_mb=round(_size_mb(tasks[name].job.file), 3),
            )
            for name, walker in walkers.items()
        )

    def _answers(
        self, walkers: dict[str, Walker], tasks: dict[str, Task], place: Path
    ) -> dict[str, Answers]:
        count = min(len(tasks[BUNDLE].files), _JUDGED) if not tasks[BUNDLE].is_video else _JUDGED
        outputs, words = {}, {}
        for name, walker in walkers.items():
            self._progress(f"asking {self._subjects[name].title} for its answers", 0, 0)
            if name != "tf_data":
                path = place / f"{name}.npz"
                walker.ask("answers", path=str(path), count=count)
                outputs[name] = read_answers(path, self._manifest)
            words[name] = walker.ask("labels", count=count)["labels"]
        expected, labels = outputs[TUTORIAL], words[TUTORIAL]
        found = {TUTORIAL: Answers("reference")}
        for name in walkers:
            if name == TUTORIAL:
                continue
            judged = Answers("same")
            if name in outputs:
                tolerance = self._wishes.tolerance or "fp32"
                judged = judge(expected, outputs[name], self._manifest, tolerance)
            other = sum(a != b for a, b in zip(labels, words[name], strict=False))
            if other or len(labels) != len(words[name]):
                reason = f"{other} of {count} answers differ from the tutorials' loop"
                judged = Answers("different", judged.error, reason)
            found[name] = judged
        return found

    def _one_by_one(self, walkers: dict[str, Walker]) -> dict[str, tuple[Any, ...]]:
        self._progress("warming up", 0, 0)
        counts = {}
        for name, walker in walkers.items():
            warm = walker.ask("block", count=_LEAST_BLOCK)
            took_ms = sum(sorted(warm[stage])[1] for stage in STAGES)
            count = int(self._wishes.seconds * 1e3 / ROUNDS / max(took_ms, 1e-3))
            counts[name] = min(max(count, _LEAST_BLOCK), _MOST_BLOCK)
        sides = {name: _block(walker, counts[name]) for name, walker in walkers.items()}
        found = take_blocks(sides, ROUNDS, self._advance("pictures one by one, in turns"))
        return {name: tuple(one for (one,) in blocks) for name, blocks in found.items()}

    def _many(self, walkers: dict[str, Walker]) -> dict[str, tuple[Many, ...]]:
        sides = {name: _all_files(walker) for name, walker in walkers.items()}
        found = take_blocks(sides, MANY_ROUNDS, self._advance("all files, in turns"))
        return {name: tuple(one for (one,) in rounds) for name, rounds in found.items()}

    def _advance(self, what: str) -> Callable[[int, int], None]:
        return lambda done, total: self._progress(what, done, total)


def _block(walker: Walker, count: int) -> Callable[[], tuple[Any, ...]]:
    def block() -> tuple[Any, ...]:
        found = walker.ask("block", count=count)
        return ({stage: tuple(found[stage]) for stage in STAGES},)

    return block


def _all_files(walker: Walker) -> Callable[[], tuple[Many, ...]]:
    return lambda: (Many(**walker.ask("many")),)


def _files(source: str) -> tuple[list[str], bool, str]:
    """Return the files, whether it is a video, and the source in words.

    Raises:
        UsageError: It is neither images nor one video.
    """
    sources = find_sources([source])
    kinds = {one.kind for one in sources}
    if kinds == {"video"} and len(sources) == 1:
        return [str(sources[0].path)], True, "a video"
    if kinds != {"image"}:
        raise UsageError(
            f"{source} holds {', '.join(sorted(kinds))}. --pipeline takes a folder of images, an "
            "image, or a video file."
        )
    files = [str(one.path) for one in sources[:_MOST_FILES]]
    left = len(sources) - len(files)
    words = f"{len(files)} image{'s' if len(files) > 1 else ''}"
    return files, False, f"{words} of {len(sources)}" if left else words


def _why_not(subject: WaySubject, is_video: bool) -> str:
    absent = [name for name in subject.needs if importlib.util.find_spec(name) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    return "it reads image files alone" if is_video and subject.name == "tf_data" else ""


def _size_mb(path: Path) -> float:
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    return sum(p.stat().st_size for p in files) / 2**20
