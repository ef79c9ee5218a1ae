"""The jobs of subjects, and the code around every net, which is the same for all subjects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import read_manifest
from keras2cv.net.tensors import outputs_of, to_net
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv.tasks.postprocess import results_of

OF_BUNDLE: Final = "bundle's file"  # Job.how, where a peer loads the bundle's ONNX file

Array = np.ndarray[Any, Any]
Sample = Sequence[Array]
"""Pictures (H, W, 3) uint8 BGR, as many as the batch; or an array (N, ...) per input."""


@dataclass(frozen=True)
class Job:
    """The job of a process that is measured.

    Attributes:
        runner: The module in `keras2cv_bench.runners`.
        bundle: The bundle's folder, which defines the code around the net.
        file: The file that the subject loads: the bundle, the model, or a file made from it.
        inputs: The .npz with the samples.
        batch: Samples per run.
        threads: For all that computes.
        how: Distinguishes subjects of one runner.
        names: (inputs, outputs) of an ONNX file, in Keras' order.
        unsafe, imports: How the Keras model is opened.
        variables: Of the process's environment.
    """

    runner: str
    bundle: Path
    file: Path
    inputs: Path
    batch: int
    threads: int
    how: str = ""
    names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    unsafe: bool = False
    imports: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        paths = ("bundle", "file", "inputs")
        return {k: str(v) if k in paths else v for k, v in vars(self).items()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Job:
        """Read the types of `to_dict`."""
        paths = {key: Path(record[key]) for key in ("bundle", "file", "inputs")}
        inputs, outputs = record["names"]
        names = (tuple(inputs), tuple(outputs))
        variables = tuple((str(name), str(value)) for name, value in record["variables"])
        more = {"names": names, "imports": tuple(record["imports"]), "variables": variables}
        return cls(**{**record, **paths, **more})


@dataclass(frozen=True)
class Pipeline:
    """A loaded subject, as the three stages that a sample goes through.

    Attributes:
        about: Describes the version, engine and threads that really run.
        prepare: A sample -> the net's input, in the layout that it takes.
        forward: The net's input -> its raw outputs.
        finish: A sample, the input made from it, and the raw outputs -> the task's results.
        arrays: The raw outputs -> an array per output, in Keras' order and layout.
    """

    about: str
    prepare: Callable[[Sample], Any]
    forward: Callable[[Any], Any]
    finish: Callable[[Sample, Any, Any], Any]
    arrays: Callable[[Any], list[Array]] = list


def takes_pictures(manifest: Manifest) -> bool:
    """Whether samples are pictures: the bundle knows how a plain one becomes its only input."""
    rules = manifest.preprocessing
    return rules is not None and rules.is_plain and len(manifest.inputs) == 1


class Around:
    """Preprocessing and postprocessing for nets that take and give Keras' arrays.

    It is the runtime's own code, so that subjects differ by their nets alone.
    """

    def __init__(self, manifest: Manifest) -> None:
        """Prepare for the bundle's task."""
        self._manifest = manifest
        rules = manifest.preprocessing if takes_pictures(manifest) else None
        self._preprocess = None if rules is None else Preprocessor(rules)

    def prepare(self, sample: Sample) -> list[Array]:
        """Return the model's inputs, in Keras' layout and dtype."""
        if self._preprocess is None:
            return list(sample)
        blob, tensor = self._preprocess(sample), self._manifest.inputs[0]
        if tensor.layout == "NCHW":
            blob = np.moveaxis(blob, 1, -1)
        return [np.ascontiguousarray(blob, tensor.dtype)]

    def finish(self, sample: Sample, _: Any, outputs: Sequence[Array]) -> Any:
        """Return the task's results; nothing where samples are arrays."""
        if self._preprocess is None:
            return None
        named = {t.name: a for t, a in zip(self._manifest.outputs, outputs, strict=True)}
        placements = [self._preprocess.placement(image) for image in sample]
        return results_of(self._manifest.task, named, self._manifest.outputs, placements)

    def pipeline(self, about: str, forward: Callable[[Any], list[Array]]) -> Pipeline:
        """Return the whole pipeline of a net."""
        return Pipeline(about, self.prepare, forward, self.finish)


class AroundNet(Around):
    """The same for other frameworks that load the bundle's own ONNX file: its layout and names."""

    def prepare(self, sample: Sample) -> list[Array]:
        """Return the net's inputs: channels first, float32."""
        if self._preprocess is not None:
            return [self._preprocess(sample)]
        pairs = zip(sample, self._manifest.inputs, strict=True)
        return [to_net(array, tensor) for array, tensor in pairs]

    def pipeline(self, about: str, forward: Callable[[Any], list[Array]]) -> Pipeline:
        """Return the whole pipeline; the bundle's steps after its net count as part of the net."""
        names = [tensor.net_name for tensor in self._manifest.net_outputs]

        def whole(arrays: list[Array]) -> list[Array]:
            found = dict(zip(names, forward(arrays), strict=True))
            outputs = outputs_of(found, self._manifest, len(arrays[0]))
            return [outputs[tensor.name] for tensor in self._manifest.outputs]

        return super().pipeline(f"{about}, on this bundle's file", whole)


def around(job: Job) -> Around:
    """Return the code around the net that a job loads."""
    kind = AroundNet if job.how == OF_BUNDLE else Around
    return kind(read_manifest(job.bundle))
