"""The side effects of a SavedModel's graphs are reported before any of them is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from keras2cv_export.model.saved_graphs.graph_dangers import graph_dangers

Call = Callable[[Any], Any]
PROOF = "it_ran.txt"


class Doubling(tf.Module):
    """A model that doubles, and does something else."""

    def __init__(self, beside: Call) -> None:
        """Set its side effect."""
        super().__init__()
        self.w = tf.Variable([2.0, 2.0, 2.0])
        self.beside = beside

    @tf.function(input_signature=[tf.TensorSpec((1, 3), tf.float32, name="x")])
    def __call__(self, x: Any) -> Any:
        """Double it."""
        return {"y": self.beside(x) * self.w}


def saved(folder: Path, beside: Call) -> Path:
    """Save such a model."""
    model = Doubling(beside)
    tf.saved_model.save(model, str(folder), signatures=model.__call__)
    return folder


def _writes(x: Any) -> Any:
    with tf.control_dependencies([tf.io.write_file(PROOF, "ran")]):
        return tf.identity(x)


def _reads(x: Any) -> Any:
    return x + tf.cast(tf.strings.length(tf.io.read_file("/etc/hostname")), tf.float32)


def _calls_python(x: Any) -> Any:
    return tf.ensure_shape(tf.numpy_function(np.abs, [x], tf.float32), (1, 3))


def _writes_in_a_loop(x: Any) -> Any:
    def body(i: Any, y: Any) -> Any:
        return i + 1, _writes(y)

    return tf.while_loop(lambda i, _: i < 2, body, (0, x))[1]


def _prints_to_a_file(x: Any) -> Any:
    tf.print(x, output_stream=f"file://{PROOF}")
    return x


def _restores(x: Any) -> Any:
    return (
        x
        + tf.raw_ops.RestoreV2(
            prefix="/other", tensor_names=["w"], shape_and_slices=[""], dtypes=[tf.float32]
        )[0]
    )


SAMPLES: dict[str, tuple[Call, str]] = {
    "writes": (_writes, "the operation WriteFile in the function '__inference.* writes files"),
    "reads": (_reads, "the operation ReadFile in .* reads files"),
    "Python": (_calls_python, "the operation PyFunc in .* calls Python functions"),
    "a loop": (_writes_in_a_loop, "the operation WriteFile in .* writes files"),
    "prints": (_prints_to_a_file, "the operation PrintV2 in .* writes files"),
    "restores": (_restores, "the operation RestoreV2 in .* reads files"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_what_does_more_than_compute_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The operation is named, and the function that it is in."""
    monkeypatch.chdir(tmp_path)
    beside, message = SAMPLES[name]
    folder = saved(tmp_path / "cat", beside)
    with pytest.raises(ModelError, match=rf"{message}.*--unsafe"):
        load_model(folder)
    assert not Path(PROOF).exists()


def test_the_user_can_accept_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --unsafe the model is loaded, and its side effect happens."""
    monkeypatch.chdir(tmp_path)
    model = load_model(saved(tmp_path / "cat", _writes), unsafe=True)
    assert [name for name, _ in model.call(tf.constant([[1.0, 2.0, 3.0]]))] == ["y"]
    assert Path(PROOF).exists()


def edit(folder: Path, change: Callable[[Any], None]) -> Path:
    """Change the protobuf of a SavedModel."""
    file = folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    change(model)
    file.write_bytes(model.SerializeToString())
    return folder


def test_a_model_with_graphs_for_its_own_variables_is_let_be(tmp_path: Path) -> None:
    """Each one saves and restores them, and loading runs neither."""
    folder = saved(tmp_path / "cat", lambda x: x)
    model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    ops = {n.op for f in model.meta_graphs[0].graph_def.library.function for n in f.node_def}
    assert {"SaveV2", "RestoreV2"} <= ops
    assert graph_dangers(model) == []
    assert load_model(folder).inputs[0].name == "x"


def test_a_saving_graph_that_something_leads_to_is_refused(tmp_path: Path) -> None:
    """An innocent name does not help."""

    def call_it(model: Any) -> None:
        library = model.meta_graphs[0].graph_def.library.function
        saver = next(f for f in library if "traced_save" in f.signature.name)
        caller = next(f for f in library if "traced" not in f.signature.name)
        node = caller.node_def.add(name="evil", op="StatefulPartitionedCall")
        node.attr["f"].func.name = saver.signature.name

    folder = edit(saved(tmp_path / "cat", lambda x: x), call_it)
    with pytest.raises(ModelError, match=r"SaveV2 in the function .*writes files"):
        load_model(folder)


def test_an_asset_outside_the_folder_is_refused(tmp_path: Path) -> None:
    """--unsafe or not."""

    def name_it(model: Any) -> None:
        model.meta_graphs[0].asset_file_def.add(filename="../../../etc/passwd")

    folder = edit(saved(tmp_path / "cat", lambda x: x), name_it)
    with pytest.raises(ModelError, match=r"the asset '../../../etc/passwd', outside its own"):
        load_model(folder, unsafe=True)


def test_a_second_protobuf_is_refused(tmp_path: Path) -> None:
    """TensorFlow would read that one, and not the one that was looked at."""
    folder = saved(tmp_path / "cat", lambda x: x)
    (folder / "saved_model.cpb").write_bytes((folder / "saved_model.pb").read_bytes())
    with pytest.raises(ModelError, match=r"saved_model\.cpb"):
        load_model(folder)


def saved_by_tensorflow_1(folder: Path, beside: Call) -> Path:
    """Save a model as TensorFlow 1 did: one graph, whose saver is a part of it."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, (1, 3), name="x")
        w = v1.get_variable("w", initializer=[2.0, 3.0, 4.0], use_resource=True)
        y = tf.identity(beside(x) * w, name="y")
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(folder))
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    return folder


def test_a_model_of_tensorflow_1_is_let_be(tmp_path: Path) -> None:
    """Its graph saves and restores, and neither leads to its outputs."""
    folder = saved_by_tensorflow_1(tmp_path / "cat", lambda x: x)
    ((name, y),) = load_model(folder).call(tf.constant([[1.0, 2.0, 3.0]]))
    assert name == "y"
    np.testing.assert_allclose(y, [[2.0, 6.0, 12.0]])


def test_a_model_of_tensorflow_1_that_restores_something_else_is_refused(tmp_path: Path) -> None:
    """Nodes that its output depends on count, whatever their purpose."""
    folder = saved_by_tensorflow_1(tmp_path / "cat", _restores)
    with pytest.raises(ModelError, match=r"RestoreV2 in the main graph \(node .*\) reads files"):
        load_model(folder)
