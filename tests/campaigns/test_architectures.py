"""The campaign on emulated ARM machines, played by this very Python."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("jinja2")
pytest.importorskip("campaigns.atlas.columns")

from campaigns.architectures import guards_child, selftest_child
from campaigns.architectures.__main__ import faults
from campaigns.architectures.machines import columns_of, find_machines
from campaigns.architectures.nets import chosen, counts_of
from campaigns.architectures.page import Results, page
from campaigns.architectures.pixels import covers, measured
from campaigns.atlas.store import Record
from campaigns.atlas.sweep import Listed
from keras2cv.errors import MissingDependency
from keras2cv_export.matrix.environment import Environment
from support.tiny_bundle import Classifier

HERE = Path(guards_child.__file__).parent
SCRIPT = (HERE / "machines.sh").read_text(encoding="utf-8")

# A process that ends itself as a read past the end would, for images of one size.
DIES = """
import os, signal, sys
sys.path.insert(0, {here!r})
import guards_child as guards
cases = list(guards.cases_of([32], 64))
def call(image, case):
    assert image.ctypes.data + image.nbytes == end
    if case.width == 34:
        os.kill(os.getpid(), signal.SIGSEGV)
buffer = guards.guarded_bytes(100 * 100 * 4)
end = buffer.ctypes.data + buffer.nbytes
print(guards.crashed(call, cases, buffer))
"""


def machine(name: str, *engines: str) -> Environment:
    """Return a machine of that name."""
    return Environment(Path(name) / "python", "", "5.0.0", "2.0", "3.11", engines)


def results(**changes: Any) -> Results:
    """Return the results of one machine on which everything is right."""
    fields: dict[str, Any] = {
        "columns": columns_of({"pi": machine("pi", "new", "classic")}),
        "expected": {"blobs": {"stretch": "a", "pad": "b"}},
        "blobs": {
            "pi": {
                "opencv": "5.0.0",
                "routes": {"1": "cv2", "3": "beyond_hal"},
                "blobs": {"stretch": "a", "pad": "b"},
            }
        },
        "guards": {
            "pi": {
                "targets": [32, 224],
                "step": 8,
                "kinds": {
                    "cv2.resize": {"calls": 9, "crashed": ["34x34x1 to 32"]},
                    "linear": {"calls": 9, "crashed": []},
                },
            }
        },
        "costs": {"pi": {"640x480x3": 2.26, "640x480x1": 1.5}},
        "selftests": {"pi new": {"classify": ""}, "pi classic": {"classify": ""}},
        "nets": [Record("relu", f"pi {engine}", 1, "pass") for engine in ("new", "classic")],
        "suite_size": 1138,
    }
    return Results(**{**fields, **changes})


def test_the_shards_are_the_suite() -> None:
    """Each case is in one of them; the sample has its own."""
    listed = [Listed(f"case{k}", "", (1,), "", "", sampled=k % 5 == 0) for k in range(23)]
    shards = [chosen(listed, f"{k}/4", sampled=False) for k in (1, 2, 3, 4)]
    assert sorted(case.name for shard in shards for case in shard) == sorted(
        case.name for case in listed
    )
    assert {case.name for case in chosen(listed, "1/1", sampled=True)} == {
        f"case{k}" for k in range(0, 23, 5)
    }


def test_a_case_counts_by_the_worst_of_its_batches() -> None:
    """And for its own column alone."""
    records = [
        Record("a", "pi", 1, "pass"),
        Record("a", "pi", 3, "wrong", reason="off"),
        Record("b", "pi", 1, "pass"),
        Record("b", "nano", 1, "crash", reason="lost"),
    ]
    assert counts_of(records, "pi") == {"pass": 1, "refused": 0, "fails": 0, "wrong": 1, "crash": 0}
    told = "m.cv needs OpenCV 4.8 or newer, and this is 4.6.0."
    old = [Record("a", "pi", 1, "fails", reason=told), Record("b", "pi", 1, "fails", reason="no")]
    assert (counts_of(old, "pi")["refused"], counts_of(old, "pi")["fails"]) == (1, 1)


def test_the_page_has_a_row_for_each_machine_and_engine() -> None:
    """With the numbers that were measured."""
    text = "\n".join(page(results()))
    assert (
        "| pi | 5.0.0 | cv2, beyond_hal | 1.5 to 2.3 | 0 | 2, each 8th | 1 of 9 | 0 of 9 |" in text
    )
    assert "| pi new | 1 | 0 | 0 |" in text
    assert "| pi classic | 1 | 1 | 0 | 0 | 0 | 0 |" in text
    assert faults(results()) == []


def test_a_bundle_for_a_newer_opencv_is_refused_and_no_fault() -> None:
    """It says so itself, before anything is computed."""
    reason = "int8.cv needs OpenCV 4.7 or newer, and this is 4.6.0. Install a newer one."
    found = results(selftests={"pi classic": {"classify": "", "int8": reason}})
    assert "| pi classic | 1 | 1 | 0 |" in "\n".join(page(found))
    assert faults(found) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"selftests": {"pi new": {"classify": "blob of image: 4e-3, 1e-06 allowed"}}},
        {"nets": [Record("relu", "pi new", 1, "crash", reason="it was killed")]},
        {"expected": {"blobs": {"stretch": "another"}}},
        {"guards": {"pi": {"kinds": {"linear": {"calls": 1, "crashed": ["34x34x1 to 32"]}}}}},
    ],
)
def test_each_kind_of_fault_is_named(changes: dict[str, Any]) -> None:
    """A wrong blob, net or self-test, and a crash of keras2cv's own, each with its machine."""
    (line,) = faults(results(**changes))
    assert "pi" in line


def test_a_call_that_reads_past_the_end_is_found_and_the_others_go_on() -> None:
    """Every image ends at the guarded page; a lost process costs its own case alone."""
    done = subprocess.run(
        [sys.executable, "-c", DIES.format(here=str(HERE))],
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert re.findall(r"34x\w+ to 32", done.stdout) == [
        f"34x{height}x{channels} to 32" for height in (34, 37) for channels in (1, 3, 4)
    ]


def test_this_machine_reads_no_image_past_its_end(tmp_path: Path) -> None:
    """Every kind of call of ours, on a few sizes; the measurement is kept."""
    kept = tmp_path / "here" / "guards.json"
    found = measured(kept, Path(sys.executable), "guards", "32,96", "64")
    assert set(found["kinds"]) == {"cv2.resize", "linear", "others", "maps"}
    assert all(kind["calls"] == 54 and kind["crashed"] == [] for kind in found["kinds"].values())
    assert json.loads(kept.read_text(encoding="utf-8")) == found


def test_a_self_test_says_why_it_fails(tmp_path: Path) -> None:
    """A right bundle has no reason; one with other golden numbers has."""
    tiny = Classifier()
    bundle = tiny.write(tmp_path / "tiny.cv")
    job = {"path": str(bundle), "engine": None}
    assert selftest_child.answer(job, print) == {"reason": ""}
    (bundle / "selftest.npz").unlink()
    assert selftest_child.answer(job, print)["reason"] != ""


def test_a_missing_machine_is_named(tmp_path: Path) -> None:
    """With what there is, and how to make it."""
    with pytest.raises(MissingDependency, match=r"has the machines \(none\)\..*machines\.sh"):
        find_machines(tmp_path)


def test_ci_makes_a_machine_of_the_list() -> None:
    """A renamed machine is noticed here."""
    ci = (HERE.parents[2] / ".ci" / "run").read_text(encoding="utf-8")
    (name,) = re.findall(r'machines\.sh "\$work/arm" (\S+)', ci)
    assert f"make_machine {name} " in SCRIPT


def test_the_image_is_the_end_of_the_buffer() -> None:
    """Gray ones have no axis of channels, as `predict` takes them."""
    buffer = np.arange(64, dtype=np.uint8)
    gray = guards_child.image_of(guards_child.Case(0, 3, 2, 1, 1), buffer)
    assert (gray.shape, gray[-1, -1]) == ((2, 3), 63)


def test_every_kind_of_image_gets_every_rule() -> None:
    """Square, wider and higher, gray, in colour and with alpha; large ones the quick rules."""
    for target, expected in ((32, guards_child.OTHERS), (640, guards_child.QUICK_OTHERS)):
        met: dict[int, set[object]] = {}
        for case in guards_child.cases_of([target], 1):
            kind = case.number % guards_child.KINDS_OF_IMAGE
            met.setdefault(kind, set()).add(guards_child.other_of(case))
        assert len(met) == 9
        assert all(seen == set(expected) for seen in met.values())


def test_a_finer_sweep_that_is_stored_suffices(tmp_path: Path) -> None:
    """A coarser one, or one of fewer targets, is measured again."""
    found = {"step": 8, "targets": [32, 64, 96]}
    assert covers(found, "32,96", 8)
    assert covers(found, "32,96", 64)
    assert not covers(found, "32,96", 1)
    assert not covers(found, "32,128", 8)
    kept = tmp_path / "here" / "guards.json"
    kept.parent.mkdir()
    kept.write_text(json.dumps({**found, "kinds": {}}), encoding="utf-8")

    def again(step: int) -> Any:
        words = ("guards", "32", str(step))
        enough = lambda old: covers(old, "32", step)  # noqa: E731
        return measured(kept, Path(sys.executable), *words, suffices=enough)

    assert again(64)["kinds"] == {}
    assert again(4)["kinds"]["linear"]["crashed"] == []


def test_a_net_of_minutes_has_one_batch_size() -> None:
    """The others have all of theirs."""
    cases = [Listed(name, name, (1, 3), "", "") for name in ("application", "layer")]
    assert [case.batches for case in chosen(cases, "1/1", sampled=False)] == [(1,), (1, 3)]


def test_a_part_needs_no_other() -> None:
    """Its faults alone are named."""
    found = results(blobs={}, guards={}, costs={}, selftests={"pi new": {"classify": "off"}})
    assert faults(found) == ["classify on pi new: off"]
