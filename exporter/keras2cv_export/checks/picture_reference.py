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
from keras2cv_export.verifying.pictures import walked
from keras2cv_export.verifying.question import Question
from keras2cv_export.verifying.verify import Verification

from .two_sides import TwoSides


@dataclass(frozen=True)
class PictureWalk:
    """An input that takes pictures: its rules, its place among them, and who says them."""

    rules: Preprocessing
    place: int
    sources: PictureSources


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

    def walks(self, manifest: Manifest, loaded: LoadedModel) -> tuple[PictureWalk, ...]:
        """Return a walk for each input that takes pictures, and who says how they are read."""
        return tuple(
            PictureWalk(
                rules,
                place,
                sources_of(
                    manifest.about(rules),
                    loaded,
                    resize=self.resize,
                    preprocess=self.preprocess,
                    function=self.function,
                ),
            )
            for place, rules in enumerate(walked(manifest))
        )

    def walk(
        self,
        sides: TwoSides,
        question: Question,
        result: Verification,
        walk_of: PictureWalk,
    ) -> Journey:
        """Send pictures through both pipelines, for one of the inputs that take them.

        Args:
            sides: Both sides, with pictures.
            question: The samples, whose last are the pictures.
            result: The comparison of the net.
            walk_of: The input, and who says how its pictures are read.

        Raises:
            UsageError: An option describes no reading of pictures, or the user's function fails.
        """
        rules, pictures = walk_of.rules, sides.pictures
        engine = result.worst_engine
        end = len(question.samples) - walk_of.place * len(pictures.paths)
        part = slice(end - len(pictures.paths), end)
        chosen = None if self.preprocess is None else Path(self.preprocess)
        return walk(
            sides.bundle.manifest.about(rules),
            pictures.paths,
            parse_reference(self.resize, chosen, rules, walk_of.sources.library),
            None if self.function is None else load_own_function(self.function, rules),
            drawn=pictures.drawn,
            samples=question.samples[part],
            answers=(question.expected[part], result.answers[engine][part]),
            answer=sides.answer,
            tolerance=question.tolerance,
            net_fails=result.by_engine[engine].verdict == "fail",
        )
