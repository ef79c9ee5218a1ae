"""Put a fault into a copy of a right bundle, prove its effect, and check it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnx

from keras2cv import load
from keras2cv.bundle.reading import read_bundle, sha256_of
from keras2cv.errors import Keras2cvError
from keras2cv.predictor import Predictor
from keras2cv.tasks.kind import task_of
from keras2cv_export import check, export
from keras2cv_export.tasks.answer_match import AnswerFormError, AnswerLimits, match
from keras2cv_export.tasks.plain import plain

from .fault import Fault
from .scenes import write_pictures
from .subjects import SUBJECTS, write_samples

# The parts that a check names when it does not compare a group.
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "clips": ("clips: not",),
    "states": ("states: not",),
    "names of points": ("points: not",),
    "postprocessing": ("postprocessing: not", "labels: not", "postprocessing: compared, but not"),
    "preprocessing": (
        "resize: not",
        "normalise: not",
        "resize: compared, but not",
        "preprocessing: not",
    ),
    "names": ("names: not", "names: compared, but not"),
}


@dataclass(frozen=True)
class Outcome:
    """What became of a fault.

    Attributes:
        fault: The fault.
        effect: What it does to the answers, or "" if nothing.
        alone: The verdict without the user's answers: "fail", "inconclusive", "refused" or "pass".
        with_answers: The same with them; "" where they were not needed.
        reason: The first reasons, or what is not compared.
    """

    fault: Fault
    effect: str
    alone: str
    with_answers: str
    reason: str

    @property
    def verdict(self) -> str:
        """Caught alone, caught with the user's answers, "not compared" by name, or missed."""
        if self.alone != "pass":
            return "caught"
        if self.with_answers not in ("", "pass"):
            return "with --reference-answers"
        if not self.effect:
            return "no effect"
        named = any(part in self.reason for part in _PARTS.get(self.fault.group, ()))
        return "not compared" if named else "MISSED"


class Bench:
    """The right bundles, made once, in a folder."""

    def __init__(self, folder: Path) -> None:
        """Write the pictures."""
        self.folder = folder
        write_pictures(folder / "scenes", lines=False)
        write_pictures(folder / "lines", lines=True)

    def right(self, subject: str) -> Path:
        """Return the right bundle of a subject."""
        path = self.folder / f"{subject}.cv"
        if not path.exists():
            export(SUBJECTS[subject].model(), path, **SUBJECTS[subject].settings)
        return path

    def samples(self, subject: str) -> Path | None:
        """Return the subject's pictures or arrays; None where the check draws them."""
        found = SUBJECTS[subject]
        if found.samples is not None:
            return found.samples(self.folder)
        if found.answer is None:
            return write_samples(subject, self.folder)
        return self.folder / ("lines" if found.lines else "scenes")

    def broken(self, fault: Fault) -> Path:
        """Return a copy of the right bundle, with the fault."""
        path = self.folder / "broken.cv"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.right(fault.subject), path)
        _break(path, fault)
        return path

    def check(self, subject: str, bundle: Path, *, with_answers: bool) -> tuple[str, str]:
        """Return the verdict and its first reason; "refused" with the error."""
        found = SUBJECTS[subject]
        model, options = found.model(), dict(found.reference)
        if with_answers and found.answer is not None:
            options["reference_answers"] = found.answer(model)
        try:
            report = check(
                bundle, model, samples=self.samples(subject), engine=found.engine, **options
            )
        except Keras2cvError as error:
            return "refused", str(error)
        return report.verdict, " ".join([*report.reasons, *report.not_compared][:3])

    def answers(self, subject: str, bundle: Path) -> list[Any]:
        """Return the bundle's results for the subject's samples."""
        found = SUBJECTS[subject]
        predictor = load(bundle, engine=found.engine)
        if found.given is not None:
            return [answer for one in found.given() for answer in _answered(predictor, one)]
        path = self.samples(subject)
        assert path is not None  # noqa: S101 - or else `given` says what to ask
        if path.is_dir():
            return [predictor.predict(str(p)) for p in sorted(path.iterdir())]
        with np.load(path) as file:
            arrays = [file[tensor.name] for tensor in predictor.manifest.inputs]
        rows = range(len(arrays[0]))
        names = predictor.output_names
        return [
            dict(zip(names, predictor.infer(*(a[k : k + 1] for a in arrays)), strict=True))
            for k in rows
        ]


def _answered(predictor: Predictor, given: Any) -> list[Any]:
    """Return the results of one call of `predict`, or the outputs of `infer` by name."""
    if isinstance(given, tuple):
        return [dict(zip(predictor.output_names, predictor.infer(*given), strict=True))]
    found = predictor.predict(given)
    return list(found) if isinstance(found, list) else [found]


def try_fault(bench: Bench, fault: Fault) -> Outcome:
    """Break, look for the effect, and check, with the user's answers if that is needed."""
    broken = bench.broken(fault)
    effect = "of the proof" if fault.group == "proof" else _effect(bench, fault, broken)
    alone, reason = bench.check(fault.subject, broken, with_answers=False)
    with_answers = ""
    if alone == "pass" and SUBJECTS[fault.subject].answer is not None:
        with_answers, other = bench.check(fault.subject, broken, with_answers=True)
        reason = other if with_answers != "pass" else reason
    return Outcome(fault, effect, alone, with_answers, " ".join(reason.split())[:160])


def _effect(bench: Bench, fault: Fault, broken: Path) -> str:
    """Return how the broken bundle's first changed answer differs; "" if none does."""
    right = bench.answers(fault.subject, bench.right(fault.subject))
    try:
        wrong = bench.answers(fault.subject, broken)
    except (Keras2cvError, KeyError) as error:
        return f"it does not run: {str(error)[:80]}"
    return next((text for pair in zip(right, wrong, strict=True) if (text := _change(*pair))), "")


def _change(right: Any, wrong: Any) -> str:
    if isinstance(right, dict):
        same = right.keys() == wrong.keys() and all(
            np.allclose(right[name], wrong[name], rtol=1e-3, atol=1e-3) for name in right
        )
        return "" if same else "other numbers under a name"
    try:
        return match(task_of(right), plain(right), wrong, AnswerLimits()).difference
    except (AnswerFormError, AssertionError) as error:
        return str(error)


def _break(folder: Path, fault: Fault) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if fault.graph is not None:
        file = folder / fault.file
        model = onnx.load(file)
        fault.graph(model.graph)
        onnx.save(model, file)
        records = [manifest["model"], *manifest.get("forms", [])]
        record = next(one for one in records if one["file"] == fault.file)
        record |= {"sha256": sha256_of(file), "bytes": str(file.stat().st_size)}
    for key, value in fault.manifest.items():
        _set(manifest, key.split("."), value)
    if fault.edit is not None:
        fault.edit(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")
    if fault.vectors is not None or fault.consistent:
        with np.load(folder / "selftest.npz") as stored:
            vectors = dict(stored)
        if fault.vectors is not None:
            fault.vectors(vectors)
        if fault.consistent:
            _remake_picture(folder, vectors)
        np.savez(folder / "selftest.npz", **vectors)


def _set(manifest: Any, keys: Sequence[str], value: Any) -> None:
    """Change a key; booleans are stored as numbers, as everywhere in a manifest."""
    *parents, last = keys
    for key in parents:
        manifest = manifest[int(key) if isinstance(manifest, list) else key]
    if value is None:
        del manifest[last]
    else:
        manifest[last] = value(manifest[last]) if callable(value) else value


def _remake_picture(folder: Path, vectors: dict[str, Any]) -> None:
    """Store the blob and the outputs that this bundle makes of the golden picture."""
    image = np.asarray(cv2.imdecode(vectors["image/png"], cv2.IMREAD_COLOR))
    blob, outputs = Predictor(read_bundle(folder), engine="classic").run_image(image)
    vectors["image/blob"] = blob
    vectors |= {f"image/out/{k}": output for k, output in enumerate(outputs)}
