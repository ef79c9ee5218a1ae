"""A bundle and the model that it was made from, asked the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import onnx_ir as ir

from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import Bundle
from keras2cv.pixels.image_file import read_image
from keras2cv.tasks import TASKS
from keras2cv_export.answers.heads import keras_activations
from keras2cv_export.bisecting import Bisection, bisect
from keras2cv_export.end_to_end.pictures import Pictures
from keras2cv_export.formats.frozen_file import read_frozen
from keras2cv_export.model.constant_outputs import constant_outputs
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.options import CheckOptions
from keras2cv_export.options.drawn_samples import drawn_count, own_samples
from keras2cv_export.parity.tolerance import preset_of
from keras2cv_export.speed.sides import measure_speed
from keras2cv_export.speed.speed import SpeedReport
from keras2cv_export.tasks.recognise import last_activation
from keras2cv_export.verifying.net_comparison import NetComparison
from keras2cv_export.verifying.question import SAMPLES, Answer, Question, ask
from keras2cv_export.verifying.stress import FEW_ABOVE_BYTES
from keras2cv_export.verifying.verify import Verification

_TIMED_SAMPLES: Final = 4


@dataclass(frozen=True)
class TwoSides:
    """Both sides of a check, and what they are asked about.

    Attributes:
        options: The user's.
        bundle: The bundle.
        loaded: The model.
        answer: Asks TensorFlow.
        pictures: The user's or drawn ones; none for a bundle of arrays.
        net: The bundle's net on its engines.
    """

    options: CheckOptions
    bundle: Bundle
    loaded: LoadedModel
    answer: Answer
    pictures: Pictures
    net: NetComparison

    def compare(self) -> tuple[Question, Verification]:
        """Compare the net's numbers; drawn samples that it cannot keep apart are drawn smoother.

        Raises:
            NetError: OpenCV refuses the bundle or crashes on it.
        """
        question = self._question(smooth=False)
        self.options.progress("asking OpenCV, in a process of its own")
        found = self._verified(question)
        if found.parity.lost and own_samples(self.options.samples) is None:
            question = self._question(smooth=True)
            found = self._verified(question)
        return question, self.net.in_other_circumstances(question, found)

    def _question(self, *, smooth: bool) -> Question:
        options, manifest = self.options, self.bundle.manifest
        more = {} if is_by_twin(manifest, options) else {"begin": self.net.begin}
        found = ask(
            self.loaded,
            manifest,
            samples=own_samples(options.samples),
            drawn=drawn_count(options.samples, options.power, SAMPLES),
            tolerance=_tolerance(options, manifest),
            scores=_scores(self.bundle.manifest, self._net_activations),
            constant=frozenset(o.name for o in manifest.outputs if not o.batched),
            pictures=self.pictures.paths if self.pictures.drawn else (),
            answer=self.answer,
            smooth=smooth,
            golden=False,
            **more,
        )
        return _knowing_constants(found, self.loaded)

    def _verified(self, question: Question) -> Verification:
        net = self.net
        if not is_by_twin(self.bundle.manifest, self.options):
            return net.compare(question)
        from keras2cv_export.storage.proving import StoredFile, verify_stored

        stored = StoredFile(net.folder, net.manifest, question, net.engine)
        return verify_stored(stored, self.loaded)

    @cached_property
    def graph(self) -> ir.Graph:
        """The net's graph, read from its file."""
        frozen = self.bundle.manifest.model.format == "frozen"
        return (read_frozen if frozen else ir.load)(self.bundle.model_path).graph

    @cached_property
    def _net_activations(self) -> dict[str, str]:
        """The last activation of each output, by the graph."""
        values = {value.name: value for value in self.graph.outputs}
        outputs = self.bundle.manifest.outputs
        return {o.name: last_activation(values.get(o.net_name)) for o in outputs}

    def activations(self, output_names: Sequence[str]) -> dict[str, str]:
        """Return the last activation of each output: by the graph, or by the model's own layers.

        `output_names` are the model's own names.
        """
        own = keras_activations(self.loaded.keras_model, list(output_names))
        places = zip(self.bundle.manifest.outputs, output_names, strict=False)
        by_place = {output.name: own[name] for output, name in places if name in own}
        return self._net_activations | by_place

    def measure_speed(self, question: Question, result: Verification) -> SpeedReport:
        """Time both, in turns."""
        count = len(self.pictures.paths)
        rules = self.bundle.manifest.preprocessing
        # Images with other inputs, and other images than plain ones, go in as arrays.
        alone = len(self.bundle.manifest.inputs) == 1 and rules is not None and rules.is_plain
        paths = self.pictures.paths[:_TIMED_SAMPLES] if alone else ()
        samples = question.samples[-count:] if paths else question.samples
        return measure_speed(
            self.bundle.folder,
            next(iter(result.by_engine)),
            self.loaded,
            self.answer,
            samples[:_TIMED_SAMPLES],
            [read_image(path) for path in paths],
            self.options.max_ratio,
            # What `model.predict` adds to a large model's time, a few milliseconds, shows nothing.
            by_keras=int(self.bundle.manifest.model.size_bytes) <= FEW_ABOVE_BYTES,
        )

    def bisect(self, question: Question, result: Verification) -> Bisection:
        """Find the first layer that is wrong."""
        options = self.options
        folder = None if options.repro is None else Path(options.repro)
        return bisect(
            self.bundle,
            self.loaded,
            question,
            result.by_engine,
            repro=folder,
            progress=options.progress,
        )


def is_by_twin(manifest: Manifest, options: CheckOptions) -> bool:
    """Whether stored weights are compared in float32 too: unless a tolerance is given."""
    return manifest.weights is not None and options.tolerance is None


def _tolerance(options: CheckOptions, manifest: Manifest) -> str | Sequence[str]:
    if options.tolerance is not None:
        return options.tolerance
    return preset_of(manifest.weights.storage if manifest.weights is not None else "fp32")


def _scores(manifest: Manifest, activations: Mapping[str, str]) -> dict[str, str]:
    """Find the outputs with probabilities or logits, by the task and the graph's last ops."""
    task, outputs = manifest.task, manifest.outputs
    known = {name: kind for name, kind in activations.items() if kind != "linear"}
    flat = {o.name for o in outputs if len(o.keras_shape) == 2}
    known = {name: kind for name, kind in known.items() if name in flat}
    if task.output is not None and task.scores is not None:
        known[task.output] = task.scores
    return {**known, **TASKS[task.kind].known_scores(task.record)} if task.record else known


def _knowing_constants(question: Question, loaded: LoadedModel) -> Question:
    """Name the outputs that cannot depend on the input, if some did not: tracing takes time."""
    first, *others = question.expected
    still = {n for n in first if all(np.array_equal(first[n], other[n]) for other in others)}
    if still <= question.constant:
        return question
    return replace(question, constant=question.constant | (still & constant_outputs(loaded)))
