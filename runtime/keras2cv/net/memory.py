"""What a model with stateful layers remembers between its runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import InputError
from keras2cv.net.tensors import to_net

Array = NDArray[Any]
Run = Callable[[Mapping[str, Array], int], dict[str, Array]]


class Memory:
    """The states of one model: zeros at first, then what the last run ended with."""

    def __init__(self, manifest: Manifest) -> None:
        """Begin with zeros."""
        self._manifest = manifest
        self._links = manifest.states or ()
        self._lock = threading.Lock()
        self._states: dict[str, Array] = {}
        self.reset()

    def reset(self) -> None:
        """Set all states to zero."""
        inputs = [self._manifest.input(link.input) for link in self._links]
        with self._lock:
            self._states = {t.name: np.zeros(t.keras_shape, np.float32) for t in inputs}

    def is_needed(self, blobs: Mapping[str, Array]) -> bool:
        """Whether a run's blobs leave the states to the memory."""
        names = {self._manifest.input(link.input).net_name for link in self._links}
        return bool(names) and not names & set(blobs)

    def run(self, blobs: Mapping[str, Array], count: int, run: Run) -> dict[str, Array]:
        """Run with the states of the last run, and keep the new ones.

        Args:
            blobs: the model's own inputs by the net's names.
            count: the number of samples in them.
            run: the net, from all blobs and the count to the outputs by Keras' names.

        Raises:
            InputError: another number of samples than the states have.
        """
        if count != self._manifest.model.batch:
            raise InputError(
                f"The model remembers {self._manifest.model.batch} sequences side by side, and "
                f"got {count} samples. Give {self._manifest.model.batch} at a time."
            )
        with self._lock:
            tensors = [self._manifest.input(link.input) for link in self._links]
            states = {t.net_name: to_net(self._states[t.name], t) for t in tensors}
            found = run({**blobs, **states}, count)
            self._states = {link.input: found.pop(link.output) for link in self._links}
        return found
