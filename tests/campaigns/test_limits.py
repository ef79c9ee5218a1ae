"""The limits page: layers counted by kind, and the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaigns.limits.__main__ import main
from campaigns.limits.chains import CHAINS, WHO, Chain, convolutions, throughputs
from campaigns.limits.page import text_of
from campaigns.limits.profiles import KINDS, kind_of, kinds_of_events, layers_of
from keras2cv_bench.environment import host

DUMP = """
         // op #0
         TransformLayout {
            name: "trlayout.0",
         },
         // op #1
         Conv2 {
            group: 1,
            ksize: [32, 3, 3, 3],
         },
         // op #2
         Conv2 {
            group: 96,
            ksize: [96, 1, 3, 3],
         },
         // op #3
         ConvTranspose2 {
            group: 1,
            ksize: [64, 32, 2, 2],
         },
"""


def event(name: str, op: str, ms: float, *shapes: list[int]) -> dict[str, object]:
    """Return a node's event, as onnxruntime writes it."""
    args = {"op_name": op, "input_type_shape": [{"float": shape} for shape in shapes]}
    return {"cat": "Node", "name": f"{name}_kernel_time", "dur": ms * 1e3, "args": args}


def test_a_chain_counts_its_products(tmp_path: Path) -> None:
    """Two operations each, and every engine computes them."""
    small = Chain("1x1", 16, 10, 1)
    assert small.gflop == pytest.approx(2e-9 * 6 * 16 * 16 * 100)
    found = throughputs(small, tmp_path, threads=1, rounds=1)
    assert tuple(found) == WHO
    assert min(found.values()) > 0
    stem = next(chain for chain in CHAINS if chain.stem)
    assert convolutions(stem).graph.output[0].type.tensor_type.shape.dim[2].dim_value == 112


def test_layers_of_both_profiles_are_told_apart() -> None:
    """By op, kernel, groups and channels."""
    assert layers_of(DUMP) == ["layout", "stem", "depthwise", "other convolutions"]
    assert kind_of("FusedConv", (8, 64, 1, 1), 64, 1) == "1x1"
    assert kind_of("Conv", (8, 64, 1, 7), 64, 1) == "other convolutions"
    assert kind_of("Relu", (), 0, 1) == "element-wise"
    assert {kind_of(op, (), 0, 1) for op in ("Gemm", "MaxPool", "Concat2")} <= set(KINDS)


def test_the_median_of_a_node_is_counted_once() -> None:
    """Without its first two runs."""
    runs = [900.0, 500.0, 3.0, 1.0, 2.0]
    events = [event("a", "Conv", ms, [1, 64, 9, 9], [32, 64, 3, 3]) for ms in runs]
    events += [event("b", "Conv", 5.0, [1, 32, 9, 9], [32, 1, 3, 3]) for _ in runs]
    events.append({"cat": "Session", "name": "model_run", "dur": 1e6})
    assert kinds_of_events(events, {}) == pytest.approx({"3x3": 2.0, "depthwise": 5.0})


def test_the_page_holds_both_sides() -> None:
    """Rates, the cause, and a table for each model."""
    chain = CHAINS[0]
    found = [(chain, dict.fromkeys(WHO[:3], 50.0))]
    profiles = {"Some": ({"1x1": 4.0, "layout": 1.0}, {"1x1": 2.0})}
    text = text_of(host(None), 2, found, profiles)
    assert "| 1x1 | 64 -> 64 | 56x56 | 50 | 50 | 50 | - |" in text
    assert "| 1x1 | 4.00 | 2.00 | 2.00 |" in text
    assert "| layout | 1.00 | 0.00 | - |" in text
    assert "| all | 5.00 | 2.00 | 2.50 |" in text
    assert "conv2_kernels" in text


def test_a_file_that_is_not_prepared_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the command that prepares it; exit code 2."""
    monkeypatch.setattr("campaigns.limits.__main__.CHAINS", ())
    assert main(["-w", str(tmp_path), "-o", str(tmp_path), "--threads", "1"]) == 2
    assert "--prepare-only --only ResNet50" in capsys.readouterr().err
    assert main(["-w", str(tmp_path), "-o", str(tmp_path), "--models", "", "--threads", "1"]) == 0
    assert (tmp_path / "performance_limits.md").read_text().startswith("# What limits")
