"""`inspect`: every unsupported op at once, the installed OpenCV's errors, and safe reading."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper
from rich.console import Console

from keras2cv.cli import main
from keras2cv.errors import BundleError, ModelError, UsageError
from keras2cv.net.engines import ENGINES
from keras2cv_export import inspecting
from keras2cv_export.inspecting import Finding, Inspection, Trial, inspect_model, render, survey
from keras2cv_export.inspecting.opening import Opened
from keras2cv_export.matrix.environment import Environment, Environments
from keras2cv_export.matrix.wheels import engines_of
from keras2cv_export.model.onnx_files.reading import read_onnx
from keras2cv_export.targets.importer_support import Unsupported
from keras2cv_export.verifying import probe
from keras2cv_export.verifying.probing import ASKING, input_shapes, try_engines
from support.tiny_bundle import Classifier

HERE = ".".join(cv2.__version__.split(".")[:2])
CRASH = "import ctypes; ctypes.string_at(0)"
RNG = np.random.default_rng(61)


def write(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    shape: Sequence[int | str] = (1, 3, 7, 10),
    *,
    dtype: int = TensorProto.FLOAT,
    weights: Sequence[onnx.TensorProto] = (),
) -> Path:
    """Write a graph from the input x to the output y of the last node, unchecked."""
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("x", dtype, list(shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, list(shape))],
        list(weights),
    )
    opsets = [helper.make_opsetid("", 11), helper.make_opsetid("own", 1)]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = 6
    path.write_bytes(model.SerializeToString())
    return path


def node(op: str, given: str, made: str, name: str = "", **attributes: Any) -> onnx.NodeProto:
    """Return a node of one input and one output."""
    return helper.make_node(op, [given], [made], name=name, **attributes)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Write a graph that every OpenCV runs: two Transposes and a Relu."""
    there, back = [0, 2, 3, 1], [0, 3, 1, 2]
    return write(
        tmp_path / "good.onnx",
        [
            node("Transpose", "x", "a", perm=there),
            node("Relu", "a", "b"),
            node("Transpose", "b", "y", perm=back),
        ],
    )


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """Write a graph with three nodes that nothing runs, two of them in one layer."""
    return write(
        tmp_path / "bad.onnx",
        [
            node("Relu", "x", "a", "net/block/Relu"),
            node("NonZero", "a", "b", "net/pick/NonZero_1"),
            node("NonZero", "b", "c", "net/pick/NonZero_2"),
            node("Mystery", "c", "y", "net/tail/Mystery", domain="own"),
        ],
    )


def test_everything_unsupported_is_listed_at_once(bad: Path) -> None:
    """Each kind of op in each layer once, in graph order, with a count and the targets."""
    found = inspect_model(bad, ["4.6", "5.0"])
    rows = [(f.problem.op, f.problem.layer, f.count) for f in found.findings]
    assert rows == [("NonZero", "net/pick", 2), ("Mystery", "net/tail", 1)]
    assert found.targets == ("4.6", "5.0 new", "5.0 classic")
    assert all(f.targets == found.targets for f in found.findings)
    assert all(f.problem.why and f.problem.hint for f in found.findings)
    assert [found.unsupported(t) for t in found.targets] == [3, 3, 3]
    assert found.exit_code == 1


@pytest.mark.parametrize(
    "broken",
    [
        node("Resize", "x", "y", mode=[b"a", b"b"]),
        helper.make_node("Gemm", ["x", "x"], ["y"], transB="yes"),
    ],
    ids=["many for one", "text for a flag"],
)
def test_nodes_that_break_the_rules_are_one_sentence(
    tmp_path: Path, broken: onnx.NodeProto
) -> None:
    """Attributes of another type than ONNX's are reported; in our own graph they are a bug."""
    path = write(tmp_path / "broken.onnx", [broken])
    found = Opened(path.name, ir.load(path), path)
    with pytest.raises(ModelError, match=r"broken\.onnx breaks ONNX's rules") as error:
        survey(found, ("4.6", "5.0 new"))
    assert "\n" not in str(error.value)
    with pytest.raises(TypeError):
        survey(replace(found, is_ours=True), ("4.6", "5.0 new"))


def test_findings_are_those_of_each_version(tmp_path: Path) -> None:
    """A version may run nodes that another cannot; 4.7 counts as 4.6, whose faults it may have."""
    k = numpy_helper.from_array(np.array([3]), "k")
    largest = helper.make_node("TopK", ["a", "k"], ["v", "i"], name="net/best/TopK", axis=3)
    nodes = [
        helper.make_node("Clip", ["x", "low"], ["a"], name="net/bound/Clip"),
        largest,
        node("Resize", "v", "y", "net/larger/Resize", mode="cubic"),
    ]
    nodes[2].input.extend(["", "", "sizes"])
    weights = [
        k,
        numpy_helper.from_array(np.float32(0.2), "low"),
        numpy_helper.from_array(np.array([1, 3, 14, 6]), "sizes"),
    ]
    found = inspect_model(
        write(tmp_path / "m.onnx", nodes, weights=weights), ["4.7", "4.10", "4.14", "5.0"]
    )
    assert [(f.problem.op, f.problem.layer, f.targets) for f in found.findings] == [
        ("Clip", "net/bound", ("4.7",)),
        ("TopK", "net/best", ("4.7", "4.10")),
        ("Resize", "net/larger", ("4.7", "4.10", "4.14", "5.0 classic")),
    ]
    assert {target: found.unsupported(target) for target in found.targets} == {
        "4.7": 3, "4.10": 2, "4.14": 1, "5.0 new": 0, "5.0 classic": 1,
    }  # fmt: skip


def test_a_supported_graph_loads_and_runs_on_every_engine(good: Path) -> None:
    """The installed OpenCV is given the file; ops are counted, and so are Transposes."""
    found = inspect_model(good)
    assert found.trials == tuple(Trial(cv2.__version__, e, ran=True) for e in ENGINES)
    assert dict(found.ops) == {"Transpose": 2, "Relu": 1}
    assert found.transposes == 2
    assert (found.findings, found.exit_code) == ((), 0)
    assert all(target.startswith(HERE) for target in found.targets)


def test_ops_are_counted_in_subgraphs_and_with_their_domain(tmp_path: Path) -> None:
    """The histogram is most first, then by name."""
    branch = helper.make_graph(
        [node("Relu", "x", "z")], "b", [], [helper.make_tensor_value_info("z", 1, None)]
    )
    nodes = [
        node("Mystery", "x", "c", domain="own"),
        helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch),
    ]
    model = read_onnx(write(tmp_path / "m.onnx", nodes))
    assert list(inspecting.histogram(model).items()) == [("Relu", 2), ("If", 1), ("own.Mystery", 1)]


@pytest.mark.classic
def test_what_nobody_knew_is_found_by_running_it(tmp_path: Path) -> None:
    """A file that the installed OpenCV refuses is unsupported there, and not elsewhere."""
    # Convolving 3 channels with kernels for 4 is a form that no list of ops would catch; the new
    # engine computes something.
    kernel = numpy_helper.from_array(RNG.normal(size=(5, 4, 3, 3)).astype(np.float32), "w")
    conv = helper.make_node("Conv", ["x", "w"], ["y"], name="net/conv/Conv", kernel_shape=[3, 3])
    path = write(tmp_path / "m.onnx", [conv], weights=[kernel])
    found = inspect_model(path, [HERE])
    assert found.findings == ()
    assert "classic" in [t.engine for t in found.failures]
    assert all(str(t.problem).startswith("It fails ") for t in found.failures)
    assert found.exit_code == 1
    assert inspect_model(path, ["4.5"]).exit_code == 0


@pytest.mark.parametrize(
    ("targets", "counts"),
    [
        (("5.0 new", "5.0 classic"), True),
        (("5.0 classic",), True),
        (("5.0 new",), False),
        (("5",), True),
        (("5.0.0",), True),
        (("5.0.1", "4.6", "50"), False),
    ],
)
def test_a_trial_counts_where_it_was_asked_about(targets: tuple[str, ...], counts: bool) -> None:
    """5.0.0 counts for 5.0; another version's failure is shown and changes nothing."""
    trial = Trial("5.0.0", "classic", ran=False, problem="It crashes.")
    found = Inspection("m.onnx", targets, (), (trial,), {"Relu": 1}, 0)
    assert bool(found.failures) is counts
    assert found.exit_code == int(counts)


@pytest.mark.parametrize(
    ("shape", "dtype"), [((1, 3, "height", 10), TensorProto.FLOAT), ((1, 3, 7, 10), 7)]
)
def test_what_cannot_be_fed_is_loaded_only(
    tmp_path: Path, shape: tuple[int | str, ...], dtype: int
) -> None:
    """An open dimension, or integers, which not every OpenCV takes: the trial reports `not run`."""
    path = write(tmp_path / "m.onnx", [node("Relu", "x", "y")], shape, dtype=dtype)
    assert input_shapes(read_onnx(path)) is None
    found = inspect_model(path)
    assert [trial.ran for trial in found.trials] == [False] * len(ENGINES)


def test_initializers_are_no_inputs(tmp_path: Path) -> None:
    """Old files list their weights among the inputs."""
    weight = numpy_helper.from_array(RNG.normal(size=(3, 1, 1)).astype(np.float32), "w")
    add = helper.make_node("Add", ["x", "w"], ["y"])
    path = write(tmp_path / "m.onnx", [add], weights=[weight])
    proto = onnx.load(path)
    proto.graph.input.append(helper.make_tensor_value_info("w", 1, [3, 1, 1]))
    onnx.save(proto, path)
    assert input_shapes(read_onnx(path)) == {"x": (1, 3, 7, 10)}


def outside(path: Path, location: str) -> Path:
    """Write an Add whose operand is in the file `location`."""
    weight = numpy_helper.from_array(RNG.normal(size=(3, 1, 1)).astype(np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=location)
    return write(path, [helper.make_node("Add", ["x", "w"], ["y"])], weights=[weight])


@pytest.mark.parametrize("kind", ["parent", "absolute", "link", "nested"])
def test_weights_outside_the_folder_are_not_read(tmp_path: Path, kind: str) -> None:
    """A stranger's model may name any file; one that is not beside it is refused."""
    folder = tmp_path / "model"
    folder.mkdir()
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(12))
    location = {"parent": "../secret", "absolute": str(secret)}.get(kind, "here")
    if kind == "link":
        try:
            (folder / "here").symlink_to(secret)
        except OSError:
            pytest.skip("this system makes no symbolic links")
    if kind == "nested":
        location = "a/../../secret"
    with pytest.raises(ModelError, match="outside its own folder"):
        inspect_model(outside(folder / "m.onnx", location))


def test_external_tensors_in_attributes_are_found(tmp_path: Path) -> None:
    """A Constant node can point out of the folder as well as an initializer can."""
    tensor = numpy_helper.from_array(np.float32([1.5, 2.5]), "t")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")
    constant = helper.make_node("Constant", [], ["y"], value=tensor)
    with pytest.raises(ModelError, match="outside its own folder"):
        read_onnx(write(tmp_path / "m.onnx", [constant]))


def test_weights_in_a_file_beside_it_are_a_finding(tmp_path: Path) -> None:
    """OpenCV reads one file only, and a missing second file is reported before that."""
    path = outside(tmp_path / "m.onnx", "m.data")
    with pytest.raises(ModelError, match="which is not there"):
        inspect_model(path)
    (tmp_path / "m.data").write_bytes(bytes(12))
    found = inspect_model(path, ["4.6"])
    (finding,) = found.findings
    assert (finding.problem.op, finding.problem.layer) == ("external data", "the file m.data")
    assert found.exit_code == 1


@pytest.mark.parametrize("content", [b"junk, and no protobuf", b"\x00" * 64])
def test_what_is_no_onnx_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    """The file is named, whatever protobuf raises."""
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"m\.onnx is no ONNX file") as error:
        inspect_model(path)
    assert "\n" not in str(error.value)
    with pytest.raises(ModelError, match="There is no file"):
        inspect_model(tmp_path / "none.onnx")


def test_a_bundle_is_inspected_by_its_graph(tmp_path: Path) -> None:
    """Its file is verified first."""
    bundle = Classifier().write(tmp_path / "cat.cv")
    found = inspect_model(bundle)
    assert (found.name, found.exit_code) == ("cat.cv", 0)
    assert dict(found.ops) == {
        "Conv": 1,
        "Flatten": 1,
        "Gemm": 1,
        "GlobalAveragePool": 1,
        "Relu": 1,
    }
    with (bundle / "model.onnx").open("ab") as file:
        file.write(b"more")
    with pytest.raises(BundleError, match="its manifest says"):
        inspect_model(bundle)


def sabotaged(folder: Path, code: str) -> dict[str, str]:
    """Return an environment in which every Python runs `code` first, with cv2 imported."""
    (folder / "sitecustomize.py").write_text(f"import cv2\n{code}\n", encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(folder)}


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (
            f"def crash(*_, **__):\n {CRASH}\ncv2.dnn.readNetFromONNX = crash",
            "It crashes loading it (SIG" if os.name == "posix" else "It crashes loading it (",
        ),
        ("import os\nos._exit(3)", "It crashes starting it (exit code 3)."),
        (
            "import time\ncv2.dnn.readNetFromONNX = lambda *_, **__: time.sleep(60)",
            "It was not done loading it after 2 s.",
        ),
        (
            "def fail(*_, **__):\n"
            " raise cv2.error('OpenCV(4.6.0) a.cpp:1: error: (-2:Unspecified error) in function "
            "\\'handleNode\\'\\n> Node [Clip@ai.onnx]:(onnx_node!net/relu6/Relu6) parse error: "
            "OpenCV(4.6.0) b.cpp:2: error: (-215:Assertion failed) inputs == 1 in function "
            "\\'void parseClip(int)\\'\\n')\n"
            "cv2.dnn.readNetFromONNX = fail",
            "It fails loading it, at Clip in net/relu6: Assertion failed: inputs == 1, "
            "in parseClip.",
        ),
    ],
    ids=["crash", "exit", "hang", "complaint"],
)
def test_whatever_happens_in_the_trial_is_one_sentence(
    good: Path, tmp_path: Path, code: str, problem: str
) -> None:
    """The stage, and from cv2's nested errors the node, its layer and the innermost one."""
    (trial,) = try_engines(
        good,
        read_onnx(good),
        ["classic"],
        opencv="9.9.9",
        timeout_s=2 if "sleep" in code else 60,
        environment=sabotaged(tmp_path, code),
    )
    assert (trial.opencv, trial.engine, trial.ran) == ("9.9.9", "classic", False)
    assert str(trial.problem).startswith(problem)
    assert "\n" not in str(trial.problem)


def test_the_probe_runs_every_rank(tmp_path: Path) -> None:
    """A blob of rank 3 is no image; the stages are reported."""
    stages: list[dict[str, str]] = []
    request = {"path": str(tmp_path / "m.onnx"), "engine": ENGINES[0], "asking": ASKING}
    for shape in ((1, 5), (1, 4, 6), (1, 3, 7, 10)):
        write(tmp_path / "m.onnx", [node("Relu", "x", "y")], shape)
        stages.clear()
        given = {**request, "shapes": {"x": shape}}
        assert probe.answer(given, lambda **stage: stages.append(stage)) == {}
        assert [stage["stage"] for stage in stages] == ["loading", "running"]
        assert stages[0]["opencv"] == cv2.__version__
    (tmp_path / "m.onnx").write_bytes(b"junk")
    assert "error" in probe.answer({**request, "shapes": None}, lambda **_: None)


class Shelf(Environments):
    """Environments that are this very Python, under other versions."""

    def __init__(self) -> None:
        """Record the requests."""
        self.asked: list[str] = []

    def resolve(self, version: str) -> str:
        """Add the wheel's own number."""
        return f"{version}.0.1" if version.count(".") == 1 else f"{version}.1"

    def prepare(self, wheel: str) -> Environment:
        """Return this Python."""
        self.asked.append(wheel)
        opencv = wheel.rpartition(".")[0]
        return Environment(Path(sys.executable), wheel, opencv, "2", "3", engines_of(opencv))


@pytest.mark.classic
def test_other_versions_are_tried_in_their_environments(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installed one is not tried twice, and environments are made only when asked for."""
    # An environment has no PYTHONPATH; here it needs this Python's own.
    monkeypatch.setattr(inspecting, "clean_environment", lambda: dict(os.environ))
    shelf = Shelf()
    versions = ["4.6", cv2.__version__]
    inspect_model(good, versions, environments=shelf)
    assert shelf.asked == []
    found = inspect_model(good, versions, environments=shelf, try_there=True)
    assert shelf.asked == ["4.6.0.1"]
    assert found.trials[-1] == Trial("4.6.0", "classic", ran=True)
    assert len(found.trials) == len(ENGINES) + 1


def test_a_keras_model_is_converted_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An op that OpenCV does not have is named with its Keras layer, and nothing is raised."""
    keras = pytest.importorskip("keras")
    tf = pytest.importorskip("tensorflow")
    monkeypatch.chdir(tmp_path)

    @keras.saving.register_keras_serializable("test_inspect")
    class Gamma(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return tf.math.lgamma(x)

    image = keras.Input((7, 10, 3), name="image")
    x = Gamma(name="odd_one")(keras.layers.Conv2D(4, 3, name="plain")(image))
    keras.Model(image, x, name="net").save("net.keras")
    found = inspect_model("net.keras", ["4.6", "5.0"])
    problems = [str(f.problem) for f in found.findings] + [str(t.problem) for t in found.failures]
    assert any("Lgamma in net" in line and "odd_one" in line for line in problems)
    assert dict(found.ops)["Lgamma"] == 1
    assert (found.exit_code, found.targets) == (1, ("4.6", "5.0 new", "5.0 classic"))
    assert [path.name for path in tmp_path.iterdir()] == ["net.keras"]
    with pytest.raises(UsageError, match=r"4\.5 is older"):  # it is made for the oldest
        inspect_model("net.keras", ["5.0", "4.5"])


def inspection(**changes: Any) -> Inspection:
    """Return an inspection with something of everything."""
    finding = Finding(Unsupported("Erfc", "net/gelu", "it has no form", "Cut it."), 2, ("4.6",))
    fields: dict[str, Any] = {
        "name": "net.keras",
        "targets": ("4.6", "5.0 new"),
        "findings": (finding,),
        "trials": (
            Trial("5.0.0", "new", ran=False, problem="It crashes loading it (SIGSEGV)."),
            Trial("5.0.0", "classic", ran=True),
            Trial("4.6.0", "classic", ran=False),
        ),
        "ops": {"Conv": 7, "Erfc": 2},
        "transposes": 3,
        "notes": ("It was saved by Keras 2.",),
    }
    return Inspection(**(fields | changes))


def shown(found: Inspection) -> str:
    """Return the printed text of an inspection, 100 columns wide."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(width=100, record=True, file=nowhere)
        render(found, console)
        return console.export_text()


def test_what_is_printed() -> None:
    """The verdict first, then targets, findings, trials, and the graph's ops."""
    assert [line.rstrip() for line in shown(inspection()).splitlines()] == [
        "inspect: 2 unsupported, 1 trial failed (net.keras, 9 nodes)",
        "It was saved by Keras 2.",
        "OpenCV   unsupported",
        "4.6                2",
        "5.0 new            0",
        "  Erfc in net/gelu (2 times), on 4.6: it has no form. Cut it.",
        "  OpenCV 5.0.0, new engine: It crashes loading it (SIGSEGV).",
        "  OpenCV 5.0.0, classic engine: it loads and runs",
        "  OpenCV 4.6.0, classic engine: it loads (not run)",
        "ops: 7 Conv, 2 Erfc",
        "transposes of computed values: 3",
    ]
    clean = inspection(findings=(), trials=())
    assert shown(clean).startswith("inspect: nothing unsupported (net.keras, 9 nodes)")


def test_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Options arrive, exit codes follow the findings, and --json is plain JSON on stdout."""
    asked: dict[str, Any] = {}

    def stand(path: Path, versions: Sequence[str], **options: Any) -> Inspection:
        asked.update(options, path=path, versions=versions)
        return inspection()

    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.keras").mkdir()
    (tmp_path / "net.keras" / "manifest.json").touch()  # a bundle needs no TensorFlow
    monkeypatch.setattr(inspecting, "inspect_model", stand)
    command = ["inspect", "net.keras", "--opencv", "4.6,5.0", "--input-shape", "1,7,10,3"]
    command += ["--signature", "serve", "--batch", "2", "--import", "mine", "--try"]
    assert main([*command, "--json", "-"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["supported"] is False
    assert report["targets"] == {"4.6": 2, "5.0 new": 0}
    assert report["findings"][0]["layer"] == "net/gelu"
    assert report["trials"][1] == {"opencv": "5.0.0", "engine": "classic", "ran": True}
    del asked["progress"]
    assert asked == {
        "path": Path("net.keras"),
        "versions": ("4.6", "5.0"),
        "format": "onnx",
        "input_shapes": (1, 7, 10, 3),
        "signature": "serve",
        "batch": 2,
        "imports": ["mine"],
        "unsafe": False,
        "try_there": True,
    }
    monkeypatch.setattr(
        inspecting, "inspect_model", lambda *_, **__: inspection(findings=(), trials=())
    )
    assert main(["inspect", "none.keras"]) == 2
    assert "There is no model at none.keras" in capsys.readouterr().err
    assert main(["inspect", "net.keras"]) == 0
    assert capsys.readouterr().out.startswith("inspect: nothing unsupported")


def test_the_graph_is_left_alone(good: Path) -> None:
    """Inspecting reads; the file has the same bytes afterwards."""
    before = good.read_bytes()
    inspect_model(good)
    assert good.read_bytes() == before
    assert isinstance(read_onnx(good), ir.Model)
