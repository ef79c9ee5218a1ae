"""ONNX files whose only purpose is harm: each kind is refused in one sentence, at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from keras2cv.bundle.manifest import ModelSource
from keras2cv.errors import Keras2cvError, ModelError
from keras2cv_export.convert import convert
from keras2cv_export.importing import import_child, import_in_child
from keras2cv_export.importing.import_graph import import_graph
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.load.from_onnx import onnx_model

node = helper.make_node
MINIMUM = -(2**63)


def big(*numbers: int) -> Any:
    """Return a vector of int64."""
    return np.array(numbers, np.int64)


def written(
    path: Path,
    nodes: list[onnx.NodeProto],
    opset: int = 17,
    functions: list[onnx.FunctionProto] | None = None,
    **constants: Any,
) -> Path:
    """Write a model of x (1, 3, 8, 8) with these nodes, which end in y."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, 8, 8))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    sets = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    model = helper.make_model(graph, opset_imports=sets, functions=functions, ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path


def opened(path: Path) -> LoadedModel:
    """Return the file as a model."""
    return onnx_model(path, ModelSource(path.name, "onnx"), None, 1, None)


def summed(*nodes: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Return nodes that make c, and add its sum to x."""
    return [
        *nodes,
        node("ReduceMax", ["c"], ["m"], keepdims=0),
        node("Cast", ["m"], ["q"], to=1),
        node("Add", ["x", "q"], ["y"]),
    ]


def small(*shape: int) -> Any:
    """Return float32 zeros."""
    return np.zeros(shape, np.float32)


GROWING: dict[str, tuple[list[onnx.NodeProto], dict[str, Any]]] = {
    "range": (
        summed(node("Range", ["a", "b", "d"], ["c"])),
        {"a": np.int64(0), "b": np.int64(2**40), "d": np.int64(1)},
    ),
    "constant of shape": (summed(node("ConstantOfShape", ["s"], ["c"])), {"s": big(2**28 - 1)}),
    "many constants": (
        summed(
            *[node("ConstantOfShape", ["s"], [f"c{k}"]) for k in range(8)],
            node("Concat", [f"c{k}" for k in range(8)], ["c"], axis=0),
        ),
        {"s": big(2**24)},
    ),
    "expand": (summed(node("Expand", ["w", "s"], ["c"])), {"w": small(1), "s": big(2**35)}),
    "tile": (summed(node("Tile", ["w", "s"], ["c"])), {"w": small(1), "s": big(2**27)}),
    "pad": (summed(node("Pad", ["w", "s"], ["c"])), {"w": small(1), "s": big(2**34, 0)}),
    "outer product": (
        summed(node("MatMul", ["w", "v"], ["c"])),
        {"w": small(2**15, 1), "v": small(1, 2**15)},
    ),
    "product of two": (
        summed(node("EyeLike", ["w"], ["e"]), node("MatMul", ["e", "e"], ["c"])),
        {"w": small(5000, 5000)},
    ),
    "einsum": (
        summed(node("Einsum", ["w", "w", "w"], ["c"], equation="i,j,k->ijk")),
        {"w": small(4096)},
    ),
    "steps": (
        summed(node("Range", ["a", "b", "d"], ["c"])),
        {"a": np.int64(0), "b": np.int64(9), "d": np.int64(0)},
    ),
}


@pytest.mark.parametrize("kind", GROWING)
def test_constants_that_grow(tmp_path: Path, kind: str) -> None:
    """A file of a kilobyte makes this machine compute nothing large."""
    nodes, constants = GROWING[kind]
    loaded = opened(written(tmp_path / "m.onnx", nodes, **constants))
    started = time.process_time()
    with pytest.raises(ModelError) as refused:
        import_graph(loaded)
    assert "\n" not in str(refused.value)
    assert time.process_time() - started < 5


WRONG: dict[str, tuple[list[onnx.NodeProto], int, dict[str, Any]]] = {
    "no stride": ([node("Conv", ["x", "w"], ["y"], strides=[0, 0])], 17, {"w": small(2, 3, 3, 3)}),
    "pool": ([node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[0, 0])], 17, {}),
    "blocks": ([node("DepthToSpace", ["x"], ["y"], blocksize=0)], 17, {}),
    "parts": ([node("Split", ["x"], ["y"], num_outputs=0)], 18, {}),
    "groups": (
        [node("GroupNormalization", ["x", "w", "w"], ["y"], num_groups=0)],
        21,
        {"w": small(3)},
    ),
    "fewest": ([node("TopK", ["x", "k"], ["y", "i"])], 17, {"k": big(-5)}),
    "overflow": ([node("Reshape", ["x", "s"], ["y"])], 17, {"s": big(2**62, 2**62, -1)}),
    "quotient": (
        [node("Div", ["a", "b"], ["s"]), node("Reshape", ["x", "s"], ["y"])],
        17,
        {"a": big(MINIMUM), "b": big(-1)},
    ),
    "place": (
        [
            node("Shape", ["x"], ["n"]),
            node("Gather", ["n", "i"], ["s"]),
            node("Reshape", ["x", "s"], ["y"]),
        ],
        17,
        {"i": big(2**40)},
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_nodes_that_break_the_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Divisions by zero, sizes beyond 64 bits, indices beyond the end: a sentence."""
    nodes, opset, constants = WRONG[kind]
    loaded = opened(written(tmp_path / "m.onnx", nodes, opset, **constants))
    monkeypatch.setattr(
        "keras2cv_export.convert.import_in_child", lambda loaded, _: import_graph(loaded)
    )
    with pytest.raises(Keras2cvError):
        convert(loaded)


def function(name: str, *calls: str) -> onnx.FunctionProto:
    """Return a function of the file's own that calls others one after the other."""
    names = ["a", *(f"t{k}" for k in range(len(calls) - 1)), "b"]
    nodes = [
        node(call, [names[k]], [names[k + 1]], domain="own" if call != "Relu" else "")
        for k, call in enumerate(calls)
    ]
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    return helper.make_function("own", name, ["a"], ["b"], nodes, sets)


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        ([function("f", "f")], "calls itself, f"),
        ([function("f", "g"), function("g", "f")], "calls itself"),
        (
            [*(function(f"f{k}", f"f{k + 1}", f"f{k + 1}") for k in range(30)),
             function("f30", "Relu")],
            "1073741824 nodes",
        ),
        (
            [*(function(f"f{k}", f"f{k + 1}") for k in range(200)), function("f200", "Relu")],
            "201 deep",
        ),
    ],
)  # fmt: skip
def test_functions_that_grow(
    tmp_path: Path, functions: list[onnx.FunctionProto], words: str
) -> None:
    """They are counted before they are written out."""
    call = node(functions[0].name, ["x"], ["y"], domain="own")
    path = written(tmp_path / "m.onnx", [call], functions=functions)
    with pytest.raises(ModelError, match=words):
        opened(path)


def test_very_many_nodes(tmp_path: Path) -> None:
    """Nothing that grows with their number begins."""
    names = ["x", *(f"t{k}" for k in range(25_000)), "y"]
    nodes = [node("Relu", [a], [b]) for a, b in pairwise(names)]
    with pytest.raises(ModelError, match="25001 nodes, and 20000 are the most"):
        opened(written(tmp_path / "m.onnx", nodes))


@pytest.mark.parametrize(
    "place",
    [
        {"location": "w.bin", "offset": str(2**62), "length": "216"},
        {"location": "w.bin"},
        {"location": "m.onnx"},
        {"location": "w.bin", "length": "7"},
    ],
)
def test_weights_beside_that_are_too_short(tmp_path: Path, place: dict[str, str]) -> None:
    """A place in another file holds exactly what the tensor needs."""
    path = with_weights_beside(tmp_path, place)
    with pytest.raises(ModelError, match="too short or holds them elsewhere"):
        opened(path)


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("w\0.bin", "which is not there"),
        ("", "which is not there"),
        ("a/../../w\0.bin", "outside its own folder"),
        ("../../../../../../../../../../../../etc/passwd", "outside its own folder"),
        ("/dev/zero", "outside its own folder"),
    ],
)
def test_weights_in_no_file_beside_the_model(tmp_path: Path, location: str, words: str) -> None:
    """Names that no file has, and names of other files."""
    with pytest.raises(ModelError, match=words):
        opened(with_weights_beside(tmp_path, {"location": location}))


def with_weights_beside(tmp_path: Path, place: dict[str, str]) -> Path:
    """Write a model whose weights are said to be in another file, and 100 bytes there."""
    path = written(tmp_path / "m.onnx", [node("Conv", ["x", "w"], ["y"])])
    model = onnx.load(path)
    tensor = model.graph.initializer.add()
    tensor.name, tensor.data_type, tensor.data_location = "w", 1, TensorProto.EXTERNAL
    tensor.dims.extend([2, 3, 3, 3])
    for key, value in place.items():
        tensor.external_data.add(key=key, value=value)
    path.write_bytes(model.SerializeToString())
    (tmp_path / "w.bin").write_bytes(b"\0" * 100)
    return path


def test_the_graph_is_prepared_in_a_child(tmp_path: Path) -> None:
    """Its result comes back through a file that is read as a stranger's; names and sizes stay."""
    nodes = [
        node("Relu", ["x"], ["r"]),
        node("Shape", ["x"], ["n"]),
        node("Reshape", ["r", "n"], ["y"]),
    ]
    path = written(tmp_path / "m.onnx", nodes)
    loaded = opened(path)
    found = import_in_child.import_in_child(loaded, path)
    assert [spec.name for spec in found.output_specs] == ["y"]
    assert found.output_specs == import_graph(loaded).output_specs


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("bytearray(2**40)", "memory"),
        ("open(__OUTSIDE__, 'w')", "cannot be prepared"),
    ],
)
def test_harm_in_the_child_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str, words: str
) -> None:
    """A crash, all memory, a file elsewhere: the child has no right to write it."""
    outside = tmp_path / "written.txt"
    child = tmp_path / "harmful_child.py"
    child.write_text(
        "import os\n"
        "from pathlib import Path\n"
        "from keras2cv.isolation.confinement import confine, own_process\n"
        "def answer(request, report):\n"
        "    own_process(); confine([Path(request['folder'])])\n"
        f"    {harm.replace('__OUTSIDE__', repr(str(outside)))}\n"
        "    return {}\n",
        encoding="utf-8",
    )
    entry = import_in_child.Entry(f"{child}:answer")
    monkeypatch.setattr(import_in_child, "_ENTRY", entry)
    path = written(tmp_path / "m.onnx", [node("Relu", ["x"], ["y"])])
    with pytest.raises(ModelError, match=words):
        import_in_child.import_in_child(opened(path), path)
    assert not outside.exists() or not _has_landlock()


def test_the_child_gives_its_rights_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it reads a byte of the file, whoever started it."""
    done: list[Any] = []
    monkeypatch.setattr(import_child, "own_process", lambda: done.append("own"))
    monkeypatch.setattr(import_child, "confine", done.append)
    monkeypatch.setattr(import_child, "read_onnx", _stop(done))
    with pytest.raises(InterruptedError):
        import_child.answer({"folder": str(tmp_path), "path": "x"}, lambda **_: None)
    assert done == ["own", [tmp_path], "read"]


def _stop(done: list[Any]) -> Callable[[Path], None]:
    def read(_: Path) -> None:
        done.append("read")
        raise InterruptedError

    return read


def _has_landlock() -> bool:
    from keras2cv.isolation.confinement import version

    return version() > 0 and os.name == "posix"
