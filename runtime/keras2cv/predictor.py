"""Predict with a bundle: the task's results for images, Keras' own outputs for arrays."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, overload

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import Manifest, Rate
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.bundle.standing import require_same, unproven
from keras2cv.errors import InputError, Keras2cvWarning, UsageError
from keras2cv.net.device import DeviceChoice, choose_device
from keras2cv.net.forms import form_for
from keras2cv.net.machine import most_threads
from keras2cv.net.opencv import require_at_least
from keras2cv.net.running import RunningNet
from keras2cv.net.tensors import by_name, check_inputs, chunks, join, to_net
from keras2cv.net.tuned import NetSettings, choice_for, manifest_at
from keras2cv.pixels.geometry import Placement
from keras2cv.preparing.given_inputs import GivenInput, given_inputs
from keras2cv.preparing.prepared import Prepared
from keras2cv.preparing.samples import SamplePreparer, Values
from keras2cv.tasks import TASKS
from keras2cv.tasks.postprocess import results_of, unplaced
from keras2cv.tasks.result import Result
from keras2cv.tasks.task import Task
from keras2cv.tasks.thresholds import with_thresholds
from keras2cv.visible_text import shown

if TYPE_CHECKING:
    from keras2cv.preparing.front_values import FrontPreparer

Array = NDArray[Any]
ImageLike: TypeAlias = "Array | str | os.PathLike[str]"

NO_IMAGES: Final = "There are no images, got an empty list. Give one image or more."


class Predictor:
    """A model that is ready to run; `load` makes one.

    It may be used from several threads: their runs wait for each other, since a cv2 net is not
    thread-safe. Load one per thread to run at the same time. A pickled predictor holds the bundle's
    path; unpickling loads the bundle from there, and it must be the same one.

    Attributes:
        manifest: the bundle's manifest, with the file and the shapes of the batch that run.
    """

    def __init__(
        self,
        bundle: Bundle | str | os.PathLike[str],
        *,
        device: str = "cpu",
        engine: str | None = None,
        threads: int | None = None,
        fusion: bool | None = None,
        winograd: bool | None = None,
        batch: int | Literal["auto"] | None = None,
        check_device: bool = True,
        score: float | None = None,
        nms: float | None = None,
    ) -> None:
        """Load the net of a bundle.

        Args:
            bundle: the bundle's folder, or the bundle itself.
            device: as for `load`.
            engine: as for `load`.
            threads: as for `load`.
            fusion: whether OpenCV may fuse layers, for experiments; None: as verified.
            winograd: whether OpenCV may use Winograd convolution, for experiments; None: as
                verified.
            batch: as for `load`, or a number, for experiments: only the bundle's own batch and
                those that were tuned are verified.
            check_device: as for `load`.
            score: as for `load`.
            nms: as for `load`.

        Raises:
            BundleError: as `load`.
            MissingDependency: as `load`.
            NetError: as `load`.
            UsageError: as `load`.
        """
        if not isinstance(bundle, Bundle):
            bundle = read_bundle(bundle, choose=form_for(device, engine, Path(bundle)))
        self._options = {
            "device": device,
            "engine": engine,
            "threads": threads,
            "fusion": fusion,
            "winograd": winograd,
            "batch": batch,
            "check_device": check_device,
            "score": score,
            "nms": nms,
        }
        self.folder = bundle.folder
        self._sha256 = bundle.written.model.sha256
        self._task = with_thresholds(bundle.manifest.task, score, nms)
        choice = choice_for(bundle.folder, bundle.written, device, engine)
        if choice is not None and choice.file not in (None, bundle.manifest.model.file):
            choice = None  # the caller chose another file of the bundle
        settings = NetSettings(engine, threads, fusion, winograd).filled(choice)
        self._tuned_rate = None if choice is None else choice.rate
        self.manifest: Manifest = manifest_at(bundle.manifest, batch, choice)
        if settings.threads is not None:
            _set_threads(settings.threads)
        if text := unproven(bundle.folder, self.manifest):
            warnings.warn(text, Keras2cvWarning, stacklevel=3)
        require_at_least(self.manifest.model.opencv, cv2.__version__, str(bundle.folder))
        self._samples = None
        if self.manifest.preprocessing is not None:
            self._samples = SamplePreparer(self.manifest)
        self._front: FrontPreparer | None = None
        if self.manifest.front is not None:
            from keras2cv.preparing.front_values import FrontPreparer  # few models need it

            self._front = FrontPreparer(self.manifest.own_inputs, self.manifest.front)
        device_choice = choose_device(
            device, new_engine_only=(settings.engine or self.manifest.engine.name) == "new"
        )
        self._running = RunningNet(bundle, self.manifest, settings, device_choice)
        self._running.load(self._check_device if check_device else _nothing)

    def _check_device(self) -> None:
        """Run the bundle's self-test on the device.

        Raises:
            NetError: the device predicts something else.
        """
        from keras2cv.selftest import check_device  # only devices other than the CPU need it

        check_device(self)

    @property
    def task(self) -> Task:
        """The manifest's task, with the thresholds that run."""
        return self._task

    @property
    def device(self) -> str:
        """Where it really runs: "cpu", "opencl", "cuda" or "cuda-fp16"."""
        return self._running.net.device

    @property
    def device_choice(self) -> DeviceChoice:
        """The device that was asked for, those that are present, the one that runs, and why."""
        return self._running.choice

    @property
    def engine(self) -> str:
        """The engine that really runs: "new" or "classic"."""
        return self._running.net.engine

    @property
    def threads(self) -> int:
        """How many threads OpenCV uses now, in all of this process."""
        return cv2.getNumThreads()

    @property
    def tuned_rate(self) -> Rate | None:
        """How many samples are answered fastest, as it was measured; None: it was not."""
        return self._tuned_rate

    @property
    def input_names(self) -> tuple[str, ...]:
        """Keras' names of the inputs, in the order of `infer`'s arguments."""
        if self._front is not None:
            names: tuple[str, ...] = self._front.names
            return names
        return tuple(tensor.name for tensor in self.manifest.own_inputs)

    @property
    def given(self) -> dict[str, GivenInput]:
        """What a user gives, by name, in the order of `infer`'s arguments."""
        return {one.name: one for one in given_inputs(self.manifest)}

    @property
    def output_names(self) -> tuple[str, ...]:
        """Keras' names of the outputs, in the order of `infer`'s results."""
        return tuple(tensor.name for tensor in self.manifest.own_outputs)

    def reset(self) -> None:
        """Set what stateful layers remember to zero, as `keras_model.reset_states()` does."""
        self._running.reset()

    def infer(self, *arrays: Any) -> list[Array]:
        """Return the same outputs as `keras_model.predict` for the same arrays.

        A model with stateful layers goes on where the last call ended, until `reset`. With the
        states as further inputs it remembers nothing, and returns the new states as well.

        Args:
            arrays: one (N, ...) array per input in Keras' layout (channels last), order and dtype,
                or a single dict of them by name; N is any number from 1 on. Text is str, in lists
                or arrays.

        Returns:
            One array per output, in keras.tree.flatten order, Keras' layout and dtype.

        Raises:
            InputError: another shape or dtype than the model takes.
            NetError: OpenCV fails.
        """
        if self._front is not None:
            is_dict = len(arrays) == 1 and isinstance(arrays[0], Mapping)
            values = self._front.by_name(arrays[0]) if is_dict else arrays
            arrays = tuple(self._front.arrays(values))
        return self.infer_net(*arrays)

    def front_arrays(self, *arrays: Any) -> dict[str, Array]:
        """Return the net's inputs by name, from what a user gives to `infer`.

        Raises:
            InputError: another shape or dtype than the model takes.
            UsageError: the bundle has no steps before its net.
        """
        if self._front is None:
            raise UsageError(f"{self.folder} has no steps before its net. Call infer_net().")
        made = self._front.arrays(arrays)
        return dict(zip((t.name for t in self.manifest.own_inputs), made, strict=True))

    def infer_net(self, *arrays: Any) -> list[Array]:
        """Return the same as `infer`, for arrays as the net takes them.

        They differ for a model of text, whose first steps are not in the net (the manifest's
        `front`).

        Args:
            arrays: one (N, ...) array per input of the net, or a single dict of them by name.

        Raises:
            InputError: another shape or dtype than the net takes.
            NetError: OpenCV fails.
        """
        tensors, outputs = self.manifest.own_inputs, self.manifest.own_outputs
        given = arrays[0] if len(arrays) == 1 and isinstance(arrays[0], Mapping) else arrays
        if self.manifest.states and len(given) == len(self.manifest.inputs):
            tensors, outputs = self.manifest.inputs, self.manifest.outputs
        if isinstance(given, Mapping):
            arrays = tuple(by_name(given, tensors))
        checked = check_inputs(arrays, tensors)
        runs = []
        for part in chunks(len(checked[0]), self.manifest.model.batch):
            pairs = zip(checked, tensors, strict=True)
            blobs = {tensor.net_name: to_net(array[part], tensor) for array, tensor in pairs}
            runs.append(self._running.run(blobs, part.stop - part.start))
        return [join([run[tensor.name] for run in runs], tensor) for tensor in outputs]

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to load the same model elsewhere."""
        where = os.path.abspath(self.folder)  # noqa: PTH100 - resolve() would follow links
        return load_same, (where, self._sha256, self._options)

    @overload
    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]: ...
    @overload
    def __call__(self, batch: Any) -> Any: ...

    def __call__(self, batch: Any) -> Any:
        """Return a batch of columns with the outputs, by name, in place of the inputs.

        Cluster engines call it so. Columns that are not the model's, such as ids, pass through, and
        a batch of no rows gives one of no rows.

        Args:
            batch: a dict of columns, or a pandas DataFrame. A column named like an input holds what
                `infer` takes: an array, or in each row an array, nested lists, or all values flat.
                If the bundle has preprocessing, the image's column may hold encoded images: the
                bytes of files, paths, or addresses that fsspec opens.

        Raises:
            InputError: a column is missing, or a row is not what the input takes.
            UsageError: an output has the name of a column that passes through.
            NetError: OpenCV fails.
        """
        from keras2cv.columns.answering import answer_columns  # only cluster engines need it

        return answer_columns(self, batch)

    def __repr__(self) -> str:
        """Return the bundle, its task and inputs, and where it runs, on one line."""
        labels = self.manifest.task.labels
        classes = f" of {len(labels)} classes" if labels and len(labels) > 1 else ""
        inputs = ", ".join(f"{t.name} {t.keras_shape}" for t in self.manifest.own_inputs)
        text = (
            f"<Predictor {self.folder}: {self.manifest.task.kind}{classes}, from {inputs}, "
            f"{self.manifest.status}, on {self.device}, {self.engine} engine>"
        )
        return shown(text)

    @overload
    def predict(self, image: ImageLike, /) -> Result: ...
    @overload
    def predict(self, images: Sequence[Any], /) -> list[Result]: ...

    @overload
    def predict(self, sample: Mapping[str, Any], /) -> Result | list[Result]: ...

    def predict(self, images: Any, /) -> Result | list[Result]:
        """Return the task's result for an image, or a list of results for a list of images.

        A model with several inputs takes a dict by the inputs' names: images, and for each other
        input one sample's array, with or without its batch dimension. A list of images and arrays
        in the inputs' order is one sample too. Several samples are a list of dicts, or a dict of
        lists.

        A model of clips takes a list of frames, and returns a result per clip in it; an array
        (T, H, W, 3) of the frames that one clip covers gives one result.

        A bundle without preprocessing takes the arguments of `infer` here (an array, or one per
        input), and returns a list with a result per sample.

        A model of text, or of text beside numbers, takes one text, a list of texts, or a dict by
        the inputs' names: of values for one sample, or of lists for several.

        Args:
            images: (H, W, 3) uint8 BGR as cv2.imread gives it, of any size; gray, BGRA and 16-bit
                images are converted as in `keras2cv.pixels.images`. Or the path of an image file,
                which is read as cv2.imread does. A list may mix sizes. A model of other channels
                takes (H, W, C) in the model's own order.

        Returns:
            By the task, a `Classification`, `BinaryResult`, `Regression`, `Detections`,
            `Segmentation`, `Keypoints`, `ImageResult`, `Embedding`, `TextResult` or `RawOutputs`.

        Raises:
            InputError: not an image, or not a value for each input.
            NetError: OpenCV fails.
        """
        if self._front is not None and self._samples is None:
            values, is_one = self._front.batch(images)
            results = self.results_of(self.infer(*values))
            return results[0] if is_one else results
        if self._samples is None:
            return self._predict_arrays(images)
        if self._front is not None:
            images = self._front.beside_pictures(images, self._pictures)
        if isinstance(images, np.ndarray | str | os.PathLike):
            self._values(images)  # which one image may be
        samples, is_one = self._samples.samples(images)
        if not samples:
            raise InputError(NO_IMAGES)
        found: list[Result] = []
        for part in chunks(len(samples), self.manifest.model.batch):
            found += self.complete(self._prepared(self._samples, samples[part]))
        return found[0] if is_one else found

    def prepare(self, images: Sequence[Any]) -> Prepared:
        """Return `images` as the net takes them: the first half of `predict`.

        With a thread for each half, the next images are prepared while the net runs.

        Args:
            images: An image each, or a clip's frames, or a dict by the inputs' names.

        Raises:
            InputError: no images, or something else than an image.
            UsageError: the bundle has no preprocessing, or the model other inputs beside the image.
        """
        preparer = self._needed_preparer()
        if not images:
            raise InputError(NO_IMAGES)
        if self._front is not None:
            images = self._front.beside_pictures(list(images), self._pictures)
        return self._prepared(preparer, [self._values(image) for image in images])

    @property
    def _pictures(self) -> frozenset[str]:
        return frozenset(rules.input for rules in self.manifest.pictures)

    def _values(self, image: Any) -> Values:
        """Return a sample's values in the inputs' order."""
        if isinstance(image, Mapping):
            return tuple(by_name(image, self.manifest.own_inputs))
        if len(self.manifest.own_inputs) != 1:
            raise UsageError(
                f"{self.folder} has the inputs {', '.join(self.input_names)}, and an image fills "
                f"only one. It takes {len(self.input_names)} inputs, and got 1: call predict() "
                "with a dict of the images and the other arrays, or infer() with an array for "
                "each; on the command line, give NAME=FILE for each."
            )
        return (image,)

    def _prepared(self, preparer: SamplePreparer, samples: Sequence[Values]) -> Prepared:
        first = preparer.first.tensor.net_name
        read = [preparer.read(sample) for sample in samples]
        runs = [preparer.blobs(read[part]) for part in chunks(len(read), self.manifest.model.batch)]
        in_pixels = TASKS[self._task.kind].in_pixels
        return Prepared(
            tuple(run.pop(first) for run in runs),
            [preparer.placement(sample) for sample in read] if in_pixels else [],
            others=tuple(runs) if len(self.manifest.own_inputs) > 1 else (),
        )

    def complete(self, prepared: Prepared) -> list[Result]:
        """Return a result per prepared image: the second half of `predict`.

        Raises:
            NetError: OpenCV fails.
        """
        outputs = self.forward(prepared)
        if prepared.outputs is not None:
            prepared.outputs.extend(outputs)
        return self.finish(prepared, outputs)

    def forward(self, prepared: Prepared) -> list[dict[str, Array]]:
        """Return the outputs for each prepared blob: the net alone.

        They are by Keras name, in Keras' layout and dtype, a row for each sample of the blob.

        Raises:
            NetError: OpenCV fails.
        """
        others = prepared.others or ({},) * len(prepared.blobs)
        return [self._run_blob(*run) for run in zip(prepared.blobs, others, strict=True)]

    def finish(self, prepared: Prepared, outputs: Sequence[Mapping[str, Array]]) -> list[Result]:
        """Return a result per image, from the results of `prepare` and `forward`."""
        results: list[Result] = []
        for blob, found in zip(prepared.blobs, outputs, strict=True):
            placements = prepared.placements[len(results) : len(results) + len(blob)]
            results += self._results(found, len(blob), placements)
        return results

    def run_image(self, image: Array) -> tuple[Array, list[Array]]:
        """Return the blob that `image` becomes, and the outputs of `infer` for it.

        Raises:
            InputError: not an image.
            UsageError: the bundle has no preprocessing, or the model other inputs beside the image.
        """
        prepared = self.prepare([image])
        (outputs,) = self.forward(prepared)
        return prepared.blobs[0], [outputs[name] for name in self.output_names]

    def run_beside(
        self, images: Sequence[Array], arrays: Mapping[str, Array]
    ) -> tuple[dict[str, Array], Sequence[Placement]]:
        """Return the outputs for at most a batch of images, and where the images lie.

        Args:
            images: as `predict` takes them.
            arrays: by name, the other inputs' arrays (N, ...), as `infer` takes them.

        Raises:
            InputError: something else than an image, or another shape or dtype.
            UsageError: the bundle has no preprocessing.
            NetError: OpenCV fails.
        """
        name = str(self.manifest.image_input)
        rows = [
            {name: image, **{other: array[k] for other, array in arrays.items()}}
            for k, image in enumerate(images)
        ]
        prepared = self.prepare(rows)
        (outputs,) = self.forward(prepared)
        return outputs, prepared.placements

    def _predict_arrays(self, given: Any) -> list[Result]:
        if isinstance(given, str | os.PathLike):
            self._needed_preparer()
        if isinstance(given, np.ndarray) or not isinstance(given, Sequence):
            return self.results_of(self.infer(given))
        return self.results_of(self.infer(*given))

    def results_of(
        self, outputs: Sequence[Array], placements: Sequence[Placement] = ()
    ) -> list[Result]:
        """Return the task's result for each sample, from the outputs of `infer`.

        With placements, where the samples' images lie in the input, in pixels of those images.
        """
        pairs = list(zip(self.manifest.own_outputs, outputs, strict=True))
        count = max((len(array) for tensor, array in pairs if tensor.batched), default=1)
        return self._results({tensor.name: array for tensor, array in pairs}, count, placements)

    def _needed_preparer(self) -> SamplePreparer:
        if self._samples is None:
            raise UsageError(
                f"{self.folder} does not say how an image becomes its input. "
                "Call infer() with arrays, or export it with --preprocess."
            )
        return self._samples

    def _run_blob(self, blob: Array, others: Mapping[str, Array]) -> dict[str, Array]:
        """Return the outputs for blobs of at most a batch, filled up by repeating their last."""
        first = self.manifest.own_inputs[0].net_name
        if self._samples is not None:
            first = self._samples.first.tensor.net_name
        blobs = {first: blob, **others}
        return self._running.run_filled(blobs, len(blob))

    def _results(
        self, outputs: Mapping[str, Array], count: int, placements: Sequence[Placement] = ()
    ) -> list[Result]:
        """Return a result per sample; without placements, pixels are those of the input."""
        if not placements:
            placements = unplaced(self.manifest.image_size_wh, count)
        return results_of(self._task, outputs, self.manifest.own_outputs, placements)


def _nothing() -> None:
    """Check nothing."""


def _set_threads(threads: int) -> None:
    if threads < 1:
        raise UsageError(f"threads must be at least 1, got {threads}. None leaves OpenCV's choice.")
    if threads > most_threads():
        raise UsageError(
            f"threads must be at most {most_threads()} on this machine, got {threads}."
        )
    if threads != cv2.getNumThreads():  # in a forked process, 4.6 hangs while it changes them
        cv2.setNumThreads(threads)


def load_same(folder: str, sha256: str, options: Mapping[str, Any]) -> Predictor:
    """Load the model that another process knows, by its bundle's folder and the model's sha256.

    Raises:
        BundleError: the folder holds another model here.
        Keras2cvError: as `load`.
    """
    bundle = read_bundle(
        folder, choose=form_for(options.get("device", "cpu"), options.get("engine"), Path(folder))
    )
    require_same(folder, bundle.written.model.sha256, sha256)
    return Predictor(bundle, **options)
