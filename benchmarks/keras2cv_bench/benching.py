"""The steps of a benchmark: choose subjects, make their files, measure each batch size."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any

from keras2cv._version import VERSION
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.errors import ModelError, UsageError
from keras2cv.net.machine import most_threads
from keras2cv_export.model.place import require_model
from keras2cv_export.model.untrusted.confined import confined

from .answers import ask_all
from .artefacts import Artefact, make
from .environment import has_onednn, host, onednn_by_default, usable_cores
from .inputs import inputs_for, write_samples
from .measure import ROUNDS, SECONDS, Crew, Progress, measure
from .pipeline import OF_BUNDLE, Job
from .process import Child, Lost
from .records import SCHEMA, Missing, Record, SubjectRecord, Timing
from .subjects import NAIVE, ONEDNN, OURS, PEERS, REFERENCE, Subject, choose

Names = tuple[tuple[str, ...], tuple[str, ...]]
"""An ONNX file's names of the model's inputs and outputs, in Keras' order."""


@dataclass(frozen=True)
class Wishes:
    """The user's settings; see `bench`."""

    batches: tuple[int, ...] = (1,)
    threads: int | None = None
    seconds: float = SECONDS
    rounds: int = ROUNDS
    samples: Path | None = None
    tolerance: tuple[str, ...] = ()
    unsafe: bool = False
    imports: tuple[str, ...] = ()
    engine: str = ""

    def __post_init__(self) -> None:
        if not self.batches or min(self.batches) < 1 or len(set(self.batches)) < len(self.batches):
            raise UsageError(f"Batch sizes must be distinct and at least 1, got {self.batches}.")
        if self.threads is not None and self.threads > most_threads():
            raise UsageError(f"At most {most_threads()} threads are of use, got {self.threads}.")
        if self.rounds < 2 or self.rounds % 2:
            raise UsageError(f"Rounds go there and back: give an even number, not {self.rounds}.")


def bench(
    bundle: str | os.PathLike[str],
    against: Any,
    *,
    peers: Sequence[str] = PEERS,
    without: Sequence[str] = (),
    also: Mapping[str, Path] = MappingProxyType({}),
    beside: Sequence[Subject] = (),
    lend: Path | None = None,
    wishes: Wishes = Wishes(),
    work: Path | None = None,
    progress: Progress = lambda _step, _done, _total: None,
) -> Record:
    """Measure a bundle beside the Keras model that it was made from, and beside its peers.

    Where TensorFlow leaves oneDNN off by itself, it is measured with it as well.

    Args:
        bundle: The folder.
        against: A .keras or .h5 file, a SavedModel folder, or a live keras.Model.
        peers: Of "naive", "tf", "ort", "openvino" and "litert"; those that are not installed are in
            the record's `missing`.
        without: Subjects of those peers that are left out.
        also: More bundles of the same model, such as a frozen graph, by the names that they get.
        beside: More subjects, which no peer names.
        lend: The bundle of the same model whose file peers load where Keras' own export does not
            work: one without forms that OpenCV alone is fast at. None lends the one measured.
        wishes: Batch sizes, threads, and how the model is opened.
        work: Where the peers' files are made and kept; None takes a temporary folder.
        progress: Called before each step.

    Raises:
        UsageError: The bundle, the model or an argument is not valid.
        VerdictError: The bundle or TensorFlow does not run the model.
    """
    found = read_bundle(bundle)
    chosen, absent = choose(peers)
    more = tuple(Subject(name, f"{name} bundle", "", "bundle", "bundle") for name in also)
    fair = (ONEDNN,) if has_onednn() and not onednn_by_default() else ()
    subjects = tuple(s for s in (*chosen, *fair, *beside, *more) if s.name not in without)
    with ExitStack() as stack:
        trusted = wishes.unsafe or bool(wishes.imports)  # each child imports the user's modules
        stack.enter_context(confined(unsafe=trusted))
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="keras2cv-bench-"))
        folder = work or Path(place)
        model = _file_of(against, folder)
        it = _Bench(found, model, folder, wishes, wishes.threads or usable_cores(), progress)
        it.bundles |= also
        it.lent = read_bundle(lend) if lend is not None else found
        it.missing += [Missing(subject.name, reason) for subject, reason in absent]
        timings = [timing for batch in wishes.batches for timing in it.batch(batch, subjects)]
    return it.record((*subjects, *(subject for subject, _ in absent)), timings)


def jobs_for(
    bundle: Bundle, model: Path, folder: Path, wishes: Wishes
) -> Callable[[Subject, int], Job]:
    """Return what makes a subject's job at a batch size, and its file if there is none yet.

    Args:
        bundle: The one that is measured.
        model: The Keras model's file.
        folder: Where files are made.
        wishes: Threads, engine, and how the model is opened.
    """
    threads = wishes.threads or usable_cores()
    it = _Bench(bundle, model, folder, wishes, threads, lambda _step, _done, _total: None)
    return lambda subject, batch: it.job(subject, batch, folder / "inputs.npz")


class _Bench:
    """One benchmark's settings, and its steps."""

    def __init__(
        self,
        bundle: Bundle,
        model: Path,
        folder: Path,
        wishes: Wishes,
        threads: int,
        progress: Progress,
    ) -> None:
        self.bundle, self.model, self.folder = bundle, model, folder
        self.wishes, self.threads, self.progress = wishes, threads, progress
        self.bundles = {OURS: bundle.folder}
        self.lent = bundle
        self.takes = ""
        self.others: float | None = None
        self.sizes_mb: dict[str, float] = {}
        self.missing: list[Missing] = []

    def batch(self, batch: int, subjects: Sequence[Subject]) -> tuple[Timing, ...]:
        """Measure all subjects at a batch size."""

        def progress(step: str, done: int, total: int) -> None:
            self.progress(f"batch {batch}: {step}", done, total)

        given = inputs_for(self.bundle, batch, self.wishes.samples)
        self.takes = given.takes
        inputs = self.folder / f"inputs-{batch}.npz"
        write_samples(inputs, given.samples)
        with ExitStack() as stack:
            stack.callback(inputs.unlink)
            crew = Crew({}, batch, self.missing)
            for subject in subjects:
                progress(f"making the file for {subject.title}", 0, 0)
                try:
                    job = self.job(subject, batch, inputs)
                except Lost as problem:
                    crew.lose(subject.name, problem)
                    continue
                crew.processes[subject.name] = stack.enter_context(Child(job))
            progress(f"starting {len(crew.processes)} processes", 0, 0)
            found = measure(
                crew,
                lambda crew: ask_all(
                    crew, self.bundle.manifest, self.wishes.tolerance, self.folder
                ),
                seconds=self.wishes.seconds,
                rounds=self.wishes.rounds,
                needed=(OURS, REFERENCE),
                progress=progress,
            )
        if found.others is not None:
            self.others = max(found.others, self.others or 0.0)
        return found.timings

    def record(self, subjects: Sequence[Subject], timings: Sequence[Timing]) -> Record:
        """Return the record of all batch sizes."""
        return Record(
            schema=SCHEMA,
            tool=f"keras2cv bench {VERSION}",
            when=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            argv=tuple(sys.argv[1:]),
            bundle=self.bundle.folder.resolve().name,
            sha256=self.bundle.manifest.model.sha256,
            model=self.model.name,
            task=self.bundle.manifest.task.kind,
            takes=self.takes,
            threads=self.threads,
            host=host(self.others),
            subjects=tuple(
                SubjectRecord(s.name, s.title, self.sizes_mb.get(s.name)) for s in subjects
            ),
            timings=tuple(timings),
            missing=tuple(self.missing),
        )

    def job(self, subject: Subject, batch: int, inputs: Path) -> Job:
        """Return the job of a subject's process; make its file if it does not exist yet."""
        file, how, names = self._file(subject, batch)
        self.sizes_mb[subject.name] = round(_size_mb(file), 3)
        return Job(
            runner=subject.runner,
            bundle=self.bundle.folder,
            file=file,
            inputs=inputs,
            batch=batch,
            threads=self.threads,
            how=how,
            names=names,
            unsafe=self.wishes.unsafe,
            imports=self.wishes.imports,
            variables=subject.variables,
        )

    def _file(self, subject: Subject, batch: int) -> tuple[Path, str, Names]:
        """Return the file, how it is used, and its names of inputs and outputs."""
        if subject.file == "bundle":
            return self.bundles[subject.name], self.wishes.engine, ((), ())
        if subject.file == "model":
            return self.model, subject.how, ((), ())
        made = self._made(subject.file, batch)
        problem = made.problem or ("" if subject.name == NAIVE else made.fault)
        if not problem:
            return made.path, subject.how, made.names
        model = self.lent.manifest.model
        if subject.name == NAIVE or subject.file != "onnx" or model.format != "onnx":
            raise Lost(problem)
        if batch != model.batch:
            raise Lost(f"{problem}; and this bundle's file is for a batch of {model.batch}")
        tensors = self.lent.manifest.inputs, self.lent.manifest.net_outputs
        inputs, outputs = (tuple(t.net_name for t in side) for side in tensors)
        return self.lent.model_path, OF_BUNDLE, (inputs, outputs)

    def _made(self, kind: str, batch: int) -> Artefact:
        rows = batch if kind == "litert" else 1
        name = f"plain-{rows}.tflite" if kind == "litert" else "plain.onnx"
        shapes = {t.name: (rows, *t.keras_shape[1:]) for t in self.bundle.manifest.inputs}
        return make(
            kind,
            self.model,
            self.folder / name,
            shapes,
            unsafe=self.wishes.unsafe,
            imports=self.wishes.imports,
            signature=self.bundle.manifest.source.signature,
        )


def _size_mb(path: Path) -> float:
    """Return the size of a file, or of all files in a folder, in 2**20 bytes."""
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    return sum(p.stat().st_size for p in files) / 2**20


def _file_of(against: Any, folder: Path) -> Path:
    """Return the model's file; a live model is saved first, so that every process can load it."""
    if isinstance(against, str | os.PathLike):
        path = Path(against)
        require_model(path)
        return path.absolute()
    if not hasattr(against, "save"):
        raise ModelError(
            f"{type(against).__name__} is not a Keras model. "
            "Give a keras.Model, a .keras or .h5 file, or a SavedModel folder."
        )
    path = folder / f"{against.name}.keras"
    against.save(path)
    return path
