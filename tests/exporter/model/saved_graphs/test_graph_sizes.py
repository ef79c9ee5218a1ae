"""A small SavedModel that would become a large one is refused before TensorFlow loads it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from keras2cv_export.model.saved_graphs.graph_dangers import meta_graphs
from keras2cv_export.model.saved_graphs.graph_sizes import check_sizes, check_variables

Change = Callable[[Any], None]


def saved(folder: Path) -> Path:
    """Save a model with a variable."""
    model = tf.Module()
    model.w = tf.Variable([2.0, 3.0])
    spec = tf.TensorSpec((1, 2), tf.float32, name="x")
    model.run = tf.function(lambda x: {"y": x * model.w}, input_signature=[spec])
    tf.saved_model.save(model, str(folder), signatures=model.run)
    return folder


def _library(graphs: Any) -> Any:
    return graphs.meta_graphs[0].graph_def.library.function


def _constant(nodes: Any, name: str, value: Any, dtype: Any) -> None:
    node = nodes.add(name=name, op="Const")
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, dtype))


def _repeated(graphs: Any) -> None:
    node = graphs.meta_graphs[0].graph_def.node.add(name="big", op="Const")
    tensor = node.attr["value"].tensor
    tensor.CopyFrom(tf.make_tensor_proto(1.0, tf.float32))
    for _ in range(2):
        tensor.tensor_shape.dim.add(size=2**16)


def _in_parts(graphs: Any) -> None:
    for k in range(10):
        node = _library(graphs)[0].node_def.add(name=f"big_{k}", op="Const")
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(1.0, tf.float32))
        node.attr["value"].tensor.tensor_shape.dim.add(size=2**24)


def _filled(graphs: Any) -> None:
    nodes = _library(graphs)[0].node_def
    _constant(nodes, "sizes", [2**15, 2**15], tf.int32)
    nodes.add(name="big", op="Fill", input=["sizes:output:0", "x"])


def _counted(graphs: Any) -> None:
    nodes = _library(graphs)[0].node_def
    for name, value in (("first", 0), ("last", 2**31 - 1), ("step", 1)):
        _constant(nodes, name, value, tf.int32)
    nodes.add(name="big", op="Range", input=["first", "last", "step"])


def _counted_twice(graphs: Any) -> None:
    nodes = _library(graphs)[0].node_def
    for name, value in (("first", [0, 0]), ("last", [2**26, 2**27]), ("step", 1)):
        _constant(nodes, name, value, tf.int32)
    nodes.add(name="big", op="RaggedRange", input=["first", "last", "step"])


def _of_rows(graphs: Any) -> None:
    nodes = _library(graphs)[0].node_def
    _constant(nodes, "shape", [2**30, 1], tf.int64)
    nodes.add(name="big", op="SparseFillEmptyRows", input=["i", "v", "shape", "x"])


def _doubling(graphs: Any) -> None:
    for k in range(40):
        function = _library(graphs).add()
        function.signature.name = f"f{k}"
        for side in "ab" if k < 39 else "":
            node = function.node_def.add(name=side, op="PartitionedCall")
            node.attr["f"].func.name = f"f{k + 1}"


def _deep(graphs: Any) -> None:
    for k in range(5000):
        function = _library(graphs).add()
        function.signature.name = f"f{k}"
        node = function.node_def.add(name="a", op="PartitionedCall")
        node.attr["f"].func.name = f"f{k + 1}"


def _calling_itself(graphs: Any) -> None:
    function = _library(graphs).add()
    function.signature.name = "again"
    function.node_def.add(name="a", op="PartitionedCall").attr["f"].func.name = "again"


def _with_attributes(graphs: Any) -> None:
    node = _library(graphs)[0].node_def[0]
    for k in range(300):
        node.attr[f"a{k}"].i = k


def _with_attributes_of_a_function(graphs: Any) -> None:
    for k in range(300):
        _library(graphs)[0].attr[f"a{k}"].i = k


def _with_objects(graphs: Any) -> None:
    objects = graphs.meta_graphs[0].object_graph_def.nodes
    objects.extend(type(objects[0])() for _ in range(30_001))


def _with_objects_in_objects(graphs: Any) -> None:
    objects = graphs.meta_graphs[0].object_graph_def.nodes
    for k in range(300):
        objects[len(objects) - 1 if k else 0].children.add(node_id=len(objects), local_name="inner")
        objects.add().user_object.identifier = "_generic_user_object"


LARGE: dict[str, tuple[Change, str]] = {
    "a constant that repeats a number": (_repeated, r"its constants, such as 'big', declare \d+"),
    "many such constants": (_in_parts, r"its constants, such as 'big_\d', declare \d+ bytes"),
    "a filled tensor": (_filled, r"its operation Fill \('big'\) makes 1073741824 numbers"),
    "a long range": (_counted, r"its operation Range \('big'\) makes 2147483647 numbers"),
    "ranges together": (_counted_twice, r"RaggedRange \('big'\) makes 201326592 numbers"),
    "empty rows": (_of_rows, r"SparseFillEmptyRows \('big'\) makes 1073741824 numbers"),
    "functions that call twice": (_doubling, r"its function 'f\d+' grows to \d+ operations"),
    "functions in functions": (_deep, r"its function 'f\d+' grows to \d+ operations, 201 deep"),
    "a function that calls itself": (_calling_itself, "its function 'again' calls itself"),
    "attributes of a node": (_with_attributes, r"its node '[\w/]+' has \d+ attributes"),
    "attributes of a function": (_with_attributes_of_a_function, r"its node '\S+' has \d+ attri"),
    "objects in objects": (_with_objects_in_objects, r"its objects hold each other \d+ deep"),
    "objects": (_with_objects, r"it has 300\d\d objects"),
}


@pytest.mark.parametrize("name", LARGE)
def test_graphs_that_grow_are_refused(tmp_path: Path, name: str) -> None:
    """Whether anything runs them or not, --unsafe or not."""
    change, message = LARGE[name]
    file = saved(tmp_path / "cat") / "saved_model.pb"
    graphs = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    check_sizes(tmp_path, meta_graphs(graphs))
    change(graphs)
    file.write_bytes(graphs.SerializeToString())
    with pytest.raises(ModelError, match=message):
        load_model(tmp_path / "cat", unsafe=True)


def _without_signatures(graphs: Any) -> None:
    for one in graphs.meta_graphs[0].object_graph_def.nodes:
        for child in one.children:
            child.local_name = child.local_name.replace("signatures", "others")


def _without_captures(graphs: Any) -> None:
    for function in graphs.meta_graphs[0].object_graph_def.concrete_functions.values():
        function.ClearField("bound_inputs")


def _load_and_call(folder: Path) -> None:
    loaded = load_model(folder)
    loaded.call(*(tf.zeros(spec.shape) for spec in loaded.inputs))


@pytest.mark.parametrize("change", [_without_signatures, _without_captures])
def test_objects_that_do_not_fit_are_a_sentence(tmp_path: Path, change: Change) -> None:
    """TensorFlow's loader meets errors of Python in them."""
    file = saved(tmp_path / "cat") / "saved_model.pb"
    graphs = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    change(graphs)
    file.write_bytes(graphs.SerializeToString())
    with pytest.raises(ModelError, match=r"its signature 'serving_default' cannot be called"):
        _load_and_call(tmp_path / "cat")


def test_variables_that_are_not_stored_are_refused(tmp_path: Path) -> None:
    """The index declares a shape, and the data has ended before."""
    folder = saved(tmp_path / "cat")
    check_variables(folder, folder)
    (data,) = (folder / "variables").glob("variables.data-*")
    large = tf.Module()
    large.w = tf.Variable(tf.zeros((2**20,)))
    tf.saved_model.save(large, str(tmp_path / "large"))
    index = tmp_path / "large" / "variables" / "variables.index"
    (folder / "variables" / "variables.index").write_bytes(index.read_bytes())
    assert data.stat().st_size < 10_000
    with pytest.raises(ModelError, match=r"its variables declare \d+ bytes, and \d+ are stored"):
        load_model(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_among_the_variables_is_not_opened(tmp_path: Path) -> None:
    """Reading it would wait for ever."""
    folder = saved(tmp_path / "cat")
    pipe = folder / "variables" / "variables.data-00001-of-00002"
    os.mkfifo(pipe)
    with pytest.raises(ModelError, match=r"00002 is a named pipe, and a model consists of files"):
        load_model(folder)
    pipe.unlink()
    (folder / "assets" / "deep").mkdir(parents=True)
    os.mkfifo(folder / "assets" / "deep" / "words.txt")
    with pytest.raises(ModelError, match=r"words\.txt', which is no plain file"):
        load_model(folder)


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    """Except into the store of Hugging Face's cache, beside the folder of snapshots."""
    folder = saved(tmp_path / "models--cat" / "snapshots" / "1")
    (index,) = (folder / "variables").glob("*.index")
    blobs = tmp_path / "models--cat" / "blobs"
    blobs.mkdir()
    index.rename(blobs / "1234")
    index.symlink_to(blobs / "1234")
    assert load_model(folder).inputs[0].name == "x"
    index.unlink()
    (blobs / "1234").rename(tmp_path / "elsewhere")
    index.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match=r"variables\.index', a link to .* outside its own folder"):
        load_model(folder)


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    """Python follows it with an error of its own, which is none of ours."""
    folder = saved(tmp_path / "cat")
    (folder / "assets").rmdir()
    (folder / "assets").symlink_to("assets")
    assert load_model(folder).inputs[0].name == "x"
    (folder / "saved_model.pb").unlink()
    (folder / "saved_model.pb").symlink_to("saved_model.pb")
    with pytest.raises(ModelError, match=r"a folder without a saved_model\.pb"):
        load_model(folder)


def test_wide_sparse_tensors_and_nodes_without_inputs_are_small(tmp_path: Path) -> None:
    """Columns take no room, and TensorFlow itself refuses what has no inputs."""
    graphs = saved_model_pb2.SavedModel()
    graphs.ParseFromString((saved(tmp_path / "m") / "saved_model.pb").read_bytes())
    nodes = _library(graphs)[0].node_def
    _constant(nodes, "shape", [4, 2**40], tf.int64)
    nodes.add(name="wide", op="SparseFillEmptyRows", input=["i", "v", "shape", "x"])
    for op in ("Range", "RaggedRange", "SparseMatrixZeros", "Fill"):
        nodes.add(name=op, op=op)
    check_sizes(tmp_path, meta_graphs(graphs))
