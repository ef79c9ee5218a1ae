"""A net compared with TensorFlow, OpenCV's runs being begun while TensorFlow answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.trial.running import run_worker

from .ahead import NetRun, RunsAhead
from .circumstances import (
    circumstances_of,
    depends_on_rows,
    in_other_circumstances,
    options_of,
)
from .question import Question
from .sample_files import Sample
from .verify import Verification, engines_of, runs_of, verify

_LOADED_BEFORE_BYTES: Final = 2**28  # above, memory holds one net of OpenCV's at a time


class NetComparison:
    """A bundle's net on its engines; a context that leaves no process behind.

    Attributes:
        folder: The bundle's.
        manifest: Its manifest.
        engine: The requested engine; None: all.
        scratch: A folder for temporary files; None: the system's.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, engine: str | None, scratch: Path | None = None
    ) -> None:
        """Compare nothing yet.

        Args:
            folder: The bundle's.
            manifest: Its manifest.
            engine: The requested engine; None: all.
            scratch: A folder for temporary files; None: the system's.

        Raises:
            UsageError: There is no such engine here.
        """
        self.folder, self.manifest, self.engine, self.scratch = folder, manifest, engine, scratch
        self._engines = engines_of(engine)
        self._ahead = RunsAhead()

    def __enter__(self) -> NetComparison:
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End what still runs."""
        self._ahead.end()

    def load(self) -> None:
        """Start loading the first two nets, while nobody knows the samples yet; small ones alone.

        Raises:
            ChildNotStarted: The system starts no process.
        """
        if int(self.manifest.model.size_bytes) > _LOADED_BEFORE_BYTES:
            return
        engine = self._engines[0]
        usual = runs_of(self.folder, self.manifest, (), (), self._engines[:1], self.scratch)
        other = NetRun(run_worker, self.folder, (), options_of(self.manifest, engine, self.scratch))
        self._ahead.load([*([] if depends_on_rows(self.manifest) else [other]), *usual.values()])

    def begin(self, samples: Sequence[Sample], stress: Sequence[Sample]) -> None:
        """Start OpenCV on samples that TensorFlow is to answer.

        The run in other circumstances comes first: it has one thread, and so has TensorFlow while
        it traces the model. It guesses that the first engine will be the preferred one.
        """
        place = (self.folder, self.manifest)
        other = circumstances_of(*place, samples, self._engines[0], self.scratch)
        usual = runs_of(*place, samples, stress, self._engines, self.scratch)
        self._ahead.begin([*([] if other is None else [other]), *usual.values()])

    def compare(self, question: Question) -> Verification:
        """Compare on each engine; see `verify`.

        Raises:
            NetError: No engine runs the net.
        """
        return verify(
            self.folder, self.manifest, question, self.engine, self.scratch, self._ahead.run
        )

    def in_other_circumstances(self, question: Question, found: Verification) -> Verification:
        """Return `found`, failed if the answers depend on the circumstances."""
        return in_other_circumstances(
            self.folder, self.manifest, question, found, self.scratch, self._ahead.run
        )
