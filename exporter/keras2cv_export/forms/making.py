"""Make the files of a bundle's net for newer OpenCVs, each verified as the first one was."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2

from keras2cv.bundle.forms import Form, form_file
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.writing import write_manifest
from keras2cv.errors import Keras2cvError, NetError, ParityError
from keras2cv.net.engines import ENGINES
from keras2cv.net.opencv import version_tuple
from keras2cv.schema.vocabulary import RunEngine
from keras2cv_export.convert import Converted, for_target
from keras2cv_export.formats.formats import FileFormat
from keras2cv_export.storage.weights import Proof
from keras2cv_export.targets.target import Target
from keras2cv_export.verifying.net_comparison import NetComparison
from keras2cv_export.verifying.promise import FIRST_WITH_NEW
from keras2cv_export.verifying.verify import Verification, require_parity

from .gain import estimated_share

NEWEST: Final = "5.0"
LARGEST: Final = 2**27  # bytes of a file that gets a second one unasked
LEAST_GAIN: Final = 0.1  # of the time, estimated


@dataclass(frozen=True)
class Staged:
    """A net that was written and verified, and what further forms of it are made of.

    Attributes:
        folder: The staged bundle's.
        manifest: Its manifest.
        proof: Its question, which each form has to answer as well.
        converted: Its graph.
        file_format: The format that it is written in.
        progress: Called with a few words before each step.
    """

    folder: Path
    manifest: Manifest
    proof: Proof
    converted: Converted
    file_format: FileFormat
    progress: Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """The forms for a manifest, and notes for the user."""

    forms: tuple[Form, ...] | None = None
    notes: tuple[str, ...] = ()


def make_forms(staged: Staged, versions: Sequence[str] | None) -> Made:
    """Write and verify the forms that the user named, or those that are worth it.

    Args:
        staged: The net.
        versions: OpenCVs, such as "5.0"; None: as the estimate of their gain says.

    Raises:
        NetError: An asked form does not run here, or this OpenCV is too old for it.
        ParityError: An asked form predicts something else.
        UnsupportedError: An asked form has ops that its OpenCV does not run.
    """
    if versions is not None:
        forms = tuple(_asked(staged, version) for version in versions)
        return Made(forms or None, tuple(_size_note(form) for form in forms))
    return _worthwhile(staged)


def _worthwhile(staged: Staged) -> Made:
    """Make a form for the newest OpenCV, if the estimate says that it gains a tenth."""
    model = staged.manifest.model
    unwritten = staged.converted.unwritten
    right = staged.proof.verification.parity.verdict == "pass"
    newer = version_tuple(NEWEST) > version_tuple(model.opencv)
    if unwritten is None or not right or not newer or not _is_here(NEWEST):
        return Made()
    share = estimated_share(staged.converted.model, unwritten)
    if share > 1 - LEAST_GAIN:
        return Made()
    if int(model.size_bytes) > LARGEST:
        return Made(notes=(_offer(staged, share),))
    try:
        form = _made(staged, NEWEST, _converted(staged, NEWEST))
    except Keras2cvError as error:
        return Made(notes=(f"No second form for OpenCV {NEWEST} and newer: {error}",))
    return Made((form,), (_size_note(form),))


def _asked(staged: Staged, version: str) -> Form:
    if not _is_here(version):
        raise NetError(
            f"A form for OpenCV {version} has to run on it, and this is OpenCV {cv2.__version__}. "
            f"Install {version} or newer, or leave {version} out of --forms."
        )
    return _made(staged, version, _converted(staged, version))


def _is_here(version: str) -> bool:
    """Whether this OpenCV runs a form for a version, on the engine that it is for."""
    return version_tuple(version) <= version_tuple(cv2.__version__) and _engine(version) in ENGINES


def _engine(version: str) -> RunEngine:
    return "new" if version_tuple(version) >= FIRST_WITH_NEW else "classic"


def _converted(staged: Staged, version: str) -> Converted:
    target = Target.parse(version)
    other = for_target(staged.converted, target)
    staged.file_format.require(other.model, target)
    return other


def _made(staged: Staged, version: str, other: Converted) -> Form:
    """Write a form, compare it, and put it beside the first file."""
    staged.progress(f"asking OpenCV about the form for {version}")
    place, file = staged.folder / f"form-{version}", form_file(version)
    place.mkdir()
    try:
        empty = replace(staged.manifest.model, opencv=version)
        model = staged.file_format.save(other.model, place, empty)
        manifest = staged.manifest.replace(model=model)
        write_manifest(place, manifest)
        found = _compared(place, manifest, staged.proof, _engine(version))
        (place / model.file).replace(staged.folder / file)
    finally:
        shutil.rmtree(place)
    runs = found.evidence.runs if found.evidence is not None else None
    return Form(version, _engine(version), file, model.sha256, model.size_bytes, runs)


def _compared(place: Path, manifest: Manifest, proof: Proof, engine: str) -> Verification:
    """Put the question of the first file to a form; TensorFlow's answers are there already.

    Raises:
        ParityError: It predicts something else, or shows less than the first file did.
    """
    question = proof.question
    with NetComparison(place, manifest, engine, place) as net:
        net.begin(question.samples, [one.sample for one in question.stress])
        found = net.compare(question)
        found = net.in_other_circumstances(question, found)
    require_parity(found.parity)
    if found.parity.verdict != proof.verification.parity.verdict:
        raise ParityError(
            f"The form is {found.parity.verdict} ({'; '.join(found.parity.reasons)}), and the "
            f"portable file is {proof.verification.parity.verdict}. Leave it out of --forms."
        )
    return found


def _size_note(form: Form) -> str:
    return (
        f"It holds a second form of the net, {form.file} ({int(form.size_bytes) / 1e6:.1f} MB), "
        f"which keras2cv takes on OpenCV {form.opencv} and newer; --forms portable leaves it out."
    )


def _offer(staged: Staged, share: float) -> str:
    size = int(staged.manifest.model.size_bytes) / 1e6
    return (
        f"OpenCV {NEWEST} is faster with a form of its own (an estimated {share:.2f} times the "
        f"time). --forms portable,{NEWEST} adds it, another {size:.0f} MB."
    )
