"""Say which layers of a file no Keras knows, and where they come from.

A config of .h5 names a class without its module, so that Keras can only say "Unknown layer". Some
names belong to packages that many files need.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import keras

from keras2cv.errors import ModelError
from keras2cv_export.model.config import foreign_classes, walk
from keras2cv_export.model.untrusted.danger import shown

from .error_messages import sentence
from .lambda_names import advice as advice_on_names
from .lambda_names import missing_name

_HUB: Final = (
    "KerasLayer is TensorFlow Hub's, and loads a SavedModel: --import tensorflow_hub, or export "
    "that SavedModel."
)
_QUANTIZED: Final = (
    "It is of a model in quantisation-aware training (tfmot): export the model before "
    "quantize_model(), or write this one with model.export(FOLDER) and export that folder."
)
PRUNED: Final = "Call tfmot.sparsity.keras.strip_pruning(model), and export what it returns."
_CLUSTERED: Final = "Call tfmot.clustering.keras.strip_clustering(model), and export that."
_TFMOT: Final = {  # a part of tfmot -> what to do about its classes
    ".sparsity.": PRUNED,
    ".clustering.": _CLUSTERED,
    ".quantization.": _QUANTIZED,
}
_HINTS: Final[Mapping[str, str]] = {
    "KerasLayer": _HUB,
    "QuantizeLayer": _QUANTIZED,
    "QuantizeWrapper": _QUANTIZED,
    "QuantizeWrapperV2": _QUANTIZED,
    "QuantizeAnnotate": _QUANTIZED,
    "PruneLowMagnitude": PRUNED,
    "ClusterWeights": _CLUSTERED,
    "FixedDropout": "It is of efficientnet or segmentation_models: --import efficientnet.tfkeras.",
}
_ADDONS: Final = (
    "It is of tensorflow_addons, which no TensorFlow of today runs: define a class of that name "
    "in a module of yours, and pass that with --import."
)


class UnknownNamesError(ModelError):
    """A file names classes or functions that no Keras knows here.

    Attributes:
        unknown: Their names.
    """

    def __init__(self, message: str, unknown: Sequence[str]) -> None:
        """Say so by `message`."""
        super().__init__(message)
        self.unknown = tuple(unknown)


def hint_for(names: Sequence[str]) -> str | None:
    """Return what to do about the first of these names that is known from other packages."""
    for name in names:
        if name.startswith("Addons>"):
            return _ADDONS
        if name.startswith("tensorflow_model_optimization."):
            return next((hint for part, hint in _TFMOT.items() if part in name), None)
        if (hint := _HINTS.get(name.rpartition(">")[2])) is not None:
            return hint
    return None


def unreadable(
    path: Path, who_cannot: str, error: Exception, config: Any, keras_version: str | None
) -> ModelError:
    """Return the error for a file that no Keras can open.

    Args:
        path: The file.
        who_cannot: "Keras 3 cannot", the subject and verb of the sentence.
        error: What Keras raised.
        config: The file's architecture.
        keras_version: The Keras that wrote the file, as far as it is recorded.
    """
    if (keras_version or "").startswith("1.") or _is_of_keras_1(config):
        return ModelError(
            f"{path} was saved by Keras 1, whose layers no Keras of today reads. Load it in Keras "
            "2.2 (pip install 'keras<2.3' on Python 3.7), save it there, and export that file."
        )
    if nameless := _with_nameless_functions(config):
        return ModelError(
            f"{path}: {who_cannot} load this model: the layer {shown(nameless[0])} has a lambda as "
            "an option, such as its activation, which Keras writes to .h5 and does not read back. "
            "Where the model was made, save it as a SavedModel (model.export('folder'), in Keras 2 "
            "model.save('folder')), and export that folder."
        )
    unknown = _unknown(config)
    if not unknown:
        hint = hint_for(foreign_classes(config)) or (
            "If it has layers of your own, pass the module that defines them with --import."
        )
        if missing_name(error) is not None:
            hint = advice_on_names(config)
        return ModelError(f"{path}: {who_cannot} load this model: {sentence(error)} {hint}")
    advice = hint_for(unknown) or "Pass the module that defines them with --import."
    return UnknownNamesError(
        f"{path} has layers that Keras does not know: {', '.join(unknown)}. {advice}", unknown
    )


def _is_of_keras_1(config: Any) -> bool:
    """Whether a layer has Keras 1's words for its options; its Sequential held a bare list."""
    settings = [item["config"] for item in walk(config) if isinstance(item.get("config"), dict)]
    return any({"output_dim", "init"} <= one.keys() or "nb_filter" in one for one in settings)


def _with_nameless_functions(config: Any) -> list[str]:
    """Return the layers with a lambda among their options; a Lambda layer's own is another."""
    return [
        str(item["config"].get("name", item["class_name"]))
        for item in walk(config)
        if isinstance(item.get("config"), dict)
        and any(
            isinstance(value, dict) and value.get("class_name") == "__lambda__"
            for option, value in item["config"].items()
            if option != "function"
        )
    ]


def _unknown(config: Any) -> list[str]:
    """Return the layers' classes that neither Keras has, as a file without modules names them."""
    layers = [
        item
        for item in walk(config)
        if isinstance(item.get("config"), dict) and "trainable" in item["config"]
    ]
    libraries = [keras, *filter(None, [sys.modules.get("tf_keras")])]
    registered = {name for one in libraries for name in one.saving.get_custom_objects()}
    names = {item["class_name"] for item in layers if not item.get("module")}
    return sorted(
        name
        for name in names - registered - {"Functional", "TFOpLambda", "SlicingOpLambda"}
        if not any(hasattr(one.layers, name) or hasattr(one, name) for one in libraries)
    )
