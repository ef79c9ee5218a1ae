"""Files of two exports: identical, with other names, different, missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from campaigns.same_files.comparing import Comparison, changed_keys, compare_folders
from campaigns.same_files.exporting import FROZEN_SAMPLE
from campaigns.same_files.report import exit_code, text_of
from end_to_end.test_conformance import FROZEN_SAMPLE as TESTED_FROZEN_SAMPLE


def write_model(
    path: Path,
    *,
    inner: str = "inner",
    output: str = "y",
    operator: str = "Relu",
    weight: float = 2,
) -> None:
    """Write x -> Mul by a weight -> an activation -> y."""
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in ("x", output)
    ]
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["x", f"{inner}/w"], [inner], name=f"{inner}/mul"),
            helper.make_node(operator, [inner], [output], name="last"),
        ],
        "graph",
        values[:1],
        values[1:],
        [numpy_helper.from_array(np.full((1, 3), weight, np.float32), f"{inner}/w")],
        value_info=[helper.make_tensor_value_info(inner, TensorProto.FLOAT, [1, 3])],
    )
    path.parent.mkdir(parents=True)
    onnx.save(helper.make_model(graph), path)


def compare_models(tmp_path: Path, **after: object) -> Comparison:
    """Compare the model with one that is written with other arguments."""
    write_model(tmp_path / "before" / "a.cv" / "model.onnx")
    write_model(tmp_path / "after" / "a.cv" / "model.onnx", **after)  # type: ignore[arg-type]
    (found,) = compare_folders(tmp_path / "before", tmp_path / "after")
    return found


def test_the_same_bytes_are_identical(tmp_path: Path) -> None:
    """Written twice alike."""
    assert compare_models(tmp_path) == Comparison("a.cv/model.onnx", "identical")


def test_other_inner_names_are_shown(tmp_path: Path) -> None:
    """Nodes, weights and values may be called otherwise."""
    found = compare_models(tmp_path, inner="other")
    assert found.verdict == "names differ"
    assert found.detail == "node inner/mul -> node other/mul, inner/w -> other/w, inner -> other"


@pytest.mark.parametrize("after", [{"operator": "Tanh"}, {"weight": 3.0}, {"output": "z"}])
def test_another_operator_weight_or_output_is_different(
    after: dict[str, object], tmp_path: Path
) -> None:
    """An output's name is part of the file's interface."""
    found = compare_models(tmp_path, **after)
    assert found.verdict == "different"
    assert exit_code([found]) == 1


def test_a_file_that_one_folder_lacks_is_missing(tmp_path: Path) -> None:
    """A bundle that is refused now was exported before, or the other way round."""
    write_model(tmp_path / "before" / "model.onnx")
    (tmp_path / "after").mkdir()
    (found,) = compare_folders(tmp_path / "before", tmp_path / "after")
    assert found.verdict == "missing"
    assert "missing: model.onnx: no" in text_of([found])
    assert exit_code([found]) == 1


def test_two_empty_folders_are_refused(tmp_path: Path) -> None:
    """An empty comparison proves nothing."""
    with pytest.raises(FileNotFoundError, match="Nothing to compare"):
        compare_folders(tmp_path, tmp_path)


def test_changed_keys_are_named_by_their_path() -> None:
    """A key that one document lacks counts as changed."""
    before = {"model": {"sha256": "a", "bytes": 1}, "inputs": [{"name": "x"}], "old": 1}
    after = {"model": {"sha256": "b", "bytes": 1}, "inputs": [{"name": "y"}]}
    assert changed_keys(before, after) == ["model.sha256", "inputs.0.name", "old"]


def test_the_frozen_sample_is_the_one_that_the_tests_run() -> None:
    """The campaign has its own list, because it also exports from checkouts of another layout."""
    assert FROZEN_SAMPLE == TESTED_FROZEN_SAMPLE
