"""The campaign of faults: a fixed sample in every run, all of it with `-m slow`."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaigns.faults.kinds import all_faults
from campaigns.faults.page import PLACE, text_of
from campaigns.faults.results import Results
from campaigns.faults.subjects import SUBJECTS
from campaigns.faults.trying import Bench, Outcome, try_fault

FAULTS = {fault.name: fault for fault in all_faults()}
SAMPLE = {
    "binary: sigmoid twice": "caught",
    "binary: no and yes exchanged": "not compared",
    "binary: sigmoid is a tanh": "caught",
    "raw: outputs' names exchanged": "caught",
    "raw: inputs' names exchanged": "caught",
    "streaming: two states exchanged": "caught",
    "five channels: not scaled": "caught",
}

pytestmark = pytest.mark.filterwarnings("ignore::keras2cv.errors.Keras2cvWarning")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Return the place of the right bundles."""
    return Bench(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize("name", SAMPLE)
def test_a_fault_is_caught_or_named_as_not_compared(name: str, bench: Bench) -> None:
    """Those of subjects that train in seconds."""
    outcome = try_fault(bench, FAULTS[name])
    assert outcome.effect
    assert outcome.verdict == SAMPLE[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_is_missed(name: str, bench: Bench) -> None:
    """Whatever changes an answer is found, or named as not compared."""
    assert try_fault(bench, FAULTS[name]).verdict != "MISSED"


@pytest.mark.slow
@pytest.mark.parametrize("name", SUBJECTS)
def test_a_right_bundle_is_not_accused(name: str, bench: Bench) -> None:
    """Its answers are those of the user's pipeline."""
    for with_answers in (False, True):
        verdict, reason = bench.check(name, bench.right(name), with_answers=with_answers)
        assert verdict == "pass", reason


def test_there_are_enough_faults_and_the_page_lists_them() -> None:
    """A hundred kinds, of every group; the page counts and names them."""
    assert len(FAULTS) == len(all_faults()) >= 100
    assert {fault.subject for fault in FAULTS.values()} <= SUBJECTS.keys()
    fault = FAULTS["binary: sigmoid twice"]
    page = text_of(
        [Outcome(fault, "other", "fail", "", "a | b"), Outcome(fault, "", "pass", "", "")]
    )
    assert "1 faults, one at a time, in right bundles of 1 small models" in page
    assert "| postprocessing, binary: sigmoid twice | other | fail | a / b |" in page
    assert PLACE.parts[-2:] == ("docs", "faults.md")
    assert isinstance(PLACE, Path)


def test_a_campaign_goes_on_from_its_results(tmp_path: Path) -> None:
    """What was tried is not tried again; outcomes come back in the order of the faults."""
    faults = list(FAULTS.values())
    first = Outcome(faults[0], "other", "fail", "", "a | b")
    second = Outcome(faults[1], "", "pass", "pass", "")
    path = tmp_path / "results.jsonl"
    results = Results(path, faults)
    results.add(second)
    results.add(first)
    again = Results(path, faults)
    assert faults[0] in again
    assert faults[2] not in again
    assert again.in_order() == [first, second]
    assert Results(path, faults[1:]).outcomes == [second]
    assert Results(None, faults).outcomes == []
