"""cv2's nets: names, ranks, engines and errors, on the installed OpenCV.

The small graphs differ from each other in one thing each; expected values are computed by numpy.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx.helper import make_node

from keras2cv.bundle.manifest import Engine, InputTensor, OutputTensor
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.bundle.writing import write_bundle
from keras2cv.errors import InputError, MissingDependency, NetError, UsageError
from keras2cv.net import engines as engines_module
from keras2cv.net.engines import ENGINES, OPTIONS, engines_to_try
from keras2cv.net.error_messages import condensed
from keras2cv.net.net import Net
from support.tiny_bundle import ANY_ENGINE, Classifier, manifest_of, net

Array = NDArray[Any]
RNG = np.random.default_rng(23)
W1 = RNG.normal(size=(5, 4)).astype(np.float32)
W2 = RNG.normal(size=(3, 4)).astype(np.float32)
W3 = RNG.normal(size=(6, 5)).astype(np.float32)

needs_both = pytest.mark.skipif(len(ENGINES) == 1, reason="this OpenCV has one engine")


def dense(source: str, weight: str, target: str) -> onnx.NodeProto:
    """Return target = source @ weight.T."""
    return make_node("Gemm", [source, weight], [target], transB=1)


def load(
    folder: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, tuple[int, ...]],
    outputs: Mapping[str, tuple[int, ...]],
    *,
    asked: Sequence[str] = (),
    wrong_shape: tuple[int, ...] | None = None,
    weights: Mapping[str, Array] | None = None,
    **options: Any,
) -> Net:
    """Return the net of these nodes; `asked` are the outputs that its manifest lists, in order."""
    model = net(nodes, inputs, outputs, weights or {})
    manifest = manifest_of(
        model,
        inputs=tuple(InputTensor(k, k, v, v, "same", "float32") for k, v in inputs.items()),
        outputs=tuple(
            OutputTensor(
                f"keras {k}", k, *(wrong_shape or outputs[k],) * 2, "same", "float32", batched=False
            )
            for k in asked or outputs
        ),
        batch=next(iter(inputs.values()))[0],
    )
    path = folder / "model.onnx"
    path.write_bytes(model)
    return Net(path, manifest, **options)


def random_blob(*shape: int) -> Array:
    """Return float32 noise with both signs."""
    return RNG.normal(size=shape).astype(np.float32)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Return each engine of this OpenCV in turn."""
    return str(request.param)


def relu(x: Array) -> Array:
    """Return max(x, 0)."""
    return np.maximum(x, 0)


FOUR = {"x": (1, 4)}
# name -> nodes, outputs in the graph's order, the order asked in, and the values by numpy
GRAPHS: dict[
    str,
    tuple[
        list[onnx.NodeProto], dict[str, tuple[int, ...]], list[str], dict[str, Callable[..., Array]]
    ],
] = {
    "outputs asked in another order than the graph's": (
        [
            dense("x", "W1", "h"),
            make_node("Relu", ["h"], ["mid"]),
            dense("mid", "W3", "late"),
            dense("x", "W2", "side"),
        ],
        {"late": (1, 6), "side": (1, 3), "mid": (1, 5)},
        ["mid", "late", "side"],
        {
            "mid": lambda x: relu(x @ W1.T),
            "late": lambda x: relu(x @ W1.T) @ W3.T,
            "side": lambda x: x @ W2.T,
        },
    ),
    "not all outputs asked for": (
        [dense("x", "W1", "one"), dense("x", "W2", "two")],
        {"one": (1, 5), "two": (1, 3)},
        ["two"],
        {"two": lambda x: x @ W2.T},
    ),
    "an output used inside": (
        [dense("x", "W1", "mid"), make_node("Relu", ["mid"], ["r"]), dense("r", "W3", "out")],
        {"mid": (1, 5), "out": (1, 6)},
        ["out", "mid"],
        {"mid": lambda x: x @ W1.T, "out": lambda x: relu(x @ W1.T) @ W3.T},
    ),
    "an output that is an input": (
        [dense("x", "W1", "out"), make_node("Identity", ["x"], ["same"])],
        {"out": (1, 5), "same": (1, 4)},
        ["same", "out"],
        {"out": lambda x: x @ W1.T, "same": lambda x: x},
    ),
    "two outputs of one value": (
        [
            dense("x", "W1", "h"),
            make_node("Relu", ["h"], ["r"]),
            make_node("Identity", ["r"], ["a"]),
            make_node("Identity", ["r"], ["b"]),
        ],
        {"a": (1, 5), "b": (1, 5)},
        ["b", "a"],
        {"a": lambda x: relu(x @ W1.T), "b": lambda x: relu(x @ W1.T)},
    ),
    "two outputs of one node": (
        [make_node("Split", ["x"], ["a", "b"], axis=1, split=[1, 3])],
        {"a": (1, 1), "b": (1, 3)},
        ["b", "a"],
        {"a": lambda x: x[:, :1], "b": lambda x: x[:, 1:]},
    ),
    "names as TensorFlow gives them": (
        [dense("x", "W1", "a/b:0"), make_node("Relu", ["a/b:0"], ["Identity:0"])],
        {"a/b:0": (1, 5), "Identity:0": (1, 5)},
        ["Identity:0", "a/b:0"],
        {"a/b:0": lambda x: x @ W1.T, "Identity:0": lambda x: relu(x @ W1.T)},
    ),
    "a layer named as another one's output": (
        [
            make_node("Gemm", ["x", "W1"], ["out"], transB=1, name="layer"),
            make_node("Relu", ["out"], ["layer2"], name="out"),
        ],
        {"out": (1, 5), "layer2": (1, 5)},
        ["out", "layer2"],
        {"out": lambda x: x @ W1.T, "layer2": lambda x: relu(x @ W1.T)},
    ),
}


@pytest.mark.parametrize("case", GRAPHS)
def test_outputs_come_by_name(tmp_path: Path, engine: str, case: str) -> None:
    """Every output is found under its own name, however cv2 changed the graph."""
    nodes, outputs, asked, expected = GRAPHS[case]
    weights = {"W1": W1, "W2": W2, "W3": W3}
    used = {name for node in nodes for name in node.input}
    kept = {name: weight for name, weight in weights.items() if name in used}
    loaded = load(tmp_path, nodes, FOUR, outputs, asked=asked, weights=kept, engine=engine)
    for _ in range(2):
        x = random_blob(1, 4)
        got = loaded.forward({"x": x})
        assert list(got) == asked
        for name, value in expected.items():
            assert np.allclose(got[name], value(x), atol=1e-5)


@pytest.mark.parametrize(
    "shape", [(5,), (1, 7), (1, 4, 6), (2, 5, 3), (1, 2, 5, 4), (2, 1, 3, 4, 5)]
)
def test_every_rank_goes_in_and_comes_out(
    tmp_path: Path, engine: str, shape: tuple[int, ...]
) -> None:
    """Rank 3 is not taken for an image with channels, and rank 1 keeps its shape."""
    nodes = [make_node("Relu", ["x"], ["y"])]
    x = random_blob(*shape)
    got = load(tmp_path, nodes, {"x": shape}, {"y": shape}, engine=engine).forward({"x": x})
    assert got["y"].shape == shape
    assert np.array_equal(got["y"], relu(x))


def test_inputs_go_by_name(tmp_path: Path, engine: str) -> None:
    """Two inputs of one shape are not confused, in whatever order they are given."""
    nodes = [make_node("Sub", ["x", "y"], ["d"])]
    shapes = {"x": (1, 4), "y": (1, 4)}
    loaded = load(tmp_path, nodes, shapes, {"d": (1, 4)}, engine=engine)
    x, y = random_blob(1, 4), random_blob(1, 4)
    assert np.allclose(loaded.forward({"y": y, "x": x})["d"], x - y)


def test_outputs_are_the_callers_to_keep(tmp_path: Path, engine: str) -> None:
    """The next call does not write into the arrays that the last one returned."""
    loaded = load(
        tmp_path, [dense("x", "W1", "y")], FOUR, {"y": (1, 5)}, weights={"W1": W1}, engine=engine
    )
    first = loaded.forward({"x": random_blob(1, 4)})["y"]
    kept = first.copy()
    for _ in range(3):
        loaded.forward({"x": random_blob(1, 4)})
    assert np.array_equal(first, kept)


def test_threads_share_a_net_safely(tmp_path: Path, engine: str) -> None:
    """Sixteen threads with different inputs each get their own answers."""
    loaded = load(
        tmp_path, [dense("x", "W1", "y")], FOUR, {"y": (1, 5)}, weights={"W1": W1}, engine=engine
    )
    wrong: list[int] = []

    def work(seed: int) -> None:
        x = np.random.default_rng(seed).normal(size=(1, 4)).astype(np.float32)
        answers = [loaded.forward({"x": x})["y"] for _ in range(40)]
        wrong.extend(seed for y in answers if not np.allclose(y, x @ W1.T, atol=1e-5))

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("blobs", "message"),
    [
        ({}, r"The net's inputs are \['x'\], got \[\]"),
        ({"z": random_blob(1, 4)}, r"got \['z'\]"),
        ({"x": random_blob(4)}, r"must be \(1, 4\) float32, got \(4,\) float32"),
        ({"x": random_blob(1, 4).astype(np.float64)}, r"got \(1, 4\) float64"),
    ],
)
def test_a_wrong_blob_never_reaches_cv2(
    tmp_path: Path, blobs: dict[str, Array], message: str
) -> None:
    """Shapes, dtypes and names are checked first: cv2 can crash on them."""
    loaded = load(tmp_path, [make_node("Relu", ["x"], ["y"])], FOUR, {"y": (1, 4)})
    with pytest.raises(InputError, match=message):
        loaded.forward(blobs)


def test_another_shape_than_verified_is_an_error(tmp_path: Path, engine: str) -> None:
    """Only dimensions of 1 may come and go; a transposed answer is not made to fit."""
    nodes = [make_node("Reshape", ["x", "shape"], ["y"])]
    weights = {"shape": np.array([2, 6], np.int64)}
    loaded = load(
        tmp_path,
        nodes,
        {"x": (3, 4)},
        {"y": (2, 6)},
        wrong_shape=(6, 2),
        weights=weights,
        engine=engine,
    )
    with pytest.raises(
        NetError, match=r"gives output y the shape \(2, 6\), the bundle was made for"
    ):
        loaded.forward({"x": random_blob(3, 4)})


def test_names_that_are_no_text_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """cv2 decodes them when it is asked; protobuf lets any bytes pass for a name."""
    loaded = load(tmp_path, [make_node("Relu", ["x"], ["y"])], FOUR, {"y": (1, 4)})

    class Nameless:
        def getUnconnectedOutLayersNames(self) -> list[str]:  # noqa: N802 - cv2's name
            return [b"\xf2y".decode("utf-8")]

    monkeypatch.setattr(loaded, "_net", Nameless())
    with pytest.raises(NetError, match="names are no text"):
        loaded._outputs_to_ask()


def test_an_output_that_is_empty_is_an_error(tmp_path: Path) -> None:
    """cv2 gives None for an empty matrix, as some broken graphs make."""
    loaded = load(tmp_path, [make_node("Relu", ["x"], ["y"])], FOUR, {"y": (1, 4)})
    with pytest.raises(NetError, match="gives nothing for output y"):
        loaded._named([None])  # type: ignore[list-item]


def test_a_missing_output_is_an_error(tmp_path: Path, engine: str) -> None:
    """An output that the file does not have is named, not guessed."""
    nodes = [make_node("Relu", ["x"], ["y"])]
    with pytest.raises(NetError, match="has no output z; it has y"):
        load(tmp_path, nodes, FOUR, {"y": (1, 4)}, asked=["z"], wrong_shape=(1, 4), engine=engine)


def test_a_file_that_cv2_cannot_read_is_an_error(cat_cv: Path, engine: str) -> None:
    """cv2's own message is passed on, in one line with the version and a cure."""
    bundle = read_bundle(cat_cv)
    bundle.model_path.write_bytes(b"hello")
    with pytest.raises(
        NetError, match=f"does not load model.onnx .{engine} engine: .*parse"
    ) as error:
        Net(bundle.model_path, bundle.manifest, engine=engine)
    assert cv2.__version__ in str(error.value)
    assert "\n" not in str(error.value)


def test_what_really_runs_is_read_back_from_the_net(cat_cv: Path, engine: str) -> None:
    """`engine` is the one that holds the net, not the one asked for."""
    bundle = read_bundle(cat_cv)
    loaded = Net(bundle.model_path, bundle.manifest, engine=engine)
    assert (loaded.engine, loaded.device) == (engine, "cpu")
    if len(ENGINES) == 2:
        unforced = cv2.dnn.readNetFromONNX(str(bundle.model_path))
        assert (unforced.getModelFormat() != 0) is (
            Net(bundle.model_path, bundle.manifest).engine == "new"
        )


@needs_both
def test_an_engine_forced_by_the_environment_is_noticed(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OPENCV_FORCE_DNN_ENGINE overrides the argument, which is an error."""
    bundle = read_bundle(cat_cv)
    read = cv2.dnn.readNetFromONNX
    monkeypatch.setattr(
        cv2.dnn, "readNetFromONNX", lambda path, **_: read(path, **OPTIONS["classic"])
    )
    with pytest.raises(UsageError, match="new engine was asked for and OpenCV runs the classic"):
        Net(bundle.model_path, bundle.manifest, engine="new")


def test_a_path_that_cv2_cannot_open_is_read_by_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where cv2 opens ASCII names only, the net is loaded from the file's bytes."""
    bundle = read_bundle(Classifier().write(tmp_path / "Müller" / "猫.cv"))
    given: list[Any] = []
    read = cv2.dnn.readNetFromONNX

    def noting(source: Any, **options: Any) -> Any:
        given.append(source)
        return read(source, **options)

    monkeypatch.setattr(cv2.dnn, "readNetFromONNX", noting)
    x = random_blob(1, 9, 12, 3)
    for platform in ("linux", "win32"):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "platform", platform)
            loaded = Net(bundle.model_path, bundle.manifest)
        got = loaded.forward({"image": np.ascontiguousarray(x.transpose(0, 3, 1, 2))})
        assert np.allclose(got["logits"], Classifier()(x), atol=1e-5)
    assert [type(source) for source in given] == [str, np.ndarray]


@needs_both
def test_the_classic_engine_takes_what_the_new_one_refuses(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle verified on every engine is loaded by the next one, and that is reported."""
    bundle = read_bundle(cat_cv)
    read = cv2.dnn.readNetFromONNX

    def refusing(path: str, engine: int) -> Any:
        if {"engine": engine} == OPTIONS["new"]:
            raise cv2.error("no such layer")
        return read(path, engine=engine)

    monkeypatch.setattr(cv2.dnn, "readNetFromONNX", refusing)
    assert Net(bundle.model_path, bundle.manifest).engine == "classic"
    with pytest.raises(NetError, match="new engine: no such layer"):
        Net(bundle.model_path, bundle.manifest, engine="new")


@pytest.mark.parametrize("options", [{"fusion": False}, {"winograd": False}, {}])
def test_optimisations_can_be_switched_off(cat_cv: Path, engine: str, options: Any) -> None:
    """Answers stay right with fusion or Winograd off, where the calls would lose the net too."""
    bundle = read_bundle(cat_cv)
    loaded = Net(bundle.model_path, bundle.manifest, engine=engine, **options)
    x = random_blob(1, 9, 12, 3)
    got = loaded.forward({"image": np.ascontiguousarray(x.transpose(0, 3, 1, 2))})["logits"]
    assert np.allclose(got, Classifier()(x), atol=1e-5)
    assert (loaded.fusion, loaded.winograd) == (
        options.get("fusion", True),
        options.get("winograd", True),
    )


@pytest.mark.classic
def test_the_manifests_options_are_used(tmp_path: Path) -> None:
    """A bundle that was verified without fusion runs without fusion."""
    manifest = (
        Classifier().manifest().replace(engine=Engine("classic", fusion=False, winograd=True))
    )
    files = {"model.onnx": Classifier().onnx(), "selftest.npz": Classifier().selftest()}
    bundle = write_bundle(tmp_path / "cat.cv", manifest, files)
    loaded = Net(bundle.model_path, bundle.manifest)
    assert (loaded.engine, loaded.fusion, loaded.winograd) == ("classic", False, True)


@pytest.mark.parametrize(
    ("asked", "verified", "device", "present", "expected"),
    [
        (None, "any", "cpu", ("new", "classic"), ("new", "classic")),
        (None, "any", "cpu", ("classic",), ("classic",)),
        (None, "any", "cuda", ("new", "classic"), ("classic",)),
        (None, "new", "cpu", ("new", "classic"), ("new",)),
        (None, "classic", "cpu", ("new", "classic"), ("classic",)),
        ("classic", "new", "cpu", ("classic",), ("classic",)),
        ("new", "classic", "cpu", ("new", "classic"), ("new",)),
    ],
)
def test_the_engine_is_chosen_by_wish_evidence_and_device(
    monkeypatch: pytest.MonkeyPatch,
    asked: str | None,
    verified: str,
    device: str,
    present: tuple[str, ...],
    expected: tuple[str, ...],
) -> None:
    """The caller's choice wins, then the verified engine; other devices need the classic one."""
    monkeypatch.setattr(engines_module, "ENGINES", present)
    assert engines_to_try(asked, verified, device) == expected


def test_an_engine_that_cannot_be_had_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown, unable to run on the device, and missing each have their own sentence."""
    with pytest.raises(UsageError, match="There is no engine 'ort'"):
        engines_to_try("ort", "any", "cpu")
    with pytest.raises(UsageError, match="new engine runs on the CPU only, not on cuda"):
        engines_to_try("new", "any", "cuda")
    monkeypatch.setattr(engines_module, "ENGINES", ("classic",))
    with pytest.raises(MissingDependency, match="the only one that this bundle was verified with"):
        engines_to_try(None, "new", "cpu")
    with pytest.raises(MissingDependency, match=r"has no new engine\. Install OpenCV 5"):
        engines_to_try("new", "any", "cpu")


def test_a_failure_while_running_is_one_sentence(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """cv2's many lines become one, with the file, the engine and a way out."""
    bundle = read_bundle(cat_cv)
    loaded = Net(bundle.model_path, bundle.manifest)
    complaint = (
        "OpenCV(5.0.0) x.cpp:1: error: (-2)\n> DNN/Gemm: K (expected: 'a == b'), where\n> 'a' is 7"
    )

    class Broken:
        def setInput(self, *_: Any) -> None:  # noqa: N802 - cv2's name
            raise cv2.error(complaint)

    monkeypatch.setattr(loaded, "_net", Broken())
    with pytest.raises(NetError, match=r"while running it: DNN/Gemm: K .*'a' is 7") as error:
        loaded.forward({"image": random_blob(1, 3, 9, 12)})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("complaint", "expected"),
    [
        (
            "OpenCV(4.6.0) /io/net_impl.cpp:301: error: (-215:Assertion failed) inputs.size() == "
            "outputs in function 'getMemoryShapes'\n",
            "Assertion failed: inputs.size() == outputs, in getMemoryShapes",
        ),
        (
            "OpenCV(5.0.0) /io/gemm_layer.cpp:139: error: (-2:Unspecified error) in function "
            "'virtual bool cv::dnn::GemmLayerImpl::getMemoryShapes(const std::vector<int>&) const'"
            "\n> Invalid dimension (expected: 'K_a == K_b'), where\n>     'K_a' is 7\n",
            "Invalid dimension (expected: 'K_a == K_b'), where 'K_a' is 7, in getMemoryShapes",
        ),
        ("std::bad_alloc", "std::bad_alloc"),
        ("", "error"),
        ("word " * 500, ("word " * 60)[:297] + "..."),
    ],
)
def test_what_cv2_complains_about_is_condensed(complaint: str, expected: str) -> None:
    """The message and its function stay; paths, codes and line breaks go."""
    assert condensed(cv2.error(complaint)) == expected


def test_the_fixture_is_a_bundle(cat_cv: Path) -> None:
    """Guard: the tests above load a real bundle."""
    assert isinstance(read_bundle(cat_cv), Bundle)
    assert read_bundle(cat_cv).manifest.engine == ANY_ENGINE
