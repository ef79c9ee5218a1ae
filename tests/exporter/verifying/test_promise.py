"""What a bundle may promise, by what each engine did with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from keras2cv.errors import NetError, ParityError
from keras2cv.net.engines import ENGINES, other_engine_hint
from keras2cv_export.parity.report import Verdict
from keras2cv_export.targets.target import Target
from keras2cv_export.verifying import promise
from keras2cv_export.verifying.promise import (
    choose_engine,
    keep_promise,
    not_run_note,
    refused_by_all,
    without_advice,
)
from support.tiny_bundle import Classifier

MANIFEST = Classifier().manifest()
PORTABLE = MANIFEST.replace(model=replace(MANIFEST.model, opencv="4.6"))
BOTH = ("new", "classic")
WHY = {"classic": "scores is 0.3 off"}


CHOICES: dict[str, tuple[tuple[Verdict, Verdict], str, str, Sequence[str]]] = {
    # new, classic; the manifest's engine, whose report counts, and which are evidence
    "both pass": (("pass", "pass"), "any", "new", BOTH),
    "neither can tell": (("inconclusive", "inconclusive"), "any", "new", ()),
    "the new one cannot tell": (("inconclusive", "pass"), "any", "new", ()),
    "the classic one cannot tell": (("pass", "inconclusive"), "any", "classic", ()),
    "the classic one is wrong": (("pass", "fail"), "new", "new", ("new",)),
    "the new one is wrong": (("fail", "pass"), "classic", "classic", ("classic",)),
    "one is wrong, one cannot tell": (("fail", "inconclusive"), "classic", "classic", ()),
    "both are wrong": (("fail", "fail"), "new", "new", ()),
}


@pytest.mark.parametrize(("verdicts", "name", "preferred", "right"), CHOICES.values(), ids=CHOICES)
def test_only_a_wrong_engine_is_left_out(
    verdicts: tuple[Verdict, Verdict], name: str, preferred: str, right: Sequence[str]
) -> None:
    """The least certain report counts where both engines are promised."""
    found = choose_engine(dict(zip(BOTH, verdicts, strict=True)), BOTH)
    assert (found.name, found.preferred, found.right) == (name, preferred, tuple(right))


def test_an_engine_that_could_not_run_is_not_promised() -> None:
    """It has no report."""
    assert choose_engine({"new": "inconclusive"}, BOTH).name == "new"
    assert choose_engine({"classic": "pass"}, ("classic",)).name == "classic"


def test_a_file_for_any_opencv_names_the_newer_one_where_the_classic_engine_is_wrong() -> None:
    """So 4.x refuses it with the reason, before it looks for an engine that it lacks."""
    kept = keep_promise(PORTABLE, "new", WHY, Target.parse())
    assert kept.manifest.model.opencv == "5.0"
    (note,) = kept.notes
    assert "It needs OpenCV 5.0 or newer" in note


def test_a_requested_older_opencv_is_refused() -> None:
    """With the reason, and what to take."""
    with pytest.raises(ParityError, match=r"OpenCV 4\.8 does not run .*0\.3 off.*--opencv 5\.0"):
        keep_promise(PORTABLE, "new", WHY, Target.parse("4.8"))


KEPT = {
    "any engine": ("any", {}, "4.6"),
    "the classic one": ("classic", {"new": "wrong"}, "4.6"),
    "only the new one tried": ("new", {}, "4.6"),
    "already for the newer": ("new", WHY, "5.0"),
}


@pytest.mark.parametrize(("choice", "wrong", "opencv"), KEPT.values(), ids=KEPT)
def test_other_manifests_stay(
    choice: promise.EngineName, wrong: dict[str, str], opencv: str
) -> None:
    """Nothing is to be taken back."""
    manifest = MANIFEST.replace(model=replace(MANIFEST.model, opencv=opencv))
    assert keep_promise(manifest, choice, wrong, Target.parse("4.6")).manifest == manifest


RAN: dict[str, tuple[str | None, tuple[str, ...], bool]] = {
    "nobody asked": (None, (), False),
    "the classic engine ran for 4.6": ("4.6", BOTH, False),
    "only the new engine ran": ("4.6", ("new",), True),
    "nothing was run": ("4.6", (), True),
    "a newer one than is here": ("99.0", BOTH, True),
}


@pytest.mark.parametrize(("opencv", "ran", "is_said"), RAN.values(), ids=RAN)
def test_an_opencv_that_was_not_tried_is_said(
    opencv: str | None, ran: tuple[str, ...], is_said: bool
) -> None:
    """With the command that tries it."""
    target = Target(asked=False) if opencv is None else Target((int(opencv[:-2]), int(opencv[-1])))
    notes = not_run_note(target, ran)
    assert bool(notes) == is_said
    assert all(f"`keras2cv matrix BUNDLE --opencv {opencv}`" in note for note in notes)


def test_an_export_does_not_advise_what_it_does() -> None:
    """Other advice of the same error stays."""
    error = f"It failed. {other_engine_hint(ENGINES[0])} The layer is conv."
    assert without_advice(error) == "It failed. The layer is conv."
    refused = str(refused_by_all(NetError(error)))
    assert refused.startswith(
        "It failed. The layer is conv. Nothing was written. `keras2cv inspect`"
    )
