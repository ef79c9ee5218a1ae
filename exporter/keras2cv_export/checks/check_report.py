"""The result of a check: its parts, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras2cv.bundle.manifest import Manifest
from keras2cv_export.answers.answers_report import AnswersReport
from keras2cv_export.bisecting import Bisection
from keras2cv_export.end_to_end.stages import EndToEnd
from keras2cv_export.end_to_end.walked import Journey
from keras2cv_export.parity.exactness import TENSORFLOW
from keras2cv_export.parity.parity import ParityReport
from keras2cv_export.parity.report import EXIT_CODES, Verdict, worst_verdict
from keras2cv_export.speed.speed import SpeedReport
from keras2cv_export.verifying.question import Question
from keras2cv_export.verifying.verify import Verification

from .findings import CheckFinding, Covered
from .record import record


@dataclass(frozen=True)
class CheckReport:
    """The result of a check.

    Attributes:
        bundle: The folder.
        parity: On the engine that the bundle asks for.
        by_engine: (engine, report) for each engine that was tried and ran.
        notes: Sentences that the user should read.
        seconds: Whole duration, TensorFlow's own import excluded.
        verification: The same with OpenCV's outputs.
        question: The samples for both sides, with TensorFlow's outputs.
        journey: The comparison of whole pipelines on pictures; None without preprocessing.
        more_journeys: The same for each further input that takes pictures, by its name.
        mismatches: Other differences from the user's arguments, such as the labels.
        source: The model's file.
        speed: The timing of both sides; None if it was left out, or if the net fails.
        bisect: The first layer that is wrong; None unless it was asked for.
        answers: The answers beside a reference's; None where only the bundle says how they are
            made.
        covered: The parts of the way from a file to an answer, each with its reference.
        findings: Contradictions, forgeries, and what is unlikely.
    """

    bundle: Path
    parity: ParityReport
    by_engine: tuple[tuple[str, ParityReport], ...]
    notes: tuple[str, ...]
    seconds: float
    verification: Verification
    question: Question
    manifest: Manifest
    journey: Journey | None = None
    more_journeys: tuple[tuple[str, Journey], ...] = ()
    mismatches: tuple[str, ...] = ()
    source: str = ""
    speed: SpeedReport | None = None
    bisect: Bisection | None = None
    answers: AnswersReport | None = None
    covered: tuple[Covered, ...] = ()
    findings: tuple[CheckFinding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of all verdicts: on the net, the whole pipelines, and the speed."""
        found: list[Verdict] = [self.parity.verdict]
        found += [report.verdict for _, report in self.walks]
        if self.speed is not None:
            found.append(self.speed.verdict)
        if self.answers is not None:
            found.append(self.answers.verdict)
        if self.mismatches:
            found.append("fail")
        found += [finding.verdict for finding in self.findings]
        return worst_verdict(found)

    @property
    def walks(self) -> tuple[tuple[str, EndToEnd], ...]:
        """The comparison of whole pipelines for each input that takes pictures, by its name."""
        if self.journey is None:
            return ()
        first = str(self.manifest.image_input)
        return ((first, self.journey.report), *((n, j.report) for n, j in self.more_journeys))

    @property
    def exit_code(self) -> int:
        """The process' exit code for the verdict: 0, 1, or 4 for inconclusive."""
        return EXIT_CODES[self.verdict]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the verdict is not a pass."""
        several = len(self.walks) > 1
        walked = tuple(
            f"{name}: {reason}" if several else reason
            for name, report in self.walks
            for reason in report.reasons
        )
        slow = self.speed.reasons if self.speed is not None else ()
        answers = self.answers.reasons if self.answers is not None else ()
        found = tuple(str(f) for f in self.findings if f.verdict != "pass")
        return self.mismatches + walked + self.parity.reasons + answers + found + slow

    @property
    def not_compared(self) -> tuple[str, ...]:
        """The parts that have no reference, each with what of it only the bundle says."""
        return tuple(text for part in self.covered if (text := str(part)))

    @property
    def stages_at_fault(self) -> tuple[str, ...]:
        """The places that the verdict is about: those that differ, or, inconclusive, are in doubt.

        "labels" comes first, then the stages of the pipeline, the net, and all others. A place
        within its limit is never among them.
        """
        verdict = self.verdict
        if verdict == "pass":
            return ()
        found = ["labels"] if self.mismatches else []
        for _, report in self.walks:
            found += [s.name for s in report.stages if s.problem is not None]
            found += ["decisions"] if report.changed and not found else []
        own = [f.stage for f in self.findings if f.verdict == verdict]
        found += [stage for stage in own if stage == "preprocessing"]
        found += ["net"] if self.parity.verdict == verdict else []
        found += own
        # A changed answer is named where no stage explains it.
        if self.answers is not None and self.answers.verdict == verdict and not found:
            found.append("answers")
        return tuple(dict.fromkeys(found))

    @property
    def claim(self) -> str:
        """The verdict as the end of a sentence that begins with "It"."""
        judge = self.parity.judge
        model = "the Keras model" if judge == TENSORFLOW else "the model"
        if self.verdict == "pass":
            return f"gives in OpenCV the outputs that {model} gives in {judge}."
        if self.verdict == "inconclusive" and self.stages_at_fault:
            return (
                "cannot be told right from wrong by these samples. Give inputs like those it is "
                "for, with --samples."
            )
        if "net" in self.stages_at_fault:
            return f"does not give in OpenCV what {model} gives in {judge}."
        if self.stages_at_fault:
            return f"has a net within its limits, and differs from {model} around it."
        return "gives the right outputs; its speed is not what was asked for."

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return record(self)
