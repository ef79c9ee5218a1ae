"""How Keras' side reads pictures, as the user describes it, and the walk of pictures by that."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from keras2cv.bundle.manifest import Manifest, Preprocessing
from keras2cv.errors import UsageError
from keras2cv_export.end_to_end.own_function import load_own_function
from keras2cv_export.end_to_end.pictures import Pictures
from keras2cv_export.end_to_end.reference_preprocessing import parse_reference
from keras2cv_export.end_to_end.reference_sources import PictureSources, sources_of
from keras2cv_export.end_to_end.walk import walk
from keras2cv_export.end_to_end.walked import Journey
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.verifying.question import Question
from keras2cv_export.verifying.verify import Verification

from .two_sides import TwoSides


@dataclass(frozen=True)
class PictureReference:
    """The user's description of Keras' side; see `check`."""

    resize: str | None
    preprocess: str | os.PathLike[str] | None
    function: str | None

    def require_pictures(self, pictures: Pictures) -> None:
        """Raise UsageError if options describe Keras' reading of pictures, and there are none.

        Raises:
            UsageError: they do.
        """
        if pictures.paths or (self.resize, self.preprocess, self.function) == (None,) * 3:
            return
        raise UsageError(
            "How pictures were read in training matters to pictures only, and none are compared: "
            "the samples are arrays, or the bundle was exported without --preprocess. "
            "Leave out the options --reference-..., or give pictures."
        )

    def sources(self, manifest: Manifest, loaded: LoadedModel) -> PictureSources | None:
        """Return who says how pictures were read in training; None for a bundle of arrays."""
        if manifest.preprocessing is None:
            return None
        return sources_of(
            manifest,
            loaded,
            resize=self.resize,
            preprocess=self.preprocess,
            function=self.function,
        )

    def walk(
        self,
        sides: TwoSides,
        question: Question,
        result: Verification,
        library: Preprocessing | None,
    ) -> Journey:
        """Send pictures through both pipelines.

        Args:
            sides: Both sides, with pictures.
            question: The samples, whose last are the pictures.
            result: The comparison of the net.
            library: The preprocessing that the model's own library does; None where it does none.

        Raises:
            UsageError: An option describes no reading of pictures, or the user's function fails.
        """
        manifest, pictures = sides.bundle.manifest, sides.pictures
        rules = manifest.preprocessing
        assert rules is not None  # noqa: S101 - there are pictures
        count, engine = len(pictures.paths), result.worst_engine
        chosen = None if self.preprocess is None else Path(self.preprocess)
        return walk(
            manifest,
            pictures.paths,
            parse_reference(self.resize, chosen, rules, library),
            None if self.function is None else load_own_function(self.function, rules),
            drawn=pictures.drawn,
            samples=question.samples[-count:],
            answers=(question.expected[-count:], result.answers[engine][-count:]),
            answer=sides.answer,
            tolerance=question.tolerance,
            net_fails=result.by_engine[engine].verdict == "fail",
        )
