"""Other files of the same net: each with other optional rewrites, verified like the first one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from keras2cv.bundle.manifest import Manifest, Trial
from keras2cv.bundle.writing import write_manifest
from keras2cv.errors import Keras2cvError, NetError, ParityError, UnsupportedError
from keras2cv.tuning.interleave import Comparison
from keras2cv_export.convert import OPTIONAL_NAMES, Converted, formed
from keras2cv_export.formats.formats import FileFormat
from keras2cv_export.passes import COMPRESS
from keras2cv_export.passes.fixpoint import rewrite
from keras2cv_export.storage.weights import Proof
from keras2cv_export.targets.importer_support import oldest
from keras2cv_export.targets.target import Target
from keras2cv_export.verifying.verify import verify

Timed = Callable[[Path, Trial], tuple[float, Comparison]]
"""Times a setting with the bundle in a folder."""

MOST_VARIANTS: Final = 2 + len(OPTIONAL_NAMES)  # in one search


@dataclass(frozen=True)
class Variant:
    """A file of the net, in a folder of its own, and the proof that it predicts the same."""

    folder: Path
    manifest: Manifest
    proof: Proof
    fired: Mapping[str, int]


@dataclass
class Variants:
    """Makes variants, judges them, and keeps the right ones until one is shipped.

    Attributes:
        folder: The staged bundle's, whose file is the default.
        manifest: Its manifest.
        proof: Its question and verification; variants answer the same question.
        converted: Its graph, with the parts that other forms are made of.
        target: The OpenCV that they are for.
        file_format: The format that they are written in.
        refused: Rewrites -> why their file cannot be used.
    """

    folder: Path
    manifest: Manifest
    proof: Proof
    converted: Converted
    target: Target
    file_format: FileFormat
    refused: dict[frozenset[str], str] = field(default_factory=dict)
    _made: dict[frozenset[str], Variant] = field(default_factory=dict)

    @property
    def default(self) -> frozenset[str]:
        """The optional rewrites of the default file."""
        return self.converted.optional

    @property
    def all(self) -> frozenset[str]:
        """The optional rewrites that change something in this net."""
        if self.converted.unformed is None:
            return self.default
        return formed(self.converted, self.target, OPTIONAL_NAMES).optional | self.default

    def attempt(self, setting: Trial, timed: Timed) -> Trial:
        """Judge and time a setting with the file of its rewrites."""
        try:
            variant = self._get(frozenset(setting.rewrites or ()))
            median_ms, ratio = timed(variant.folder, setting)
        except Keras2cvError as error:
            return replace(setting, refused=str(error)[:1000])
        return replace(setting, median_ms=median_ms, ratio=ratio.ratio, high=ratio.high)

    def ship(self, rewrites: Collection[str]) -> Variant:
        """Put the file of those rewrites in the default's place, and remove all others."""
        default = Variant(self.folder, self.manifest, self.proof, self.converted.fired)
        best = self._made.get(frozenset(rewrites), default)
        if best is not default:
            name = best.manifest.model.file
            (best.folder / name).replace(self.folder / name)
            write_manifest(self.folder, best.manifest)
        for variant in self._made.values():
            shutil.rmtree(variant.folder)
        self._made.clear()
        return replace(best, folder=self.folder)

    def _get(self, rewrites: frozenset[str]) -> Variant:
        """Return the variant with those rewrites; the default's rewrites give the default."""
        if rewrites == self.default:
            return Variant(self.folder, self.manifest, self.proof, self.converted.fired)
        if rewrites in self.refused:
            raise NetError(self.refused[rewrites])
        if rewrites not in self._made:
            place = self.folder / f"variant-{len(self._made) + len(self.refused)}"
            try:
                self._made[rewrites] = self._make(place, rewrites)
            except Keras2cvError as error:
                self.refused[rewrites] = str(error)
                shutil.rmtree(place, ignore_errors=True)
                raise
        return self._made[rewrites]

    def _make(self, place: Path, rewrites: frozenset[str]) -> Variant:
        other = formed(self.converted, self.target, rewrites)
        self.file_format.require(other.model, self.target)
        if self.manifest.weights is not None:
            other.fired.update(rewrite(other.model, COMPRESS[self.manifest.weights.storage]))
        self._require_as_old(other)
        place.mkdir()
        model = self.file_format.save(other.model, place, self.manifest.model)
        manifest = self.manifest.replace(model=model)
        write_manifest(place, manifest)
        before, question = self.proof.verification, self.proof.question
        asked = None if before.engine.name == "any" else before.engine.name
        found = verify(place, manifest, question, asked, place)
        verdicts = {e: report.verdict for e, report in before.by_engine.items()}
        for engine, verdict in verdicts.items():
            now = found.by_engine.get(engine)
            if verdict != "fail" and (now is None or now.verdict != verdict):
                raise ParityError(f"It is not right on the {engine} engine, as the default is.")
        return Variant(place, manifest, Proof(question, found), other.fired)

    def _require_as_old(self, other: Converted) -> None:
        needs = oldest(self.file_format.examine(other.model), self.target)
        now = oldest(self.file_format.examine(self.converted.model), self.target)
        if needs.opencv != now.opencv or needs.classic != now.classic:
            raise UnsupportedError(f"It needs OpenCV {needs.opencv}, the default {now.opencv}.")
