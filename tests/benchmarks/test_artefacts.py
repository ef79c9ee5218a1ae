"""The files that peers load: what breaks ONNX' rules is replaced by the bundle's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest

from keras2cv.bundle.reading import read_bundle
from keras2cv_bench import benching
from keras2cv_bench.artefacts import Artefact, make, onnx_fault
from keras2cv_bench.benching import Wishes, jobs_for
from keras2cv_bench.pipeline import OF_BUNDLE
from keras2cv_bench.process import Lost
from keras2cv_bench.subjects import NAIVE, SUBJECTS
from support.tiny_bundle import Classifier

NAMES = (("image",), ("scores",))


def model_of(*ops: str, functions: tuple[str, ...] = ()) -> Any:
    """Return a graph of these ops, some of them with a function of the file's own."""
    nodes = [onnx.helper.make_node(op, ["x"], ["y"]) for op in ops]
    own = [onnx.helper.make_function("", name, ["x"], ["y"], [], []) for name in functions]
    graph = onnx.helper.make_graph(nodes, "g", [], [])
    return onnx.helper.make_model(graph, functions=own)


def test_a_file_that_breaks_the_rules_is_told_from_one_that_keeps_them() -> None:
    """Constants as inputs, ops that nobody has; a function of the file's own is no fault."""
    assert onnx_fault(model_of("Relu"), []) == ""
    assert onnx_fault(model_of("Odd", functions=("Odd",)), []) == ""
    assert "ops that ONNX has not: Odd" in onnx_fault(model_of("Relu", "Odd"), [])
    assert "constants as inputs of its file: mean, std" in onnx_fault(model_of(), ["mean", "std"])


def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Artefact) -> Any:
    """Return what makes jobs, where Keras' export gave this file."""
    bundle = read_bundle(Classifier().write(tmp_path / "cat.cv"))
    made.path.touch()
    monkeypatch.setattr(benching, "make", lambda *_, **__: made)
    return jobs_for(bundle, tmp_path / "cat.keras", tmp_path, Wishes())


def test_peers_get_the_bundles_file_in_place_of_a_faulty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV tries the faulty one all the same: that is what people would give it."""
    plain = tmp_path / "plain.onnx"
    job = jobs(tmp_path, monkeypatch, Artefact(plain, NAMES, fault="odd ops"))
    subjects = {subject.name: subject for subject in SUBJECTS}
    naive, theirs = (job(subjects[name], 1) for name in (NAIVE, "onnxruntime"))
    assert (naive.file, naive.how) == (plain, "")
    assert (theirs.file.name, theirs.how) == ("model.onnx", OF_BUNDLE)
    with pytest.raises(Lost, match="odd ops; and this bundle's file is for a batch of 1"):
        job(subjects["onnxruntime"], 2)


def test_a_right_one_is_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under its own names."""
    plain = tmp_path / "plain.onnx"
    job = jobs(tmp_path, monkeypatch, Artefact(plain, NAMES))
    for subject in (one for one in SUBJECTS if one.file == "onnx"):
        assert (job(subject, 2).file, job(subject, 2).names) == (plain, NAMES)


def test_what_was_made_is_found_again_with_its_fault(tmp_path: Path) -> None:
    """The record beside the file has it."""
    out = tmp_path / "plain.onnx"
    (tmp_path / "plain.onnx.json").write_text('{"inputs": ["x"], "outputs": ["y"], "fault": "odd"}')
    found = make("onnx", tmp_path / "cat.keras", out, {"x": (1, 3)})
    assert found == Artefact(out, (("x",), ("y",)), "", "odd")
