"""The search, with a fake OpenCV: the layer that is named, its conditions, and the certainty."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from rich.console import Console

from keras2cv.isolation import Limits
from keras2cv_export.bisecting import asking, render, searching
from keras2cv_export.bisecting.asking import Answer, ask_onnxruntime
from keras2cv_export.bisecting.comparing import Readable
from keras2cv_export.bisecting.cutting import GraphFile
from keras2cv_export.bisecting.report import Bisection
from keras2cv_export.bisecting.searching import Search
from keras2cv_export.graph.origin import Origin
from keras2cv_export.tracing.layer_outputs import Layer

Array = np.ndarray[Any, Any]
Values = dict[str, Array]
OPS = ("Relu", "Exp", "Neg", "Exp", "Softplus")
LIMIT = 1e-4
SHAPE = (1, 3, 7)


def chain(folder: Path) -> GraphFile:
    """Return x -> v0 -> v1 -> ... -> v4, one op each."""
    names = ["x", *(f"v{k}" for k in range(len(OPS)))]
    nodes = [
        helper.make_node(op, [names[k]], [names[k + 1]], name=f"m/layer{k}/{op}")
        for k, op in enumerate(OPS)
    ]
    typed = [helper.make_tensor_value_info(n, TensorProto.FLOAT, SHAPE) for n in names]
    graph = helper.make_graph(nodes, "chain", typed[:1], typed[-1:], value_info=typed[1:-1])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, str(folder / "chain.onnx"))
    return GraphFile(folder / "chain.onnx")


X = np.random.default_rng(2).uniform(0.2, 1.4, SHAPE).astype(np.float32)


def right_values() -> Values:
    """Return every value as it should be."""
    v0 = np.maximum(X, 0)
    v1 = np.exp(v0)
    v3 = np.exp(-v1)
    return {"v0": v0, "v1": v1, "v2": -v1, "v3": v3, "v4": np.log1p(np.exp(v3))}


def search(folder: Path, *, hidden: tuple[int, ...] = (), fails: bool = True) -> Search:
    """Return a search of the chain, in which some layers cannot be read."""
    values = right_values()
    layers = [
        Layer(f"layer{k}", f"layer{k}", op, frozenset(f"layer{b}" for b in range(k)))
        for k, op in enumerate(OPS)
    ]
    readable = tuple(
        Readable(layer, Origin(layer.key, f"v{k}", ()), values[f"v{k}"], values[f"v{k}"])
        for k, layer in enumerate(layers)
        if k not in hidden
    )
    return Search(
        chain(folder), readable, tuple(layers), {"x": X}, "classic", LIMIT, 0, fails, lambda _: None
    )


def stand_in(change: Callable[[str, Array, int], Array], crashes: int = 99) -> type:
    """Return a fake OpenCV that changes each value, given the number of requested outputs."""

    class Stand:
        def __init__(self, engine: str, **_: bool) -> None:
            self.engine = engine

        def ask(self, model: onnx.ModelProto, _: Mapping[str, Array]) -> Answer:
            wanted = [value.name for value in model.graph.output]
            if len(wanted) > crashes:
                return Answer({}, "OpenCV crashes (SIGSEGV)")
            right = right_values()
            return Answer({n: change(n, right[n], len(wanted)) for n in wanted})

    return Stand


def wrong_from(k: int, by: float = 0.02) -> Callable[[str, Array, int], Array]:
    """Return a change of every value from number `k` on."""
    return lambda name, value, _: value * (1 + by * (int(name[1:]) >= k))


def run(
    monkeypatch: pytest.MonkeyPatch, found: Search, change: Any, crashes: int = 99
) -> Bisection:
    """Search with a stand-in."""
    monkeypatch.setattr(searching, "OpenCV", stand_in(change, crashes))
    return found.run(None)


def first_of(found: Bisection) -> Any:
    """Return the first divergence."""
    assert found.first is not None
    return found.first


@pytest.mark.parametrize("k", range(len(OPS)))
def test_the_first_wrong_layer_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, k: int
) -> None:
    """Not one of those after it, with the op that computes it from the last right value."""
    first = first_of(run(monkeypatch, search(tmp_path), wrong_from(k)))
    assert (first.found.key, first.ops) == (f"layer{k}", (OPS[k],))
    assert first.good == ((f"layer{k - 1}",) if k else ())
    assert not first.gradual
    assert not first.unfused


def test_layers_that_cannot_be_read_are_suspects(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The layers between the last right one and the wrong one, and no others."""
    found = run(monkeypatch, search(tmp_path, hidden=(0, 2, 3)), wrong_from(3))
    first = first_of(found)
    assert (first.found.key, first.suspects) == ("layer4", ("layer2", "layer3"))
    assert (first.good, found.unread) == (("layer1",), ("layer0", "layer2", "layer3"))


def test_a_small_error_is_where_it_begins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Just below the limit, out of nothing, and larger from the next layer on."""

    def change(name: str, value: Array, _: int) -> Array:
        return value * (1 + {"v0": 0.0, "v1": 6e-5}.get(name, 4e-4))

    assert first_of(run(monkeypatch, search(tmp_path), change)).found.key == "layer1"


def test_an_error_that_builds_up_is_called_gradual(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the layer in which it grows most."""

    def change(name: str, value: Array, _: int) -> Array:
        return value * (1 + {"v1": 8e-6, "v2": 1e-5, "v3": 3e-5, "v4": 3.4e-5}.get(name, 0.0))

    first = first_of(run(monkeypatch, search(tmp_path), change))
    assert (first.found.key, first.gradual) == ("layer3", True)


@pytest.mark.parametrize("k", range(len(OPS)))
def test_what_only_fusing_breaks_is_found_by_cutting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, k: int
) -> None:
    """Everything is right as long as all values are asked for."""

    def change(name: str, value: Array, asked: int) -> Array:
        return wrong_from(k)(name, value, asked) if asked == 1 else value

    first = first_of(run(monkeypatch, search(tmp_path), change))
    assert (first.found.key, first.unfused) == (f"layer{k}", True)


def test_a_crash_on_all_values_leaves_cutting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And is reported."""
    found = run(monkeypatch, search(tmp_path), wrong_from(2), crashes=1)
    assert first_of(found).found.key == "layer2"
    assert found.notes == ("Asked for all layers at once: OpenCV crashes (SIGSEGV).",)


def test_nothing_is_named_where_nothing_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Rounding is not wrong."""
    found = run(monkeypatch, search(tmp_path, fails=False), wrong_from(0, by=3e-6))
    assert found.first is None
    assert [e.key for e in found.layers] == [f"layer{k}" for k in range(len(OPS))]


def test_nan_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In one element too, on the terminal in words, and in JSON as a string."""

    def change(name: str, value: Array, _: int) -> Array:
        spoilt = value.copy()
        if name >= "v3":
            spoilt[0, 1, 2] = np.nan
        return spoilt

    found = run(monkeypatch, search(tmp_path), change)
    first = first_of(found)
    assert (first.found.key, first.found.error) == ("layer3", np.inf)
    assert found.to_dict()["first"]["found"]["error"] == "inf"
    assert "it holds NaN or infinity, in 1 of 21 elements" in printed(found)


def test_another_shape_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And both shapes are reported."""

    def change(name: str, value: Array, _: int) -> Array:
        return value[:, :2] if name >= "v2" else value

    found = run(monkeypatch, search(tmp_path), change)
    assert first_of(found).found.key == "layer2"
    assert "has the shape (1, 2, 7) in OpenCV, where (1, 3, 7) is right" in printed(found)


@pytest.mark.parametrize(("graph_is_right", "fault"), [(True, "opencv"), (False, "conversion")])
def test_onnxruntime_decides_whose_fault_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, graph_is_right: bool, fault: str
) -> None:
    """It runs the same graph: either it agrees with TensorFlow, or with OpenCV."""

    def ask(model: onnx.ModelProto, feeds: Mapping[str, Array]) -> Answer:
        wrong = {n: v * 1.02 for n, v in right_values().items()}
        return Answer(right_values() if graph_is_right else wrong)

    monkeypatch.setattr(searching, "ask_onnxruntime", ask)
    assert run(monkeypatch, search(tmp_path), wrong_from(2)).fault == fault


def test_onnxruntime_computes_the_graph(tmp_path: Path) -> None:
    """The values that these tests take for right."""
    pytest.importorskip("onnxruntime")
    graph = chain(tmp_path)
    answer = ask_onnxruntime(graph.tapped(right_values()), {"x": X})
    assert answer.problem == ""
    for name, value in right_values().items():
        np.testing.assert_allclose(answer.values[name], value, rtol=1e-5)


def test_onnxruntime_runs_in_another_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """This process never loads it: a graph on which it crashes or hangs costs a sentence."""
    pytest.importorskip("onnxruntime")
    graph = chain(tmp_path)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # importing it here fails
    monkeypatch.setattr(asking, "has_onnxruntime", lambda: True)
    assert (
        ask_onnxruntime(graph.tapped(right_values()), {"x": X}).values.keys()
        == right_values().keys()
    )
    broken = graph.tapped(right_values())
    broken.graph.node[0].op_type = "NoSuchOp"
    refused = ask_onnxruntime(broken, {"x": X})
    assert refused.problem.startswith("onnxruntime refuses the graph: ")
    monkeypatch.setattr(asking, "_LIMITS", Limits(1e-3))
    assert ask_onnxruntime(broken, {"x": X}).problem.startswith("onnxruntime ")


def printed(found: Bisection) -> str:
    """Return the printed text."""
    shown = StringIO()
    render(found, Console(width=80, file=shown))
    return shown.getvalue()


def test_the_terminal_shows_everything_that_was_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Layer, size, place, neighbours, and each switch."""
    monkeypatch.setattr(searching, "ask_onnxruntime", lambda *_: Answer(right_values()))
    shown = printed(run(monkeypatch, search(tmp_path, hidden=(1,)), wrong_from(2)))
    assert shown.splitlines()[:5] == [
        "bisect: the first layer that diverges is layer2 (Neg)",
        "  it is 2.0e-02 off, where 0.0001 is allowed, in 21 of 21 elements; it is 1.02 times "
        "the reference, throughout",
        "  or layer1, fused into it and not to be read",
        "  right before it: layer0",
        "  between those, OpenCV computes: Exp, Neg",
    ]
    assert "fault: opencv: the exported graph is right" in shown
    assert "  fusion off: makes no difference (2.0e-02 off)" in shown
