"""Benchmark records: reading, refusing and describing them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from keras2cv.errors import InputError
from keras2cv.schema.fields import SchemaError
from keras2cv_bench.findings import against, fair_reference, outcome, quantiles
from keras2cv_bench.page import page
from keras2cv_bench.records import (
    Answers,
    Block,
    Missing,
    Record,
    from_json,
    read_record,
    to_json,
)
from keras2cv_bench.report import render
from keras2cv_bench.subjects import ONEDNN
from support.bench_records import SAME, blocks, record, reference, timing
from support.browser import LOOKS, WIDTHS, problems_of

SLOW = pytest.mark.slow

WRONG = Answers("different", 0.3, "scores: off by 0.3")


def shown(found: Record) -> str:
    """Return the terminal's text."""
    out = io.StringIO()
    render(found, outcome(found), Console(file=out, width=80))
    return out.getvalue()


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    """Every raw duration included."""
    made = record(timing("bundle", 5), reference(9), missing=[Missing("litert", "not here", 4)])
    path = tmp_path / "old.json"
    path.write_text(to_json(made), encoding="utf-8")
    assert read_record(path) == made


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "must start with"),
        ("{}", "schema: is missing"),
        (to_json(record()).replace('"schema": 1', '"schema": 2'), "schema: must be 1, got 2"),
        (to_json(record()).replace('"bundle":', '"bundel":'), "bundel: unknown key"),
        (
            to_json(record()).replace('"cores": 1.9', '"cores": "many"', 1),
            r"cores: must be a number",
        ),
        (to_json(record())[:-20], "is not JSON"),
    ],
)
def test_what_is_no_record_is_refused_by_name(tmp_path: Path, text: str, problem: str) -> None:
    """Another version, a typing error, a file that was cut off."""
    path = tmp_path / "old.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        read_record(path)


def test_a_record_that_is_not_there_is_named(tmp_path: Path) -> None:
    """In one sentence."""
    with pytest.raises(InputError, match=r"old\.json cannot be read: No such file"):
        read_record(tmp_path / "old.json")


def test_stages_need_as_many_runs_and_at_least_one() -> None:
    """A block of nothing has no median."""
    for stages in (((), (), ()), ((1.0,), (1.0, 2.0), (1.0,)), ((0.0,), (0.0,), (0.0,))):
        with pytest.raises(SchemaError):
            Block(*stages, cores=1.0)


def test_a_subject_has_one_timing_of_a_batch_and_a_name() -> None:
    """A record with two of them, or of an unknown subject, is refused."""
    with pytest.raises(SchemaError, match="two timings"):
        record(timing("bundle", 1), timing("bundle", 2))
    raw = json.loads(to_json(record()))
    raw["subjects"] = raw["subjects"][:1]
    with pytest.raises(SchemaError, match="none of the subjects"):
        from_json(json.dumps(raw))


def test_the_lead_in_is_kept_and_not_counted() -> None:
    """The first run of a block finds the caches as another subject left them."""
    made = timing("bundle", 5)
    assert max(made.blocks[0].forward_ms) == 50
    assert quantiles(made).p99 < 6
    assert quantiles(made).runs == 40
    assert quantiles(made, "end to end").median == pytest.approx(5.75, rel=0.02)
    assert Block((1.0,), (2.0,), (3.0,), 1.0).steady("end to end") == (6.0,)


def test_the_ratio_is_our_time_over_theirs() -> None:
    """Per stage; there is none with a subject that did not run."""
    found = against(record(), 1, "tf.function")
    assert found is not None
    assert found.ratio == pytest.approx(0.5, rel=0.02)
    assert found.word == "faster"
    whole = against(record(), 1, "tf.function", "end to end")
    assert whole is not None
    assert whole.ratio == pytest.approx(5.75 / 10.75, rel=0.02)
    assert against(record(), 1, "litert") is None
    assert against(record(), 8, "tf.function") is None


def test_a_measurement_alone_is_a_yes() -> None:
    """Slower than a peer is a finding, not a failure."""
    found = outcome(record(timing("bundle", 9), reference(5)))
    assert (found.code, found.reasons) == (0, ())


@pytest.mark.parametrize(
    ("ours_ms", "noise", "limit", "code"),
    [(5, 0.01, 0.6, 0), (8, 0.01, 0.6, 1), (6, 0.3, 0.6, 4)],
)
def test_max_ratio_alone_is_of_tensorflows_time(
    ours_ms: float, noise: float, limit: float, code: int
) -> None:
    """Kept, broken, or too close to decide."""
    ours = timing("bundle", ours_ms, found=blocks(ours_ms, noise, seed=3))
    found = outcome(record(ours, reference(10)), max_ratio=limit)
    assert found.code == code
    assert bool(found.reasons) == (code != 0)


@pytest.mark.parametrize(
    ("then_ms", "limit", "code"), [(5.0, None, 0), (4.0, None, 1), (4.0, 1.5, 0), (20.0, 1.1, 0)]
)
def test_a_baseline_is_held_to_time_against_time(
    then_ms: float, limit: float | None, code: int
) -> None:
    """On the same processor, with as many threads; 1.1 times is allowed by default."""
    old = record(timing("bundle", then_ms), reference(10))
    found = outcome(record(), old, limit)
    assert found.code == code
    assert found.held[0].how == "time against time"
    assert found.held[0].comparison.ratio == pytest.approx(5 / then_ms, rel=0.03)


@pytest.mark.parametrize("other", [{"cpu": "Another"}, {"threads": 8}])
def test_a_baseline_of_another_machine_is_measured_by_tensorflow(other: dict[str, str]) -> None:
    """That machine was twice as fast in everything, so nothing has changed."""
    old = record(timing("bundle", 2.5), reference(5), **other)  # type: ignore[arg-type]
    found = outcome(record(), old, 1.1)
    assert found.code == 0
    assert "another machine" in found.held[0].how
    assert found.held[0].comparison.ratio == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(("naive_ms", "code"), [(8.0, 0), (4.0, 1)])
def test_a_yardstick_compares_shares_on_the_same_machine_too(naive_ms: float, code: int) -> None:
    """This bundle takes as long as ever; what matters is Keras' own export beside it."""
    old = record(timing("bundle", 5.0), reference(10), timing("naive", 8.0))
    now = record(timing("bundle", 5.0), reference(10), timing("naive", naive_ms))
    found = outcome(now, old, 1.6, "naive")
    assert found.code == code
    assert found.held[0].how == "share of the time of naive"
    assert found.held[0].comparison.ratio == pytest.approx(8 / naive_ms, rel=0.03)
    assert outcome(record(), old, 1.6, "naive").code == 4


@pytest.mark.parametrize(("onednn_ms", "word"), [(6.0, "on"), (14.0, "off, its default here")])
def test_the_faster_tensorflow_is_the_baseline(
    onednn_ms: float, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where both settings of oneDNN were timed; a wrong one is none."""
    found = record(timing("bundle", 5.0), reference(10), timing(ONEDNN.name, onednn_ms))
    limit = 5.0 / min(onednn_ms, 10.0)
    assert outcome(found, max_ratio=1.1 * limit).code == 0
    assert outcome(found, max_ratio=0.9 * limit).code == 1
    render(found, outcome(found), Console(width=200))
    assert f"the faster tf.function, with oneDNN {word}, is the baseline" in capsys.readouterr().out
    wrong = timing(ONEDNN.name, 1.0, answers=Answers("different", 0.5, "off"))
    assert fair_reference(record(timing("bundle", 5.0), reference(10), wrong), 1) == "tf.function"


def test_a_baseline_without_a_common_batch_decides_nothing() -> None:
    """An empty comparison is not a yes."""
    old = record(timing("bundle", 5, batch=8), reference(10, batch=8))
    assert outcome(record(), old).code == 4


def test_wrong_answers_of_the_bundle_are_a_no() -> None:
    """However fast they are."""
    found = outcome(record(timing("bundle", 1, answers=WRONG), reference(10)))
    assert found.code == 1
    assert "answers differently than TensorFlow" in found.reasons[0]


def test_uninformative_answers_are_inconclusive() -> None:
    """Constant outputs agree with any answer."""
    unclear = Answers("unclear", 0.0, "scores: hardly vary")
    assert outcome(record(timing("bundle", 1, answers=unclear), reference(10))).code == 4


def test_a_wrong_peer_is_marked_and_does_not_decide() -> None:
    """A fast wrong answer is not a result."""
    noisy = blocks(1.0, 1.0, seed=5)
    made = record(
        timing("bundle", 5), reference(10), timing("litert", 1, answers=WRONG, found=noisy)
    )
    assert outcome(made).code == 0
    text = shown(made)
    assert "no result: other answers" in text
    assert "not TensorFlow's answers (scores: off by 0.3)" in text
    assert "no result: it answers something else" in page(made, outcome(made))


def test_noise_is_inconclusive() -> None:
    """An interval that holds 1 and is wide decides nothing."""
    ours = timing("bundle", 5, found=blocks(5, 1.0, seed=6))
    found = outcome(record(ours, reference(5)))
    assert found.code == 4
    assert "too noisy to decide" in found.reasons[0]


def test_a_machine_without_a_free_core_is_reported() -> None:
    """Its times depend on the load, however steady they are."""
    starved = [Block(b.preprocessing_ms, b.forward_ms, b.postprocessing_ms, 0.3) for b in blocks(5)]
    found = outcome(record(timing("bundle", 5, found=starved), reference(10)))
    assert found.code == 4
    assert "had 0.3 of a core" in found.reasons[0]


def test_a_no_outweighs_the_undecided() -> None:
    """One sure reason is enough."""
    ours = timing("bundle", 5, answers=WRONG, found=blocks(5, 1.0, seed=6))
    assert outcome(record(ours, reference(5))).code == 1


def test_the_terminal_shows_subjects_ratios_and_who_is_missing() -> None:
    """In eighty columns."""
    made = record(
        timing("bundle", 5),
        reference(10),
        missing=[Missing("openvino", "not installed: pip install openvino")],
    )
    text = shown(made)
    assert max(map(len, text.splitlines()[1:])) <= 80
    assert "this bundle" in text
    assert "faster" in text
    assert text.count("openvino") == 2
    assert "openvino: not installed: pip install openvino" in text


def test_the_page_is_whole_and_holds_the_record() -> None:
    """Nothing is fetched; a user's name for a file cannot become markup."""
    made = record(
        *(timing("bundle", 5 * b, b) for b in (1, 4)),
        *(reference(10 * b, b) for b in (1, 4)),
        titles={"bundle": "this <b> bundle"},
    )
    text = page(made, outcome(made))
    assert "2.0 times as fast" in text
    assert "Batch by batch" in text
    assert "this &lt;b&gt; bundle" in text
    assert "http" not in text.replace("http://www.w3.org", "")
    inside = text.partition('type="application/json">')[2].partition("</script>")[0]
    assert from_json(inside) == made


@pytest.mark.parametrize("look", [LOOKS[0], *(pytest.param(k, marks=SLOW) for k in LOOKS[1:])])
def test_the_page_reads_in_a_browser(look: Any, tmp_path: Path) -> None:
    """On a phone, a tablet and a desk: axe-core finds nothing, and nothing is cut off."""
    made = record(
        *(timing("bundle", 5 * b, b) for b in (1, 4)), *(reference(10 * b, b) for b in (1, 4))
    )
    assert problems_of(page(made, outcome(made)), look, tmp_path) == {w: [] for w in WIDTHS}


def test_a_page_of_arrays_has_no_part_about_pictures() -> None:
    """One batch size has no sweep."""
    raw = json.loads(to_json(record())) | {"takes": "arrays"}
    made = from_json(json.dumps(raw))
    text = page(made, outcome(made))
    assert "From a picture" not in text
    assert "Batch by batch" not in text
    assert SAME.verdict == "same"
