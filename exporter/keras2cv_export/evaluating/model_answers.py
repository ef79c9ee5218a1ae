"""The model of an evaluation, opened in this process: its answers, and its own preprocessing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keras2cv.bundle.manifest import Manifest, Preprocessing
from keras2cv_export.checks.arguments import require_same_interface
from keras2cv_export.end_to_end.reference_sources import sources_of
from keras2cv_export.model.load import load_model
from keras2cv_export.model.load.from_answers import as_given
from keras2cv_export.verifying.question import Answer, answerer


@dataclass(frozen=True)
class ModelAnswers:
    """What Keras' side needs of its model, which may be open in another process.

    Attributes:
        answer: Returns the outputs, by the manifest's names, for a batch of inputs.
        libraries: The preprocessing that the model's own library does, by the picture's input;
            None where it does none.
    """

    answer: Answer
    libraries: Mapping[str, Preprocessing | None]


def open_model(
    against: Any, manifest: Manifest, *, unsafe: bool = False, imports: Sequence[str] = ()
) -> ModelAnswers:
    """Open the model in this process.

    Args:
        against: The model, or its file.
        manifest: The bundle's.
        unsafe: Open a file that may run code.
        imports: Modules with the model's own classes, which are imported already.

    Raises:
        ModelError: The model cannot be loaded.
        UsageError: It is another model than the bundle's.
    """
    shapes = {t.name: t.keras_shape for t in manifest.own_inputs}
    alone: Any = next(iter(shapes.values())) if len(shapes) == 1 else shapes
    signature = manifest.source.signature
    loaded = load_model(
        against, input_shapes=alone, unsafe=unsafe, imports=imports, signature=signature
    )
    require_same_interface(manifest, loaded)
    loaded = as_given(loaded, manifest)
    libraries = {
        rules.input: sources_of(manifest.about(rules), loaded).library
        for rules in manifest.pictures
    }
    return ModelAnswers(answerer(loaded, manifest), libraries)
