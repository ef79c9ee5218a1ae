"""The campaign's own code: its table and its page. Nothing is installed."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from campaigns.command_line import shard
from campaigns.zoo import environments, forks
from campaigns.zoo.__main__ import chosen
from campaigns.zoo.page import text_of, write
from campaigns.zoo.results import Found, Outcome, Results
from campaigns.zoo.smooth import smooth
from campaigns.zoo.specimen import Specimen
from campaigns.zoo.sweep import judged, last_words, without_folders
from campaigns.zoo.tables import all_specimens
from keras2cv.errors import UsageError

COLUMNS = ["5.0 new", "4.6", "Keras 5.0"]
RIGHT = Outcome("right", 3.2e-6)
WRONG = Outcome("wrong", 0.5, "off by 5.0e-01 of the largest value")


def test_the_table_is_well_formed() -> None:
    """A hundred models or more, each under one name, from pinned packages."""
    specimens = all_specimens()
    assert len(specimens) >= 100
    assert len({one.name for one in specimens}) == len(specimens)
    for one in specimens:
        assert one.collection.requirements, one.name
        assert all("==" in name for name in one.collection.requirements), one.name
        assert one.ships or one.build.count("."), one.name


def test_builders_exist() -> None:
    """What the table calls of this campaign is there."""
    home = "campaigns.zoo.builders."
    names = {one.build.removeprefix(home) for one in all_specimens() if one.build.startswith(home)}
    from campaigns.zoo import builders

    assert names == {name for name in vars(builders) if name in names}


@pytest.mark.parametrize("generation", ["keras3", "keras2"])
def test_helpers_are_pinned(generation: str) -> None:
    """And none of them is what the environment borrows."""
    helpers = environments.helpers(generation)
    assert all("==" in helper for helper in helpers)
    borrowed = {"tensorflow", "keras", "numpy", "tf_keras", "opencv-python"}
    assert not borrowed & {helper.partition("==")[0] for helper in helpers}


def _found(specimens: list[Specimen]) -> dict[str, Found]:
    right, wrong, missing = (one.name for one in specimens)
    return {
        right: Found(right, "right", "", 12.0, 600.0, 4.0, ".keras",
                     {"5.0 new": RIGHT, "4.6": RIGHT, "Keras 5.0": Outcome("none")}),
        wrong: Found(wrong, "right", "", 30.0, 2000.0, 10.0, ".h5",
                     {"5.0 new": RIGHT, "4.6": WRONG, "Keras 5.0": Outcome("refused", None, "no")},
                     800.0),
        missing: Found(missing, "not made", "ImportError"),
    }  # fmt: skip


def test_the_page_counts_what_was_found() -> None:
    """By column; Keras' own export's reasons are left out, and what was not built is listed."""
    specimens = list(all_specimens()[:3])
    text = text_of(specimens, _found(specimens), COLUMNS)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert "| 5.0 new | 2 | 0 | 0 | 0 | 0 | 100.0 % |" in rows
    assert "| 4.6 | 1 | 0 | 1 | 0 | 0 | 50.0 % |" in rows
    assert "| Keras 5.0 | 0 | 1 | 0 | 0 | 1 | 0.0 % |" in rows
    assert f"`{specimens[1].name}` on 4.6: off by 5.0e-01 of the largest value" in text
    assert "so 1 of 2 exports hold more than three times the weights and 600 MB" in text
    assert f"Counted without these imports (1 models), 1 does: `{specimens[1].name}`." in text
    assert f"has {len(all_specimens())}. 3 of them were tried so far, small ones first" in text
    assert f"- `{specimens[2].name}`: ImportError" in text
    assert version("tensorflow") in text
    assert "no\n" not in text.split("## Model by model")[0].split("## Where")[1]


def test_a_reason_for_every_column_is_told_once() -> None:
    """Under the model's name alone; Keras' own export has no say in it."""
    one = all_specimens()[0]
    refused = Outcome("refused", None, "its loop depends on the input")
    cells = {"5.0 new": refused, "4.6": refused, "Keras 5.0": Outcome("refused", None, "no")}
    text = text_of([one], {one.name: Found(one.name, "refused", cells=cells)}, COLUMNS)
    assert f"- `{one.name}`: its loop depends on the input\n" in text


def test_the_records_are_beside_the_page(tmp_path: Path) -> None:
    """In the page's order, every model that was tried."""
    specimens = list(all_specimens()[:3])
    page = write(specimens, _found(specimens), COLUMNS, tmp_path)
    assert page.read_text("utf-8").startswith("# Models of other people")
    records = json.loads((tmp_path / "zoo" / "models.json").read_text("utf-8"))
    assert [record["name"] for record in records] == [one.name for one in specimens]


def test_the_last_error_is_told_without_folders_of_the_machine() -> None:
    """A traceback's last line, with what follows it; the file that it names is gone."""
    said = 'Traceback (most recent call last):\n  File "/x/site-packages/k/a.py", line 3\n'
    assert last_words(f"{said}keras.a.SomeError: no\nway out") == "keras.a.SomeError: no way out"
    assert without_folders("see /w/m/model.keras", "/w/m/") == "see model.keras"
    assert without_folders('File "/x/y/site-packages/k/a.py"', "/w/m/") == 'File "k/a.py"'


def test_results_go_on_where_they_stopped(tmp_path: Path) -> None:
    """A line that was cut off is tried again."""
    specimens = list(all_specimens()[:3])
    found = _found(specimens)
    Results(tmp_path / "r.jsonl").add(found.values())
    with (tmp_path / "r.jsonl").open("a") as file:
        file.write('{"name": "half')
    assert Results(tmp_path / "r.jsonl").found == found


def test_parts_of_the_table_are_chosen() -> None:
    """By pattern and by shard; shards together are the whole."""
    specimens = chosen(all_specimens(), ["kimm/*"])
    assert {one.collection.name for one in specimens} == {"kimm"}
    parts = [shard(specimens, f"{k}/3") for k in (1, 2, 3)]
    assert sorted(one.name for part in parts for one in part) == sorted(o.name for o in specimens)
    for wrong in ("0/3", "4/3", "half"):
        with pytest.raises(UsageError, match="--shard takes K/N"):
            shard(specimens, wrong)
    with pytest.raises(UsageError, match="No model is called"):
        chosen(all_specimens(), ["nothing*"])


@pytest.mark.parametrize(
    ("code", "log", "verdict", "reason"),
    [
        (0, "notes", "right", ""),
        (3, "loading ...\nerror: OpenCV cannot\n  - run it", "refused", "OpenCV cannot - run it"),
        (4, "written\nInconclusive: all alike\nnext: run", "right", "Inconclusive: all alike"),
        (1, "Traceback (most recent call last):\nValueError: x", "traceback", None),
        (-11, "", "traceback", ""),
    ],
)
def test_an_export_is_judged_by_what_it_says(
    code: int, log: str, verdict: str, reason: str | None
) -> None:
    """A sentence is a refusal, anything else that fails is a traceback."""
    found = judged(code, log)
    assert found[0] == verdict
    assert reason is None or found[1] == reason


def test_samples_are_smooth_and_in_range() -> None:
    """Neighbours of a picture are alike; a seed gives the same numbers again."""
    picture = smooth((2, 40, 30, 3), 5, (-1, 1))
    assert picture.shape == (2, 40, 30, 3)
    assert np.abs(picture).max() <= 1
    assert np.abs(np.diff(picture, axis=1)).max() < 0.3
    np.testing.assert_array_equal(picture, smooth((2, 40, 30, 3), 5, (-1, 1)))
    assert smooth((1, 7), 1, (0, 1)).shape == (1, 7)


def test_a_copy_does_a_job_and_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its reply, its output and its peak; an error is its exit code and traceback."""
    monkeypatch.setattr(forks, "_import_first", lambda: None)
    (tmp_path / "zoo_job_of_a_test.py").write_text(
        "def double(job):\n    print('doubling')\n    return {'x': 2 * job['x']}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    job = {"function": "zoo_job_of_a_test.double", "log": str(tmp_path / "a.log"), "limit_s": 60.0,
           "variables": {}, "x": 4}  # fmt: skip
    done = forks.answer(job, print)
    assert (done["code"], done["reply"], done["log"]) == (0, {"x": 8}, "doubling\n")
    assert done["peak_mb"] > 1
    failed = forks.answer({**job, "x": None}, print)
    assert failed["code"] == 1
    assert "TypeError" in failed["log"]
    assert sys.stdout is not None
