"""One output of a model of one input, as a function of arrays."""

from __future__ import annotations

import os
from typing import Any

from numpy.typing import NDArray

from keras2cv.batches.loaded import kept_model
from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import UsageError
from keras2cv.preparing.given_inputs import given_inputs

Array = NDArray[Any]


class ArrayPredictor:
    """Small and picklable, as `BatchPredictor` is; it takes and returns arrays.

    Attributes:
        shape: of one sample's output.
        dtype: of the output.
    """

    def __init__(self, bundle: str | os.PathLike[str], output: str | None) -> None:
        """Read the bundle's manifest.

        Raises:
            BundleError: no bundle, or one that is incomplete or too new.
            UsageError: several inputs, or no such output.
        """
        self._folder = os.path.abspath(bundle)  # noqa: PTH100 - resolve() would follow links
        manifest = read_bundle(self._folder, check_hash=False).manifest
        inputs = [one.name for one in given_inputs(manifest)]
        outputs = {tensor.name: tensor for tensor in manifest.own_outputs if tensor.batched}
        if len(inputs) != 1 or manifest.states:
            raise UsageError(
                f"{bundle} takes {', '.join(inputs)} or remembers earlier calls, and an array "
                "fills one input. Predict a data frame with a column for each."
            )
        if output is None and len(outputs) == 1:
            output = next(iter(outputs))
        if output not in outputs:
            raise UsageError(
                f"The output must be one of {', '.join(outputs)}, got {output!r}. Name one."
            )
        self._sha256, self._input, self._output = manifest.model.sha256, inputs[0], output
        self.shape: tuple[int, ...] = outputs[output].keras_shape[1:]
        self.dtype: str = outputs[output].dtype

    def __call__(self, array: Array) -> Array:
        """Return the output for samples (N, ...), or flat rows; N may be 0.

        Raises:
            InputError: another shape or dtype than the model takes.
            NetError: OpenCV fails.
        """
        model = kept_model(self._folder, self._sha256, {"threads": 1})
        found: Array = model({self._input: array})[self._output]
        return found
