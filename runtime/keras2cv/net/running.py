"""A bundle's net on a device: runs of up to a batch, with what stateful layers remember."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import Bundle
from keras2cv.errors import NetError
from keras2cv.net.device import DeviceChoice
from keras2cv.net.memory import Memory
from keras2cv.net.net import Net
from keras2cv.net.tensors import outputs_of
from keras2cv.net.tuned import NetSettings

Array = NDArray[Any]


class RunningNet:
    """The net of a bundle on the device that was chosen.

    Attributes:
        net: what cv2 runs, after `load`.
        choice: the device that was asked for and the one that runs.
    """

    net: Net

    def __init__(
        self, bundle: Bundle, manifest: Manifest, settings: NetSettings, choice: DeviceChoice
    ) -> None:
        """Take what `load` needs.

        Args:
            bundle: the bundle as it was read.
            manifest: the manifest at the batch that runs.
            settings: the engine and OpenCV's options.
            choice: the device to run on.
        """
        self.choice = choice
        self._manifest = manifest
        self._memory = Memory(manifest)
        self._unknown = bundle if bundle.unknown is not None else None
        self._engine = settings.engine
        self._load = functools.partial(
            Net,
            bundle.model_path,
            manifest,
            engine=settings.engine,
            fusion=settings.fusion,
            winograd=settings.winograd,
            copy=bundle.copy,
        )

    def load(self, check: Callable[[], None]) -> None:
        """Load the net on the chosen device; "auto" falls back to the CPU.

        Args:
            check: called after a first run on a device other than the CPU; it raises NetError where
                the device predicts something else.

        Raises:
            NetError: OpenCV does not load it, or the device computes it wrongly.
        """
        if self._unknown is not None:
            from keras2cv.net.rehearsal import rehearse  # few nets need it

            rehearse(self._unknown, self._engine)
        try:
            self.net = self._load(device=self.choice.runs)
            if self.net.device != "cpu":
                self.net.warm_up()
                check()
        except NetError as error:
            if self.choice.asked != "auto" or self.choice.runs == "cpu":
                raise
            self.choice = self.choice.fallen_back(str(error))
            self.net = self._load()

    def reset(self) -> None:
        """Set what stateful layers remember to zero."""
        self._memory.reset()

    def run(self, blobs: Mapping[str, Array], count: int) -> dict[str, Array]:
        """Return the outputs by Keras' names for the first `count` samples of a full batch.

        Raises:
            InputError: another number of samples than the states have.
            NetError: OpenCV fails.
        """
        if self._memory.is_needed(blobs):
            return self._memory.run(blobs, count, self._run_net)
        return self._run_net(blobs, count)

    def run_filled(self, blobs: Mapping[str, Array], count: int) -> dict[str, Array]:
        """Return the same for `count` samples, filled up to a batch by repeating the last.

        Raises:
            InputError: another number of samples than the states have.
            NetError: OpenCV fails.
        """
        return self.run({name: self._filled(blob) for name, blob in blobs.items()}, count)

    def _filled(self, blob: Array) -> Array:
        missing = self._manifest.model.batch - len(blob)
        return np.concatenate([blob, np.repeat(blob[-1:], missing, axis=0)]) if missing else blob

    def _run_net(self, blobs: Mapping[str, Array], count: int) -> dict[str, Array]:
        return outputs_of(self.net.forward(blobs), self._manifest, count)
